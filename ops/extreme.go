package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Max is the largest element over the given axes, all without any, NaN if one is. Equal largest elements share
// the derivative equally.
func Max(x *graph.Node, axes ...int) *graph.Node { return reduce(&maxOp, x, axes) }

// Min is the smallest element over the given axes, all without any, NaN if one is. Equal smallest elements share
// the derivative equally.
func Min(x *graph.Node, axes ...int) *graph.Node { return reduce(&minOp, x, axes) }

var maxOp, minOp graph.Op

func init() {
	define(&maxOp, extreme("max", "largest over neighbouring axes",
		untilKernel(vec.MaxUntil[float32], vec.MaxUntil[float64], vec.MaxUntil[int64])))
	define(&minOp, extreme("min", "smallest over neighbouring axes",
		untilKernel(vec.MinUntil[float32], vec.MinUntil[float64], vec.MinUntil[int64])))
}

// extreme is the record that Max and Min share.
func extreme(name, doc string, kernel bind) graph.Op {
	chosen := func(n *graph.Node) (mask, count *graph.Node) { // 1 for each of count equal extreme elements
		x := n.In()[0]
		mask = Cast(Eq(x, unfold(n, n)), x.DType())
		return mask, refold(n, mask)
	}
	tie := values([]float64{1, 3, 3, 1, 2, 0, 0, 1}, 2, 4)
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Reduce, Arity: 1, Attrs: reduceAttrs{},
		Infer: folded(isNumber, "numbers, not bool", false, same), Kernel: kernel,
		Depends: foldDepends,
		Derivative: Explicit{
			Reverse: func(n, ct *graph.Node) *graph.Node {
				mask, count := chosen(n)
				return Mul(mask, unfold(n, Div(ct, count)))
			},
			Forward: func(n, t *graph.Node) *graph.Node {
				mask, count := chosen(n)
				return Div(refold(n, Mul(t, mask)), count)
			},
		},
		Batch: batchReduce,
		Cases: reduceCases(foldInts,
			graph.Case{Name: "tie", In: []graph.Arg{tie}, Attrs: reduceAttrs{"1"}, Excuses: evenKink("the extreme element has rivals")}),
		BadCases: []graph.BadCase{badAxes, badEmpty, badBoolFold},
	}
}

// ArgMax is the index of the largest element over the given axes, all without any, as an i64: the first of equal
// ones, the first NaN if there is one. Over several axes it counts in row-major order.
func ArgMax(x *graph.Node, axes ...int) *graph.Node { return reduce(&argmaxOp, x, axes) }

// ArgMin is the index of the smallest element over the given axes, all without any, as an i64: the first of equal
// ones, the first NaN if there is one. Over several axes it counts in row-major order.
func ArgMin(x *graph.Node, axes ...int) *graph.Node { return reduce(&argminOp, x, axes) }

var argmaxOp, argminOp graph.Op

func init() {
	define(&argmaxOp, argExtreme("argmax", "index of the largest over neighbouring axes",
		untilKernel(vec.ArgMaxUntil[float32], vec.ArgMaxUntil[float64], vec.ArgMaxUntil[int64])))
	define(&argminOp, argExtreme("argmin", "index of the smallest over neighbouring axes",
		untilKernel(vec.ArgMinUntil[float32], vec.ArgMinUntil[float64], vec.ArgMinUntil[int64])))
}

// argExtreme is the record that ArgMax and ArgMin share.
func argExtreme(name, doc string, kernel bind) graph.Op {
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Reduce, Arity: 1, Attrs: reduceAttrs{},
		Infer: folded(isNumber, "numbers, not bool", false, toIndex), Kernel: kernel,
		Derivative: NonDiff("its result is an index"), Batch: batchReduce,
		Cases: reduceCases(foldInts,
			graph.Case{Name: "tie", In: []graph.Arg{values([]float64{1, 3, 3, 1}, 4)}, Attrs: reduceAttrs{"0"}}),
		BadCases: []graph.BadCase{badAxes, badEmpty, badBoolFold},
	}
}
