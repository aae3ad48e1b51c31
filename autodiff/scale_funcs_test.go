package autodiff_test

import (
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

func carries(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	start := make([]node, n)
	for i := range start {
		start[i] = ops.Mul(x, one(i))
	}
	end := autodiff.For(3, func(_ node, c []node) []node {
		next := make([]node, n)
		for i := range next {
			next[i] = ops.Sin(ops.Add(c[i], c[(i+1)%n]))
		}
		return next
	}, start)
	y := end[0]
	for _, e := range end[1:] {
		y = ops.Add(y, e)
	}
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), 0.5)
	return g
}

func captured(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	k := make([]node, n)
	for i := range k {
		k[i] = ops.Sin(ops.Mul(x, one(i)))
	}
	y := autodiff.For(3, func(_ node, c node) node {
		for i := range k {
			c = ops.Add(c, ops.Mul(c, k[i]))
		}
		return ops.Sin(c)
	}, x)
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), 0.5)
	return g
}

func slicesScanned(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	xs := make([]node, n)
	for i := range xs {
		xs[i] = ops.Sin(ops.Mul(ops.Cast(graph.Const(g, []float64{0, 1, 2}, 3), graph.Float64), ops.Mul(x, one(i))))
	}
	end, ys := autodiff.Scan(func(c node, xs []node) (node, []node) {
		ys := make([]node, n)
		for i, x := range xs {
			c = ops.Sin(ops.Add(c, x))
			ys[i] = ops.Mul(c, x)
		}
		return c, ys
	}, x, xs)
	y := end
	for _, e := range ys {
		y = ops.Add(y, ops.Sum(e))
	}
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), 0.5)
	return g
}

func longBody(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64, 2)
	y := autodiff.For(3, func(_ node, c node) node {
		for i := range n {
			c = ops.Sin(ops.Mul(c, one(i)))
		}
		return c
	}, x)
	y = ops.Sum(y)
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), upTo(2))
	return g
}

func loops(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64, 2)
	y := x
	for i := range n {
		y = autodiff.For(3, func(_ node, c node) node { return ops.Sin(ops.Mul(c, one(i))) }, y)
	}
	y = ops.Sum(y)
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), upTo(2))
	return g
}

func conds(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := x
	for i := range n {
		c := y
		y = autodiff.Cond(ops.Gt(c, one(i)), func() node { return ops.Sin(c) }, func() node { return ops.Mul(c, one(i)) })
	}
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), 0.5)
	return g
}

func wideCond(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	k := make([]node, n)
	for i := range k {
		k[i] = ops.Sin(ops.Mul(x, one(i)))
	}
	add := func(f func(a node) node) func() []node {
		return func() []node {
			r := make([]node, n)
			for i := range r {
				r[i] = f(k[i])
			}
			return r
		}
	}
	r := autodiff.Cond(ops.Gt(x, 0), add(ops.Sin), add(ops.Cos))
	y := r[0]
	for _, e := range r[1:] {
		y = ops.Add(y, e)
	}
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), 0.5)
	return g
}

func customs(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := x
	for i := range n {
		y = autodiff.CustomVJP(func(x node) node { return ops.Sin(ops.Mul(x, one(i))) },
			func(x, _, ct node) node { return ops.Mul(ct, ops.Cos(x)) })(y)
	}
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), 0.5)
	return g
}

func checkpoints(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64, 2)
	y := x
	for i := range n {
		y = autodiff.Checkpoint(func(x node) node { return ops.Sin(ops.Mul(x, one(i))) })(y)
	}
	y = ops.Sum(y)
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), upTo(2))
	return g
}

func vmapped(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64, 2)
	out := autodiff.Vmap(func(x node) []node {
		out := make([]node, n)
		y := x
		for i := range out {
			y = ops.Sin(ops.Mul(y, one(i)))
			out[i] = y
		}
		return out
	})(x)
	runOnce(t, compileGraph(t, []node{x}, out), upTo(2))
	return g
}

func wheres(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64, 2)
	y := x
	for i := range n {
		y = ops.Where(ops.Gt(y, one(i)), ops.Log(y), ops.Mul(y, one(i)))
	}
	y = ops.Sum(y)
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), upTo(2))
	return g
}
