package autodiff_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

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

func TestCond(t *testing.T) {
	f := func(x *graph.Node) *graph.Node {
		y := ops.Exp(x)
		return autodiff.Cond(ops.Gt(x, 1), func() *graph.Node { return ops.Mul(x, y) }, func() *graph.Node { return ops.Sin(x) })
	}
	g1 := autodiff.Grad(f)
	g2 := autodiff.Grad(g1)
	e2 := math.Exp(2)
	require.InDelta(t, 2*e2, run1(t, f, 2.0)[0], 1e-14)
	require.InDelta(t, math.Sin(.5), run1(t, f, .5)[0], 1e-14)
	require.InDelta(t, 3*e2, run1(t, g1, 2.0)[0], 1e-13)
	require.InDelta(t, math.Cos(.5), run1(t, g1, .5)[0], 1e-14)
	require.InDelta(t, 4*e2, run1(t, g2, 2.0)[0], 1e-13)
	require.InDelta(t, -math.Sin(.5), run1(t, g2, .5)[0], 1e-14)
	got := run1(t, autodiff.Vmap(g2), []float64{2, .5})
	require.InDelta(t, 4*e2, got[0], 1e-13)
	require.InDelta(t, -math.Sin(.5), got[1], 1e-13)
}

func TestVmapOfLoops(t *testing.T) {
	want := func(a float64) float64 { return -0.25 / (a * math.Sqrt(a)) }
	f := autodiff.Grad(autodiff.Grad(newton))
	got := run1(t, autodiff.Vmap(f), []float64{3, 0.1, 700})
	for i, a := range []float64{3, 0.1, 700} {
		require.InEpsilon(t, want(a), got[i], 1e-11)
	}
}

func TestCustom(t *testing.T) {
	f := autodiff.CustomVJP(func(x *graph.Node) *graph.Node { return ops.Sin(x) },
		func(x, y, ct *graph.Node) *graph.Node { return ops.Mul(ops.Mul(ct, 3), ops.Mul(x, y)) })
	require.InDelta(t, math.Sin(2), run1(t, f, 2.0)[0], 1e-15)
	require.InDelta(t, 6*math.Sin(2), run1(t, autodiff.Grad(f), 2.0)[0], 1e-14)
	require.InDelta(t, 3*math.Sin(2)+6*6*math.Sin(2), run1(t, autodiff.Grad(autodiff.Grad(f)), 2.0)[0], 1e-13)
	fwd := func(f func(*graph.Node) *graph.Node) func(*graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			_, d := autodiff.JVP(f, x, ops.Add(ops.Mul(x, 0), 1))
			return d
		}
	}
	require.InDelta(t, 6*math.Sin(2), run1(t, fwd(f), 2.0)[0], 1e-14)
	j := autodiff.CustomJVP(func(x *graph.Node) *graph.Node { return ops.Sin(x) },
		func(x, dx *graph.Node) *graph.Node { return ops.Mul(dx, ops.Mul(5, x)) })
	require.InDelta(t, 10, run1(t, autodiff.Grad(j), 2.0)[0], 1e-14)
	require.InDelta(t, 10, run1(t, fwd(j), 2.0)[0], 1e-14)
	require.InDelta(t, 5, run1(t, autodiff.Grad(fwd(j)), 2.0)[0], 1e-14)
	require.InDeltaSlice(t, []float64{10, 15}, run1(t, autodiff.Vmap(autodiff.Grad(j)), []float64{2, 3}), 1e-14)
	require.InDeltaSlice(t, []float64{6 * math.Sin(2), 9 * math.Sin(3)}, run1(t, autodiff.Vmap(autodiff.Grad(f)), []float64{2, 3}), 1e-14)
}

func TestGoFunc(t *testing.T) {
	cube := func(x *graph.Node) *graph.Node {
		return autodiff.GoFunc("cube", func(out, in []*tensor.Dense) error {
			x := in[0].Float64s()
			for i, v := range x {
				out[0].Float64s()[i] = v * v * v
			}
			return nil
		}, []graph.Type{x.Type()}, x)[0]
	}
	f := autodiff.CustomVJP(cube, func(x, _, ct *graph.Node) *graph.Node { return ops.Mul(ct, ops.Mul(3, ops.Square(x))) })
	require.InDelta(t, 8, run1(t, f, 2.0)[0], 1e-15)
	require.InDelta(t, 12, run1(t, autodiff.Grad(f), 2.0)[0], 1e-15)
	require.InDeltaSlice(t, []float64{12, 27}, run1(t, autodiff.Vmap(autodiff.Grad(f)), []float64{2, 3}), 1e-15)
	require.InDeltaSlice(t, []float64{8, 27}, run1(t, autodiff.Vmap(f), []float64{2, 3}), 1e-15)
}
