package ops_test

import (
	"fmt"
	"math"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

// TestSpecialUnary has, for each function of one variable, its values and derivatives at NaN, +Inf, −Inf, 0 and −0.
func TestSpecialUnary(t *testing.T) {
	at := []float64{nan, inf, -inf, 0, minus}
	for name, c := range map[string]struct {
		f       func(x *graph.Node) *graph.Node
		y, dydx []float64
		nonDiff bool
	}{
		"neg":    {f: ops.Neg, y: []float64{nan, -inf, inf, minus, 0}, dydx: []float64{-1, -1, -1, -1, -1}},
		"abs":    {f: ops.Abs, y: []float64{nan, inf, inf, 0, 0}, dydx: []float64{nan, 1, -1, 0, 0}},
		"square": {f: ops.Square, y: []float64{nan, inf, inf, 0, 0}, dydx: []float64{nan, inf, -inf, 0, minus}},
		"sqrt":   {f: ops.Sqrt, y: []float64{nan, inf, nan, 0, minus}, dydx: []float64{nan, 0, nan, inf, -inf}},
		"reciprocal": {f: ops.Reciprocal, y: []float64{nan, 0, minus, inf, -inf},
			dydx: []float64{nan, minus, minus, -inf, -inf}},
		"exp":        {f: ops.Exp, y: []float64{nan, inf, 0, 1, 1}, dydx: []float64{nan, inf, 0, 1, 1}},
		"expm1":      {f: ops.Expm1, y: []float64{nan, inf, -1, 0, minus}, dydx: []float64{nan, inf, 0, 1, 1}},
		"log":        {f: ops.Log, y: []float64{nan, inf, nan, -inf, -inf}, dydx: []float64{nan, 0, minus, inf, -inf}},
		"log1p":      {f: ops.Log1p, y: []float64{nan, inf, nan, 0, minus}, dydx: []float64{nan, 0, minus, 1, 1}},
		"sigmoid":    {f: ops.Sigmoid, y: []float64{nan, 1, 0, 0.5, 0.5}, dydx: []float64{nan, 0, 0, 0.25, 0.25}},
		"tanh":       {f: ops.Tanh, y: []float64{nan, 1, -1, 0, minus}, dydx: []float64{nan, 0, 0, 1, 1}},
		"softplus":   {f: ops.Softplus, y: []float64{nan, inf, 0, math.Ln2, math.Ln2}, dydx: []float64{nan, 1, 0, 0.5, 0.5}},
		"relu":       {f: ops.ReLU, y: []float64{nan, inf, 0, 0, 0}, dydx: []float64{nan, 1, 0, 0, 0}},
		"leaky_relu": {f: leaky, y: []float64{nan, inf, -inf, 0, minus}, dydx: []float64{nan, 1, 0.25, 0.25, 0.25}},
		"sin":        {f: ops.Sin, y: []float64{nan, nan, nan, 0, minus}, dydx: []float64{nan, nan, nan, 1, 1}},
		"cos":        {f: ops.Cos, y: []float64{nan, nan, nan, 1, 1}, dydx: []float64{nan, nan, nan, minus, 0}},
		"sign":       {f: ops.Sign, y: []float64{nan, 1, -1, 0, 0}, nonDiff: true},
		"step":       {f: ops.Step, y: []float64{nan, 1, 0, 1, 1}, nonDiff: true},
		"positive":   {f: ops.Positive, y: []float64{nan, 1, 0, 0, 0}, nonDiff: true},
	} {
		for _, d := range floats {
			t.Run(fmt.Sprintf("%s/%v", name, d), func(t *testing.T) {
				x := constant(graph.New(), d, at, len(at))
				expect(t, c.f(x), []int{5}, c.y)
				if c.nonDiff {
					c.dydx = make([]float64, len(at))
				}
				expect(t, grad(func(x []*graph.Node) *graph.Node { return c.f(x[0]) }, x)[0], []int{5}, c.dydx)
			})
		}
	}
}

func leaky(x *graph.Node) *graph.Node { return ops.LeakyReLU(x, 0.25) }

// TestSpecialBinary has values and derivatives of functions of two variables at pairs of numbers.
func TestSpecialBinary(t *testing.T) {
	type f = func(a, b *graph.Node) *graph.Node
	pair := func(name string, f f, a, b, y, da, db float64) {
		for _, d := range floats {
			t.Run(fmt.Sprintf("%s(%v,%v)/%v", name, a, b, d), func(t *testing.T) {
				for _, shape := range [][]int{nil, {1}} { // rules look at scalar constants more closely
					g := graph.New()
					an, bn := constant(g, d, []float64{a}, shape...), constant(g, d, []float64{b}, shape...)
					expect(t, f(an, bn), shape, []float64{y})
					grads := grad(func(x []*graph.Node) *graph.Node { return f(x[0], x[1]) }, an, bn)
					expect(t, grads[0], shape, []float64{da})
					expect(t, grads[1], shape, []float64{db})
				}
			})
		}
	}
	add, sub, mul, div := f(ops.Add[node, node]), f(ops.Sub[node, node]), f(ops.Mul[node, node]), f(ops.Div[node, node])
	pair("add", add, inf, -inf, nan, 1, 1)
	pair("add", add, nan, 1, nan, 1, 1)
	pair("sub", sub, inf, inf, nan, 1, -1)
	pair("mul", mul, 0, inf, nan, inf, 0)
	pair("mul", mul, nan, 0, nan, 0, nan)
	pair("mul", mul, minus, 2, minus, 2, minus)
	pair("div", div, 1, 0, inf, inf, -inf)
	pair("div", div, -1, 0, -inf, inf, inf)
	pair("div", div, 0, 0, nan, inf, nan)
	pair("div", div, 1, inf, 0, 0, minus)

	pow := f(ops.Pow[node, node])
	pair("pow", pow, 0, 0, 1, 0, 0)
	pair("pow", pow, 0, 1, 0, 1, 0)
	pair("pow", pow, 0, 2, 0, 0, 0)
	pair("pow", pow, 0, -1, inf, -inf, nan)
	pair("pow", pow, 2, 0, 1, 0, math.Ln2)
	pair("pow", pow, -2, 3, -8, 12, nan)
	pair("pow", pow, -2, 0, 1, minus, nan)
	pair("pow", pow, -2, 0.5, nan, nan, nan)
	pair("pow", pow, 1, nan, 1, nan, 0)
	pair("pow", pow, nan, 0, 1, nan, nan)
	pair("pow", pow, nan, 1, nan, 1, nan)
	pair("pow", pow, inf, 0, 1, 0, inf)
	pair("pow", pow, 0x1p-140, 0, 1, 0, -140*math.Ln2)

	minimum, maximum := f(ops.Minimum[node, node]), f(ops.Maximum[node, node])
	pair("minimum", minimum, nan, 1, nan, nan, nan)
	pair("minimum", minimum, 1, nan, nan, nan, nan)
	pair("minimum", minimum, -inf, 1, -inf, 1, 0)
	pair("minimum", minimum, 3, 3, 3, 0.5, 0.5)
	pair("maximum", maximum, nan, 1, nan, nan, nan)
	pair("maximum", maximum, 1, nan, nan, nan, nan)
	pair("maximum", maximum, inf, 1, inf, 1, 0)
	pair("maximum", maximum, 3, 3, 3, 0.5, 0.5)
	pair("maximum", maximum, minus, 0, 0, 0.5, 0.5)
	pair("minimum", minimum, 0, minus, minus, 0.5, 0.5)
}

func TestSpecialClamp(t *testing.T) {
	for _, d := range floats {
		g := graph.New()
		x := constant(g, d, []float64{nan, inf, -inf, -1, 1, 0.5}, 6)
		expect(t, ops.Clamp(x, -1, 1), []int{6}, []float64{nan, 1, -1, -1, 1, 0.5})
		clamp := func(in []*graph.Node) *graph.Node { return ops.Clamp(in[0], in[1], in[2]) }
		grads := grad(clamp, x, constant(g, d, []float64{-1}), constant(g, d, []float64{1}))
		expect(t, grads[0], []int{6}, []float64{nan, 0, 0, 1, 1, 1})
		grads = grad(clamp, constant(g, d, []float64{inf, -inf, -1, 1, 0.5}, 5), constant(g, d, []float64{-1}),
			constant(g, d, []float64{1}))
		expect(t, grads[1], nil, []float64{1})
		expect(t, grads[2], nil, []float64{1})
		expect(t, ops.Clamp(constant(g, d, []float64{0}), nan, 1), nil, []float64{nan})
		expect(t, ops.Clamp(constant(g, d, []float64{0}), 2, -2), nil, []float64{-2}) // crossed bounds: hi
	}
}

// TestSpecialComparisons: NaN is neither less, equal nor greater; 0 is −0.
func TestSpecialComparisons(t *testing.T) {
	type f = func(a, b *graph.Node) *graph.Node
	a, b := []float64{nan, nan, 1, inf, 0, 1}, []float64{nan, 1, nan, inf, minus, 2}
	for name, c := range map[string]struct {
		f    f
		want []float64
	}{
		"eq": {ops.Eq[node, node], []float64{0, 0, 0, 1, 1, 0}}, "ne": {ops.Ne[node, node], []float64{1, 1, 1, 0, 0, 1}},
		"lt": {ops.Lt[node, node], []float64{0, 0, 0, 0, 0, 1}}, "le": {ops.Le[node, node], []float64{0, 0, 0, 1, 1, 1}},
		"gt": {ops.Gt[node, node], []float64{0, 0, 0, 0, 0, 0}}, "ge": {ops.Ge[node, node], []float64{0, 0, 0, 1, 1, 0}},
	} {
		for _, d := range floats {
			g := graph.New()
			t.Run(name, func(t *testing.T) {
				expect(t, c.f(constant(g, d, a, 6), constant(g, d, b, 6)), []int{6}, c.want)
			})
		}
	}
}

func TestSpecialIntegersAndCasts(t *testing.T) {
	g := graph.New()
	i64 := func(x ...int64) *graph.Node { return graph.Const(g, x, len(x)) }
	a, b := i64(7, -7, 5, math.MinInt64, -7), i64(2, 2, 0, -1, -2)
	expect(t, ops.Div(a, b), []int{5}, []float64{3, -3, 0, math.MinInt64, 3})
	expect(t, ops.Abs(i64(-3, 0, 3)), []int{3}, []float64{3, 0, 3})
	expect(t, ops.Sign(i64(-3, 0, 3)), []int{3}, []float64{-1, 0, 1})
	expect(t, ops.Pow(ops.Cast(i64(2), graph.Float64), 10), []int{1}, []float64{1024})
	for _, d := range floats {
		x := constant(g, d, []float64{2.9, -2.9, nan, 0, minus, 1e300, -inf}, 7)
		expect(t, ops.Cast(x, graph.Int64), []int{7}, []float64{2, -2, 0, 0, 0, math.MaxInt64, math.MinInt64})
		expect(t, ops.Cast(x, graph.Bool), []int{7}, []float64{1, 1, 1, 0, 0, 1, 1})
	}
	expect(t, ops.Cast(graph.Const(g, []bool{true, false}, 2), graph.Float32), []int{2}, []float64{1, 0})
	expect(t, ops.Cast(graph.Const(g, []float64{1e300, 1e-300}, 2), graph.Float32), []int{2}, []float64{inf, 0})
}
