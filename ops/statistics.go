package ops

import "chainrule/graph"

// Var returns the variance over the given axes, all without any: the mean of the squared distances from the mean, or,
// with ddof = 1, the estimate from a sample, which divides by one less. A ddof that leaves nothing to divide by is
// refused, and so is a negative one.
func Var(x *graph.Node, ddof int, axes ...int) *graph.Node {
	mustExist("var", x)
	count := -ddof
	n := 1
	for _, a := range normalAxes(&sumOp, x, axes) {
		n *= x.Shape()[a]
	}
	count += n
	if ddof < 0 || ddof > 0 && count <= 0 {
		graph.Fail("var", []*graph.Node{x}, "%d elements less ddof %d are nothing to divide by", n, ddof)
	}
	distance := Sub(x, KeepDims(Mean(x, axes...), x, axes...))
	return Div(Sum(Square(distance), axes...), count)
}

// Std returns the standard deviation, the square root of Var. Its derivative is not finite where that is 0.
func Std(x *graph.Node, ddof int, axes ...int) *graph.Node { return Sqrt(Var(x, ddof, axes...)) }

// Norm returns the Euclidean norm over the given axes, all without any. Its derivative at 0, where any vector of norm
// up to 1 would do, is 0. Squares of elements must not overflow.
func Norm(x *graph.Node, axes ...int) *graph.Node {
	square := Sum(Square(x), axes...)
	zero := Eq(square, 0)
	return Where(zero, 0, Sqrt(Where(zero, 1, square)))
}

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
