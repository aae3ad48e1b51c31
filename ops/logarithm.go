package ops

import (
	"math"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Log2 returns the binary logarithm, exact for powers of two, NaN where x < 0.
func Log2(x *graph.Node) *graph.Node { return unary(&log2Op, x) }

// Log10 returns the decimal logarithm, exact for powers of ten, NaN where x < 0.
func Log10(x *graph.Node) *graph.Node { return unary(&log10Op, x) }

// Exp2 returns 2ˣ.
func Exp2(x *graph.Node) *graph.Node { return unary(&exp2Op, x) }

// Cbrt returns the cube root, of either sign. Its derivative at 0 is +Inf.
func Cbrt(x *graph.Node) *graph.Node { return unary(&cbrtOp, x) }

var log2Op, log10Op, exp2Op, cbrtOp graph.Op

func init() {
	define(&log2Op, float1("log2", "binary logarithm of x", floats1(vec.Log2[float32], vec.Log2[float64]),
		func(x, y *graph.Node) *graph.Node { return Div(1/math.Ln2, x) }, unaryCases(0.5, 3)))
	define(&log10Op, float1("log10", "decimal logarithm of x", floats1(vec.Log10[float32], vec.Log10[float64]),
		func(x, y *graph.Node) *graph.Node { return Div(1/math.Ln10, x) }, unaryCases(0.5, 3)))
	define(&exp2Op, float1("exp2", "2 to the power x", floats1(vec.Exp2[float32], vec.Exp2[float64]),
		func(x, y *graph.Node) *graph.Node { return Mul(math.Ln2, y) }, unaryCases(-2, 2)))
	define(&cbrtOp, float1("cbrt", "cube root of x", floats1(vec.Cbrt[float32], vec.Cbrt[float64]),
		func(x, y *graph.Node) *graph.Node { return Div(1.0/3, Square(y)) },
		append(unaryCases(0.5, 3), named("negative", unaryCases(-3, -0.5)[:1])...)))
}

// Rsqrt returns 1/√x.
func Rsqrt(x *graph.Node) *graph.Node { return Reciprocal(Sqrt(x)) }

// LogAddExp returns log(eᵃ + eᵇ), elementwise with broadcasting, without overflow.
func LogAddExp[A, B Operand](a A, b B) *graph.Node { return binary(&logaddexpOp, a, b) }

var logaddexpOp graph.Op

func init() {
	define(&logaddexpOp, graph.Op{
		Name: "logaddexp", Doc: "log(exp a + exp b)", Class: graph.Map, Arity: 2, Infer: floatMap,
		Kernel: floats2(vec.LogAddExp[float32], vec.LogAddExp[float64]),
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node { return Exp(Sub(a, y)) },
			func(a, b, y *graph.Node) *graph.Node { return Exp(Sub(b, y)) }),
		Batch: batchMap,
		Cases: append(binaryCases(-2, 2, -2, 2),
			graph.Case{Name: "large", In: []graph.Arg{values([]float64{1000, -1000}, 2), values([]float64{1001, -999}, 2)}},
			graph.Case{Name: "equal", In: []graph.Arg{values([]float64{1, -3}, 2), values([]float64{1, -3}, 2)}}),
		BadCases: badFloat2,
	})
}

// XLogY returns x·log y, elementwise with broadcasting, and 0 where x = 0, whatever y is but NaN: the term of a
// log-likelihood for x events of probability y. Where x = 0 its derivative by y is 0 too.
func XLogY[A, B Operand](x A, y B) *graph.Node { return binary(&xlogyOp, x, y) }

var xlogyOp graph.Op

func init() {
	define(&xlogyOp, graph.Op{
		Name: "xlogy", Doc: "a · log b, and 0 where a is", Class: graph.Map, Arity: 2, Infer: floatMap,
		Kernel: floats2(vec.XLogY[float32], vec.XLogY[float64]),
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node { return Log(b) },
			func(a, b, y *graph.Node) *graph.Node { return Div(a, Where(Eq(a, 0), 1, b)) }),
		Batch: batchMap,
		Cases: append(binaryCases(-2, 2, 0.5, 3),
			graph.Case{Name: "no events", In: []graph.Arg{values([]float64{0, 0}, 2), within(0.5, 2, 2)}, Kinked: true}),
		BadCases: badFloat2,
	})
}

// IsNaN returns whether x is NaN, as a bool.
func IsNaN(x *graph.Node) *graph.Node { return Ne(x, x) }

// IsFinite returns whether x is neither infinite nor NaN, as a bool.
func IsFinite(x *graph.Node) *graph.Node { return Lt(Abs(x), math.Inf(1)) }
