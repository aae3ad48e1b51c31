package optim

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Adamax is Adam with the largest gradient u ← max(β₂·u, |g| + ε) in place of the root: p ← p − η·m̂/u (Kingma and Ba 2015,
// algorithm 2).
type Adamax struct {
	Rate         Rate    // nil stands for 2e-3
	Beta1, Beta2 float64 // 0 stands for 0.9 and 0.999
	Eps          float64 // 0 stands for 1e-8
	WeightDecay  float64 // λ: g has λ·p added
	Decays       func(Param) bool
}

// Next implements Rule.
func (r Adamax) Next(s *Step, params []Param) []*graph.Node {
	finite("adamax", r.WeightDecay)
	rate := rateOf("adamax", r.Rate, 2e-3, s)
	a := Adam{Beta1: r.Beta1, Beta2: r.Beta2, Eps: r.Eps}.moments("adamax", s)
	size := ops.Div(rate, a.unbiased1)
	return each(params, func(p Param) *graph.Node {
		p.Grad = decayed(p, r.WeightDecay, r.Decays)
		m := a.mean1(s, p)
		u := ops.Maximum(ops.Mul(a.beta2, s.Zeros("u", p)), ops.Add(ops.Abs(p.Grad), a.eps))
		s.Set("u", p, u)
		return ops.Sub(p.Value, ops.Div(ops.Mul(as(size, p), m), u))
	})
}

// NAdam is Adam with Nesterov's momentum, μₜ = β₁·(1 − ½·0.96^(t·ψ)) (Dozat 2016). The part of the mean is divided by
// 1 − μ₁ … μₜ·μₜ·μₜ₊₁, as PyTorch up to version 1.13 has it; the paper has μₜ there once.
type NAdam struct {
	Rate          Rate    // nil stands for 2e-3
	Beta1, Beta2  float64 // 0 stands for 0.9 and 0.999
	Eps           float64 // 0 stands for 1e-8
	MomentumDecay float64 // ψ; 0 stands for 4e-3
	WeightDecay   float64 // λ: g has λ·p added
	Decays        func(Param) bool
}

// Next implements Rule.
func (r NAdam) Next(s *Step, params []Param) []*graph.Node {
	finite("nadam", r.WeightDecay, r.MomentumDecay)
	rate := rateOf("nadam", r.Rate, 2e-3, s)
	a := Adam{Beta1: r.Beta1, Beta2: r.Beta2, Eps: r.Eps}.moments("nadam", s)
	momentum := func(t *graph.Node) *graph.Node {
		return ops.Mul(a.beta1, ops.Sub(1, ops.Mul(0.5, ops.Pow(0.96, ops.Mul(or(r.MomentumDecay, 4e-3), t)))))
	}
	now, next := momentum(s.Number()), momentum(ops.Add(s.Number(), 1))
	product := ops.Mul(s.Slot("product", func() *graph.Node { return ops.Full(s.Graph(), graph.Float64, 1) }), now)
	s.Keep("product", product)
	ofGrad := ops.Div(ops.Mul(rate, ops.Sub(1, now)), ops.Sub(1, product))
	ofMean := ops.Div(ops.Mul(rate, next), ops.Sub(1, ops.Mul(product, ops.Mul(now, next))))
	return each(params, func(p Param) *graph.Node {
		p.Grad = decayed(p, r.WeightDecay, r.Decays)
		m, v := a.mean1(s, p), a.mean2(s, p)
		root := ops.Add(ops.Mul(as(a.inverseRoot, p), ops.Sqrt(v)), a.eps)
		step := ops.Add(ops.Mul(as(ofGrad, p), p.Grad), ops.Mul(as(ofMean, p), m))
		return ops.Sub(p.Value, ops.Div(step, root))
	})
}

// RAdam is Adam without the division by the root while its variance is not tractable, and with a factor that makes up for it
// later (Liu et al. 2020, algorithm 2).
type RAdam struct {
	Rate         Rate    // nil stands for 1e-3
	Beta1, Beta2 float64 // 0 stands for 0.9 and 0.999
	Eps          float64 // 0 stands for 1e-8
	WeightDecay  float64 // λ: g has λ·p added
	Decays       func(Param) bool
}

// Next implements Rule.
func (r RAdam) Next(s *Step, params []Param) []*graph.Node {
	finite("radam", r.WeightDecay)
	rate := rateOf("radam", r.Rate, 1e-3, s)
	a := Adam{Beta1: r.Beta1, Beta2: r.Beta2, Eps: r.Eps}.moments("radam", s)
	limit, t := 2/(1-a.beta2)-1, s.Number()
	length := ops.Sub(limit, ops.Div(ops.Mul(ops.Mul(2, t), ops.Pow(a.beta2, t)), a.unbiased2))
	tractable := ops.Gt(length, 5)
	safe := ops.Where(tractable, length, 6)
	top := ops.Mul(ops.Mul(ops.Sub(safe, 4), ops.Sub(safe, 2)), limit/((limit-4)*(limit-2)))
	factor := ops.Mul(ops.Sqrt(ops.Div(top, safe)), ops.Sqrt(a.unbiased2))
	size := ops.Div(rate, a.unbiased1)
	return each(params, func(p Param) *graph.Node {
		p.Grad = decayed(p, r.WeightDecay, r.Decays)
		m, v := a.mean1(s, p), a.mean2(s, p)
		scale := ops.Where(tractable, ops.Div(as(factor, p), ops.Add(ops.Sqrt(v), a.eps)), 1)
		return ops.Sub(p.Value, ops.Mul(ops.Mul(as(size, p), m), scale))
	})
}

// LAMB is Adam with decay, whose step has, for each parameter, the length of the parameter times η (You et al. 2020,
// algorithm 2). A parameter or a step of length 0 leaves the step's length alone.
type LAMB struct {
	Rate         Rate             // nil stands for 1e-3
	Beta1, Beta2 float64          // 0 stands for 0.9 and 0.999
	Eps          float64          // 0 stands for 1e-6
	WeightDecay  float64          // λ: λ·p is added to the step before it is measured
	Decays       func(Param) bool // which parameters decay; nil for all
}

// Next implements Rule.
func (r LAMB) Next(s *Step, params []Param) []*graph.Node {
	finite("lamb", r.WeightDecay)
	rate := rateOf("lamb", r.Rate, 1e-3, s)
	a := Adam{Beta1: r.Beta1, Beta2: r.Beta2, Eps: or(r.Eps, 1e-6)}.moments("lamb", s)
	one := ops.Full(s.Graph(), graph.Float64, 1)
	return each(params, func(p Param) *graph.Node {
		p.Grad = ops.Neg(a.move(s, p, one, false))
		step := decayed(p, r.WeightDecay, r.Decays)
		own, length := ops.Norm(p.Value), ops.Norm(step)
		none := ops.Or(ops.Eq(own, 0), ops.Eq(length, 0))
		trust := ops.Where(none, 1, ops.Div(own, ops.Where(none, 1, length)))
		return ops.Sub(p.Value, ops.Mul(ops.Mul(as(rate, p), trust), step))
	})
}

// Lion is p ← p − η·(sign(β₁·m + (1 − β₁)·g) + λ·p), m ← β₂·m + (1 − β₂)·g (Chen et al. 2023, algorithm 2).
type Lion struct {
	Rate         Rate             // nil stands for 1e-4
	Beta1, Beta2 float64          // 0 stands for 0.9 and 0.99
	WeightDecay  float64          // λ
	Decays       func(Param) bool // which parameters decay; nil for all
}

// Next implements Rule.
func (r Lion) Next(s *Step, params []Param) []*graph.Node {
	finite("lion", r.WeightDecay)
	beta1, beta2 := or(r.Beta1, 0.9), or(r.Beta2, 0.99)
	check("lion", "Beta1", beta1, 0, 1)
	check("lion", "Beta2", beta2, 0, 1)
	rate := rateOf("lion", r.Rate, 1e-4, s)
	return each(params, func(p Param) *graph.Node {
		m, g := s.Zeros("m", p), p.Grad
		s.Set("m", p, ops.Add(ops.Mul(beta2, m), ops.Mul(1-beta2, g)))
		p.Grad = ops.Sign(ops.Add(ops.Mul(beta1, m), ops.Mul(1-beta1, g)))
		return ops.Sub(p.Value, ops.Mul(as(rate, p), decayed(p, r.WeightDecay, r.Decays)))
	})
}

// Adafactor keeps of the squares of a matrix's gradients the means of rows and of columns alone, over the last two axes
// (Shazeer and Stern 2018, algorithm 4): its state is much smaller than the model. There is no first moment. Without a Rate
// it is relative to the parameter, max(1e-3, rms(p))·min(1e-2, 1/√t).
type Adafactor struct {
	Rate        Rate
	DecayPower  float64          // of the mean of squares, β₂ = 1 − t^−power; 0 stands for 0.8
	Clip        float64          // the largest root mean square of a step; 0 stands for 1
	WeightDecay float64          // λ: p ← p − η·λ·p beside the step
	Decays      func(Param) bool // which parameters decay; nil for all
}

// Next implements Rule.
func (r Adafactor) Next(s *Step, params []Param) []*graph.Node {
	finite("adafactor", r.WeightDecay, r.DecayPower, r.Clip)
	t := s.Number()
	beta := ops.Sub(1, ops.Pow(t, -or(r.DecayPower, 0.8)))
	var rate *graph.Node
	if r.Rate != nil {
		rate = rateOf("adafactor", r.Rate, 0, s)
	}
	rms := func(x *graph.Node) *graph.Node { return ops.Sqrt(ops.Mean(ops.Square(x))) }
	return each(params, func(p Param) *graph.Node {
		u := ops.Mul(p.Grad, ops.Rsqrt(squares(s, p, as(beta, p))))
		u = ops.Div(u, ops.Maximum(ops.Div(rms(u), or(r.Clip, 1)), 1))
		var size *graph.Node
		if rate != nil {
			size = as(rate, p)
		} else {
			size = ops.Mul(ops.Maximum(rms(p.Value), 1e-3), as(ops.Minimum(ops.Rsqrt(t), 1e-2), p))
		}
		p.Grad = u
		return ops.Sub(p.Value, ops.Mul(size, decayed(p, r.WeightDecay, r.Decays)))
	})
}

// squares is Adafactor's mean of squares, from the means of rows and columns where there are any.
func squares(s *Step, p Param, beta *graph.Node) *graph.Node {
	square := ops.Add(ops.Square(p.Grad), 1e-30)
	mean := func(name string, x *graph.Node) *graph.Node {
		name += "/" + p.Path
		old := s.Slot(name, func() *graph.Node { return ops.FullLike(x, 0) })
		next := ops.Add(ops.Mul(beta, old), ops.Mul(ops.Sub(1, beta), x))
		s.Keep(name, next)
		return next
	}
	if p.Value.Rank() < 2 {
		return mean("v", square)
	}
	rows, columns := mean("rows", ops.Mean(square, -1)), mean("columns", ops.Mean(square, -2))
	scale := ops.KeepDims(ops.Mean(rows, -1), rows, -1)
	return ops.Mul(ops.ExpandDims(ops.Div(rows, scale), -1), ops.ExpandDims(columns, -2))
}
