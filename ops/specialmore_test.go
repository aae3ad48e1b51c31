package ops_test

import (
	"fmt"
	"math"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

// TestSpecialFunctions has values and derivatives of functions of one variable at the ends of their domains, at poles
// and where a naive formula for the derivative would not hold.
func TestSpecialFunctions(t *testing.T) {
	const zeta3 = 1.2020569031595942
	for name, c := range map[string]struct {
		f          func(x *graph.Node) *graph.Node
		x, y, dydx []float64
	}{
		"tan": {ops.Tan, []float64{nan, inf, 0, minus}, []float64{nan, nan, 0, minus}, []float64{nan, nan, 1, 1}},
		"asin": {ops.Asin, []float64{nan, 1, -1, 2, 0}, []float64{nan, math.Pi / 2, -math.Pi / 2, nan, 0},
			[]float64{nan, inf, inf, nan, 1}},
		"acos": {ops.Acos, []float64{nan, 1, -1, 2, 0}, []float64{nan, 0, math.Pi, nan, math.Pi / 2},
			[]float64{nan, -inf, -inf, nan, -1}},
		"atan": {ops.Atan, []float64{nan, inf, -inf, 0}, []float64{nan, math.Pi / 2, -math.Pi / 2, 0},
			[]float64{nan, 0, 0, 1}},
		"sinh": {ops.Sinh, []float64{nan, inf, -inf, 0}, []float64{nan, inf, -inf, 0}, []float64{nan, inf, inf, 1}},
		"cosh": {ops.Cosh, []float64{nan, inf, -inf, 0}, []float64{nan, inf, inf, 1}, []float64{nan, inf, -inf, 0}},
		"asinh": {ops.Asinh, []float64{nan, inf, -inf, 0, 0x1p100}, []float64{nan, inf, -inf, 0, 101 * math.Ln2},
			[]float64{nan, 0, 0, 1, 0x1p-100}},
		"acosh": {ops.Acosh, []float64{nan, inf, 1, 0.5, 0x1p100}, []float64{nan, inf, 0, nan, 101 * math.Ln2},
			[]float64{nan, 0, inf, nan, 0x1p-100}},
		"atanh": {ops.Atanh, []float64{nan, 1, -1, 0}, []float64{nan, inf, -inf, 0}, []float64{nan, inf, inf, 1}},
		"erf":   {ops.Erf, []float64{nan, inf, -inf, 0}, []float64{nan, 1, -1, 0}, []float64{nan, 0, 0, 2 / math.SqrtPi}},
		"erfc": {ops.Erfc, []float64{nan, inf, -inf, 0}, []float64{nan, 0, 2, 1},
			[]float64{nan, minus, minus, -2 / math.SqrtPi}},
		"erfinv": {ops.Erfinv, []float64{nan, 1, -1, 2, 0}, []float64{nan, inf, -inf, nan, 0},
			[]float64{nan, inf, inf, nan, math.SqrtPi / 2}},
		"lgamma": {ops.Lgamma, []float64{nan, inf, 1, 2, 0}, []float64{nan, inf, 0, 0, inf},
			[]float64{nan, inf, -0.5772156649015329, 1 - 0.5772156649015329, -inf}},
		"digamma": {ops.Digamma, []float64{nan, inf, 1, 0, -1}, []float64{nan, inf, -0.5772156649015329, -inf, nan},
			[]float64{nan, 0, math.Pi * math.Pi / 6, inf, inf}},
		"trigamma": {trigamma, []float64{nan, inf, 1, 0}, []float64{nan, 0, math.Pi * math.Pi / 6, inf},
			[]float64{nan, minus, -2 * zeta3, -inf}},
		"log2": {ops.Log2, []float64{nan, inf, 0, -1, 8}, []float64{nan, inf, -inf, nan, 3},
			[]float64{nan, 0, inf, -1 / math.Ln2, 0.125 / math.Ln2}},
		"log10": {ops.Log10, []float64{nan, inf, 0, 1000}, []float64{nan, inf, -inf, 3},
			[]float64{nan, 0, inf, 1e-3 / math.Ln10}},
		"exp2": {ops.Exp2, []float64{nan, inf, -inf, 10}, []float64{nan, inf, 0, 1024},
			[]float64{nan, inf, 0, 1024 * math.Ln2}},
		"cbrt": {ops.Cbrt, []float64{nan, inf, -inf, 0, -8}, []float64{nan, inf, -inf, 0, -2},
			[]float64{nan, 0, 0, inf, 1. / 12}},
		"rsqrt": {ops.Rsqrt, []float64{nan, inf, 0, 4}, []float64{nan, 0, inf, 0.5}, []float64{nan, minus, -inf, -1. / 16}},
		"norm of one": {func(x *graph.Node) *graph.Node { return ops.Norm(ops.ExpandDims(x, 1), 1) }, []float64{nan, 0, -3},
			[]float64{nan, 0, 3}, []float64{nan, 0, -1}},
	} {
		for _, d := range floats {
			t.Run(fmt.Sprintf("%s/%v", name, d), func(t *testing.T) {
				x := constant(graph.New(), d, c.x, len(c.x))
				expect(t, c.f(x), []int{len(c.x)}, c.y)
				expect(t, grad(func(x []*graph.Node) *graph.Node { return c.f(x[0]) }, x)[0], []int{len(c.x)}, c.dydx)
			})
		}
	}
}

func trigamma(x *graph.Node) *graph.Node { return ops.Polygamma(1, x) }

func TestSpecialFunctionsOfTwo(t *testing.T) {
	type f = func(a, b *graph.Node) *graph.Node
	for i, c := range []struct {
		f               f
		a, b, y, da, db float64
	}{
		{ops.Atan2[node, node], 0, 2, 0, 0.5, minus}, {ops.Atan2[node, node], 0, -2, math.Pi, -0.5, minus},
		{ops.Atan2[node, node], 2, 0, math.Pi / 2, 0, -0.5}, {ops.Atan2[node, node], -2, 0, -math.Pi / 2, 0, 0.5},
		{ops.Atan2[node, node], 0, 0, 0, nan, nan},
		{ops.Atan2[node, node], 0x1p100, 0x1p100, math.Pi / 4, 0x1p-101, -0x1p-101},
		{ops.Hypot[node, node], 3, 4, 5, 0.6, 0.8}, {ops.Hypot[node, node], 0, 0, 0, 0, 0},
		{ops.Hypot[node, node], 0, -2, 2, 0, -1}, {ops.Hypot[node, node], 0x1p100, 0, 0x1p100, 1, 0},
		{ops.Hypot[node, node], nan, 1, nan, nan, nan},
		{ops.Mod[node, node], 7, 2, 1, 1, -3}, {ops.Mod[node, node], -7, 2, -1, 1, 3}, {ops.Mod[node, node], 7, inf, 7, 1, 0},
		{ops.FloorMod[node, node], -7, 2, 1, 1, 4}, {ops.FloorMod[node, node], 7, -2, -1, 1, 4},
		{ops.FloorMod[node, node], 6, 2, 0, 1, -3}, {ops.FloorMod[node, node], -360, 360, 0, 1, 1},
		{ops.FloorMod[node, node], 360, -360, minus, 1, 1}, {ops.FloorMod[node, node], minus, 2, 0, 1, 0},
		{ops.LogAddExp[node, node], 2, 2, 2 + math.Ln2, 0.5, 0.5}, {ops.LogAddExp[node, node], -inf, 1, 1, 0, 1},
		{ops.LogAddExp[node, node], 900, -900, 900, 1, 0}, {ops.LogAddExp[node, node], -inf, -inf, -inf, 0, 0},
		{ops.LogAddExp[node, node], 0x1p60, 0x1p60, 0x1p60, 0.5, 0.5}, {ops.LogAddExp[node, node], -0x1p60, -0x1p60, -0x1p60, 0.5, 0.5},
		{ops.XLogY[node, node], 0, 0, 0, -inf, 0}, {ops.XLogY[node, node], 0, 2, 0, math.Ln2, 0},
		{ops.XLogY[node, node], 2, 0, -inf, -inf, inf}, {ops.XLogY[node, node], 3, 1, 0, 0, 3},
	} {
		for _, d := range floats {
			t.Run(fmt.Sprintf("%d/%v", i, d), func(t *testing.T) {
				g := graph.New()
				a, b := constant(g, d, []float64{c.a}), constant(g, d, []float64{c.b})
				expect(t, c.f(a, b), nil, []float64{c.y})
				grads := grad(func(x []*graph.Node) *graph.Node { return c.f(x[0], x[1]) }, a, b)
				expect(t, grads[0], nil, []float64{c.da})
				expect(t, grads[1], nil, []float64{c.db})
			})
		}
	}
	g := graph.New()
	expect(t, ops.FloorMod(graph.Const(g, []int64{-7, 7, -7, 6}, 4), 3), []int{4}, []float64{2, 1, 2, 0})
	x := graph.Const(g, []float64{nan, inf, -inf, 0}, 4)
	expect(t, ops.IsNaN(x), []int{4}, []float64{1, 0, 0, 0})
	expect(t, ops.IsFinite(x), []int{4}, []float64{0, 0, 0, 1})
}

// TestCumProd: derivatives of running products where elements are zero, to second order: y₂ = x₀·x₁·x₂.
func TestCumProd(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{0, 2, 0}, 3)
	expect(t, ops.CumProd(x, false, 0), []int{3}, []float64{0, 0, 0})
	last := func(x []*graph.Node) *graph.Node {
		return ops.Take(ops.CumProd(x[0], false, 0), graph.Const(g, []int64{2}, 1), 0)
	}
	byFirst := func(x []*graph.Node) *graph.Node { return ops.Slice(grad(last, x[0])[0], ops.At(0)) }
	expect(t, grad(last, graph.Const(g, []float64{0, 2, 3}, 3))[0], []int{3}, []float64{6, 0, 0})
	expect(t, byFirst([]*graph.Node{graph.Const(g, []float64{0, 2, 3}, 3)}), []int{1}, []float64{6})
	expect(t, grad(byFirst, graph.Const(g, []float64{0, 2, 3}, 3))[0], []int{3}, []float64{0, 3, 2})
	expect(t, ops.CumProd(graph.Const(g, []float64{2, 3, 4}, 3), true, 0), []int{3}, []float64{24, 12, 4})
}

// TestEqualEigenvalues: the sum of the eigenvalues is the trace, also where they are equal.
func TestEqualEigenvalues(t *testing.T) {
	g := graph.New()
	a := ops.Mul(3, ops.Eye(g, graph.Float64, 2))
	sum := func(x []*graph.Node) *graph.Node { w, _ := ops.Eigh(x[0]); return ops.Sum(w) }
	expect(t, sum([]*graph.Node{a}), nil, []float64{6})
	expect(t, grad(sum, a)[0], []int{2, 2}, []float64{1, 0, 0, 1})
}
