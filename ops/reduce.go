package ops

import (
	"errors"
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// A reduction folds neighbouring axes of its input; its constructor brings other axes together. Results drop the
// folded axes; KeepDims puts them back with length 1.

type reduceAttrs struct{ Axes graph.Ints }

// KeepDims gives a reduction y of x its folded axes back, with length 1, so that it broadcasts against x. The
// axes are those that the reduction was asked for.
func KeepDims(y, x *graph.Node, axes ...int) *graph.Node {
	mustExist("keep_dims", y, x)
	shape := slices.Clone(x.Shape())
	for _, a := range normalAxes(&reshapeOp, x, axes) {
		shape[a] = 1
	}
	return Reshape(y, shape...)
}

// FoldedAxes tells which axes of its input a reduction n folds.
func FoldedAxes(n *graph.Node) []int { return n.Attrs().(reduceAttrs).Axes.Slice() }

// reduce folds the given axes of x (all without any), moved to the end if they are not neighbours.
func reduce(op *graph.Op, x *graph.Node, axes []int) *graph.Node {
	sorted := normalAxes(op, x, axes)
	if len(sorted) == 0 {
		if x.Rank() > 0 {
			return x
		}
		x, sorted = Reshape(x, 1), []int{0}
	}
	perm, sorted := together(x.Rank(), sorted)
	return apply(op, reduceAttrs{graph.MakeInts(sorted...)}, Permute(x, perm...))
}

// together returns an order of the axes in which the given sorted ones are neighbours, and where they then are:
// as they were if they are neighbours already, last if not.
func together(rank int, axes []int) (perm, moved []int) {
	apart := axes[len(axes)-1]-axes[0] != len(axes)-1
	for a := range rank {
		if !apart || !slices.Contains(axes, a) {
			perm = append(perm, a)
		}
	}
	if !apart {
		return perm, axes
	}
	for i := range axes {
		moved = append(moved, len(perm)+i)
	}
	return append(perm, axes...), moved
}

// span gives the extents around the folded axes: x is [outer, r, inner] and they are r.
func span(x *graph.Node, axes []int) (outer, r, inner int) {
	first, end := axes[0], axes[len(axes)-1]+1
	return graph.Size(x.Shape()[:first]), graph.Size(x.Shape()[first:end]), graph.Size(x.Shape()[end:])
}

// folded is the shape rule of reductions. Those without a neutral element refuse to fold nothing.
func folded(ok func(graph.DType) bool, want string, neutral bool, result func(graph.DType) graph.DType) inferFunc {
	return func(in []*graph.Node, attrs any) (graph.Type, error) {
		x, axes := in[0], attrs.(reduceAttrs).Axes.Slice()
		if !ok(x.DType()) {
			return graph.Type{}, kindError(want)
		}
		if len(axes) == 0 {
			return graph.Type{}, errors.New("no axis to fold")
		}
		for i, a := range axes {
			if a < 0 || a >= x.Rank() || a != axes[0]+i {
				return graph.Type{}, fmt.Errorf("axes %v of rank %d are no neighbours", axes, x.Rank())
			}
		}
		outer, r, inner := span(x, axes)
		if r == 0 && !neutral && outer*inner > 0 {
			return graph.Type{}, errors.New("nothing to choose from: a folded axis has length 0")
		}
		shape := append([]int(nil), x.Shape()[:axes[0]]...)
		return graph.T(result(x.DType()), append(shape, x.Shape()[axes[0]+len(axes):]...)...), nil
	}
}

func toIndex(graph.DType) graph.DType { return graph.Int64 }

// folds is the span of a node that folds axes of its input.
func folds(n *graph.Node) (outer, r, inner int) {
	return span(n.In()[0], n.Attrs().(reduceAttrs).Axes.Slice())
}

func foldKernel[A, B, C graph.Element](f32 fold[A, float32], f64 fold[B, float64], i64 fold[C, int64]) bind {
	return byDType{f32: foldAxes(f32), f64: foldAxes(f64), i64: foldAxes(i64)}.ofInput
}

// untilKernel is foldKernel for loops that look themselves whether they are to stop.
func untilKernel[A, B, C graph.Element](f32 foldUntil[A, float32], f64 foldUntil[B, float64], i64 foldUntil[C, int64]) bind {
	return byDType{f32: untilAxes(f32), f64: untilAxes(f64), i64: untilAxes(i64)}.ofInput
}

func untilAxes[D, S graph.Element](f foldUntil[D, S]) bind {
	return func(n *graph.Node) graph.Kernel {
		outer, r, inner := folds(n)
		return bindUntil(f, outer, r, inner)
	}
}

func foldAxes[D, S graph.Element](f fold[D, S]) bind {
	return func(n *graph.Node) graph.Kernel {
		outer, r, inner := folds(n)
		return bindFold(f, outer, r, inner)
	}
}

// unfold gives v, of a reduction n's shape, the shape [.., 1, ..] that broadcasts against n's input.
func unfold(n, v *graph.Node) *graph.Node {
	return KeepDims(v, n.In()[0], n.Attrs().(reduceAttrs).Axes.Slice()...)
}

// refold sums v, of the shape of n's input, over the axes that n folds.
func refold(n, v *graph.Node) *graph.Node { return Sum(v, n.Attrs().(reduceAttrs).Axes.Slice()...) }

func reduceCases(extra ...graph.Case) []graph.Case {
	over := func(name string, x graph.Arg, axes ...int) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x}, Attrs: reduceAttrs{graph.MakeInts(axes...)}}
	}
	return append([]graph.Case{
		over("rows", arg(3, 5), 1), over("columns", arg(3, 5), 0), over("all", arg(2, 3, 2), 0, 1, 2),
		over("middle", arg(2, 3, 4), 1), over("leading", arg(2, 3, 4), 0, 1), over("one", arg(3, 1), 1),
		over("no rows", arg(0, 3), 1),
	}, extra...)
}

var (
	foldNothing = graph.Case{Name: "nothing", In: []graph.Arg{arg(3, 0)}, Attrs: reduceAttrs{"1"}}
	foldInts    = graph.Case{Name: "i64", In: []graph.Arg{ints(9, 3, 4)}, Attrs: reduceAttrs{"1"}}

	badAxes     = bad(reduceAttrs{"0,2"}, "are no neighbours", f64(2, 3, 4))
	badEmpty    = bad(reduceAttrs{"1"}, "nothing to choose from", f64(2, 0))
	badBoolFold = bad(reduceAttrs{"0"}, "wants ", boolean(2))
)

// Sum adds over the given axes, all without any. The sum of nothing is 0. As in NumPy, that of a bool is how often it holds,
// an i64.
func Sum(x *graph.Node, axes ...int) *graph.Node {
	mustExist(sumOp.Name, x)
	if x.DType() == graph.Bool {
		x = Cast(x, graph.Int64)
	}
	return reduce(&sumOp, x, axes)
}

// Mean is the average over the given axes, all without any: the sum, which must be in range, over the number. The mean of
// nothing is NaN.
func Mean(x *graph.Node, axes ...int) *graph.Node {
	count := 1
	for _, a := range normalAxes(&sumOp, x, axes) {
		count *= x.Shape()[a]
	}
	if !x.DType().IsFloat() {
		graph.Fail("mean", []*graph.Node{x}, "wants f32 or f64")
	}
	return Div(Sum(x, axes...), count)
}

var sumOp graph.Op

func init() {
	define(&sumOp, graph.Op{
		Name: "sum", Doc: "sum over neighbouring axes", Class: graph.Reduce, Arity: 1, Attrs: reduceAttrs{},
		Infer:  folded(isNumber, "numbers, not bool", true, same),
		Kernel: byDType{f32: bindSum[float32], f64: bindSum[float64], i64: bindSum[int64]}.ofInput,
		Partial: func(n *graph.Node) graph.Partial {
			_, r, inner := folds(n)
			fold := byDType{f32: sumPart[float32], f64: sumPart[float64], i64: sumPart[int64]}.ofInput(n)
			return graph.Partial{R: r, Inner: inner, Fold: fold, Combine: addOp.Kernel(n)}
		},
		Depends: foldDepends,
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node {
			return BroadcastTo(unfold(n, ct), n.In()[0].Shape()...)
		}},
		Batch:    batchReduce,
		Cases:    reduceCases(foldNothing, foldInts),
		BadCases: []graph.BadCase{badAxes, badBoolFold},
	})
}

// sumPart is the Fold of a sum's Partial.
func sumPart[T vec.Num](n *graph.Node) graph.Kernel {
	_, _, columns := folds(n)
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, x, inner := graph.Elements[T](out), graph.Elements[T](in[0]), columns
		if len(dst) == len(x) {
			inner = len(x)
		}
		vec.Sum(dst, x, len(dst)/inner, len(x)/len(dst), inner)
		return nil
	}
}

// Prod multiplies over the given axes, all without any. The product of nothing is 1.
func Prod(x *graph.Node, axes ...int) *graph.Node { return reduce(&prodOp, x, axes) }

var prodOp graph.Op

func init() {
	over := func(name string, data []float64, shape ...int) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{values(data, shape...)}, Attrs: reduceAttrs{"0"}}
	}
	define(&prodOp, graph.Op{
		Name: "prod", Doc: "product over neighbouring axes", Class: graph.Reduce, Arity: 1, Attrs: reduceAttrs{},
		Infer:   folded(isNumber, "numbers, not bool", true, same),
		Kernel:  untilKernel(vec.ProdUntil[float32], vec.ProdUntil[float64], vec.ProdUntil[int64]),
		Depends: foldDepends,
		Derivative: Explicit{
			Reverse: func(n, ct *graph.Node) *graph.Node { return Mul(unfold(n, ct), others(n)) },
			Forward: func(n, t *graph.Node) *graph.Node { return refold(n, TimesSlope(t, others(n))) },
		},
		Batch: batchReduce,
		Cases: reduceCases(foldNothing, foldInts,
			over("one zero", []float64{2, 0, 3, -1}, 4), over("two zeros", []float64{0, 5, 0, 2, 3}, 5)),
		BadCases: []graph.BadCase{badAxes, badBoolFold},
	})
}

// others is ∂(Πxⱼ)/∂xᵢ = Π_{j≠i} xⱼ for every i of a product n, without a division, so that zeros are no
// exception.
func others(n *graph.Node) *graph.Node {
	x := n.In()[0]
	outer, r, inner := folds(n)
	return Reshape(exclusive(Reshape(x, outer, r, inner)), x.Shape()...)
}

// exclusive is the product of all other elements along the middle axis, by halves: with p = a·b for the halves a
// and b of x, and e the exclusive product of p, it is e·b for the first half and e·a for the second.
func exclusive(x *graph.Node) *graph.Node {
	r := x.Shape()[1]
	if r <= 1 {
		return BroadcastTo(like(x, 1), x.Shape()...)
	}
	h := r / 2
	a, b, rest := Slice(x, All, Range{0, h, 1}), Slice(x, All, Range{h, 2 * h, 1}), Slice(x, All, Range{2 * h, r, 1})
	if r == 2*h {
		e := exclusive(Mul(a, b))
		return Concat([]*graph.Node{Mul(e, b), Mul(e, a)}, 1)
	}
	e := exclusive(Concat([]*graph.Node{Mul(a, b), rest}, 1))
	pairs := Slice(e, All, Range{0, h, 1})
	return Concat([]*graph.Node{Mul(pairs, b), Mul(pairs, a), Slice(e, All, Range{h, h + 1, 1})}, 1)
}
