package exec

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Errors of values that cannot be fed.
var (
	ErrMasked = errors.New("a masked tensor cannot be fed: fill its masked elements first")
	ErrSparse = errors.New("a sparse tensor cannot be fed: call its Dense method first")
	ErrDType  = errors.New("element type not supported: float32, float64, int64, int and bool are")

	errNil    = errors.New("it is nil")
	errNoType = errors.New("a tensor without an element type cannot be fed: make it with tensor.New")
)

// Ingest turns what a caller feeds into a Value. Row-major tensors, slices and gonum matrices without a gap
// between their rows are used where they are; views, transposed and column-major ones are copied. A slice is a
// vector, a Go number a scalar.
func Ingest(feed any) (Value, error) {
	switch x := feed.(type) {
	case *tensor.Dense:
		return ingestDense(x)
	case tensor.Sparse:
		return Value{}, ErrSparse
	case *mat.Dense:
		if x == nil {
			return Value{}, errNil
		}
		return ingestMatrix(x)
	case *mat.VecDense:
		if x == nil {
			return Value{}, errNil
		}
		v := x.RawVector()
		return fromStrided(v.Data, []int{v.N}, []int{v.Inc})
	case mat.Matrix:
		if v := reflect.ValueOf(x); v.Kind() == reflect.Pointer && v.IsNil() {
			return Value{}, errNil
		}
		return ingestMatrix(mat.DenseCopyOf(x))
	case []float64:
		return fromSlice(x), nil
	case []float32:
		return fromSlice(x), nil
	case []int64:
		return fromSlice(x), nil
	case []int:
		return fromSlice(asInt64(x)), nil
	case []bool:
		return fromSlice(x), nil
	case float64:
		return scalar(x), nil
	case float32:
		return scalar(x), nil
	case int64:
		return scalar(x), nil
	case int:
		return scalar(int64(x)), nil
	case bool:
		return scalar(x), nil
	case Value:
		return x, nil
	case nil:
		return Value{}, errNil
	}
	return Value{}, fmt.Errorf("a %T cannot be fed: want a *tensor.Dense, a gonum matrix, a slice or a number", feed)
}

func ingestMatrix(m *mat.Dense) (Value, error) {
	raw := m.RawMatrix()
	return fromStrided(raw.Data, []int{raw.Rows, raw.Cols}, []int{raw.Stride, 1})
}

func scalar[T graph.Element](x T) Value {
	return Value{Type: graph.T(graph.DTypeOf[T]()), Buf: graph.BufferOf([]T{x})}
}

func fromSlice[T graph.Element](s []T) Value {
	return Value{Type: graph.T(graph.DTypeOf[T](), len(s)), Buf: graph.BufferOf(s)}
}

// asInt64 views Go ints as int64 where they are, and copies them on 32-bit machines.
func asInt64(s []int) []int64 {
	if unsafe.Sizeof(0) == 8 {
		return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
	}
	wide := make([]int64, len(s))
	for i, x := range s {
		wide[i] = int64(x)
	}
	return wide
}

func ingestDense(d *tensor.Dense) (Value, error) {
	switch {
	case d == nil:
		return Value{}, errNil
	case len(d.Mask()) > 0:
		return Value{}, ErrMasked
	case d.Dtype().Type == nil:
		return Value{}, errNoType
	}
	switch d.Dtype() {
	case tensor.Float64:
		return fromStrided(d.Float64s(), d.Shape(), d.Strides())
	case tensor.Float32:
		return fromStrided(d.Float32s(), d.Shape(), d.Strides())
	case tensor.Int64:
		return fromStrided(d.Int64s(), d.Shape(), d.Strides())
	case tensor.Int:
		return fromStrided(asInt64(d.Ints()), d.Shape(), d.Strides())
	case tensor.Bool:
		return fromStrided(d.Bools(), d.Shape(), d.Strides())
	}
	return Value{}, fmt.Errorf("%w, not %v", ErrDType, d.Dtype())
}

// fromStrided aliases data that lies in row-major order and copies it otherwise.
func fromStrided[T graph.Element](data []T, shape, strides []int) (Value, error) {
	v := Value{Type: graph.Type{DType: graph.DTypeOf[T](), Shape: shape}}
	n := v.Type.Size()
	if len(strides) != len(shape) {
		return v, fmt.Errorf("a tensor with %d strides for %d axes", len(strides), len(shape))
	}
	if last := lastIndex(shape, strides); n > 0 && (last >= len(data) || last < 0) {
		return v, fmt.Errorf("a tensor of shape %v with strides %v over %d elements", shape, strides, len(data))
	}
	if (graph.Layout{Strides: strides}).Contiguous(shape) {
		v.Buf = graph.BufferOf(data[:n])
		return v, nil
	}
	v.Type.Shape = append([]int(nil), shape...)
	dense := make([]T, n)
	vec.CopyStrided(dense, shape, data, 0, strides)
	v.Buf = graph.BufferOf(dense)
	return v, nil
}

// lastIndex is the largest offset that a strided tensor reaches.
func lastIndex(shape, strides []int) int {
	last := 0
	for i, d := range shape {
		last += (d - 1) * strides[i]
	}
	return last
}

// Aliases reports whether feeding d uses its memory where it is, as donated and output tensors must.
func Aliases(d *tensor.Dense, v Value) bool {
	if v.Buf.Len == 0 {
		return true
	}
	switch v.Type.DType {
	case graph.Float32:
		return unsafe.Pointer(unsafe.SliceData(d.Float32s())) == v.Buf.Ptr
	case graph.Float64:
		return unsafe.Pointer(unsafe.SliceData(d.Float64s())) == v.Buf.Ptr
	case graph.Int64:
		if d.Dtype() == tensor.Int {
			return unsafe.Pointer(unsafe.SliceData(d.Ints())) == v.Buf.Ptr
		}
		return unsafe.Pointer(unsafe.SliceData(d.Int64s())) == v.Buf.Ptr
	default:
		return unsafe.Pointer(unsafe.SliceData(d.Bools())) == v.Buf.Ptr
	}
}
