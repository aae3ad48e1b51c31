package nn

import (
	"chainrule/graph"
	"chainrule/ops"
)

// MPNeuron is the neuron of McCulloch and Pitts (1943): it fires, with output 1, when the weighted sum of its inputs
// reaches its threshold θ, and is silent, with output 0, below. y = step(Σ wᵢ·xᵢ − θ).
//
// A threshold is a bias with the other sign: it shifts the point at which the neuron fires. The step has no useful
// derivative, which is why networks that learn by gradients have smooth activations.
type MPNeuron struct {
	Weights   []float64
	Threshold float64
}

// Apply returns the outputs, of shape [batch], for inputs of shape [batch, len(Weights)], or one output for an
// input of shape [len(Weights)].
func (m MPNeuron) Apply(x *graph.Node) *graph.Node {
	w := ops.Cast(graph.Const(x.Graph(), m.Weights, len(m.Weights)), x.DType())
	return ops.Step(ops.Sub(ops.MatMul(x, w), m.Threshold))
}
