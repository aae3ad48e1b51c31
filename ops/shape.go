package ops

import (
	"errors"
	"fmt"
	"slices"

	"chainrule/graph"
)

type shapeAttrs struct{ Shape graph.Ints }

// Reshape returns x's elements, in row-major order, in another shape. One dimension may be −1: it is whatever
// makes the sizes agree.
func Reshape(x *graph.Node, shape ...int) *graph.Node {
	mustExist(reshapeOp.Name, x)
	shape = slices.Clone(shape)
	known, free := 1, -1
	for i, d := range shape {
		switch {
		case d == -1 && free < 0:
			free = i
		case d < 0:
			graph.Fail(reshapeOp.Name, []*graph.Node{x}, "shape %s has a negative dimension", graph.FormatShape(shape))
		default:
			known *= d
		}
	}
	if free >= 0 {
		if known == 0 || x.Type().Size()%known != 0 {
			graph.Fail(reshapeOp.Name, []*graph.Node{x}, "no dimension makes %s hold %d elements",
				graph.FormatShape(shape), x.Type().Size())
		}
		shape[free] = x.Type().Size() / known
	}
	if x.Type().Equal(graph.T(x.DType(), shape...)) {
		return x
	}
	return apply(&reshapeOp, shapeAttrs{graph.MakeInts(shape...)}, x)
}

var reshapeOp graph.Op

func init() {
	shape := func(name string, x graph.Arg, to ...int) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x}, Attrs: shapeAttrs{graph.MakeInts(to...)}}
	}
	define(&reshapeOp, graph.Op{
		Name: "reshape", Doc: "x's elements in another shape", Class: graph.View, Arity: 1, Attrs: shapeAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			t := graph.T(in[0].DType(), attrs.(shapeAttrs).Shape.Slice()...)
			if t.Size() != in[0].Type().Size() {
				return t, fmt.Errorf("%d elements do not fill %s", in[0].Type().Size(), graph.FormatShape(t.Shape))
			}
			return t, nil
		},
		Layout:     rowMajor,
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node { return Reshape(ct, n.In()[0].Shape()...) }},
		Batch: func(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
			return Reshape(in[0], withExamples(in[0], n.Shape())...)
		},
		Cases: []graph.Case{
			shape("flatten", arg(2, 3), 6), shape("fold", arg(6), 3, 2), shape("scalar", arg(1, 1)),
			shape("empty", arg(0, 3), 3, 0), shape("i64", ints(5, 4), 2, 2),
		},
		BadCases: []graph.BadCase{bad(shapeAttrs{"4"}, "6 elements do not fill [4]", f64(6))},
	})
}

// ExpandDims inserts an axis of length 1 so that it becomes the given axis of the result.
func ExpandDims(x *graph.Node, axis int) *graph.Node {
	mustExist("expand_dims", x)
	a, err := normalAxis(axis, x.Rank()+1)
	if err != nil {
		graph.Fail("expand_dims", []*graph.Node{x}, "%v", err)
	}
	return Reshape(x, slices.Insert(slices.Clone(x.Shape()), a, 1)...)
}

// Squeeze drops the given axes, which must have length 1; without any, it drops all that have.
func Squeeze(x *graph.Node, axes ...int) *graph.Node {
	mustExist("squeeze", x)
	drop := make([]bool, x.Rank())
	for i, d := range x.Shape() {
		drop[i] = len(axes) == 0 && d == 1
	}
	if len(axes) > 0 {
		for _, a := range normalAxes(&reshapeOp, x, axes) {
			if x.Shape()[a] != 1 {
				graph.Fail("squeeze", []*graph.Node{x}, "axis %d has length %d, not 1", a, x.Shape()[a])
			}
			drop[a] = true
		}
	}
	var shape []int
	for i, d := range x.Shape() {
		if !drop[i] {
			shape = append(shape, d)
		}
	}
	return Reshape(x, shape...)
}

// BroadcastTo stretches x to the given shape by NumPy's rule.
func BroadcastTo(x *graph.Node, shape ...int) *graph.Node {
	mustExist(broadcastToOp.Name, x)
	if x.Type().Equal(graph.T(x.DType(), shape...)) {
		return x
	}
	return apply(&broadcastToOp, shapeAttrs{graph.MakeInts(shape...)}, x)
}

var broadcastToOp graph.Op

func init() {
	to := func(name string, x graph.Arg, to ...int) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x}, Attrs: shapeAttrs{graph.MakeInts(to...)}}
	}
	define(&broadcastToOp, graph.Op{
		Name: "broadcast_to", Doc: "x stretched to a shape", Class: graph.View, Arity: 1, Attrs: shapeAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			t := graph.T(in[0].DType(), attrs.(shapeAttrs).Shape.Slice()...)
			got, err := graph.BroadcastShapes(t.Shape, in[0].Shape())
			if err == nil && !t.Equal(graph.T(t.DType, got...)) {
				err = fmt.Errorf("shape %s does not stretch to %s",
					graph.FormatShape(in[0].Shape()), graph.FormatShape(t.Shape))
			}
			return t, err
		},
		Layout: func(n *graph.Node) graph.Layout {
			return graph.Layout{Strides: graph.BroadcastStrides(n.In()[0].Shape(), n.Shape())}
		},
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node { return SumTo(ct, n.In()[0].Shape()...) }},
		Batch: func(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
			return BroadcastTo(padRank(in[0], n.Rank()+1), withExamples(in[0], n.Shape())...)
		},
		Cases: []graph.Case{
			to("row", arg(3), 2, 3), to("column", arg(2, 1), 2, 3), to("scalar", arg(), 2, 2), to("unit", arg(1), 4, 1),
			to("empty", arg(1), 0), to("middle", arg(2, 1, 3), 2, 4, 3),
		},
		BadCases: []graph.BadCase{
			bad(shapeAttrs{"3"}, "do not broadcast", f64(2)),
			bad(shapeAttrs{"1"}, "does not stretch", f64(2)),
		},
	})
}

// SumTo is the transpose of BroadcastTo: it sums x over the axes along which the given shape would stretch.
func SumTo(x *graph.Node, shape ...int) *graph.Node {
	mustExist("sum_to", x)
	lead := x.Rank() - len(shape)
	if lead < 0 {
		graph.Fail("sum_to", []*graph.Node{x}, "shape %s has more axes", graph.FormatShape(shape))
	}
	var axes []int
	for i, d := range x.Shape() {
		switch {
		case i < lead, shape[i-lead] == 1 && d != 1:
			axes = append(axes, i)
		case shape[i-lead] != d:
			graph.Fail("sum_to", []*graph.Node{x}, "shape %s does not stretch to it", graph.FormatShape(shape))
		}
	}
	if len(axes) > 0 {
		x = Sum(x, axes...)
	}
	return Reshape(x, shape...)
}

type permuteAttrs struct{ Perm graph.Ints }

// Permute reorders the axes: axis i of the result is axis perm[i] of x.
func Permute(x *graph.Node, perm ...int) *graph.Node {
	mustExist(permuteOp.Name, x)
	moved := false
	perm = slices.Clone(perm)
	for i, p := range perm {
		perm[i] = mustBeAxis(permuteOp.Name, p, x)
		moved = moved || perm[i] != i
	}
	if !moved && len(perm) == x.Rank() {
		return x
	}
	return apply(&permuteOp, permuteAttrs{graph.MakeInts(perm...)}, x)
}

// Transpose swaps the last two axes; a vector or scalar stays as it is.
func Transpose(x *graph.Node) *graph.Node {
	mustExist("transpose", x)
	if x.Rank() < 2 {
		return x
	}
	perm := make([]int, x.Rank())
	for i := range perm {
		perm[i] = i
	}
	last := len(perm) - 1
	perm[last-1], perm[last] = last, last-1
	return Permute(x, perm...)
}

// MoveAxis takes one axis of x to another place and keeps the order of the others.
func MoveAxis(x *graph.Node, from, to int) *graph.Node {
	mustExist("move_axis", x)
	from, to = mustBeAxis("move_axis", from, x), mustBeAxis("move_axis", to, x)
	var perm []int
	for a := range x.Rank() {
		if a != from {
			perm = append(perm, a)
		}
	}
	return Permute(x, slices.Insert(perm, to, from)...)
}

// PermutationOf returns the order of axes that a permute node was made with.
func PermutationOf(n *graph.Node) []int { return n.Attrs().(permuteAttrs).Perm.Slice() }

func inverse(perm []int) []int {
	inv := make([]int, len(perm))
	for i, p := range perm {
		inv[p] = i
	}
	return inv
}

var permuteOp graph.Op

func init() {
	by := func(name string, x graph.Arg, perm ...int) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x}, Attrs: permuteAttrs{graph.MakeInts(perm...)}}
	}
	define(&permuteOp, graph.Op{
		Name: "permute", Doc: "x with its axes reordered", Class: graph.View, Arity: 1, Attrs: permuteAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			perm, shape := attrs.(permuteAttrs).Perm.Slice(), in[0].Shape()
			t := graph.Type{DType: in[0].DType(), Shape: make([]int, len(perm))}
			used := make([]bool, len(shape))
			if len(perm) != len(shape) {
				return t, fmt.Errorf("%d axes named for rank %d", len(perm), len(shape))
			}
			for i, p := range perm {
				if p < 0 || p >= len(shape) || used[p] {
					return t, errors.New("the axes named are no permutation")
				}
				used[p] = true
				t.Shape[i] = shape[p]
			}
			return t, nil
		},
		Layout: func(n *graph.Node) graph.Layout {
			l := graph.Layout{Strides: make([]int, n.Rank())}
			steps := graph.Strides(n.In()[0].Shape())
			for i, p := range n.Attrs().(permuteAttrs).Perm.Slice() {
				l.Strides[i] = steps[p]
			}
			return l
		},
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node {
			return Permute(ct, inverse(n.Attrs().(permuteAttrs).Perm.Slice())...)
		}},
		Batch: func(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
			return Permute(in[0], append([]int{0}, shifted(PermutationOf(n))...)...)
		},
		Cases: []graph.Case{
			by("transpose", arg(2, 3), 1, 0), by("cycle", arg(2, 3, 4), 2, 0, 1), by("empty", arg(0, 3), 1, 0),
			by("batch", arg(2, 3, 4), 0, 2, 1), by("bool", bools(2, 3), 1, 0),
		},
		BadCases: []graph.BadCase{
			bad(permuteAttrs{"0"}, "1 axes named for rank 2", f64(2, 3)),
			bad(permuteAttrs{"0,0"}, "no permutation", f64(2, 3)),
		},
	})
}
