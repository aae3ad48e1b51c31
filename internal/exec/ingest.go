package exec

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
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
func Ingest(feed any) (Value, error) { return new(Room).Ingest(reflect.ValueOf(feed)) }

// Room is memory for the numbers and shapes of values that are fed. It serves again after Reset.
type Room struct {
	numbers []uint64
	dims    []int
}

// Reset takes back what was given.
func (r *Room) Reset() { r.numbers, r.dims = r.numbers[:0], r.dims[:0] }

// shape is a shape with these dimensions. Others that were given stay where they are.
func (r *Room) shape(dims ...int) []int {
	if len(r.dims)+len(dims) > cap(r.dims) {
		r.dims = make([]int, 0, max(16, 2*cap(r.dims)))
	}
	from := len(r.dims)
	r.dims = append(r.dims, dims...)
	return r.dims[from:len(r.dims):len(r.dims)]
}

// number is a scalar.
func number[T graph.Element](r *Room, x T) Value {
	if len(r.numbers) == cap(r.numbers) {
		r.numbers = make([]uint64, 0, max(8, 2*cap(r.numbers)))
	}
	r.numbers = append(r.numbers, 0)
	p := unsafe.Pointer(&r.numbers[len(r.numbers)-1])
	*(*T)(p) = x
	return Value{Type: graph.T(graph.DTypeOf[T]()), Buf: graph.Buffer{Ptr: p, Len: 1}}
}

// Number is room for a scalar of type t.
func (r *Room) Number(t graph.Type) Value {
	v := number(r, int64(0))
	v.Type = t
	return v
}

// vector is a slice as a value.
func vector[T graph.Element](r *Room, v reflect.Value) Value {
	t := graph.Type{DType: graph.DTypeOf[T](), Shape: r.shape(v.Len())}
	return Value{Type: t, Buf: graph.Buffer{Ptr: v.UnsafePointer(), Len: v.Len()}}
}

// Ingest is the function of that name with memory that serves again.
func (r *Room) Ingest(v reflect.Value) (Value, error) {
	if !v.IsValid() {
		return Value{}, errNil
	}
	switch kind, named := v.Kind(), v.Type().PkgPath() != ""; {
	case named:
	case kind == reflect.Float64:
		return number(r, v.Float()), nil
	case kind == reflect.Float32:
		return number(r, float32(v.Float())), nil
	case kind == reflect.Int64 || kind == reflect.Int:
		return number(r, v.Int()), nil
	case kind == reflect.Bool:
		return number(r, v.Bool()), nil
	case kind == reflect.Slice && v.Type().Elem().PkgPath() == "":
		switch v.Type().Elem().Kind() {
		case reflect.Float64:
			return vector[float64](r, v), nil
		case reflect.Float32:
			return vector[float32](r, v), nil
		case reflect.Int64:
			return vector[int64](r, v), nil
		case reflect.Int:
			if strconv.IntSize == 32 {
				v = reflect.ValueOf(asInt64(v.Interface().([]int)))
			}
			return vector[int64](r, v), nil
		case reflect.Bool:
			return vector[bool](r, v), nil
		}
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return Value{}, errNil
	}
	switch x := v.Interface().(type) {
	case *tensor.Dense:
		return ingestDense(x)
	case tensor.Sparse:
		return Value{}, ErrSparse
	case *mat.Dense:
		return r.matrix(x)
	case *mat.VecDense:
		raw := x.RawVector()
		return fromStrided(raw.Data, r.shape(raw.N), r.shape(raw.Inc))
	case mat.Matrix:
		return r.matrix(mat.DenseCopyOf(x))
	case Value:
		return x, nil
	}
	return Value{}, fmt.Errorf("a %v cannot be fed: want a *tensor.Dense, a gonum matrix, a slice or a number", v.Type())
}

func (r *Room) matrix(m *mat.Dense) (Value, error) {
	raw := m.RawMatrix()
	return fromStrided(raw.Data, r.shape(raw.Rows, raw.Cols), r.shape(raw.Stride, 1))
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
