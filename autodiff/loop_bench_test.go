package autodiff_test

import (
	"context"
	"fmt"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// rnn is the network hₜ₊₁ = tanh(hₜW + xₜ) with the cost Σ yₜ², yₜ = hₜ₊₁·v.
type rnn struct{ W, V, H, X *graph.Node }

func rnnCost(p rnn) *graph.Node {
	_, ys := autodiff.Scan(func(h, x *graph.Node) (*graph.Node, *graph.Node) {
		h = ops.Tanh(ops.Add(ops.MatMul(h, p.W), x))
		return h, ops.Sum(ops.Mul(h, p.V))
	}, p.H, p.X)
	return ops.Sum(ops.Square(ys))
}

// logistic is the map x ↦ r·x·(1 − x), n times, of scalars.
func logistic(n int) func(r *graph.Node) *graph.Node {
	return func(r *graph.Node) *graph.Node {
		return autodiff.For(n, func(_, x *graph.Node) *graph.Node {
			return ops.Mul(r, ops.Mul(x, ops.Sub(1, x)))
		}, ops.Mul(0.1, r))
	}
}

func benchLoop(b *testing.B, f any, in ...*tensor.Dense) {
	fn := autodiff.Compile(f, autodiff.Workers(1))
	feeds := make([]any, len(in))
	for i, d := range in {
		feeds[i] = d
	}
	out, err := fn.Run(context.Background(), feeds...)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := fn.RunInto(context.Background(), out, in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoop(b *testing.B) {
	const steps = 1000
	dense := func(shape ...int) *tensor.Dense {
		data := make([]float64, graph.Size(shape))
		for i := range data {
			data[i] = float64(i%17-8) / 40
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	}
	for _, width := range []int{8, 32, 128} {
		in := []*tensor.Dense{dense(width, width), dense(1, width), dense(1, width), dense(steps, 1, width)}
		name := fmt.Sprintf("case=rnn/steps=%d/width=%d", steps, width)
		cost := func(w, v, h, x *graph.Node) *graph.Node { return rnnCost(rnn{w, v, h, x}) }
		b.Run(name+"/what=primal", func(b *testing.B) { benchLoop(b, cost, in...) })
		b.Run(name+"/what=gradient", func(b *testing.B) {
			benchLoop(b, func(w, v, h, x *graph.Node) (*graph.Node, rnn) {
				return autodiff.ValueAndGrad(rnnCost)(rnn{w, v, h, x})
			}, in...)
		})
		b.Run(name+"/what=jvp", func(b *testing.B) {
			benchLoop(b, func(w, v, h, x *graph.Node) (value, tangent *graph.Node) {
				return autodiff.JVP(rnnCost, rnn{w, v, h, x}, rnn{w, v, h, x})
			}, in...)
		})
	}
	r := tensor.New(tensor.FromScalar(3.7))
	b.Run("case=logistic/steps=1000/what=primal", func(b *testing.B) { benchLoop(b, logistic(steps), r) })
	b.Run("case=logistic/steps=1000/what=gradient", func(b *testing.B) {
		benchLoop(b, autodiff.ValueAndGrad(logistic(steps)), r)
	})
}
