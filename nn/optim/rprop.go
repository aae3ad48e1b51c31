package optim

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Rprop moves each element by a length of its own against the sign of its gradient: the length grows by the factor Grow
// where the sign is the one of the last step, and shrinks by Shrink, without a move, where it is not (Riedmiller and Braun
// 1993, in PyTorch's form). It is for whole batches.
type Rprop struct {
	Initial      float64 // the first length; 0 stands for 1e-2
	Shrink, Grow float64 // 0 stands for 0.5 and 1.2
	Min, Max     float64 // of lengths; 0 stands for 1e-6 and 50
}

// Next implements Rule.
func (r Rprop) Next(s *Step, params []Param) []*graph.Node {
	finite("rprop", r.Initial, r.Shrink, r.Grow, r.Min, r.Max)
	shrink, grow := or(r.Shrink, 0.5), or(r.Grow, 1.2)
	return each(params, func(p Param) *graph.Node {
		old := s.Slot("length/"+p.Path, func() *graph.Node { return ops.FullLike(p.Value, or(r.Initial, 1e-2)) })
		turn := ops.Mul(ops.Sign(p.Grad), ops.Sign(s.Zeros("g", p)))
		back := ops.Lt(turn, 0)
		factor := ops.Where(back, shrink, ops.Where(ops.Gt(turn, 0), grow, ops.FullLike(old, 1)))
		length := ops.Clamp(ops.Mul(old, factor), or(r.Min, 1e-6), or(r.Max, 50))
		g := ops.Where(back, 0, p.Grad)
		s.Set("length", p, length)
		s.Set("g", p, g)
		return ops.Sub(p.Value, ops.Mul(ops.Sign(g), length))
	})
}

// ASGD is gradient descent with the decay λ and the rate η/(1 + λ·η·t)^α, which keeps the mean of parameters from step T0 on
// in the slots "ax" (Polyak and Juditsky 1992, in PyTorch's form): see State.Swap.
type ASGD struct {
	Rate        Rate    // nil stands for 1e-2
	Lambda      float64 // λ; 0 stands for 1e-4
	Alpha       float64 // α; 0 stands for 0.75
	T0          float64 // 0 stands for 1e6
	WeightDecay float64 // g has it times p added
	Decays      func(Param) bool
}

// Next implements Rule.
func (r ASGD) Next(s *Step, params []Param) []*graph.Node {
	finite("asgd", r.Lambda, r.Alpha, r.T0, r.WeightDecay)
	lambda := or(r.Lambda, 1e-4)
	rate, t := rateOf("asgd", r.Rate, 1e-2, s), s.Number()
	slot := func(name string, first *graph.Node) *graph.Node {
		return s.Slot(name, func() *graph.Node { return first })
	}
	eta, mu := slot("eta", rate), slot("mu", ops.FullLike(t, 1))
	s.Keep("eta", ops.Div(rate, ops.Pow(ops.Add(1, ops.Mul(ops.Mul(lambda, rate), t)), or(r.Alpha, 0.75))))
	s.Keep("mu", ops.Div(1, ops.Maximum(ops.Sub(t, or(r.T0, 1e6)), 1)))
	return each(params, func(p Param) *graph.Node {
		g := decayed(p, r.WeightDecay, r.Decays)
		next := ops.Sub(ops.Mul(as(ops.Sub(1, ops.Mul(lambda, eta)), p), p.Value), ops.Mul(as(eta, p), g))
		mean := s.Zeros("ax", p)
		s.Set("ax", p, ops.Add(mean, ops.Mul(as(mu, p), ops.Sub(next, mean))))
		return next
	})
}
