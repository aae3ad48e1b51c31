package autodiff_test

import (
	"fmt"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// rnn is the network hₜ₊₁ = tanh(hₜW + xₜ) with the cost Σ yₜ², yₜ = hₜ₊₁·v.
type rnn struct{ W, V, H, X *graph.Node }

// rnnFeed is what is fed for it.
type rnnFeed struct{ W, V, H, X *tensor.Dense }

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

// BenchmarkLoop compares a loop of 1000 steps with its gradient and its tangent.
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
		b.Run(fmt.Sprintf("case=rnn/steps=%d/width=%d", steps, width), func(b *testing.B) {
			feeds := []any{rnnFeed{dense(width, width), dense(1, width), dense(1, width), dense(steps, 1, width)}}
			compare(b, feeds, derivative{"primal", rnnCost}, derivative{"gradient", autodiff.ValueAndGrad(rnnCost)},
				derivative{"jvp", func(p rnn) (value, tangent *graph.Node) { return autodiff.JVP(rnnCost, p, p) }})
		})
	}
	b.Run(fmt.Sprintf("case=logistic/steps=%d", steps), func(b *testing.B) {
		f := logistic(steps)
		compare(b, []any{3.7}, derivative{"primal", f}, derivative{"gradient", autodiff.ValueAndGrad(f)},
			derivative{"jvp", func(r *graph.Node) (value, tangent *graph.Node) { return autodiff.JVP(f, r, r) }})
	})
}
