package autodiff_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

func one(i int) float64 { return 1 + float64(i%97)/97 + float64(i)*1e-7 }

func runOnce(t testing.TB, fn *autodiff.Function, in ...any) {
	out, err := fn.Run(context.Background(), in...)
	require.NoError(t, err)
	require.NotEmpty(t, out)
}

func upTo(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = one(i)
	}
	return v
}

func compileGraph(t testing.TB, in, out []node, opts ...autodiff.CompileOption) *autodiff.Function {
	fn, err := autodiff.CompileGraph(in, out, opts...)
	require.NoError(t, err)
	return fn
}

func constants(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := ops.Mul(x, 1)
	for i := range n {
		y = ops.Add(y, ops.Mul(x, one(i)))
	}
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), 0.5)
	return g
}

func treeSum(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	terms := make([]node, n)
	for i := range terms {
		terms[i] = ops.Sin(ops.Mul(x, one(i)))
	}
	for len(terms) > 1 {
		half := (len(terms) + 1) / 2
		for i := range len(terms) / 2 {
			terms[i] = ops.Add(terms[i], terms[len(terms)-1-i])
		}
		terms = terms[:half]
	}
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(terms[0], x), terms[0])), 0.5)
	return g
}

func parts(x node, n int) []node {
	terms := make([]node, n)
	for i := range terms {
		terms[i] = ops.Reshape(ops.Sin(ops.Mul(x, one(i))), 1)
	}
	return terms
}

func concat(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := ops.Sum(ops.Square(ops.Concat(parts(x, n), 0)))
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), 0.5)
	return g
}

func concats(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	terms := parts(x, n)
	back := make([]node, n)
	for i := range back {
		back[i] = terms[n-1-i]
	}
	y := ops.Sum(ops.Mul(ops.Concat(terms, 0), ops.Concat(back, 0)))
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), 0.5)
	return g
}

func stack(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64, 3)
	terms := make([]node, n)
	for i := range terms {
		terms[i] = ops.Sin(ops.Mul(x, one(i)))
	}
	y := ops.Sum(ops.Square(ops.Stack(terms, -1)))
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), upTo(3))
	return g
}

func users(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64, 4)
	s := ops.Sum(ops.Tanh(x))
	y := s
	for i := range n {
		y = ops.Add(y, ops.Pow(s, one(i)))
	}
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), upTo(4))
	return g
}

func slicesOf(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64, 3)
	out := make([]node, n)
	for i := range n {
		out[i] = ops.Mul(ops.Slice(x, ops.At(i%3)), one(i))
	}
	runOnce(t, compileGraph(t, []node{x}, out), upTo(3))
	return g
}

type many struct{ X []node }

func leaves(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	p := many{make([]node, n)}
	for i := range p.X {
		p.X[i] = g.Input(fmt.Sprint("x", i), graph.Float64)
	}
	f := func(p many) node {
		y := ops.Square(p.X[0])
		for i, x := range p.X[1:] {
			y = ops.Add(y, ops.Mul(x, p.X[i]))
		}
		return y
	}
	value, grad := autodiff.ValueAndGrad(f)(p)
	in := make([]any, n)
	for i := range in {
		in[i] = one(i)
	}
	runOnce(t, compileGraph(t, p.X, append(grad.X, value)), in...)
	return g
}

func inputs(t testing.TB, n int) *graph.Graph {
	in := make([]any, n)
	for i := range in {
		in[i] = one(i)
	}
	g := graph.New()
	xs, ys := make([]node, n), make([]node, n)
	for i := range xs {
		xs[i] = g.Input("", graph.Float64)
		ys[i] = ops.Tanh(xs[i])
	}
	runOnce(t, compileGraph(t, xs, ys), in...)
	return g
}

func donated(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	xs, ys := make([]node, n), make([]node, n)
	var sum node = g.Scalar(graph.Float64, 0)
	for i := range xs {
		xs[i] = g.Input("", graph.Float64, 3)
		sum = ops.Add(sum, ops.Sum(ops.Square(xs[i])))
	}
	var opts []autodiff.CompileOption
	grads := autodiff.Gradients(sum, xs...)
	for i := range xs {
		ys[i] = ops.Sub(xs[i], ops.Mul(0.01, grads[i]))
		opts = append(opts, autodiff.Donate(i, i))
	}
	compileGraph(t, xs, ys, opts...)
	return g
}

func swapped(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	xs, ys := make([]node, n), make([]node, n)
	for i := range xs {
		xs[i] = g.Input("", graph.Float64, 3)
	}
	var opts []autodiff.CompileOption
	for i := range xs {
		ys[i] = ops.Tanh(ops.Add(xs[i], xs[(i+1)%n]))
		opts = append(opts, autodiff.Donate(i, i))
	}
	compileGraph(t, xs, ys, opts...)
	return g
}

func gradients(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := ops.Mul(x, 1)
	for i := range n {
		y = ops.Add(y, autodiff.Grad(func(x node) node { return ops.Sin(ops.Mul(x, one(i))) })(x))
	}
	runOnce(t, compileGraph(t, []node{x}, []node{y}), 0.5)
	return g
}

func forwardMode(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	v, d := autodiff.JVP(func(x node) []node {
		out := make([]node, n)
		for i := range out {
			out[i] = ops.Sin(ops.Mul(x, one(i)))
		}
		return out
	}, x, g.Scalar(graph.Float64, 1))
	runOnce(t, compileGraph(t, []node{x}, append(v, d...)), 0.5)
	return g
}

// groups has loops of different lengths, whose members are built in turns.
func groups(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	all := make([]node, n)
	for i := range all {
		all[i] = ops.BroadcastTo(ops.Mul(x, one(i)), 2+i%50, 1+i/50)
	}
	for range 3 {
		for i := range all {
			all[i] = ops.Sin(ops.Mul(all[i], x))
		}
	}
	y := ops.Sum(all[0])
	for _, e := range all[1:] {
		y = ops.Add(y, ops.Mean(e))
	}
	runOnce(t, compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y)), 0.5)
	return g
}

func products(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x, w := g.Input("x", graph.Float64, 1, 3), g.Input("w", graph.Float64, 3, 3)
	var y node
	for i := range n {
		term := ops.Sum(ops.Square(ops.MatMul(ops.Mul(ops.Sin(x), one(i)), w)))
		if y == nil {
			y = term
		} else {
			y = ops.Add(y, term)
		}
	}
	compileGraph(t, []node{x, w}, append(autodiff.Gradients(y, x, w), y))
	return g
}

func texts(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := x
	for i := range n {
		y = ops.Add(graph.Named(fmt.Sprint("y", i), ops.Mul(y, one(i))), x)
	}
	text := graph.Text(y)
	h, out, err := graph.Parse(text)
	require.NoError(t, err)
	require.Equal(t, len(text), len(graph.Text(out...)))
	require.NoError(t, h.Verify())
	require.NoError(t, graph.WriteDOT(io.Discard, y))
	return g
}

func dumped(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := x
	for i := range n {
		y = ops.Sin(ops.Mul(y, one(i)))
	}
	fn := compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y))
	require.NoError(t, fn.Dump(context.Background(), io.Discard, 0.5))
	return g
}

func sparseTerms(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64, n)
	f := func(x node) node {
		return ops.Mul(ops.Slice(x, ops.Range{Start: 1, Stop: n}), ops.Slice(x, ops.Range{Stop: n - 1}))
	}
	c := autodiff.CompressedJacobian(f)(x)
	runOnce(t, compileGraph(t, []node{x}, []node{c.Values}), upTo(n))
	return g
}

func blamed(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := ops.Log(x)
	for i := range n {
		y = ops.Add(y, ops.Mul(x, one(i)))
	}
	fn := compileGraph(t, []node{x}, append(autodiff.Gradients(y, x), y), autodiff.DebugNaN())
	_, err := fn.Run(context.Background(), -1.0)
	require.Error(t, err)
	return g
}

func hessianVector(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64, 2)
	h := autodiff.HVP(func(x node) node {
		y := x
		for i := range n {
			y = ops.Sin(ops.Mul(y, one(i)))
		}
		return ops.Sum(y)
	})(x, graph.Const(g, []float64{1, 2}, 2))
	runOnce(t, compileGraph(t, []node{x}, []node{h}), upTo(2))
	return g
}

// oneGroup is computed in one loop, in which every result overwrites an operand.
func oneGroup(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64, 3)
	s, out := ops.Sin(x), make([]node, 0, n)
	for i := range n {
		out = append(out, ops.CumSum(ops.Mul(s, ops.CumSum(ops.Mul(x, one(i)), false, 0)), false, 0))
	}
	runOnce(t, compileGraph(t, []node{x}, out), upTo(3))
	return g
}
