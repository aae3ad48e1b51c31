package ops

import (
	"errors"
	"fmt"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// ErrIndex is what running a graph returns, wrapped, when an index or a label is out of range.
var ErrIndex = errors.New("index out of range")

// Take picks the entries of x with the given indices, an i64 of any shape, along an axis: rows for axis 0. The
// shape of index replaces that axis. Running it with an index out of range is an error.
func Take(x, index *graph.Node, axis int) *graph.Node {
	mustExist(takeOp.Name, x, index)
	a, err := normalAxis(axis, x.Rank())
	if err != nil {
		graph.Fail(takeOp.Name, []*graph.Node{x, index}, "%v", err)
	}
	return apply(&takeOp, axisAttrs{a}, x, index)
}

var takeOp graph.Op

func init() {
	pick := func(name string, axis int, x, index graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x, index}, Attrs: axisAttrs{axis}}
	}
	define(&takeOp, graph.Op{
		Name: "take", Doc: "the entries of x at indices along an axis", Class: graph.Opaque, Arity: 2, Attrs: axisAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			x, index, axis := in[0], in[1], attrs.(axisAttrs).Axis
			if index.DType() != graph.Int64 {
				return graph.Type{}, kindError("i64 as its index")
			}
			if axis < 0 || axis >= x.Rank() {
				return graph.Type{}, fmt.Errorf("axis %d is out of range for rank %d", axis, x.Rank())
			}
			shape := append(append([]int(nil), x.Shape()[:axis]...), index.Shape()...)
			return graph.T(x.DType(), append(shape, x.Shape()[axis+1:]...)...), nil
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			switch n.DType() {
			case graph.Float32:
				return takeFrom[float32](n)
			case graph.Float64:
				return takeFrom[float64](n)
			case graph.Int64:
				return takeFrom[int64](n)
			default:
				return takeFrom[bool](n)
			}
		},
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node {
			x, axis := n.In()[0], n.Attrs().(axisAttrs).Axis
			return apply(&scatterAddOp, scatterAttrs{axis, x.Shape()[axis]}, ct, n.In()[1])
		}, nil},
		Cases: []graph.Case{
			pick("rows", 0, arg(4, 3), ints(4, 5)), pick("columns", 1, arg(3, 4), ints(4, 2)),
			pick("one", 0, arg(4, 3), ints(4)), pick("matrix of indices", 1, arg(2, 3, 2), ints(3, 2, 2)),
			pick("none", 0, arg(4, 3), ints(4, 0)), pick("i64", 0, ints(9, 4), ints(4, 6)),
			pick("repeated", 0, arg(3, 2), graph.Arg{Shape: []int{4}, DType: graph.Int64, Data: []float64{1, 1, 0, 1}}),
		},
		BadCases: []graph.BadCase{
			{In: []graph.Type{graph.T(graph.Float64, 3), graph.T(graph.Float64, 2)}, Attrs: axisAttrs{0}, Want: "wants i64"},
			{In: []graph.Type{graph.T(graph.Float64, 3), graph.T(graph.Int64, 2)}, Attrs: axisAttrs{1}, Want: "axis 1 is out of range"},
		},
	})
}

func takeFrom[T graph.Element](n *graph.Node) graph.Kernel {
	x, axis := n.In()[0], n.Attrs().(axisAttrs).Axis
	outer, length, inner := span(x, []int{axis})
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		index := graph.Elements[int64](in[1])
		if !vec.Take(graph.Elements[T](out), graph.Elements[T](in[0]), index, outer, length, inner) {
			return indexError(index, length)
		}
		return nil
	}
}

func indexError(index []int64, length int) error {
	for at, i := range index {
		if i < 0 || i >= int64(length) {
			return fmt.Errorf("%w: index %d, at position %d, for an axis of length %d", ErrIndex, i, at, length)
		}
	}
	return ErrIndex
}

type scatterAttrs struct{ Axis, Length int }

// ScatterAdd is the transpose of Take: it adds the entries of x, along the axes that index has taken the place
// of, into zeros with the given length along that axis.
func ScatterAdd(x, index *graph.Node, axis, length int) *graph.Node {
	return apply(&scatterAddOp, scatterAttrs{axis, length}, x, index)
}

var scatterAddOp graph.Op

func init() {
	add := func(name string, axis, length int, x, index graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x, index}, Attrs: scatterAttrs{axis, length}}
	}
	define(&scatterAddOp, graph.Op{
		Name: "scatter_add", Doc: "zeros with x's entries added at indices", Class: graph.Opaque, Arity: 2,
		Attrs: scatterAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			x, index, a := in[0], in[1], attrs.(scatterAttrs)
			if !isNumber(x.DType()) || index.DType() != graph.Int64 {
				return graph.Type{}, kindError("numbers, and i64 as its index")
			}
			end := a.Axis + index.Rank()
			if a.Axis < 0 || a.Axis > x.Rank() || a.Length < 0 || end > x.Rank() ||
				!graph.T(0, x.Shape()[a.Axis:end]...).Equal(graph.T(0, index.Shape()...)) {
				return graph.Type{}, fmt.Errorf("the index does not have x's shape from axis %d on", a.Axis)
			}
			shape := append(append([]int(nil), x.Shape()[:a.Axis]...), a.Length)
			return graph.T(x.DType(), append(shape, x.Shape()[end:]...)...), nil
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			switch n.DType() {
			case graph.Float32:
				return scatterInto[float32](n)
			case graph.Float64:
				return scatterInto[float64](n)
			default:
				return scatterInto[int64](n)
			}
		},
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node {
			return Take(ct, n.In()[1], n.Attrs().(scatterAttrs).Axis)
		}, nil},
		Cases: []graph.Case{
			add("rows", 0, 4, arg(5, 3), ints(4, 5)), add("columns", 1, 4, arg(3, 2), ints(4, 2)),
			add("one", 0, 4, arg(3), ints(4)), add("none", 0, 4, arg(0, 3), ints(4, 0)),
			add("repeated", 0, 2, arg(3), graph.Arg{Shape: []int{3}, DType: graph.Int64, Data: []float64{1, 1, 0}}),
			add("i64", 0, 3, ints(9, 4), ints(3, 4)),
		},
		BadCases: []graph.BadCase{
			{In: []graph.Type{graph.T(graph.Float64, 3), graph.T(graph.Int64, 2)}, Attrs: scatterAttrs{0, 4},
				Want: "does not have x's shape"},
			{In: []graph.Type{graph.T(graph.Float64, 3), graph.T(graph.Float64, 3)}, Attrs: scatterAttrs{0, 4},
				Want: "i64 as its index"},
		},
	})
}

func scatterInto[T vec.Num](n *graph.Node) graph.Kernel {
	a := n.Attrs().(scatterAttrs)
	outer, length, inner := span(n, []int{a.Axis})
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst := graph.Elements[T](out)
		clear(dst)
		index := graph.Elements[int64](in[1])
		if !vec.ScatterAdd(dst, graph.Elements[T](in[0]), index, outer, length, inner) {
			return indexError(index, length)
		}
		return nil
	}
}

type oneHotAttrs struct {
	Classes int
	To      graph.DType
}

// OneHot turns labels, an i64 of any shape, into vectors of the given length along a new last axis, 1 at the
// label and 0 elsewhere, of element type d. Running it with a label out of range is an error.
func OneHot(labels *graph.Node, classes int, d graph.DType) *graph.Node {
	return apply(&oneHotOp, oneHotAttrs{classes, d}, labels)
}

var oneHotOp graph.Op

func init() {
	of := func(name string, classes int, to graph.DType, labels graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{labels}, Attrs: oneHotAttrs{classes, to}}
	}
	define(&oneHotOp, graph.Op{
		Name: "one_hot", Doc: "1 at the label, 0 elsewhere", Class: graph.Opaque, Arity: 1, Attrs: oneHotAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(oneHotAttrs)
			if in[0].DType() != graph.Int64 || !a.To.Valid() || a.To == graph.Bool || a.Classes < 0 {
				return graph.Type{}, kindError("i64 labels, a number of classes and a number type")
			}
			return graph.T(a.To, append(append([]int(nil), in[0].Shape()...), a.Classes)...), nil
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			classes := n.Attrs().(oneHotAttrs).Classes
			switch n.DType() {
			case graph.Float32:
				return oneHot[float32](classes)
			case graph.Float64:
				return oneHot[float64](classes)
			default:
				return oneHot[int64](classes)
			}
		},
		Derivative: NonDiff("its input is a label"),
		Cases: []graph.Case{
			of("vector", 4, graph.Float64, ints(4, 5)), of("matrix", 3, graph.Float32, ints(3, 2, 2)),
			of("scalar", 3, graph.Int64, ints(3)), of("none", 3, graph.Float64, ints(3, 0)),
		},
		BadCases: []graph.BadCase{{
			In: []graph.Type{graph.T(graph.Float64, 3)}, Attrs: oneHotAttrs{3, graph.Float64}, Want: "wants i64 labels"}},
	})
}

func oneHot[T vec.Num](classes int) graph.Kernel {
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, labels := graph.Elements[T](out), graph.Elements[int64](in[0])
		clear(dst)
		for i, l := range labels {
			if l < 0 || l >= int64(classes) {
				return fmt.Errorf("%w: label %d, at position %d, for %d classes", ErrIndex, l, i, classes)
			}
			dst[i*classes+int(l)] = 1
		}
		return nil
	}
}
