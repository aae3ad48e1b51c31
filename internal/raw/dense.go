package raw

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"gorgonia.org/tensor"
)

// Dense is a tensor over a slice of as many elements as the shape has.
func Dense(slice any, shape []int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(slice))
}

// View is a tensor over memory that holds a tensor of a native kind in this machine's order, and false where it does not: the
// kind is no native one, the order another, or the memory not aligned.
func View(b []byte, k Kind, shape []int) (*tensor.Dense, bool) {
	if hostOrder != LowFirst || len(b) == 0 {
		return nil, false
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if uintptr(p)%uintptr(min(k.Size(), 8)) != 0 {
		return nil, false
	}
	var slice any
	switch n := len(b) / k.Size(); k {
	case Float32:
		slice = unsafe.Slice((*float32)(p), n)
	case Float64:
		slice = unsafe.Slice((*float64)(p), n)
	case Int64:
		slice = unsafe.Slice((*int64)(p), n)
	case Int32:
		slice = unsafe.Slice((*int32)(p), n)
	default:
		return nil, false
	}
	return Dense(slice, shape), true
}

// RowMajor is the elements of a tensor in row-major order: its own memory where they lie so, or a copy. An int is an int64.
func RowMajor(d *tensor.Dense) (any, error) {
	switch {
	case d == nil:
		return nil, errors.New("the tensor is nil")
	case len(d.Mask()) > 0:
		return nil, errors.New("the tensor is masked: fill its masked elements first")
	case d.Dtype().Type == nil:
		return nil, errors.New("the tensor has no element type")
	}
	slice, ok := dataOf(d)
	if !ok {
		return nil, fmt.Errorf("a tensor of %v cannot be kept in a file", d.Dtype())
	}
	return ordered(slice, d.Shape(), d.Strides())
}

// ColumnMajor is a tensor in row-major order of elements that lie in column-major order.
func ColumnMajor(slice any, shape []int) (*tensor.Dense, error) {
	strides, step := make([]int, len(shape)), 1
	for i, n := range shape {
		strides[i] = step
		step *= n
	}
	elements, err := ordered(slice, shape, strides)
	if err != nil {
		return nil, err
	}
	return Dense(elements, shape), nil
}

// dataOf is the memory of a tensor, whatever the order of its elements; that of an int as int64.
func dataOf(d *tensor.Dense) (slice any, ok bool) {
	switch d.Dtype() {
	case tensor.Bool:
		return d.Bools(), true
	case tensor.Int8:
		return d.Int8s(), true
	case tensor.Int16:
		return d.Int16s(), true
	case tensor.Int32:
		return d.Int32s(), true
	case tensor.Int64:
		return d.Int64s(), true
	case tensor.Int:
		return asInt64(d.Ints()), true
	case tensor.Uint8:
		return d.Uint8s(), true
	case tensor.Uint16:
		return d.Uint16s(), true
	case tensor.Uint32:
		return d.Uint32s(), true
	case tensor.Uint64:
		return d.Uint64s(), true
	case tensor.Float32:
		return d.Float32s(), true
	case tensor.Float64:
		return d.Float64s(), true
	case tensor.Complex64:
		return d.Complex64s(), true
	case tensor.Complex128:
		return d.Complex128s(), true
	}
	return nil, false
}

func asInt64(s []int) []int64 {
	wide := make([]int64, len(s))
	for i, v := range s {
		wide[i] = int64(v)
	}
	return wide
}

// ordered is the elements of a slice with these strides in row-major order.
func ordered(slice any, shape, strides []int) (any, error) {
	switch s := slice.(type) {
	case []bool:
		return rowMajor(s, shape, strides)
	case []int8:
		return rowMajor(s, shape, strides)
	case []int16:
		return rowMajor(s, shape, strides)
	case []int32:
		return rowMajor(s, shape, strides)
	case []int64:
		return rowMajor(s, shape, strides)
	case []uint8:
		return rowMajor(s, shape, strides)
	case []uint16:
		return rowMajor(s, shape, strides)
	case []uint32:
		return rowMajor(s, shape, strides)
	case []uint64:
		return rowMajor(s, shape, strides)
	case []float32:
		return rowMajor(s, shape, strides)
	case []float64:
		return rowMajor(s, shape, strides)
	case []complex64:
		return rowMajor(s, shape, strides)
	case []complex128:
		return rowMajor(s, shape, strides)
	}
	return nil, fmt.Errorf("a %T is no slice of a file", slice)
}

// rowMajor is data where it is if it lies in row-major order, and a copy in that order otherwise.
func rowMajor[T any](data []T, shape, strides []int) ([]T, error) {
	n, last := 1, 0
	for _, size := range shape {
		n *= size
	}
	if n == 0 {
		return []T{}, nil
	}
	if len(strides) != len(shape) {
		return nil, fmt.Errorf("the tensor has %d strides for %d axes", len(strides), len(shape))
	}
	dense, want := true, 1
	for i := len(shape) - 1; i >= 0; i-- {
		dense = dense && (shape[i] == 1 || strides[i] == want)
		want *= shape[i]
		last += (shape[i] - 1) * strides[i]
	}
	if last < 0 || last >= len(data) {
		return nil, fmt.Errorf("the tensor of shape %v with strides %v has %d elements", shape, strides, len(data))
	}
	if dense {
		return data[:n:n], nil
	}
	out, at, index := make([]T, 0, n), 0, make([]int, len(shape))
	for range n {
		out = append(out, data[at])
		for i := len(shape) - 1; i >= 0; i-- { // the next index, as an odometer counts
			index[i]++
			at += strides[i]
			if index[i] < shape[i] {
				break
			}
			at -= index[i] * strides[i]
			index[i] = 0
		}
	}
	return out, nil
}

// CanCopy reports whether Copy reaches the elements of a tensor: they lie in row-major order.
func CanCopy(d *tensor.Dense) bool {
	own, ok := dataOf(d)
	if !ok || d.Dtype() == tensor.Int || len(d.Mask()) > 0 {
		return false
	}
	s, err := ordered(own, d.Shape(), d.Strides())
	return err == nil && (reflect.ValueOf(s).Len() == 0 || reflect.ValueOf(s).UnsafePointer() == reflect.ValueOf(own).UnsafePointer())
}

// Copy copies a slice to the elements of a tensor of the same type and size, which CanCopy is true of.
func Copy(d *tensor.Dense, slice any) {
	own, _ := dataOf(d)
	reflect.Copy(reflect.ValueOf(own), reflect.ValueOf(slice))
}

// Clone is a copy of a slice.
func Clone(slice any) any {
	v := reflect.ValueOf(slice)
	out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(out, v)
	return out.Interface()
}
