package ops

import (
	"fmt"
	"math"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Erf returns the error function 2/√π ∫₀ˣ exp(−t²) dt.
func Erf(x *graph.Node) *graph.Node { return unary(&erfOp, x) }

// Erfc returns 1 − Erf(x), accurate where it is small.
func Erfc(x *graph.Node) *graph.Node { return unary(&erfcOp, x) }

// Erfinv returns the inverse of Erf, ±Inf at ±1 and NaN beyond.
func Erfinv(x *graph.Node) *graph.Node { return unary(&erfinvOp, x) }

// Lgamma returns log|Γ(x)|, +Inf at 0 and the negative integers.
func Lgamma(x *graph.Node) *graph.Node { return unary(&lgammaOp, x) }

var erfOp, erfcOp, erfinvOp, lgammaOp graph.Op

func init() {
	define(&erfOp, smooth("erf", "error function of x", floats1(vec.Erf[float32], vec.Erf[float64]),
		func(x, y *graph.Node) *graph.Node { return Mul(2/math.SqrtPi, Gauss(x)) }, unaryCases(-2, 2)))
	define(&erfcOp, smooth("erfc", "complementary error function of x", floats1(vec.Erfc[float32], vec.Erfc[float64]),
		func(x, y *graph.Node) *graph.Node { return Mul(-2/math.SqrtPi, Gauss(x)) }, unaryCases(-2, 2)))
	define(&erfinvOp, smooth("erfinv", "inverse of erf", floats1(vec.Erfinv[float32], vec.Erfinv[float64]),
		func(x, y *graph.Node) *graph.Node { return Div(math.SqrtPi/2, Gauss(y)) }, unaryCases(-0.8, 0.8)))
	define(&lgammaOp, smooth("lgamma", "logarithm of |Γ(x)|", floats1(vec.Lgamma[float32], vec.Lgamma[float64]),
		func(x, y *graph.Node) *graph.Node { return Digamma(x) },
		append(unaryCases(0.5, 5), named("negative", unaryCases(-0.8, -0.3)[:1])...)))
}

// Gauss returns exp(−x²), to the last digits far out too.
func Gauss(x *graph.Node) *graph.Node { return unary(&gaussOp, x) }

// SlopeGauss returns the n-th derivative of Gauss, 1 ≤ n ≤ 15.
func SlopeGauss(n int, x *graph.Node) *graph.Node { return apply(&slopeGaussOp, orderAttrs{n}, x) }

var gaussOp, slopeGaussOp graph.Op

func init() {
	// Ops, since the exponential of a rounded square is off by x² roundings, and products with x go through ∞·0 far out.
	define(&gaussOp, smooth("gauss", "exp(−x²)", floats1(vec.Gauss[float32], vec.Gauss[float64]),
		func(x, y *graph.Node) *graph.Node { return SlopeGauss(1, x) }, unaryCases(-2, 2)))
	define(&slopeGaussOp, derivatives(&slopeGaussOp, "slope_gauss", "derivative of exp(−x²)",
		vec.SlopeGauss[float32], vec.SlopeGauss[float64], unaryCases(-2, 2)))
}

// Digamma returns ψ(x) = Γ′(x)/Γ(x), the derivative of Lgamma.
func Digamma(x *graph.Node) *graph.Node { return Polygamma(0, x) }

type polygammaAttrs struct{ Order int }

// Polygamma returns the n-th derivative of Digamma, 0 ≤ n ≤ 32: for n = 1 it is called trigamma.
func Polygamma(n int, x *graph.Node) *graph.Node { return apply(&polygammaOp, polygammaAttrs{n}, x) }

var polygammaOp graph.Op

func init() {
	order := func(n *graph.Node) int { return n.Attrs().(polygammaAttrs).Order }
	of := func(name string, n int, lo, hi float64) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{within(lo, hi, 2, 3)}, Attrs: polygammaAttrs{n}}
	}
	define(&polygammaOp, graph.Op{
		Name: "polygamma", Doc: "derivative of order n + 1 of log Γ", Class: graph.Map, Arity: 1, Attrs: polygammaAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if n := attrs.(polygammaAttrs).Order; n < 0 || n > vec.MaxPolygamma {
				return graph.Type{}, fmt.Errorf("order %d is not in 0 … %d", n, vec.MaxPolygamma)
			}
			return floatMap(in, nil)
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			k := order(n)
			return floats1(
				func(dst, x []float32) { vec.Polygamma(dst, x, k) },
				func(dst, x []float64) { vec.Polygamma(dst, x, k) })(n)
		},
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Polygamma(order(y)+1, x) }),
		Batch:      batchMap,
		Cases: []graph.Case{
			of("digamma", 0, 0.5, 5), of("trigamma", 1, 0.5, 5), of("third", 3, 1, 5),
			of("negative digamma", 0, -0.8, -0.2), of("negative trigamma", 1, -0.8, -0.2), of("large", 2, 20, 40),
			{Name: "scalar", In: []graph.Arg{within(1, 2)}, Attrs: polygammaAttrs{0}},
			{Name: "empty", In: []graph.Arg{arg(0, 3)}, Attrs: polygammaAttrs{2}},
		},
		BadCases: []graph.BadCase{
			bad(polygammaAttrs{0}, "wants f32 or f64", i64(3)),
			bad(polygammaAttrs{-1}, "order -1 is not in 0 … 32", f64(3)),
			bad(polygammaAttrs{33}, "order 33 is not in 0 … 32", f64(3)),
		},
	})
}
