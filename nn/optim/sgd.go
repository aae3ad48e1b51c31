package optim

import (
	"chainrule/graph"
	"chainrule/ops"
)

// SGD is gradient descent, p ← p − η·g: batch, stochastic or mini-batch by what the loss averages over. With Momentum μ it
// is v ← μ·v + (1 − Dampening)·g, p ← p − η·v, where v is g at first (Polyak 1964, in PyTorch's form); with Nesterov
// p ← p − η·(g + μ·v).
type SGD struct {
	Rate        Rate
	Momentum    float64  // 0 stands for none
	MomentumAt  Schedule // the momentum by the step, in place of Momentum; nil for none
	Dampening   float64
	Nesterov    bool
	WeightDecay float64          // λ: g has λ·p added
	Decays      func(Param) bool // which parameters decay; nil for all
}

// Next implements Rule.
func (r SGD) Next(s *Step, params []Param) []*graph.Node {
	check("sgd", "the momentum", r.Momentum, 0, 1)
	check("sgd", "the dampening", r.Dampening, 0, 1)
	finite("sgd", r.WeightDecay)
	rate := rateOf("sgd", r.Rate, 0, s)
	moves := r.Momentum != 0 || r.MomentumAt != nil
	if r.Nesterov && (!moves || r.Dampening != 0) {
		graph.Fail("sgd", nil, "Nesterov's step has a momentum and no dampening")
	}
	momentum := momentumOf(s, r.Momentum, r.MomentumAt)
	return each(params, func(p Param) *graph.Node {
		g := decayed(p, r.WeightDecay, r.Decays)
		if moves {
			g = r.velocity(s, p, g, momentum)
		}
		return ops.Sub(p.Value, ops.Mul(as(rate, p), g))
	})
}

// velocity is what momentum makes of a gradient.
func (r SGD) velocity(s *Step, p Param, g, momentum *graph.Node) *graph.Node {
	old, mu := s.Zeros("v", p), as(momentum, p)
	v := ops.Add(ops.Mul(mu, old), ops.Mul(1-r.Dampening, g))
	if r.Dampening != 0 {
		v = ops.Where(ops.Eq(s.Number(), 1), g, v)
	}
	s.Set("v", p, v)
	if r.Nesterov {
		return ops.Add(g, ops.Mul(mu, v))
	}
	return v
}

// momentumOf is a momentum at a step, a float64 scalar.
func momentumOf(s *Step, fixed float64, at Schedule) *graph.Node {
	if at != nil {
		return at.At(s)
	}
	return ops.Full(s.Graph(), graph.Float64, fixed)
}
