package raw

import (
	"encoding/binary"
	"io"
	"slices"
	"unsafe"
)

// source is where elements are read from.
type source struct {
	in    io.Reader
	order Order
	sure  bool
}

// piece is the bytes that are set aside on the word of a header alone, and read at a time where they are converted.
const piece = 1 << 16

// hostOrder is the order of this machine.
var hostOrder = Order(binary.NativeEndian.Uint16([]byte{0, 1}) == 1)

// native reads elements of T; unit is the bytes that are turned where the order is another, less than T's size where T is
// complex.
func native[T any](unit int) func(src source, n int) (any, error) {
	width := int(unsafe.Sizeof(*new(T)))
	return func(src source, n int) (any, error) {
		var s []T
		for at := 0; at < n; at = len(s) {
			next := n
			if !src.sure {
				next = min(n, max(2*at, piece/width))
			}
			if at == 0 {
				s = make([]T, next)
			} else {
				s = slices.Grow(s, next-at)[:next]
			}
			b := bytesOf(s[at:])
			if err := src.fill(b); err != nil {
				return nil, err
			}
			if src.order != hostOrder {
				turn(b, unit)
			}
		}
		return orEmpty(s), nil
	}
}

// widened reads elements that no Go type holds as they are; convert is given one, its lowest byte first.
func widened[T any](width int, convert func([]byte) T) func(src source, n int) (any, error) {
	return func(src source, n int) (any, error) {
		var s []T
		if src.sure {
			s = make([]T, 0, n)
		}
		buffer := make([]byte, min(n*width, piece))
		for len(s) < n {
			b := buffer[:min(len(buffer), (n-len(s))*width)]
			if err := src.fill(b); err != nil {
				return nil, err
			}
			if src.order == HighFirst {
				turn(b, width)
			}
			for ; len(b) > 0; b = b[width:] {
				s = append(s, convert(b[:width]))
			}
		}
		return orEmpty(s), nil
	}
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// fill reads all of b.
func (s source) fill(b []byte) error {
	_, err := io.ReadFull(s.in, b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// bytesOf is the memory of a slice.
func bytesOf[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(s[0])))
}

// turn reverses the bytes of every unit.
func turn(b []byte, unit int) {
	if unit == 1 {
		return
	}
	for ; len(b) > 0; b = b[unit:] {
		slices.Reverse(b[:unit])
	}
}

func lowFirst(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
