package autodiff_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// BenchmarkMaskedLoss is the gradient of an MLP of 784-512-256-10 for a batch of 64 of which some examples do not count:
// by a factor of 0, which is what it would cost without masks, and by where.
func BenchmarkMaskedLoss(b *testing.B) {
	type net struct{ W1, W2, W3 *graph.Node }
	perExample := func(w net, x node) node {
		h := ops.Relu(ops.MatMul(ops.Relu(ops.MatMul(x, w.W1)), w.W2))
		return ops.LogSumExp(ops.MatMul(h, w.W3), 1)
	}
	rng := rand.New(rand.NewPCG(1, 0))
	draw := func(shape ...int) *tensor.Dense {
		data := make([]float32, graph.Size(shape))
		for i := range data {
			data[i] = float32(rng.NormFloat64()) / 32
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	}
	in := []*tensor.Dense{draw(784, 512), draw(512, 256), draw(256, 10), draw(64, 784), draw(64)}
	out := []*tensor.Dense{draw(784, 512), draw(512, 256), draw(256, 10)}
	for _, c := range []struct {
		name string
		loss func(y, score node) node
	}{
		{"by=nothing", func(y, _ node) node { return y }},
		{"by=factor", func(y, score node) node { return ops.Mul(y, ops.Cast(ops.Gt(score, 0), graph.Float32)) }},
		{"by=where", func(y, score node) node { return ops.Where(ops.Gt(score, 0), y, 0) }},
	} {
		fn := autodiff.Compile(func(w net, x, score node) net {
			return autodiff.Grad(func(w net) node { return ops.Mean(c.loss(perExample(w, x), score)) })(w)
		})
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if err := fn.RunInto(context.Background(), out, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
