package autodiff_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

func run1(t *testing.T, f any, feeds ...any) []float64 {
	t.Helper()
	out, err := autodiff.Compile(f).Run(context.Background(), feeds...)
	require.NoError(t, err)
	if v, ok := out[0].Data().(float64); ok {
		return []float64{v}
	}
	return out[0].Data().([]float64)
}

// newton iterates to the square root of a.
func newton(a *graph.Node) *graph.Node {
	return autodiff.While(
		func(x *graph.Node) *graph.Node { return ops.Gt(ops.Abs(ops.Sub(ops.Mul(x, x), a)), 1e-14) },
		func(x *graph.Node) *graph.Node { return ops.Mul(0.5, ops.Add(x, ops.Div(a, x))) },
		a, autodiff.Recorded())
}

func TestWhileNewton(t *testing.T) {
	require.InDelta(t, math.Sqrt(3), run1(t, newton, 3.0)[0], 1e-14)
	g1 := autodiff.Grad(newton)
	require.InDelta(t, 0.5/math.Sqrt(3), run1(t, g1, 3.0)[0], 1e-14)
	j1 := func(x *graph.Node) *graph.Node {
		_, d := autodiff.JVP(newton, x, ops.Add(ops.Mul(x, 0), 1))
		return d
	}
	require.InDelta(t, 0.5/math.Sqrt(3), run1(t, j1, 3.0)[0], 1e-14)
	for name, f := range map[string]func(*graph.Node) *graph.Node{
		"rr": autodiff.Grad(g1), "rf": autodiff.Grad(j1),
		"fr": func(x *graph.Node) *graph.Node {
			_, d := autodiff.JVP(g1, x, ops.Add(ops.Mul(x, 0), 1))
			return d
		},
	} {
		require.InDelta(t, -0.25/(3*math.Sqrt(3)), run1(t, f, 3.0)[0], 1e-12, name)
	}
}

func TestScanRNN(t *testing.T) {
	step := func(w *graph.Node) func(h, x *graph.Node) (*graph.Node, *graph.Node) {
		return func(h, x *graph.Node) (*graph.Node, *graph.Node) {
			h = ops.Tanh(ops.Add(ops.MatMul(h, w), x))
			return h, ops.Mul(h, h)
		}
	}
	type P struct{ W, X, H *graph.Node }
	loop := func(opts ...autodiff.LoopOption) func(p P) *graph.Node {
		return func(p P) *graph.Node {
			h, ys := autodiff.Scan(step(p.W), p.H, p.X, opts...)
			return ops.Add(ops.Sum(ops.Sin(h)), ops.Sum(ops.Mul(ys, ys)))
		}
	}
	unrolled := func(p P) *graph.Node {
		h := p.H
		var ys []*graph.Node
		for i := range p.X.Shape()[0] {
			var y *graph.Node
			h, y = step(p.W)(h, ops.Squeeze(ops.Slice(p.X, ops.At(i)), 0))
			ys = append(ys, y)
		}
		s := ops.Stack(0, ys...)
		return ops.Add(ops.Sum(ops.Sin(h)), ops.Sum(ops.Mul(s, s)))
	}
	_ = loop
	_ = unrolled
	g := graph.New()
	c := func(scale float64, shape ...int) *graph.Node {
		data := make([]float64, graph.Size(shape))
		for i := range data {
			data[i] = scale * math.Sin(float64(7*i+3))
		}
		return graph.Const(g, data, shape...)
	}
	p := P{W: c(0.7, 3, 3), X: c(1, 5, 2, 3), H: c(0.5, 2, 3)}
	hess := func(f func(P) *graph.Node) func(P) *graph.Node {
		return func(p P) *graph.Node {
			gr := autodiff.Grad(f)(p)
			return ops.Add(ops.Add(ops.Sum(ops.Sin(gr.W)), ops.Sum(ops.Square(gr.X))), ops.Sum(ops.Square(gr.H)))
		}
	}
	for name, f := range map[string]func(P) *graph.Node{
		"plain": loop(), "every2": loop(autodiff.CheckpointEvery(2)),
	} {
		for order, pair := range map[string][2]P{
			"first":  {autodiff.Grad(f)(p), autodiff.Grad(unrolled)(p)},
			"second": {autodiff.Grad(hess(f))(p), autodiff.Grad(hess(unrolled))(p)},
			"third":  {autodiff.Grad(hess(hess(f)))(p), autodiff.Grad(hess(hess(unrolled)))(p)},
		} {
			got, err := autodiff.Eval(pair[0].W, pair[0].X, pair[0].H)
			require.NoError(t, err)
			want, err := autodiff.Eval(pair[1].W, pair[1].X, pair[1].H)
			require.NoError(t, err)
			for i := range got {
				scale := 0.0
				for _, v := range want[i].Data().([]float64) {
					scale = max(scale, math.Abs(v))
				}
				require.InDeltaSlice(t, want[i].Data(), got[i].Data(), 1e-12*scale, "%s %s %d", name, order, i)
			}
		}
	}
}
