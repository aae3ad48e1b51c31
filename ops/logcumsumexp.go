package ops

import (
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// LogCumSumExp returns log Σ exp x over the elements so far along an axis, or from its end if reverse is set, without
// overflow. Where these are all −Inf it is −Inf, and its derivatives are 0, as those of LogSumExp.
func LogCumSumExp(x *graph.Node, reverse bool, axis int) *graph.Node {
	return cumulate(&logCumSumExpOp, x, reverse, axis)
}

var logCumSumExpOp graph.Op

func init() {
	along := func(name string, axis int, reverse bool, x graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x}, Attrs: cumulativeAttrs{axis, reverse}}
	}
	none := math.Inf(-1)
	define(&logCumSumExpOp, graph.Op{
		Name: "log_cum_sum_exp", Doc: "log Σ exp x over the elements so far along an axis", Class: graph.Opaque, Arity: 1,
		Attrs: cumulativeAttrs{}, InPlace: true, Depends: cumulativeDepends,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if t, err := floatMap(in, nil); err != nil {
				return t, err
			}
			return in[0].Type(), cumulativeAxis(in[0], attrs)
		},
		Kernel: byFloat(logCumSumExp[float32], logCumSumExp[float64]),
		// y₋₁ = −∞ and yₖ = log(exp yₖ₋₁ + exp xₖ), so ∂yₖ/∂xₖ = σ(xₖ − yₖ₋₁) and ∂yₖ/∂yₖ₋₁ = σ(yₖ₋₁ − xₖ).
		Derivative: Explicit{
			Reverse: func(n, ct *graph.Node) *graph.Node {
				a := n.Attrs().(cumulativeAttrs)
				own, last := logSumSlopes(n)
				return TimesSlope(SlopeRecurrence(earlier(n, last), ct, !a.Reverse, a.Axis), own)
			},
			Forward: func(n, t *graph.Node) *graph.Node {
				a := n.Attrs().(cumulativeAttrs)
				own, last := logSumSlopes(n)
				return SlopeRecurrence(last, TimesSlope(t, own), a.Reverse, a.Axis)
			},
		},
		Batch: func(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
			a := n.Attrs().(cumulativeAttrs)
			return LogCumSumExp(in[0], a.Reverse, a.Axis+1)
		},
		Cases: []graph.Case{
			along("vector", 0, false, arg(7)), along("reverse", 0, true, arg(7)), along("rows", 1, false, arg(3, 4)),
			along("columns, reverse", 0, true, arg(3, 4)), along("middle", 1, false, arg(2, 3, 2)),
			along("large", 0, false, values([]float64{1000, -1000, 1001, 999}, 4)),
			withoutSides(along("minus infinity", 1, false, values([]float64{none, none, 1, none, 0, none}, 2, 3))),
			along("nothing", 0, false, arg(0)), along("no rows", 0, true, arg(0, 3)),
		},
		BadCases: []graph.BadCase{
			bad(cumulativeAttrs{1, false}, "axis 1 is out of range", f64(3)), bad(cumulativeAttrs{}, "wants f32 or f64", i64(3)),
		},
	})
}

func logCumSumExp[T float](n *graph.Node) graph.Kernel {
	a := n.Attrs().(cumulativeAttrs)
	outer, r, inner := span(n, []int{a.Axis})
	first, step := 0, 1
	if a.Reverse {
		first, step = r-1, -1
	}
	return bindUntil(func(stop <-chan struct{}, dst, x []T, outer, r, inner int) {
		vec.LogCumSumExpUntil(stop, dst, x, outer, r, inner, first, step)
	}, outer, r, inner)
}

// logSumSlopes is the derivative of each result by its own element, and by the result before it. One and the other are 0
// where that is −∞.
func logSumSlopes(n *graph.Node) (own, last *graph.Node) {
	x, a := n.In()[0], n.Attrs().(cumulativeAttrs)
	r := n.Shape()[a.Axis]
	if n.Type().Size() == 0 {
		return x, x
	}
	first, ones := 0, slices.Repeat([]int{1}, n.Rank())
	if a.Reverse {
		first = r - 1
	}
	ones[a.Axis] = r
	none := lowest(n)
	before := Where(Reshape(Eq(Arange(n.Graph(), r), first), ones...), none, later(n, n))
	slope := func(x, y *graph.Node) *graph.Node { return Where(Eq(x, none), 0, Sigmoid(Sub(x, y))) }
	return slope(x, before), slope(before, x)
}
