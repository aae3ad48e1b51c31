package ops_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestSecondDerivatives has ∂²f/∂a², ∂²f/∂a∂b and ∂²f/∂b² where a rule puts another number in the place of an operand,
// or could. The mixed one is taken in both orders, and all by reverse over reverse and by forward over reverse mode.
func TestSecondDerivatives(t *testing.T) {
	type f = func(a, b *graph.Node) *graph.Node
	xlogy, pow, hypot, atan2 := f(ops.XLogY[node, node]), f(ops.Pow[node, node]), f(ops.Hypot[node, node]), f(ops.Atan2[node, node])
	xdivy, xmuly, logaddexp := f(ops.XDivY[node, node]), f(ops.XMulY[node, node]), f(ops.LogAddExp[node, node])
	half := math.Sqrt2 / 4
	for _, c := range []struct {
		name       string
		f          f
		a, b       float64
		aa, ab, bb float64
	}{
		{"xlogy", xlogy, 0, 3, 0, 1. / 3, 0}, {"xlogy", xlogy, 0, 0.25, 0, 4, 0}, {"xlogy", xlogy, 2, 4, 0, 0.25, -0.125},
		{"xlogy", xlogy, 0, 0, 0, inf, 0}, {"xdivy", xdivy, 0, 2, 0, -0.25, 0}, {"xdivy", xdivy, 3, 2, 0, -0.25, 0.75},
		{"xmuly", xmuly, 0, inf, 0, 1, 0}, {"xmuly", xmuly, 0, 2, 0, 1, 0},
		{"pow", pow, 0, 1, 0, -inf, 0}, {"pow", pow, 0, 2, 2, 0, 0}, {"pow", pow, 0, 3, 0, 0, 0},
		{"pow", pow, 0, 0.5, -inf, -inf, 0}, {"pow", pow, 0, 1.5, inf, 0, 0},
		{"pow", pow, 2, 0, 0, 0.5, math.Ln2 * math.Ln2}, {"pow", pow, 2, 3, 12, 4 * (1 + 3*math.Ln2), 8 * math.Ln2 * math.Ln2},
		{"pow", pow, 1, 1, 0, 1, 0}, {"pow", pow, 0x1p-1074, 0x1p-60, -inf, inf, 1074 * 1074 * math.Ln2 * math.Ln2},
		{"hypot", hypot, 0, 0, 0, 0, 0}, {"hypot", hypot, 0, 2, 0.5, 0, 0}, {"hypot", hypot, 2, 0, 0, 0, 0.5},
		{"hypot", hypot, 1, 1, half, -half, half}, {"hypot", hypot, 1, 1e-10, 1e-20, -1e-10, 1},
		{"atan2", atan2, 0, 2, 0, -0.25, 0}, {"atan2", atan2, 1e-10, 1, -2e-10, -1, 2e-10},
		{"logaddexp", logaddexp, 1e16, 1e16, 0.25, -0.25, 0.25}, {"logaddexp", logaddexp, -inf, -inf, 0, 0, 0},
		{"logaddexp", logaddexp, 0, 0, 0.25, -0.25, 0.25},
		{"logaddexp", logaddexp, 40, 0, math.Exp(-40), -math.Exp(-40), math.Exp(-40)},
	} {
		t.Run(fmt.Sprintf("%s(%v,%v)", c.name, c.a, c.b), func(t *testing.T) {
			for _, shape := range [][]int{nil, {1}} {
				g := graph.New()
				at := []*graph.Node{constant(g, graph.Float64, []float64{c.a}, shape...),
					constant(g, graph.Float64, []float64{c.b}, shape...)}
				slope := func(i int) func(x []*graph.Node) *graph.Node {
					return func(x []*graph.Node) *graph.Node {
						return grad(func(x []*graph.Node) *graph.Node { return c.f(x[0], x[1]) }, x...)[i]
					}
				}
				want := [2][2]float64{{c.aa, c.ab}, {c.ab, c.bb}}
				for i := range 2 {
					back := grad(slope(i), at...)
					for j := range 2 {
						t.Run(fmt.Sprintf("%d%d", i, j), func(t *testing.T) { expectNear(t, back[j], want[i][j]) })
						_, pushed := autodiff.JVP(func(x *graph.Node) *graph.Node {
							in := slices.Clone(at)
							in[j] = x
							return slope(i)(in)
						}, at[j], constant(g, graph.Float64, []float64{1}, shape...))
						t.Run(fmt.Sprintf("%d%d forward", i, j), func(t *testing.T) { expectNear(t, pushed, want[i][j]) })
					}
				}
			}
		})
	}
}

// expectNear is expect for one number, with 0 for −0.
func expectNear(t *testing.T, n *graph.Node, want float64) {
	t.Helper()
	if got := eval(t, n)[0]; agree(n.DType(), []float64{got[0] + 0}, []float64{want + 0}) != nil {
		t.Errorf("got %v, want %v", got[0], want)
	}
}

// TestSecondDerivativesOfOne has second and third derivatives at the ends of domains and where a slope made of a product
// of rounded factors has none of their digits.
func TestSecondDerivativesOfOne(t *testing.T) {
	for _, c := range []struct {
		name          string
		f             func(x *graph.Node) *graph.Node
		x             float64
		second, third float64
	}{
		{"atanh", ops.Atanh, 1e-12, 2e-12, 2}, {"atanh", ops.Atanh, 1e-20, 2e-20, 2}, {"atanh", ops.Atanh, 1, inf, inf},
		{"asin", ops.Asin, 1e-20, 1e-20, 1}, {"asin", ops.Asin, 1, inf, inf}, {"asin", ops.Asin, -1, -inf, inf},
		{"acos", ops.Acos, 1e-20, -1e-20, -1}, {"acos", ops.Acos, 1, -inf, -inf},
		{"acosh", ops.Acosh, 1, -inf, inf}, {"acosh", ops.Acosh, 1e100, -1e-200, 2e-300},
		{"asinh", ops.Asinh, 1e-20, -1e-20, -1}, {"asinh", ops.Asinh, 1e100, -1e-200, 2e-300},
		{"atan", ops.Atan, 1e-20, -2e-20, -2}, {"cbrt", ops.Cbrt, 1e-130, -2. / 9 * math.Cbrt(1e-130) * 1e260, inf},
	} {
		t.Run(fmt.Sprintf("%s(%v)", c.name, c.x), func(t *testing.T) {
			x := constant(graph.New(), graph.Float64, []float64{c.x})
			wrap := func(f func(*graph.Node) *graph.Node) func(*graph.Node) *graph.Node {
				return func(x *graph.Node) *graph.Node {
					return grad(func(x []*graph.Node) *graph.Node { return f(x[0]) }, x)[0]
				}
			}
			second := wrap(wrap(c.f))
			expectNear(t, second(x), c.second)
			expectNear(t, wrap(second)(x), c.third)
		})
	}
}
