// Package optim has the rules by which parameters follow their gradients.
//
// Vocabulary: the learning rate η is the length of a step, fed anew at every iteration; a rule's state is what it
// remembers of a parameter between iterations, tensors of the parameter's type.
package optim

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// Rule builds one update of one parameter.
type Rule interface {
	// States is the number of state tensors for each parameter. They begin as zeros.
	States() int
	// Update returns the new parameter and state, from the old ones, the gradient and the rate, a scalar.
	Update(p, grad, rate *graph.Node, state []*graph.Node) (*graph.Node, []*graph.Node)
}

// SGD is gradient descent, p ← p − η·∂C/∂p: batch, stochastic or mini-batch by what the cost averages over. With
// Momentum μ it is v ← μ·v + ∂C/∂p, p ← p − η·v (Polyak 1964).
type SGD struct{ Momentum float64 }

// States is 1 with momentum and 0 without.
func (s SGD) States() int {
	if s.Momentum != 0 {
		return 1
	}
	return 0
}

// Update implements Rule.
func (s SGD) Update(p, grad, rate *graph.Node, state []*graph.Node) (*graph.Node, []*graph.Node) {
	if s.Momentum == 0 {
		return ops.Sub(p, ops.Mul(rate, grad)), nil
	}
	if math.IsNaN(s.Momentum) || math.IsInf(s.Momentum, 0) {
		graph.Fail("sgd", []*graph.Node{p}, "the momentum is %v", s.Momentum)
	}
	v := ops.Add(ops.Mul(s.Momentum, state[0]), grad)
	return ops.Sub(p, ops.Mul(rate, v)), []*graph.Node{v}
}
