package main

import (
	"math/rand/v2"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// network has the weights and biases of two layers: 64 pixels, 32 hidden units, 10 digits.
type network []*graph.Node

// example is one example, and the network that it is for: pixels X [64], and Y [10], the label as a one among zeros.
type example struct {
	Net  network
	X, Y *graph.Node
}

// loss is the cross-entropy of one example.
func loss(e example) *graph.Node {
	h := ops.Tanh(ops.Add(ops.MatMul(e.X, e.Net[0]), e.Net[1]))
	z := ops.Add(ops.MatMul(h, e.Net[2]), e.Net[3])
	return ops.Sub(ops.LogSumExp(z), ops.Sum(ops.Mul(e.Y, z)))
}

// gradient is that of the loss of one example, by the network.
func gradient(e example) network {
	return autodiff.Grad(func(n network) *graph.Node { return loss(example{n, e.X, e.Y}) })(e.Net)
}

// gradients are those of each of m examples: leaves [m, …], for pixels [m, 64] and labels [m].
func gradients(n network, xs, labels *graph.Node) network {
	all := autodiff.Vmap(gradient, autodiff.Unmapped("Net"))
	return all(example{n, xs, ops.OneHot(labels, 10, xs.DType())})
}

// flat is a leaf of gradients as a matrix, [m, …] → [m, n].
func flat(g *graph.Node) *graph.Node { return ops.Reshape(g, g.Shape()[0], -1) }

// lengths are the norms of gradients, [m].
func lengths(grads network) *graph.Node {
	var squares []*graph.Node
	for _, g := range grads {
		squares = append(squares, ops.Sum(ops.Square(flat(g)), 1))
	}
	return ops.Sqrt(ops.Sum(ops.Stack(squares, 0), 0))
}

// weighted is Σᵢ wᵢgᵢ, a gradient for the weights w [m] of examples.
func weighted(w *graph.Node, grads network) network {
	sum := make(network, len(grads))
	for i, g := range grads {
		sum[i] = ops.Reshape(ops.MatMul(w, flat(g)), g.Shape()[1:]...)
	}
	return sum
}

// step moves the network down the mean of gradients that are cut to length 1, with noise added to their sum.
func step(n network, xs, labels *graph.Node, random network) network {
	grads := gradients(n, xs, labels)
	sum := weighted(ops.Div(1, ops.Maximum(1, lengths(grads))), grads)
	next := make(network, len(n))
	for i := range n {
		noisy := ops.Add(sum[i], random[i])
		next[i] = ops.Sub(n[i], ops.Mul(rate/float64(xs.Shape()[0]), noisy))
	}
	return next
}

// survey gives the length of each example's gradient, and the noise scale tr(Σ)/‖ḡ‖² of gradients with mean ḡ and
// covariance Σ: about the size of batches whose noise is as large as what it hides (McCandlish et al. 2018, An
// empirical model of large-batch training, equation 2.9).
func survey(n network, xs, labels *graph.Node) (each, scale *graph.Node) {
	grads, m := gradients(n, xs, labels), xs.Shape()[0]
	each = lengths(grads)
	mean := ops.Zeros(xs.Graph(), xs.DType())
	for _, g := range weighted(ops.FullLike(each, 1/float64(m)), grads) {
		mean = ops.Add(mean, ops.Sum(ops.Square(g)))
	}
	spread := ops.Mul(float64(m)/float64(m-1), ops.Sub(ops.Mean(ops.Square(each)), mean))
	return each, ops.Div(spread, mean)
}

// digit gives the digit that the network sees in each example.
func digit(n network, xs *graph.Node) *graph.Node {
	h := ops.Tanh(ops.Add(ops.MatMul(xs, n[0]), n[1]))
	return ops.ArgMax(ops.Add(ops.MatMul(h, n[2]), n[3]), 1)
}

// draw gives a tensor for each parameter of a network, with normal elements of the given standard deviations.
func draw(rng *rand.Rand, deviations [4]float64) []*tensor.Dense {
	shapes := [4]tensor.Shape{{64, hidden}, {hidden}, {hidden, 10}, {10}}
	all := make([]*tensor.Dense, 4)
	for i, shape := range shapes {
		all[i] = tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float64))
		for k := range all[i].Float64s() {
			all[i].Float64s()[k] = deviations[i] * rng.NormFloat64()
		}
	}
	return all
}
