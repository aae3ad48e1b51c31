package ops_test

import (
	"math"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// rangePoints are spread over the range of float32.
func rangePoints() (points []float64) {
	for _, s := range []float64{0, 0x1p-149, 1e-40, 1e-38, 1e-30, 1e-20, 1e-15, 1e-10, 1e-5, 0.1, 0.5, 0.9, 1, 1.5, 2, 3, 5, 9, 14,
		30, 90, 1e3, 1e5, 1e8, 1e10, 1e13, 1e15, 1e19, 1e20, 1e30, 3e38} {
		points = append(points, float64(float32(s)), float64(float32(-s)))
	}
	return points
}

// inRange compares what was computed in float32 with the same in float64, rounded: it must not have gone through a number
// that only float64 can hold.
func inRange(single, double float64) bool {
	want := float64(float32(double))
	return math.Abs(single-want) <= 0x1p-18*math.Abs(want)+0x1p-126 || single == want || math.IsNaN(single) && math.IsNaN(want)
}

// summed is the gradient of the sum of f: its derivative at each element.
func summed(f func(x *graph.Node) *graph.Node) func(x *graph.Node) *graph.Node {
	return autodiff.Grad(func(x *graph.Node) *graph.Node { return ops.Sum(f(x)) }, autodiff.AllowUnreachable())
}

// TestDerivativesInRange: derivatives up to the third order of functions of one number, where these have values. Those of
// sigmoid, tanh and softplus are made of their rounded values, and so have no digits where these saturate.
func TestDerivativesInRange(t *testing.T) {
	points := rangePoints()
	for name, f := range map[string]func(x *graph.Node) *graph.Node{
		"abs": ops.Abs, "square": ops.Square, "sqrt": ops.Sqrt, "rsqrt": ops.Rsqrt, "cbrt": ops.Cbrt, "reciprocal": ops.Reciprocal,
		"exp": ops.Exp, "expm1": ops.Expm1, "exp2": ops.Exp2, "log": ops.Log, "log1p": ops.Log1p, "log2": ops.Log2, "log10": ops.Log10,
		"sin": ops.Sin, "cos": ops.Cos, "tan": ops.Tan, "asin": ops.Asin, "acos": ops.Acos, "atan": ops.Atan, "sinh": ops.Sinh,
		"cosh": ops.Cosh, "asinh": ops.Asinh, "acosh": ops.Acosh, "atanh": ops.Atanh, "erf": ops.Erf, "erfc": ops.Erfc,
		"erfinv": ops.Erfinv, "lgamma": ops.Lgamma, "digamma": ops.Digamma, "relu": ops.ReLU,
	} {
		orders := []func(x *graph.Node) *graph.Node{f, summed(f), summed(summed(f)), summed(summed(summed(f)))}
		results := func(d graph.DType) [][]float64 {
			x := constant(graph.New(), d, points, len(points))
			var all []*graph.Node
			for _, f := range orders {
				all = append(all, f(x))
			}
			return eval(t, all...)
		}
		single, double := results(graph.Float32), results(graph.Float64)
		for k := range single {
			for i, x := range points {
				if !inRange(single[k][i], double[k][i]) && !math.IsNaN(double[0][i]) {
					t.Errorf("%s, derivative %d at %g is %v, in float64 %v", name, k, x, single[k][i], double[k][i])
				}
			}
		}
	}
}

// TestDerivativesOfTwoInRange: the same for functions of two numbers, in any order of differentiating. Those of hypot have
// 1/r on the way, in the third order 1/r², which must be in range.
func TestDerivativesOfTwoInRange(t *testing.T) {
	var as, bs []float64
	for _, a := range rangePoints() {
		for _, b := range rangePoints() {
			as, bs = append(as, a), append(bs, b)
		}
	}
	type f = func(a, b *graph.Node) *graph.Node
	by := func(f f, first bool) f {
		return func(a, b *graph.Node) *graph.Node {
			if first {
				return summed(func(a *graph.Node) *graph.Node { return f(a, b) })(a)
			}
			return summed(func(b *graph.Node) *graph.Node { return f(a, b) })(b)
		}
	}
	for name, of := range map[string]f{
		"atan2": ops.Atan2[node, node], "hypot": ops.Hypot[node, node], "pow": ops.Pow[node, node],
		"xlogy": ops.XLogY[node, node], "xdivy": ops.XDivY[node, node],
	} {
		names, all := []string{""}, []f{of}
		for k := 0; k < len(all) && len(names[k]) < 3; k++ {
			names, all = append(names, names[k]+"a", names[k]+"b"), append(all, by(all[k], true), by(all[k], false))
		}
		results := func(d graph.DType) [][]float64 {
			g := graph.New()
			a, b := constant(g, d, as, len(as)), constant(g, d, bs, len(bs))
			nodes := make([]*graph.Node, len(all))
			for k, f := range all {
				nodes[k] = f(a, b)
			}
			return eval(t, nodes...)
		}
		single, double := results(graph.Float32), results(graph.Float64)
		for k := range single {
			for i := range as {
				if r := max(math.Abs(as[i]), math.Abs(bs[i])); name == "hypot" && (r < 1e-37 || r < 1e-15 && len(names[k]) == 3) {
					continue
				}
				if !inRange(single[k][i], double[k][i]) && !math.IsNaN(double[0][i]) {
					t.Errorf("%s, derivative by %q at (%g, %g) is %v, in float64 %v", name, names[k], as[i], bs[i], single[k][i], double[k][i])
				}
			}
		}
	}
}

// TestSlopesOfExtremes: derivatives in range of what is next to the ends of float64's.
func TestSlopesOfExtremes(t *testing.T) {
	least := 0x1p-1074
	pow := func(a, b *graph.Node) *graph.Node { return ops.Pow(a, b) }
	for _, c := range []struct {
		f            func(a, b *graph.Node) *graph.Node
		a, b, da, db float64
	}{
		{pow, least, 0x1p-60, 0x1p1014, -1074 * math.Ln2}, {pow, least, 0.5, 0x1p536, -0x1p-537 * 1074 * math.Ln2},
		{pow, 0x1p-600, 2, 0x1p-599, minus}, {pow, 0x1p600, 0x1p-1000, 0x1p-1000 * 0x1p-600, 600 * math.Ln2},
		{pow, 0x1p-1000, -0x1p-1000, -1, -1000 * math.Ln2},
		{func(a, _ *graph.Node) *graph.Node { return ops.Atan(a) }, 0x1p514, 0, 0x1p-1028, 0},
		{func(a, b *graph.Node) *graph.Node { return ops.Atan2(a, b) }, 0x1p-600, 0x1p-600, 0x1p599, -0x1p599},
		{func(a, b *graph.Node) *graph.Node { return ops.Atan2(a, b) }, 0x1p600, 0x1p600, 0x1p-601, -0x1p-601},
	} {
		g := graph.New()
		a, b := graph.Const(g, []float64{c.a}), graph.Const(g, []float64{c.b})
		grads := grad(func(x []*graph.Node) *graph.Node { return c.f(x[0], x[1]) }, a, b)
		expect(t, grads[0], nil, []float64{c.da})
		expect(t, grads[1], nil, []float64{c.db})
	}
}
