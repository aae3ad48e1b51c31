package ops

import (
	"math"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Var returns the variance over the given axes, all without any: the mean of the squared distances from the mean, or,
// with ddof = 1, the estimate from a sample, which divides by one less. A ddof that leaves nothing to divide by is
// refused, and so is a negative one.
func Var(x *graph.Node, ddof int, axes ...int) *graph.Node {
	distance, count := deviations("var", x, ddof, axes)
	return Div(Sum(Square(distance), axes...), count)
}

// deviations gives distances from the mean, and what the sum of their squares is divided by.
func deviations(name string, x *graph.Node, ddof int, axes []int) (distance *graph.Node, count int) {
	mustExist(name, x)
	n := 1
	for _, a := range normalAxes(&sumOp, x, axes) {
		n *= x.Shape()[a]
	}
	if ddof < 0 || ddof > 0 && n <= ddof {
		graph.Fail(name, []*graph.Node{x}, "%d elements less ddof %d are nothing to divide by", n, ddof)
	}
	from := func(x *graph.Node) *graph.Node { return KeepDims(Mean(x, axes...), x, axes...) }
	distance = Sub(x, from(x))
	// The mean is rounded, to no less than what distances may be. Theirs is what it was rounded by, whose derivative is 0.
	return Sub(distance, StopGradient(from(distance))), n - ddof
}

// Std returns the standard deviation, the square root of Var, whose squares need not be in range. Where it is 0, so is its
// derivative.
func Std(x *graph.Node, ddof int, axes ...int) *graph.Node {
	distance, count := deviations("std", x, ddof, axes)
	return Div(Norm(distance, axes...), math.Sqrt(float64(count)))
}

// Norm returns the Euclidean norm over the given axes, all without any, without overflow or underflow on the way. At 0,
// where any vector of norm up to 1 would do, its derivatives of every order are 0.
func Norm(x *graph.Node, axes ...int) *graph.Node { return reduce(&normOp, x, axes) }

var normOp graph.Op

func init() {
	unit := func(n *graph.Node) *graph.Node { return Div(n.In()[0], unfold(n, orInf(n))) }
	of := func(name string, data ...float64) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{values(data, 2, len(data)/2)}, Attrs: reduceAttrs{"1"}, Excuses: evenKink("a cone at 0")}
	}
	define(&normOp, graph.Op{
		Name: "norm", Doc: "√Σx² over neighbouring axes", Class: graph.Reduce, Arity: 1, Attrs: reduceAttrs{},
		Infer:   folded(isFloat, "f32 or f64", true, same),
		Kernel:  foldKernel[float32, float64, int64](vec.Norm[float32], vec.Norm[float64], nil),
		Depends: foldDepends,
		Derivative: Explicit{
			Reverse: func(n, ct *graph.Node) *graph.Node { return Mul(unfold(n, ct), unit(n)) },
			Forward: func(n, t *graph.Node) *graph.Node { return refold(n, TimesSlope(t, unit(n))) },
		},
		Batch:    batchReduce,
		Cases:    reduceCases(foldNothing, of("origin", 0, 0, 3, 4), of("numbers", 0, -2)),
		BadCases: []graph.BadCase{badAxes, badBoolFold},
	})
}

// orInf is r, and +Inf where r is 0, for a divisor of what has no direction there, in every order of derivative.
func orInf(r *graph.Node) *graph.Node { return Sub(r, Log(Cast(Ne(r, 0), r.DType()))) }

// Any returns whether x, a bool, holds anywhere along the given axes, all without any.
func Any(x *graph.Node, axes ...int) *graph.Node { return Ne(Sum(truths("any", x), axes...), 0) }

// Every returns whether x, a bool, holds everywhere along the given axes, all without any.
func Every(x *graph.Node, axes ...int) *graph.Node {
	return Eq(Sum(truths("every", Not(x)), axes...), 0)
}

func truths(name string, x *graph.Node) *graph.Node {
	mustExist(name, x)
	if x.DType() != graph.Bool {
		graph.Fail(name, []*graph.Node{x}, "wants bool")
	}
	return Cast(x, graph.Int64)
}
