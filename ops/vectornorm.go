package ops

import (
	"math"

	"chainrule/graph"
)

// VectorNorm returns (Σ |x|ᵖ)^(1/p) over the given axes, all without any: the largest size for p = ∞, the least for −∞, and the
// number of elements that are not 0 for p = 0. What is in range does not overflow on the way. An element that is 0 adds nothing to
// a derivative, and where the norm is 0, so is its derivative.
func VectorNorm(x *graph.Node, p float64, axes ...int) *graph.Node {
	mustExist("vector_norm", x)
	switch {
	case math.IsNaN(p):
		graph.Fail("vector_norm", []*graph.Node{x}, "the order is NaN")
	case p == 2:
		return Norm(x, axes...)
	case p == 1:
		return Sum(Abs(x), axes...)
	case p == 0:
		return Sum(Cast(Ne(x, 0), x.DType()), axes...)
	case math.IsInf(p, 1):
		return Max(Abs(x), axes...)
	case math.IsInf(p, -1):
		return Min(Abs(x), axes...)
	}
	size := Abs(x)
	if x.Type().Size() == 0 {
		return Sum(size, axes...)
	}
	extreme := Max(size, axes...)
	if p < 0 {
		extreme = Min(size, axes...)
	}
	none := Or(Eq(extreme, 0), Not(IsFinite(extreme)))
	unit := StopGradient(Where(none, 1, extreme)) // the norm does not depend on it
	ratio := Div(size, KeepDims(unit, x, axes...))
	zero := Eq(ratio, 0)
	sum := Sum(Where(zero, math.Pow(0, p), Pow(Where(zero, 1, ratio), p)), axes...)
	return Where(none, extreme, Mul(unit, Pow(Where(none, 1, sum), 1/p)))
}
