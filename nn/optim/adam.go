package optim

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Adam is, with means m ← β₁·m + (1 − β₁)·g and v ← β₂·v + (1 − β₂)·g² that begin as zeros, and m̂ = m/(1 − β₁ᵗ),
// v̂ = v/(1 − β₂ᵗ) at step t, p ← p − η·m̂/(√v̂ + ε) (Kingma and Ba 2015, algorithm 1): ε is beside the root, and is not
// scaled.
type Adam struct {
	Rate         Rate             // nil stands for 1e-3
	Beta1, Beta2 float64          // 0 stands for 0.9 and 0.999
	Beta1At      Schedule         // β₁ by the step, in place of Beta1; nil for none
	Eps          float64          // 0 stands for 1e-8
	AMSGrad      bool             // the largest v so far in place of v, before it is divided (Reddi et al. 2018)
	WeightDecay  float64          // λ: g has λ·p added; see AdamW
	Decays       func(Param) bool // which parameters decay; nil for all
}

// Next implements Rule.
func (r Adam) Next(s *Step, params []Param) []*graph.Node {
	finite("adam", r.WeightDecay)
	rate := rateOf("adam", r.Rate, 1e-3, s)
	a := r.moments("adam", s)
	return each(params, func(p Param) *graph.Node {
		p.Grad = decayed(p, r.WeightDecay, r.Decays)
		return ops.Add(p.Value, a.move(s, p, rate, r.AMSGrad))
	})
}

// AdamW is Adam with p ← p − η·λ·p beside its step: the decay goes through no mean, and follows the schedule of η
// (Loshchilov and Hutter 2019, algorithm 2, in PyTorch's form).
type AdamW struct {
	Rate         Rate             // nil stands for 1e-3
	Beta1, Beta2 float64          // 0 stands for 0.9 and 0.999
	Beta1At      Schedule         // β₁ by the step, in place of Beta1; nil for none
	Eps          float64          // 0 stands for 1e-8
	AMSGrad      bool             // as Adam's
	WeightDecay  float64          // λ; 0 stands for 0.01
	Decays       func(Param) bool // which parameters decay, such as Matrices; nil for all
}

// Next implements Rule.
func (r AdamW) Next(s *Step, params []Param) []*graph.Node {
	finite("adamw", r.WeightDecay)
	rate := rateOf("adamw", r.Rate, 1e-3, s)
	a := Adam{Beta1: r.Beta1, Beta2: r.Beta2, Beta1At: r.Beta1At, Eps: r.Eps}.moments("adamw", s)
	kept := ops.Sub(1, ops.Mul(or(r.WeightDecay, 0.01), rate))
	return each(params, func(p Param) *graph.Node {
		move, old := a.move(s, p, rate, r.AMSGrad), p.Value
		if r.Decays == nil || r.Decays(p) {
			old = ops.Mul(as(kept, p), old)
		}
		return ops.Add(old, move)
	})
}

// moments are the numbers of a step of Adam's.
type moments struct {
	beta1, beta2, eps    float64
	first                *graph.Node // β₁, if it has a schedule
	unbiased1, unbiased2 *graph.Node // 1 − β₁ᵗ, 1 − β₂ᵗ
	inverseRoot          *graph.Node // 1/√(1 − β₂ᵗ)
}

func (r Adam) moments(rule string, s *Step) moments {
	m := moments{beta1: or(r.Beta1, 0.9), beta2: or(r.Beta2, 0.999), eps: or(r.Eps, 1e-8)}
	check(rule, "Beta1", m.beta1, 0, 1)
	check(rule, "Beta2", m.beta2, 0, 1)
	finite(rule, m.eps)
	beta1 := ops.Full(s.Graph(), graph.Float64, m.beta1)
	if r.Beta1At != nil {
		m.first = r.Beta1At.At(s)
		beta1 = m.first
	}
	t := s.Number()
	m.unbiased1, m.unbiased2 = ops.Sub(1, ops.Pow(beta1, t)), ops.Sub(1, ops.Pow(m.beta2, t))
	m.inverseRoot = ops.Rsqrt(m.unbiased2)
	return m
}

// mean1 is the next mean of gradients.
func (m moments) mean1(s *Step, p Param) *graph.Node {
	old := s.Zeros("m", p)
	if m.first != nil {
		b := as(m.first, p)
		old = ops.Add(ops.Mul(b, old), ops.Mul(ops.Sub(1, b), p.Grad))
	} else {
		old = ops.Add(ops.Mul(m.beta1, old), ops.Mul(1-m.beta1, p.Grad))
	}
	s.Set("m", p, old)
	return old
}

// mean2 is the next mean of squares.
func (m moments) mean2(s *Step, p Param) *graph.Node {
	v := ops.Add(ops.Mul(m.beta2, s.Zeros("v", p)), ops.Mul(1-m.beta2, ops.Square(p.Grad)))
	s.Set("v", p, v)
	return v
}

// move is −η·m̂/(√v̂ + ε) = −η·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + ε·√(1 − β₂ᵗ)).
// A product that is added is one operation.
func (m moments) move(s *Step, p Param, rate *graph.Node, amsgrad bool) *graph.Node {
	mean, v := m.mean1(s, p), m.mean2(s, p)
	if amsgrad {
		v = ops.Maximum(s.Zeros("max", p), v)
		s.Set("max", p, v)
	}
	// Numerator and denominator have √(1 − β₂ᵗ) as a factor: scalars, so that nothing else is multiplied.
	root := ops.Sqrt(m.unbiased2)
	size := as(ops.Neg(ops.Mul(ops.Div(rate, m.unbiased1), root)), p)
	return ops.Mul(size, ops.Div(mean, ops.Add(ops.Sqrt(v), as(ops.Mul(m.eps, root), p))))
}
