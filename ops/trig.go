package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Sin returns the sine of x radians.
func Sin(x *graph.Node) *graph.Node { return unary(&sinOp, x) }

// Cos returns the cosine of x radians.
func Cos(x *graph.Node) *graph.Node { return unary(&cosOp, x) }

// Tan returns the tangent of x radians.
func Tan(x *graph.Node) *graph.Node { return unary(&tanOp, x) }

// Asin returns the angle in −π/2 … π/2 whose sine is x, NaN outside of −1 … 1. Its derivative at ±1 is +Inf.
func Asin(x *graph.Node) *graph.Node { return unary(&asinOp, x) }

// Acos returns the angle in 0 … π whose cosine is x, NaN outside of −1 … 1. Its derivative at ±1 is −Inf.
func Acos(x *graph.Node) *graph.Node { return unary(&acosOp, x) }

// Atan returns the angle in −π/2 … π/2 whose tangent is x.
func Atan(x *graph.Node) *graph.Node { return unary(&atanOp, x) }

var sinOp, cosOp, tanOp, asinOp, acosOp, atanOp graph.Op

func init() {
	define(&sinOp, smooth("sin", "sine of x radians", floats1(vec.Sin[float32], vec.Sin[float64]),
		func(x, y *graph.Node) *graph.Node { return Cos(x) }, unaryCases(-4, 4)))
	define(&cosOp, smooth("cos", "cosine of x radians", floats1(vec.Cos[float32], vec.Cos[float64]),
		func(x, y *graph.Node) *graph.Node { return Neg(Sin(x)) }, unaryCases(-4, 4)))
	define(&tanOp, smooth("tan", "tangent of x radians", floats1(vec.Tan[float32], vec.Tan[float64]),
		func(x, y *graph.Node) *graph.Node { return Add(1, Square(y)) }, unaryCases(-1.2, 1.2)))
	define(&asinOp, smooth("asin", "arcsine of x, in radians", floats1(vec.Asin[float32], vec.Asin[float64]),
		func(x, y *graph.Node) *graph.Node { return Reciprocal(Sqrt(OneLessSquare(x))) }, unaryCases(-0.8, 0.8)))
	define(&acosOp, smooth("acos", "arccosine of x, in radians", floats1(vec.Acos[float32], vec.Acos[float64]),
		func(x, y *graph.Node) *graph.Node { return Neg(Reciprocal(Sqrt(OneLessSquare(x)))) }, unaryCases(-0.8, 0.8)))
	define(&atanOp, smooth("atan", "arctangent of x, in radians", floats1(vec.Atan[float32], vec.Atan[float64]),
		func(x, y *graph.Node) *graph.Node { return SlopeAtan(x) }, unaryCases(-3, 3)))
}

// SlopeAtan returns 1/(1 + x²), the derivative of Atan.
func SlopeAtan(x *graph.Node) *graph.Node { return unary(&slopeAtanOp, x) }

// OneLessSquare returns 1 − x² without the loss of digits next to ±1.
func OneLessSquare(x *graph.Node) *graph.Node { return unary(&oneLessSquareOp, x) }

var slopeAtanOp, oneLessSquareOp graph.Op

func init() {
	// An op, since −y²·2x would go through a square that underflows where the product does not.
	define(&slopeAtanOp, smooth("slope_atan", "1/(1 + x²), the derivative of atan",
		floats1(vec.SlopeAtan[float32], vec.SlopeAtan[float64]),
		func(x, y *graph.Node) *graph.Node { return Mul(-2, Mul(Mul(x, y), y)) }, unaryCases(-3, 3)))
	// An op, since the derivative of a product (1 − x)·(1 + x) is (1 − x) − (1 + x), which has no digits next to 0.
	define(&oneLessSquareOp, cheap(smooth("one_less_square", "1 − x² as (1 − x)·(1 + x)",
		floats1(vec.OneLessSquare[float32], vec.OneLessSquare[float64]),
		func(x, y *graph.Node) *graph.Node { return Mul(-2, x) }, unaryCases(-2, 2))))
}

// Atan2 returns the angle of the point (x, y), in −π … π, elementwise with broadcasting: the ordinate comes first, as
// in math.Atan2. The derivatives at the origin are NaN.
func Atan2[A, B Operand](y A, x B) *graph.Node { return binary(&atan2Op, y, x) }

// SlopeAtan2 returns the derivative of Atan2, m times by y and n times by x, elementwise with broadcasting. It is NaN at the
// origin, and 0 where y or x is infinite.
func SlopeAtan2[A, B Operand](m, n int, y A, x B) *graph.Node {
	return apply(&slopeAtan2Op, ordersAttrs{m, n}, nodes(&slopeAtan2Op, y, x)...)
}

var atan2Op, slopeAtan2Op graph.Op

func init() {
	cases := append(binaryCases(-2, 2, 0.5, 2), graph.Case{Name: "axes", In: []graph.Arg{
		values([]float64{0, 1, -2, 1, -1}, 5), values([]float64{3, 0, 0, -1, -1}, 5)}})
	define(&atan2Op, smooth2("atan2", "angle of the point with ordinate a and abscissa b",
		floats2(vec.Atan2[float32], vec.Atan2[float64]),
		func(a, b, y *graph.Node) *graph.Node { return SlopeAtan2(1, 0, a, b) },
		func(a, b, y *graph.Node) *graph.Node { return SlopeAtan2(0, 1, a, b) }, cases))
	// x/(x² + y²) and on: squares that leave the range where these do not, in every order.
	define(&slopeAtan2Op, derivatives2(&slopeAtan2Op, "slope_atan2", "derivative of atan2, m times by a and n times by b",
		vec.SlopeAtan2[float32], vec.SlopeAtan2[float64],
		ofOrders(1, 0, cases...), ofOrders(0, 1, cases...), ofOrders(1, 1, cases[0]), ofOrders(3, 2, cases[0])))
}

// Hypot returns √(a² + b²), elementwise with broadcasting, without overflow on the way. At (0, 0), where any slopes
// in the unit disc will do, its derivatives of every order are 0.
func Hypot[A, B Operand](a A, b B) *graph.Node { return binary(&hypotOp, a, b) }

// SlopeHypot returns a/√(a² + b²), the derivative of Hypot by its first operand, elementwise with broadcasting, and 0
// at (0, 0).
func SlopeHypot[A, B Operand](a A, b B) *graph.Node { return binary(&slopeHypotOp, a, b) }

var hypotOp, slopeHypotOp graph.Op

func init() {
	origin := graph.Case{Name: "origin", Excuses: evenKink("a cone at (0, 0)"),
		In: []graph.Arg{values([]float64{0, 0}, 2), values([]float64{0, 0}, 2)}}
	axes := graph.Case{Name: "axes",
		In: []graph.Arg{values([]float64{0, 0, 2, -3}, 4), values([]float64{2, -1, 0, 0}, 4)}}
	define(&hypotOp, smooth2("hypot", "√(a² + b²)", floats2(vec.Hypot[float32], vec.Hypot[float64]),
		func(a, b, y *graph.Node) *graph.Node { return SlopeHypot(a, b) },
		func(a, b, y *graph.Node) *graph.Node { return SlopeHypot(b, a) },
		append(binaryCases(-2, 2, 0.5, 2), axes, origin)))
	// With u = a/r and v = b/r, ∂u/∂a = v²/r and ∂u/∂b = −u·v/r: no differences, so that no digits are lost. At the
	// origin u and v are 0, whatever they are divided by.
	overRadius := func(a, b *graph.Node) *graph.Node { return Div(SlopeHypot(b, a), orInf(Hypot(a, b))) }
	define(&slopeHypotOp, smooth2("slope_hypot", "a/√(a² + b²), the derivative of hypot by a",
		floats2(vec.SlopeHypot[float32], vec.SlopeHypot[float64]),
		func(a, b, y *graph.Node) *graph.Node { return Mul(SlopeHypot(b, a), overRadius(a, b)) },
		func(a, b, y *graph.Node) *graph.Node { return Neg(Mul(y, overRadius(a, b))) },
		append(binaryCases(-2, 2, 0.5, 2), axes)))
}
