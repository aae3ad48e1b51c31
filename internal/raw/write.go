package raw

import (
	"fmt"
	"io"
)

// KindOf is the kind of a slice's elements, and false for one that files do not hold.
func KindOf(slice any) (Kind, bool) {
	switch slice.(type) {
	case []bool:
		return Bool, true
	case []int8:
		return Int8, true
	case []int16:
		return Int16, true
	case []int32:
		return Int32, true
	case []int64:
		return Int64, true
	case []uint8:
		return Uint8, true
	case []uint16:
		return Uint16, true
	case []uint32:
		return Uint32, true
	case []uint64:
		return Uint64, true
	case []float32:
		return Float32, true
	case []float64:
		return Float64, true
	case []complex64:
		return Complex64, true
	case []complex128:
		return Complex128, true
	}
	return 0, false
}

// Write writes the elements of a slice, the lowest byte of each first.
func Write(w io.Writer, slice any) error {
	switch s := slice.(type) {
	case []bool:
		return write(w, s, 1)
	case []int8:
		return write(w, s, 1)
	case []int16:
		return write(w, s, 2)
	case []int32:
		return write(w, s, 4)
	case []int64:
		return write(w, s, 8)
	case []uint8:
		return write(w, s, 1)
	case []uint16:
		return write(w, s, 2)
	case []uint32:
		return write(w, s, 4)
	case []uint64:
		return write(w, s, 8)
	case []float32:
		return write(w, s, 4)
	case []float64:
		return write(w, s, 8)
	case []complex64:
		return write(w, s, 4)
	case []complex128:
		return write(w, s, 8)
	}
	return fmt.Errorf("a %T cannot be written", slice)
}

func write[T any](w io.Writer, s []T, unit int) error {
	b := bytesOf(s)
	if hostOrder == LowFirst || unit == 1 {
		_, err := w.Write(b)
		return err
	}
	var turned [4096]byte
	for len(b) > 0 {
		n := copy(turned[:], b)
		turn(turned[:n], unit)
		if _, err := w.Write(turned[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
