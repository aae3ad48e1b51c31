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
		func(x, y *graph.Node) *graph.Node { return Reciprocal(Sqrt(oneLessSquare(x))) }, unaryCases(-0.8, 0.8)))
	define(&acosOp, smooth("acos", "arccosine of x, in radians", floats1(vec.Acos[float32], vec.Acos[float64]),
		func(x, y *graph.Node) *graph.Node { return Neg(Reciprocal(Sqrt(oneLessSquare(x)))) }, unaryCases(-0.8, 0.8)))
	define(&atanOp, smooth("atan", "arctangent of x, in radians", floats1(vec.Atan[float32], vec.Atan[float64]),
		func(x, y *graph.Node) *graph.Node { return Reciprocal(Add(1, Square(x))) }, unaryCases(-3, 3)))
}

// oneLessSquare is 1 − x² without the loss of digits next to ±1.
func oneLessSquare(x *graph.Node) *graph.Node { return Mul(Sub(1, x), Add(1, x)) }

// Atan2 returns the angle of the point (x, y), in −π … π, elementwise with broadcasting: the ordinate comes first, as
// in math.Atan2. The derivatives at the origin are NaN.
func Atan2[A, B Operand](y A, x B) *graph.Node { return binary(&atan2Op, y, x) }

var atan2Op graph.Op

func init() {
	// With r = √(x² + y²), ∂/∂y = x/r² and ∂/∂x = −y/r², which r·r would take out of range.
	over := func(a, b *graph.Node) *graph.Node { r := Hypot(a, b); return Div(Div(a, r), r) }
	define(&atan2Op, smooth2("atan2", "angle of the point with ordinate a and abscissa b",
		floats2(vec.Atan2[float32], vec.Atan2[float64]),
		func(a, b, y *graph.Node) *graph.Node { return over(b, a) },
		func(a, b, y *graph.Node) *graph.Node { return Neg(over(a, b)) },
		append(binaryCases(-2, 2, 0.5, 2), graph.Case{Name: "axes", In: []graph.Arg{
			values([]float64{0, 1, -2, 1, -1}, 5), values([]float64{3, 0, 0, -1, -1}, 5)}})))
}

// Hypot returns √(a² + b²), elementwise with broadcasting, without overflow on the way. At (0, 0), where any slopes
// in the unit disc will do, both derivatives are 0.
func Hypot[A, B Operand](a A, b B) *graph.Node { return binary(&hypotOp, a, b) }

var hypotOp graph.Op

func init() {
	slope := func(a, y *graph.Node) *graph.Node { return Div(a, Where(Eq(y, 0), 1, y)) }
	define(&hypotOp, smooth2("hypot", "√(a² + b²)", floats2(vec.Hypot[float32], vec.Hypot[float64]),
		func(a, b, y *graph.Node) *graph.Node { return slope(a, y) },
		func(a, b, y *graph.Node) *graph.Node { return slope(b, y) },
		append(binaryCases(-2, 2, 0.5, 2), graph.Case{Name: "origin", Kinked: true,
			In: []graph.Arg{values([]float64{0, 0}, 2), values([]float64{0, 0}, 2)}})))
}
