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

// denseNet is an MLP of 784-512-256-10 without biases, benched on a batch of 64 in f32.
type denseNet struct{ W1, W2, W3 *graph.Node }

func (w denseNet) costs(x node) node {
	h := ops.ReLU(ops.MatMul(ops.ReLU(ops.MatMul(x, w.W1)), w.W2))
	return ops.LogSumExp(ops.MatMul(h, w.W3), 1)
}

// denseFeeds are parameters, the batch, and a number for each example.
func denseFeeds() (w []*tensor.Dense, x, score *tensor.Dense) {
	rng := rand.New(rand.NewPCG(1, 0))
	draw := func(shape ...int) *tensor.Dense {
		data := make([]float32, graph.Size(shape))
		for i := range data {
			data[i] = float32(rng.NormFloat64()) / 32
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	}
	return []*tensor.Dense{draw(784, 512), draw(512, 256), draw(256, 10)}, draw(64, 784), draw(64)
}

// BenchmarkMaskedLoss is the gradient of an MLP for a batch of which some examples do not count: by a factor of 0, which
// is what it would cost without masks, and by where.
func BenchmarkMaskedLoss(b *testing.B) {
	w, x, score := denseFeeds()
	out, _, _ := denseFeeds()
	for _, c := range []struct {
		name string
		loss func(y, score node) node
	}{
		{"by=nothing", func(y, score node) node { return ops.Add(y, ops.Mul(0, score)) }},
		{"by=factor", func(y, score node) node { return ops.Mul(y, ops.Cast(ops.Gt(score, 0), graph.Float32)) }},
		{"by=where", func(y, score node) node { return ops.Where(ops.Gt(score, 0), y, 0) }},
	} {
		fn := autodiff.Compile(func(w denseNet, x, score node) denseNet {
			return autodiff.Grad(func(w denseNet) node { return ops.Mean(c.loss(w.costs(x), score)) })(w)
		})
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if err := fn.RunInto(context.Background(), out, append(w, x, score)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDebugNaN is a training step of the MLP, its parameters donated, with and without looking for NaNs.
func BenchmarkDebugNaN(b *testing.B) {
	step := func(w denseNet, x node) (node, denseNet) {
		loss, grad := autodiff.ValueAndGrad(func(w denseNet) node { return ops.Mean(w.costs(x)) })(w)
		down := func(w, grad node) node { return ops.Sub(w, ops.Mul(1e-6, grad)) }
		return loss, denseNet{down(w.W1, grad.W1), down(w.W2, grad.W2), down(w.W3, grad.W3)}
	}
	w, x, _ := denseFeeds()
	out := []*tensor.Dense{tensor.New(tensor.FromScalar(float32(0))), nil, nil, nil}
	for _, c := range []struct {
		name string
		opts []autodiff.CompileOption
	}{{"look=no", nil}, {"look=yes", []autodiff.CompileOption{autodiff.DebugNaN()}}} {
		fn := autodiff.Compile(step, append(c.opts, autodiff.Donate(0, 1))...)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if err := fn.RunInto(context.Background(), out, append(w, x)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
