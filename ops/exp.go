package ops

import (
	"math"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Exp returns eˣ.
func Exp(x *graph.Node) *graph.Node { return unary(&expOp, x) }

// Expm1 returns eˣ − 1, accurate near 0.
func Expm1(x *graph.Node) *graph.Node { return unary(&expm1Op, x) }

// Exp2 returns 2ˣ.
func Exp2(x *graph.Node) *graph.Node { return unary(&exp2Op, x) }

// Log returns the natural logarithm, NaN where x < 0.
func Log(x *graph.Node) *graph.Node { return unary(&logOp, x) }

// Log1p returns log(1 + x), accurate near 0.
func Log1p(x *graph.Node) *graph.Node { return unary(&log1pOp, x) }

// Log2 returns the binary logarithm, exact for powers of two, NaN where x < 0.
func Log2(x *graph.Node) *graph.Node { return unary(&log2Op, x) }

// Log10 returns the decimal logarithm, exact for powers of ten, NaN where x < 0.
func Log10(x *graph.Node) *graph.Node { return unary(&log10Op, x) }

var expOp, expm1Op, exp2Op, logOp, log1pOp, log2Op, log10Op graph.Op

func init() {
	define(&expOp, smooth("exp", "e to the power x", floats1(vec.Exp[float32], vec.Exp[float64]),
		func(x, y *graph.Node) *graph.Node { return y }, unaryCases(-2, 2)))
	define(&expm1Op, smooth("expm1", "e to the power x, less 1", floats1(vec.Expm1[float32], vec.Expm1[float64]),
		func(x, y *graph.Node) *graph.Node { return Exp(x) }, unaryCases(-2, 2)))
	define(&exp2Op, smooth("exp2", "2 to the power x", floats1(vec.Exp2[float32], vec.Exp2[float64]),
		func(x, y *graph.Node) *graph.Node { return Mul(math.Ln2, y) }, unaryCases(-2, 2)))
	define(&logOp, smooth("log", "natural logarithm of x", floats1(vec.Log[float32], vec.Log[float64]),
		func(x, y *graph.Node) *graph.Node { return Reciprocal(x) }, unaryCases(0.5, 3)))
	define(&log1pOp, smooth("log1p", "natural logarithm of 1 + x", floats1(vec.Log1p[float32], vec.Log1p[float64]),
		func(x, y *graph.Node) *graph.Node { return Reciprocal(Add(1, x)) }, unaryCases(-0.5, 2)))
	define(&log2Op, smooth("log2", "binary logarithm of x", floats1(vec.Log2[float32], vec.Log2[float64]),
		func(x, y *graph.Node) *graph.Node { return Div(1/math.Ln2, x) }, unaryCases(0.5, 3)))
	define(&log10Op, smooth("log10", "decimal logarithm of x", floats1(vec.Log10[float32], vec.Log10[float64]),
		func(x, y *graph.Node) *graph.Node { return Div(1/math.Ln10, x) }, unaryCases(0.5, 3)))
}

// LogAddExp returns log(eᵃ + eᵇ), elementwise with broadcasting, without overflow.
func LogAddExp[A, B Operand](a A, b B) *graph.Node { return binary(&logaddexpOp, a, b) }

var logaddexpOp graph.Op

func init() {
	define(&logaddexpOp, smooth2("logaddexp", "log(exp a + exp b)",
		floats2(vec.LogAddExp[float32], vec.LogAddExp[float64]),
		func(a, b, y *graph.Node) *graph.Node { return Exp(Sub(a, y)) },
		func(a, b, y *graph.Node) *graph.Node { return Exp(Sub(b, y)) },
		append(binaryCases(-2, 2, -2, 2),
			graph.Case{Name: "large", In: []graph.Arg{values([]float64{1000, -1000}, 2), values([]float64{1001, -999}, 2)}},
			graph.Case{Name: "equal", In: []graph.Arg{values([]float64{1, -3}, 2), values([]float64{1, -3}, 2)}})))
}

// XLogY returns x·log y, elementwise with broadcasting, and 0 where x = 0, whatever y is but NaN: the term of a
// log-likelihood for x events of probability y. Where x = 0 its derivative by y is 0 too.
func XLogY[A, B Operand](x A, y B) *graph.Node { return binary(&xlogyOp, x, y) }

var xlogyOp graph.Op

func init() {
	define(&xlogyOp, smooth2("xlogy", "a · log b, and 0 where a is", floats2(vec.XLogY[float32], vec.XLogY[float64]),
		func(a, b, y *graph.Node) *graph.Node { return Log(b) },
		func(a, b, y *graph.Node) *graph.Node { return Div(a, Where(Eq(a, 0), 1, b)) },
		append(binaryCases(-2, 2, 0.5, 3),
			graph.Case{Name: "no events", In: []graph.Arg{values([]float64{0, 0}, 2), within(0.5, 2, 2)}, Kinked: true})))
}
