package ops

import (
	"fmt"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Pow returns aᵇ, elementwise with broadcasting, as math.Pow defines it. The derivative by a at b = 0 is 0 for
// every a. The derivative by b at a = 0 is 0 if b ≥ 0; if b < 0, and wherever a < 0, it is NaN.
func Pow[A, B Operand](a A, b B) *graph.Node { return binary(&powOp, a, b) }

var powOp graph.Op

func init() {
	zero := graph.Case{Name: "zero base", Excuses: kink("no power of a number below 0 with a fraction for its exponent"),
		In: []graph.Arg{values([]float64{0, 0, 0, 0, 0}, 5), values([]float64{0.5, 1, 2, 2.5, 3}, 5)}}
	define(&powOp, smooth2("pow", "a to the power b", floats2(vec.Pow[float32], vec.Pow[float64]),
		func(a, b, y *graph.Node) *graph.Node {
			if v, ok := b.ScalarValue(); ok && v != 0 {
				return Mul(b, Pow(a, like(b, v-1)))
			}
			return SlopePow(1, 0, a, b)
		},
		func(a, b, y *graph.Node) *graph.Node { return SlopePow(0, 1, a, b) },
		append(binaryCases(0.5, 2, -2, 2), zero,
			graph.Case{Name: "negative base", In: []graph.Arg{within(-2, -0.5, 4), values([]float64{-2, -1, 2, 3}, 4)},
				Excuses: kink("no power of a number below 0 but for whole exponents")},
			graph.Case{Name: "zero exponent", In: []graph.Arg{within(0.5, 2, 2), values([]float64{0, 0}, 2)}})))
}

type slopePowAttrs struct{ M, N int }

// SlopePow returns the derivative of aᵇ, m times by a and n times by b, elementwise with broadcasting: a power of a times a
// polynomial in b and log a. At a = 0 it is what it tends to for a > 0, but that derivatives by b alone are what Pow says.
func SlopePow[A, B Operand](m, n int, a A, b B) *graph.Node {
	return apply(&slopePowOp, slopePowAttrs{m, n}, nodes(&slopePowOp, a, b)...)
}

var slopePowOp graph.Op

func init() {
	// One op has the derivatives of all orders. A product of b and a power, or of that and a logarithm, would multiply 0 by
	// ∞ at a = 0, or need another number in the place of one of them, whose derivatives are not theirs.
	of := func(m, n int, cases []graph.Case) []graph.Case {
		for i := range cases {
			cases[i].Attrs = slopePowAttrs{m, n}
		}
		return named(fmt.Sprintf("%d, %d", m, n), cases)
	}
	define(&slopePowOp, graph.Op{
		Name: "slope_pow", Doc: "derivative of a to the power b, m times by a and n times by b", Class: graph.Map, Arity: 2,
		Attrs: slopePowAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if a := attrs.(slopePowAttrs); a.M < 0 || a.N < 0 || a.M+a.N > vec.MaxSlopePow {
				return graph.Type{}, fmt.Errorf("orders %d and %d are not in 0 … %d together", a.M, a.N, vec.MaxSlopePow)
			}
			return floatMap(in, nil)
		},
		Kernel: func(node *graph.Node) graph.Kernel {
			a := node.Attrs().(slopePowAttrs)
			return floats2(
				func(dst, x, y []float32) { vec.SlopePow(dst, x, y, a.M, a.N) },
				func(dst, x, y []float64) { vec.SlopePow(dst, x, y, a.M, a.N) })(node)
		},
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node {
				order := y.Attrs().(slopePowAttrs)
				return SlopePow(order.M+1, order.N, a, b)
			},
			func(a, b, y *graph.Node) *graph.Node {
				order := y.Attrs().(slopePowAttrs)
				return SlopePow(order.M, order.N+1, a, b)
			}),
		Batch: batchMap,
		Cases: append(append(of(1, 0, binaryCases(0.5, 2, -2, 2)), of(0, 1, binaryCases(0.5, 2, -2, 2)[:1])...),
			append(of(1, 1, binaryCases(0.5, 2, -2, 2)[:1]), of(2, 3, binaryCases(0.5, 2, -2, 2)[:1])...)...),
		BadCases: []graph.BadCase{
			bad(slopePowAttrs{}, "convert one with Cast", f64(3), f32(3)),
			bad(slopePowAttrs{}, "wants ", boolean(3), boolean(3)),
			bad(slopePowAttrs{M: -1}, "orders -1 and 0 are not in", f64(3), f64(3)),
		},
	})
}
