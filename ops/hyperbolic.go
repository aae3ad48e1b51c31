package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Sinh returns the hyperbolic sine.
func Sinh(x *graph.Node) *graph.Node { return unary(&sinhOp, x) }

// Cosh returns the hyperbolic cosine.
func Cosh(x *graph.Node) *graph.Node { return unary(&coshOp, x) }

// Asinh returns the inverse of Sinh.
func Asinh(x *graph.Node) *graph.Node { return unary(&asinhOp, x) }

// Acosh returns the inverse of Cosh that is not negative, NaN where x < 1. Its derivative at 1 is +Inf.
func Acosh(x *graph.Node) *graph.Node { return unary(&acoshOp, x) }

// Atanh returns the inverse of Tanh, ±Inf at ±1 and NaN beyond.
func Atanh(x *graph.Node) *graph.Node { return unary(&atanhOp, x) }

var sinhOp, coshOp, asinhOp, acoshOp, atanhOp graph.Op

func init() {
	define(&sinhOp, smooth("sinh", "hyperbolic sine of x", floats1(vec.Sinh[float32], vec.Sinh[float64]),
		func(x, y *graph.Node) *graph.Node { return Cosh(x) }, unaryCases(-2, 2)))
	define(&coshOp, smooth("cosh", "hyperbolic cosine of x", floats1(vec.Cosh[float32], vec.Cosh[float64]),
		func(x, y *graph.Node) *graph.Node { return Sinh(x) }, unaryCases(-2, 2)))
	define(&asinhOp, smooth("asinh", "inverse hyperbolic sine of x", floats1(vec.Asinh[float32], vec.Asinh[float64]),
		func(x, y *graph.Node) *graph.Node { return Reciprocal(Hypot(x, 1)) }, unaryCases(-3, 3)))
	define(&acoshOp, smooth("acosh", "inverse hyperbolic cosine of x", floats1(vec.Acosh[float32], vec.Acosh[float64]),
		func(x, y *graph.Node) *graph.Node { return SlopeAcosh(1, x) }, unaryCases(1.5, 4)))
	define(&atanhOp, smooth("atanh", "inverse hyperbolic tangent of x", floats1(vec.Atanh[float32], vec.Atanh[float64]),
		func(x, y *graph.Node) *graph.Node { return Reciprocal(OneLessSquare(x)) }, unaryCases(-0.8, 0.8)))
}

// SlopeAcosh returns the n-th derivative of Acosh, 1 ≤ n ≤ 15, 1/√(x² − 1) being the first: NaN where x < 1, and an infinity
// at 1.
func SlopeAcosh(n int, x *graph.Node) *graph.Node { return apply(&slopeAcoshOp, orderAttrs{n}, x) }

var slopeAcoshOp graph.Op

func init() {
	// An op, since x² − 1 overflows and loses digits next to 1, and √(x − 1)·√(x + 1) has the derivative ∞·0 there; of all
	// orders, since the third adds infinities of both signs there.
	define(&slopeAcoshOp, derivatives(&slopeAcoshOp, "slope_acosh", "derivative of acosh, 1/√(x² − 1) and on",
		vec.SlopeAcosh[float32], vec.SlopeAcosh[float64], unaryCases(1.5, 4)))
}
