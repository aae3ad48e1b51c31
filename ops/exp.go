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

// LogAddExp returns log(eᵃ + eᵇ), elementwise with broadcasting, without overflow. Where both are −Inf, so is the
// result, and both derivatives are 0: what is impossible stays so, and sums in log space go on.
func LogAddExp[A, B Operand](a A, b B) *graph.Node { return binary(&logaddexpOp, a, b) }

// SlopeLogAddExp returns eᵃ/(eᵃ + eᵇ), the derivative of LogAddExp by its first operand, elementwise with broadcasting,
// and 0 where both are −Inf.
func SlopeLogAddExp[A, B Operand](a A, b B) *graph.Node { return binary(&slopeLogAddExpOp, a, b) }

var logaddexpOp, slopeLogAddExpOp graph.Op

func init() {
	apart := graph.Case{Name: "large",
		In: []graph.Arg{values([]float64{1000, -1000}, 2), values([]float64{1001, -999}, 2)}}
	equal := graph.Case{Name: "equal", In: []graph.Arg{values([]float64{1, -3}, 2), values([]float64{1, -3}, 2)}}
	// A slope of exp(a − y) would be off by what y is rounded to, |y|·2⁻⁵³.
	define(&logaddexpOp, smooth2("logaddexp", "log(exp a + exp b)",
		floats2(vec.LogAddExp[float32], vec.LogAddExp[float64]),
		func(a, b, y *graph.Node) *graph.Node { return SlopeLogAddExp(a, b) },
		func(a, b, y *graph.Node) *graph.Node { return SlopeLogAddExp(b, a) },
		append(binaryCases(-2, 2, -2, 2), apart, equal)))
	define(&slopeLogAddExpOp, smooth2("slope_log_add_exp", "exp a/(exp a + exp b), the derivative of logaddexp by a",
		floats2(vec.SlopeLogAddExp[float32], vec.SlopeLogAddExp[float64]),
		func(a, b, y *graph.Node) *graph.Node { return Mul(y, SlopeLogAddExp(b, a)) },
		func(a, b, y *graph.Node) *graph.Node { return Neg(Mul(y, SlopeLogAddExp(b, a))) },
		append(binaryCases(-2, 2, -2, 2), apart, equal)))
}
