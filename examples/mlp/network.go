package main

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/ops"
)

// layer holds the parameters of one layer: nodes while formulas are built, tensors while they run.
type layer[T any] struct {
	W T // [in, out]
	B T // [out]
}

// network is the multi-layer perceptron, written out on the graph.
type network struct {
	widths     []int
	activation string
	cost       string
	init       string
	dtype      graph.DType
}

// activations are the choices for σ, with the initialiser that suits each.
var activations = map[string]struct {
	apply func(z *graph.Node) *graph.Node
	init  nn.Initialiser
}{
	"sigmoid":    {ops.Sigmoid, nn.Xavier},
	"tanh":       {ops.Tanh, nn.Xavier},
	"relu":       {ops.ReLU, nn.He},
	"leaky_relu": {func(z *graph.Node) *graph.Node { return ops.LeakyReLU(z, leak) }, nn.He},
}

const leak = 0.01

// initialisers are the choices for initial weights, beside "auto".
var initialisers = map[string]nn.Initialiser{"normal": nn.Normal, "xavier": nn.Xavier, "he": nn.He}

// initialiser is the chosen one, or that which suits the activation.
func (n network) initialiser() nn.Initialiser {
	if init, chosen := initialisers[n.init]; chosen {
		return init
	}
	return activations[n.activation].init
}

// weighted returns the weighted input z of the output layer for a batch x: a⁰ = x, zˡ = aˡ⁻¹·Wˡ + bˡ, aˡ = σ(zˡ).
func (n network) weighted(layers []layer[*graph.Node], x *graph.Node) *graph.Node {
	a := x
	var z *graph.Node
	for i, l := range layers {
		z = ops.Add(ops.MatMul(a, l.W), l.B)
		if i < len(layers)-1 {
			a = activations[n.activation].apply(z)
		}
	}
	return z
}

// output is the activation of the output layer: softmax for cross-entropy; for the quadratic cost σ itself, or z if
// σ is a rectifier, which would leave half of the outputs without a gradient.
func (n network) output(z *graph.Node) *graph.Node {
	switch {
	case n.cost == "cross-entropy":
		return ops.Softmax(z, -1)
	case n.activation == "relu" || n.activation == "leaky_relu":
		return z
	}
	return activations[n.activation].apply(z)
}

// costOf is C = 1/m·Σ ½‖y − a‖², or C = −1/m·Σ y·log a, over the m samples of the batch.
func (n network) costOf(layers []layer[*graph.Node], x, y *graph.Node) *graph.Node {
	z := n.weighted(layers, x)
	perSample := ops.Mul(0.5, ops.Square(ops.Sub(y, n.output(z))))
	if n.cost == "cross-entropy" {
		perSample = ops.Neg(ops.Mul(y, ops.LogSoftmax(z, -1)))
	}
	return ops.Div(ops.Sum(perSample), x.Shape()[0])
}

// gradient returns the cost and its gradient by every parameter: one call, since the graph knows the chain rule.
func (n network) gradient(layers []layer[*graph.Node], x, y *graph.Node) (*graph.Node, []layer[*graph.Node]) {
	cost := func(layers []layer[*graph.Node]) *graph.Node { return n.costOf(layers, x, y) }
	return autodiff.ValueAndGrad(cost)(layers)
}

// step is one iteration of gradient descent: W ← W − η·∂C/∂W, b ← b − η·∂C/∂b.
func (n network) step(layers []layer[*graph.Node], x, y, rate *graph.Node) (*graph.Node, []layer[*graph.Node]) {
	cost, grad := n.gradient(layers, x, y)
	next := make([]layer[*graph.Node], len(layers))
	for i, l := range layers {
		next[i].W = ops.Sub(l.W, ops.Mul(rate, grad[i].W))
		next[i].B = ops.Sub(l.B, ops.Mul(rate, grad[i].B))
	}
	return cost, next
}

// predict returns the class with the largest output for each sample of a batch.
func (n network) predict(layers []layer[*graph.Node], x *graph.Node) *graph.Node {
	return ops.ArgMax(n.weighted(layers, x), -1)
}

// parameters draws initial weights; biases are 0.
func (n network) parameters(seed uint64) []layer[*tensor.Dense] {
	rng := rand.New(rand.NewPCG(seed, 2))
	layers := make([]layer[*tensor.Dense], len(n.widths)-1)
	for i := range layers {
		l := nn.NewLinear(n.dtype, n.widths[i], n.widths[i+1], n.initialiser(), rng)
		layers[i] = layer[*tensor.Dense]{l.Weight.Value, l.Bias.Value}
	}
	return layers
}

// trace builds the graph of the cost and its gradient by hand, for a batch of the given size.
func (n network) trace(batch int) (cost *graph.Node, grad []layer[*graph.Node], forward int) {
	g := graph.New()
	layers := make([]layer[*graph.Node], len(n.widths)-1)
	for i := range layers {
		in, out := n.widths[i], n.widths[i+1]
		layers[i].W = g.Input(fmt.Sprintf("W%d", i+1), n.dtype, in, out)
		layers[i].B = g.Input(fmt.Sprintf("b%d", i+1), n.dtype, out)
	}
	x := g.Input("x", n.dtype, batch, n.widths[0])
	y := g.Input("y", n.dtype, batch, n.widths[len(n.widths)-1])
	cost = graph.Named("cost", n.costOf(layers, x, y))
	forward = g.Len()
	var params []*graph.Node
	for _, l := range layers {
		params = append(params, l.W, l.B)
	}
	grads := autodiff.Gradients(cost, params...)
	for i := range layers {
		grad = append(grad, layer[*graph.Node]{
			W: graph.Named(fmt.Sprintf("∂C/∂W%d", i+1), grads[2*i]),
			B: graph.Named(fmt.Sprintf("∂C/∂b%d", i+1), grads[2*i+1]),
		})
	}
	return cost, grad, forward
}
