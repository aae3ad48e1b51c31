package optim

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Adagrad is p ← p − η/(1 + (t − 1)·RateDecay)·g/(√G + ε), where G is the sum of g² so far (Duchi et al. 2011).
type Adagrad struct {
	Rate        Rate // nil stands for 1e-2
	RateDecay   float64
	Initial     float64 // of the sum of squares
	Eps         float64 // 0 stands for 1e-10
	WeightDecay float64 // λ: g has λ·p added
	Decays      func(Param) bool
}

// Next implements Rule.
func (r Adagrad) Next(s *Step, params []Param) []*graph.Node {
	finite("adagrad", r.RateDecay, r.Initial, r.WeightDecay)
	rate := rateOf("adagrad", r.Rate, 1e-2, s)
	rate = ops.Div(rate, ops.Add(1, ops.Mul(r.RateDecay, ops.Sub(s.Number(), 1))))
	return each(params, func(p Param) *graph.Node {
		g := decayed(p, r.WeightDecay, r.Decays)
		old := s.Slot("sum/"+p.Path, func() *graph.Node { return ops.FullLike(p.Value, r.Initial) })
		sum := ops.Add(old, ops.Square(g))
		s.Set("sum", p, sum)
		return ops.Sub(p.Value, ops.Div(ops.Mul(as(rate, p), g), ops.Add(ops.Sqrt(sum), or(r.Eps, 1e-10))))
	})
}

// Adadelta is p ← p − η·Δ with Δ = √(D + ε)/√(v + ε)·g, where v and D are means of g² and Δ², with the factor ρ (Zeiler
// 2012, algorithm 1).
type Adadelta struct {
	Rate        Rate    // nil stands for 1
	Rho         float64 // 0 stands for 0.9
	Eps         float64 // 0 stands for 1e-6
	WeightDecay float64 // λ: g has λ·p added
	Decays      func(Param) bool
}

// Next implements Rule.
func (r Adadelta) Next(s *Step, params []Param) []*graph.Node {
	rho, eps := or(r.Rho, 0.9), or(r.Eps, 1e-6)
	check("adadelta", "Rho", rho, 0, 1)
	finite("adadelta", eps, r.WeightDecay)
	rate := rateOf("adadelta", r.Rate, 1, s)
	return each(params, func(p Param) *graph.Node {
		g := decayed(p, r.WeightDecay, r.Decays)
		mean := func(name string, x *graph.Node) *graph.Node {
			next := ops.Add(ops.Mul(rho, s.Zeros(name, p)), ops.Mul(1-rho, ops.Square(x)))
			s.Set(name, p, next)
			return next
		}
		moved := s.Zeros("delta", p)
		root := ops.Sqrt(ops.Add(mean("v", g), eps))
		delta := ops.Mul(ops.Div(ops.Sqrt(ops.Add(moved, eps)), root), g)
		mean("delta", delta)
		return ops.Sub(p.Value, ops.Mul(as(rate, p), delta))
	})
}

// RMSProp is p ← p − η·b with b ← μ·b + g/(√v + ε), where v is the mean of g² with the factor α (Hinton 2012); if it is
// Centered, the variance of g (Graves 2013).
type RMSProp struct {
	Rate        Rate    // nil stands for 1e-2
	Alpha       float64 // 0 stands for 0.99
	Eps         float64 // 0 stands for 1e-8
	Momentum    float64 // μ
	Centered    bool
	WeightDecay float64 // λ: g has λ·p added
	Decays      func(Param) bool
}

// Next implements Rule.
func (r RMSProp) Next(s *Step, params []Param) []*graph.Node {
	alpha, eps := or(r.Alpha, 0.99), or(r.Eps, 1e-8)
	check("rmsprop", "Alpha", alpha, 0, 1)
	check("rmsprop", "the momentum", r.Momentum, 0, 1)
	finite("rmsprop", eps, r.WeightDecay)
	rate := rateOf("rmsprop", r.Rate, 1e-2, s)
	return each(params, func(p Param) *graph.Node {
		g := decayed(p, r.WeightDecay, r.Decays)
		mean := func(name string, x *graph.Node) *graph.Node {
			next := ops.Add(ops.Mul(alpha, s.Zeros(name, p)), ops.Mul(1-alpha, x))
			s.Set(name, p, next)
			return next
		}
		v := mean("v", ops.Square(g))
		if r.Centered {
			v = ops.Maximum(ops.Sub(v, ops.Square(mean("m", g))), 0)
		}
		step := ops.Div(g, ops.Add(ops.Sqrt(v), eps))
		if r.Momentum != 0 {
			step = ops.Add(ops.Mul(r.Momentum, s.Zeros("b", p)), step)
			s.Set("b", p, step)
		}
		return ops.Sub(p.Value, ops.Mul(as(rate, p), step))
	})
}
