package ops

import (
	"math"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// LogSumExp is log Σ exp x over the given axes, all without any, without overflow. That of nothing is −Inf. So is that of
// elements that are all −Inf, and its derivatives are 0: what is impossible stays so, and sums in log space go on.
func LogSumExp(x *graph.Node, axes ...int) *graph.Node { return reduce(&logsumexpOp, x, axes) }

// SlopeLogSumExp is the derivative of LogSumExp: Softmax, but 0 where the elements over the given axes are all −Inf.
func SlopeLogSumExp(x *graph.Node, axes ...int) *graph.Node {
	return normalise(&slopeLogSumExpOp, x, axes)
}

var logsumexpOp, slopeLogSumExpOp graph.Op

// withoutSides excuses a case from differences: there is nothing beside minus infinity.
func withoutSides(c graph.Case) graph.Case {
	c.Excuses = kink("minus infinity has no sides")
	return c
}

func init() {
	none, one := math.Inf(-1), graph.Case{Name: "one at minus infinity",
		In: []graph.Arg{values([]float64{0, math.Inf(-1)}, 2)}, Attrs: reduceAttrs{"0"}}
	nowhere := graph.Case{Name: "all at minus infinity",
		In: []graph.Arg{values([]float64{none, 1, none, none}, 2, 2)}, Attrs: reduceAttrs{"1"}}
	columns := graph.Case{Name: "a column at minus infinity",
		In: []graph.Arg{values([]float64{none, 1, none, none}, 2, 2)}, Attrs: reduceAttrs{"0"}}
	// The slope is not exp(x − y), which is off by what y is rounded to, |y|·2⁻⁵³ in every element alike: far more than
	// its own rounding where y is large.
	slope := func(n *graph.Node) *graph.Node { return apply(&slopeLogSumExpOp, n.Attrs(), n.In()[0]) }
	define(&logsumexpOp, graph.Op{
		Name: "logsumexp", Doc: "log Σ exp x over neighbouring axes", Class: graph.Reduce, Arity: 1,
		Attrs: reduceAttrs{}, Infer: folded(isFloat, "f32 or f64", true, same),
		Kernel:  foldKernel[float32, float64, int64](vec.LogSumExp[float32], vec.LogSumExp[float64], nil),
		Depends: foldDepends,
		Derivative: Explicit{
			Reverse: func(n, ct *graph.Node) *graph.Node { return Mul(unfold(n, ct), slope(n)) },
			Forward: func(n, t *graph.Node) *graph.Node { return refold(n, Mul(t, slope(n))) },
		},
		Batch: batchReduce,
		Cases: reduceCases(foldNothing, one, withoutSides(nowhere), withoutSides(columns),
			graph.Case{Name: "large", In: []graph.Arg{values([]float64{1000, 1001, 999}, 3)}, Attrs: reduceAttrs{"0"}}),
		BadCases: []graph.BadCase{badAxes, badBoolFold},
	})
	define(&slopeLogSumExpOp, normaliser("slope_log_sum_exp", "softmax, but 0 where all are −∞",
		foldKernel[float32, float64, int64](vec.SlopeLogSumExp[float32], vec.SlopeLogSumExp[float64], nil),
		Explicit{Reverse: softmaxJacobian, Forward: softmaxJacobian}, largeLogits, nowhere, columns))
}
