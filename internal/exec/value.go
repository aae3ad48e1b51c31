package exec

import (
	"fmt"
	"unsafe"

	"gorgonia.org/tensor"

	"chainrule/graph"
)

// Value is a row-major tensor in memory.
type Value struct {
	Type graph.Type
	Buf  graph.Buffer
}

// allocate returns zeroed memory at an aligned address.
func allocate(bytes int) unsafe.Pointer {
	if bytes == 0 {
		return nil
	}
	raw := make([]uint64, (bytes+graph.Alignment)/8)
	p := unsafe.Pointer(unsafe.SliceData(raw))
	wantHuge(p, len(raw)*8)
	return unsafe.Add(p, (graph.Alignment-uintptr(p)%graph.Alignment)%graph.Alignment)
}

// NewValue returns zeros.
func NewValue(t graph.Type) Value {
	return Value{Type: t, Buf: graph.Buffer{Ptr: allocate(t.Bytes()), Len: t.Size()}}
}

// Bytes returns the memory of v.
func (v Value) Bytes() []byte {
	return unsafe.Slice((*byte)(v.Buf.Ptr), v.Buf.Len*v.Type.DType.Size())
}

// Clone returns a copy of v in memory of its own.
func (v Value) Clone() Value {
	w := NewValue(v.Type)
	copy(w.Bytes(), v.Bytes())
	return w
}

// At returns element i, in row-major order, as a float64: a bool as 0 or 1.
func (v Value) At(i int) float64 {
	switch v.Type.DType {
	case graph.Float32:
		return float64(graph.Elements[float32](v.Buf)[i])
	case graph.Float64:
		return graph.Elements[float64](v.Buf)[i]
	case graph.Int64:
		return float64(graph.Elements[int64](v.Buf)[i])
	default:
		return float64(v.Bytes()[i])
	}
}

// Set makes x element i, in row-major order, converted to v's element type: a bool is whether x is not 0.
func (v Value) Set(i int, x float64) {
	switch v.Type.DType {
	case graph.Float32:
		graph.Elements[float32](v.Buf)[i] = float32(x)
	case graph.Float64:
		graph.Elements[float64](v.Buf)[i] = x
	case graph.Int64:
		graph.Elements[int64](v.Buf)[i] = int64(x)
	default:
		graph.Elements[bool](v.Buf)[i] = x != 0
	}
}

// Const returns a constant of g with the elements of v.
func (v Value) Const(g *graph.Graph) *graph.Node {
	switch v.Type.DType {
	case graph.Float32:
		return graph.Const(g, elements[float32](v), v.Type.Shape...)
	case graph.Float64:
		return graph.Const(g, elements[float64](v), v.Type.Shape...)
	case graph.Int64:
		return graph.Const(g, elements[int64](v), v.Type.Shape...)
	default:
		return graph.Const(g, elements[bool](v), v.Type.Shape...)
	}
}

// Dense returns v as a tensor over the same memory.
func (v Value) Dense() *tensor.Dense {
	shape := tensor.WithShape(v.Type.Shape...)
	switch v.Type.DType {
	case graph.Float32:
		return tensor.New(shape, tensor.WithBacking(elements[float32](v)))
	case graph.Float64:
		return tensor.New(shape, tensor.WithBacking(elements[float64](v)))
	case graph.Int64:
		return tensor.New(shape, tensor.WithBacking(elements[int64](v)))
	default:
		return tensor.New(shape, tensor.WithBacking(elements[bool](v)))
	}
}

func elements[T graph.Element](v Value) []T {
	if v.Buf.Len == 0 {
		return []T{}
	}
	return graph.Elements[T](v.Buf)
}

// overlap reports whether a and b share memory.
func overlap(a, b Value) bool {
	if a.Buf.Len == 0 || b.Buf.Len == 0 {
		return false
	}
	x, y := uintptr(a.Buf.Ptr), uintptr(b.Buf.Ptr)
	return x < y+uintptr(b.Type.Bytes()) && y < x+uintptr(a.Type.Bytes())
}

// FeedError says which input of a run does not fit, and why.
type FeedError struct {
	Index  int
	Name   string
	Reason string
	Err    error
}

func (e *FeedError) Error() string {
	name := fmt.Sprintf("input %d", e.Index)
	if e.Name != "" {
		name += " (" + e.Name + ")"
	}
	if e.Err != nil {
		return name + ": " + e.Err.Error()
	}
	return name + ": " + e.Reason
}

// Unwrap returns the reason as an error, if it is one.
func (e *FeedError) Unwrap() error { return e.Err }

// Overlaps reports whether v shares memory with any value of the lists.
func Overlaps(v Value, lists ...[]Value) bool {
	for _, list := range lists {
		for _, w := range list {
			if overlap(v, w) {
				return true
			}
		}
	}
	return false
}
