package ops

import (
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

// SlopePow returns the derivative of aᵇ, m times by a and n times by b, elementwise with broadcasting: a power of a times a
// polynomial in b and log a. At a = 0 it is what it tends to for a > 0, but that derivatives by b alone are what Pow says.
func SlopePow[A, B Operand](m, n int, a A, b B) *graph.Node {
	return apply(&slopePowOp, ordersAttrs{m, n}, nodes(&slopePowOp, a, b)...)
}

var slopePowOp graph.Op

func init() {
	// One op has the derivatives of all orders. A product of b and a power, or of that and a logarithm, would multiply 0 by
	// ∞ at a = 0, or need another number in the place of one of them, whose derivatives are not theirs.
	cases := binaryCases(0.5, 2, -2, 2)
	define(&slopePowOp, derivatives2(&slopePowOp, "slope_pow", "derivative of a to the power b, m times by a and n times by b",
		vec.SlopePow[float32], vec.SlopePow[float64],
		ofOrders(1, 0, cases...), ofOrders(0, 1, cases[0]), ofOrders(1, 1, cases[0]), ofOrders(2, 3, cases[0])))
}
