package ops

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/kernel/special"
)

// Gammainc returns the regularised lower incomplete gamma function P(a, x) = ∫₀ˣ tᵃ⁻¹e⁻ᵗ dt / Γ(a), the probability that
// a gamma number of shape a is at most x, for a > 0 and x ≥ 0, NaN elsewhere. It has derivatives by both, by a up to the
// fifth. The error is at most 16 ulp and 2 ulp for each e that the result is less than 1.
func Gammainc[A, B Operand](a A, x B) *graph.Node { return binary(&gammaincOp, a, x) }

// Gammaincc returns 1 − Gammainc(a, x), accurate where it is small.
func Gammaincc[A, B Operand](a A, x B) *graph.Node { return binary(&gammainccOp, a, x) }

// GammaDensity returns the density xᵃ⁻¹e⁻ˣ/Γ(a) of gamma numbers of shape a, for a > 0 and x ≥ 0.
func GammaDensity[A, B Operand](a A, x B) *graph.Node { return binary(&gammaDensityOp, a, x) }

// SlopeGammainc returns −∂ᵐP(a, x)/∂aᵐ over the density, 1 ≤ m ≤ 5, for P = Gammainc. For m = 1 that is the derivative by
// the shape a of a gamma number x that keeps its probability.
func SlopeGammainc[A, B Operand](m int, a A, x B) *graph.Node {
	in := nodes(&slopeGammaincOp, a, x)
	return apply(&slopeGammaincOp, orderAttrs{m}, in...)
}

var gammaincOp, gammainccOp, gammaDensityOp, slopeGammaincOp, slopeLogGammaOp graph.Op

// special2 binds a function of two numbers as a Map.
func special2(f func(a, b float64) float64) bind {
	return floats2(func(dst, x, y []float32) { special.Map2(dst, x, y, f) },
		func(dst, x, y []float64) { special.Map2(dst, x, y, f) })
}

// logSlope is the derivative of the logarithm of GammaDensity by a, log x − ψ(a).
func logSlope(a, x *graph.Node) *graph.Node { return Sub(Log(x), Digamma(a)) }

// SlopeLogGamma returns SlopeGammainc(m, a, x) over x for x = e^y, 1 ≤ m ≤ 5, which does not underflow: for m = 1, the
// derivative by the shape a of the logarithm y of a gamma number that keeps its probability.
func SlopeLogGamma[A, B Operand](m int, a A, y B) *graph.Node {
	in := nodes(&slopeLogGammaOp, a, y)
	return apply(&slopeLogGammaOp, orderAttrs{m}, in...)
}

// shapeSlope is that by x, (a − 1)/x − 1.
func shapeSlope(a, x *graph.Node) *graph.Node { return Sub(XDivY(Sub(a, 1), x), 1) }

// densityByX is the derivative of GammaDensity by x, p(a − 1) − p(a) where a > 1, which holds at 0 too.
func densityByX(a, x, y *graph.Node) *graph.Node {
	steep := Gt(a, 1)
	return Where(steep, Sub(GammaDensity(Where(steep, Sub(a, 1), 1), x), y), Mul(y, shapeSlope(a, x)))
}

func init() {
	cases := binaryCases(0.5, 3, 0.3, 4)
	cases[0].Excuses = map[string]string{"bends": "second derivatives at x = 0, an end of the domain, are infinite or NaN"}
	define(&gammaincOp, smooth2("gammainc", "regularised lower incomplete gamma function", special2(special.GammaP),
		func(a, x, _ *graph.Node) *graph.Node { return Neg(XMulY(SlopeGammainc(1, a, x), GammaDensity(a, x))) },
		func(a, x, _ *graph.Node) *graph.Node { return GammaDensity(a, x) }, cases))
	define(&gammainccOp, smooth2("gammaincc", "regularised upper incomplete gamma function", special2(special.GammaQ),
		func(a, x, _ *graph.Node) *graph.Node { return XMulY(SlopeGammainc(1, a, x), GammaDensity(a, x)) },
		func(a, x, _ *graph.Node) *graph.Node { return Neg(GammaDensity(a, x)) }, cases))
	define(&gammaDensityOp, smooth2("gamma_density", "density of gamma numbers of shape a", special2(special.GammaDensity),
		func(a, x, y *graph.Node) *graph.Node { return XMulY(y, logSlope(a, x)) },
		densityByX, cases))
	// With p the density and R the op, p·R is −∂ᵐP: by a the next one, by x −∂ᵐp. Over x and by log x likewise.
	define(&slopeGammaincOp, gammaSlopes("slope_gammainc", "derivatives of −gammainc by a, over the density", special.GammaSlope,
		d2(
			func(a, x, y *graph.Node) *graph.Node {
				return Sub(SlopeGammainc(gammaOrder(y)+1, a, x), XMulY(y, logSlope(a, x)))
			},
			func(a, x, y *graph.Node) *graph.Node {
				return Neg(Add(densitySlope(gammaOrder(y), a, Log(x)), XMulY(y, shapeSlope(a, x))))
			}), [][2]float64{{0.2, 0.5}, {4.5, 9}, {0.3, 3}}))
	slopeGammaincOp.Cases[0].Excuses = cases[0].Excuses
	define(&slopeLogGammaOp, gammaSlopes("slope_log_gamma", "derivatives of −gammainc by a, over x times the density, at log x",
		special.LogGammaSlope, d2(
			func(a, l, y *graph.Node) *graph.Node {
				return Sub(SlopeLogGamma(gammaOrder(y)+1, a, l), Mul(y, Sub(l, Digamma(a))))
			},
			func(a, l, y *graph.Node) *graph.Node {
				return Neg(Add(densitySlope(gammaOrder(y), a, l), Mul(y, Sub(a, Exp(l)))))
			}), [][2]float64{{-3, -0.5}, {1.5, 2}, {-40, -30}}))
}

func gammaOrder(n *graph.Node) int { return n.Attrs().(orderAttrs).N }

// gammaSlopes is the record of derivatives by a shape, with bounds of their second operand below, above and at any place
// beside the shape.
func gammaSlopes(
	name, doc string, f func(m int, a, x float64) float64, derivative Scalar, bounds [][2]float64,
) graph.Op {
	of := func(name string, m int, at [2]float64) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{within(0.5, 3, 2, 3), within(at[0], at[1], 3)}, Attrs: orderAttrs{m}}
	}
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Map, Arity: 2, Attrs: orderAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if m := attrs.(orderAttrs).N; m < 1 || m > special.MaxGammaSlope {
				return graph.Type{}, fmt.Errorf("derivative %d is not in 1 … %d", m, special.MaxGammaSlope)
			}
			return floatMap(in, nil)
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			m := gammaOrder(n)
			return special2(func(a, x float64) float64 { return f(m, a, x) })(n)
		},
		Derivative: derivative,
		Batch:      batchMap,
		Cases: []graph.Case{
			of("small", 1, bounds[0]), of("large", 1, bounds[1]), of("second", 2, bounds[2]), of("third", 3, bounds[1]),
			{Name: "empty", In: []graph.Arg{arg(0), arg(0)}, Attrs: orderAttrs{1}},
		},
		BadCases: []graph.BadCase{
			bad(orderAttrs{0}, "is not in", f64(3), f64(3)), bad(orderAttrs{1}, "do not broadcast", f64(3), f64(4)),
		},
	}
}

// densitySlope is ∂ᵐp/∂aᵐ over the density p, at a logarithm of x: by the product rule, from the derivatives of log p.
func densitySlope(m int, a, logX *graph.Node) *graph.Node {
	slopes := []*graph.Node{FullLike(Add(a, logX), 1)}
	for k := 1; k <= m; k++ {
		var sum *graph.Node
		binomial := 1.0 // k−1 over j
		for j := 0; j < k; j++ {
			l := Sub(logX, Digamma(a)) // of order k − j
			if k-j > 1 {
				l = Neg(Polygamma(k-j-1, a))
			}
			term := Mul(binomial, Mul(slopes[j], l))
			if sum == nil {
				sum = term
			} else {
				sum = Add(sum, term)
			}
			binomial *= float64(k-1-j) / float64(j+1)
		}
		slopes = append(slopes, sum)
	}
	return slopes[m]
}

type zetaAttrs struct{ S float64 }

// Zeta returns Hurwitz' zeta function ζ(s, q) = Σ (q + k)^−s over k ≥ 0, for s > 1 and q > 0: Zeta(s, 1) is Riemann's. s is a
// number, since there is no derivative by it. The error is at most 8 ulp.
func Zeta(s float64, q *graph.Node) *graph.Node { return apply(&zetaOp, zetaAttrs{s}, q) }

var zetaOp graph.Op

func init() {
	power := func(n *graph.Node) float64 { return n.Attrs().(zetaAttrs).S }
	of := func(name string, s, lo, hi float64, shape ...int) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{within(lo, hi, shape...)}, Attrs: zetaAttrs{s}}
	}
	define(&zetaOp, graph.Op{
		Name: "zeta", Doc: "Hurwitz' zeta function Σ (q + k)^−s", Class: graph.Map, Arity: 1, Attrs: zetaAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if s := attrs.(zetaAttrs).S; !(s > 1) {
				return graph.Type{}, fmt.Errorf("the power %v, more than 1 is wanted", s)
			}
			return floatMap(in, nil)
		},
		Kernel: func(n *graph.Node) graph.Kernel {
			s := power(n)
			f := func(q float64) float64 { return special.Zeta(s, q) }
			return floats1(
				func(dst, x []float32) { special.Map1(dst, x, f) },
				func(dst, x []float64) { special.Map1(dst, x, f) })(n)
		},
		Derivative: d1(func(q, y *graph.Node) *graph.Node { return Mul(-power(y), Zeta(power(y)+1, q)) }),
		Batch:      batchMap,
		Cases: []graph.Case{
			of("two", 2, 0.5, 3, 2, 3), of("near one", 1.25, 0.5, 3, 5), of("many", 7.5, 1, 4, 4), of("scalar", 3, 1, 2),
			of("empty", 2, 1, 2, 0, 3),
		},
		BadCases: []graph.BadCase{
			bad(zetaAttrs{2}, "wants f32 or f64", i64(3)), bad(zetaAttrs{1}, "the power 1, more than 1 is wanted", f64(3)),
		},
	})
}
