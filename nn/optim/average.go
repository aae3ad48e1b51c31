package optim

import (
	"chainrule/graph"
	"chainrule/ops"
)

// EMA keeps exponential means of the parameters that Rule gives, e ← d·e + (1 − d)·p, in the slots "ema": State.Swap puts them
// into the model, for validation, and takes them out again. With WarmUp the factor at step t is min(d, (1 + t)/(10 + t)).
// The means begin as the parameters; with FromZero they begin as zeros, and the slots have e/(1 − Πd), which is free of that
// beginning.
type EMA struct {
	Rule     Rule
	Decay    float64 // d; 0 stands for 0.999
	WarmUp   bool
	FromZero bool
}

// Next implements Rule.
func (e EMA) Next(s *Step, params []Param) []*graph.Node {
	decay := or(e.Decay, 0.999)
	check("ema", "the decay", decay, 0, 1)
	if e.Rule == nil {
		graph.Fail("ema", nil, "there is no rule")
	}
	next := e.Rule.Next(s.In("rule"), params)
	d, t := ops.Full(s.Graph(), graph.Float64, decay), s.Number()
	if e.WarmUp {
		d = ops.Minimum(d, ops.Div(ops.Add(1, t), ops.Add(10, t)))
	}
	if e.FromZero {
		// The means without their beginning move by (1 − d)/(1 − Πd) of the way.
		product := ops.Mul(s.Slot("product", func() *graph.Node { return ops.FullLike(t, 1) }), d)
		s.Keep("product", product)
		d = ops.Sub(1, ops.Div(ops.Sub(1, d), ops.Sub(1, product)))
	}
	for i, p := range params {
		old := s.Slot("ema/"+p.Path, func() *graph.Node {
			if e.FromZero {
				return ops.FullLike(p.Value, 0)
			}
			return p.Value
		})
		s.Set("ema", p, ops.Add(old, ops.Mul(as(ops.Sub(1, d), p), ops.Sub(next[i], old))))
	}
	return next
}

// Lookahead lets Rule make Every steps from slow parameters, and then goes Alpha of the way from those to where it has come
// (Zhang et al. 2019, algorithm 1). The slow ones are in the slots "slow".
type Lookahead struct {
	Rule  Rule
	Every int     // 0 stands for 5
	Alpha float64 // 0 stands for 0.5
}

// Next implements Rule.
func (l Lookahead) Next(s *Step, params []Param) []*graph.Node {
	every := int(or(float64(l.Every), 5))
	if l.Rule == nil || every < 1 {
		graph.Fail("lookahead", nil, "want a rule, and a step ahead of 1 or more, not %d", every)
	}
	finite("lookahead", l.Alpha)
	next := l.Rule.Next(s.In("rule"), params)
	arrived := ops.Eq(ops.Mod(s.Number(), float64(every)), 0)
	for i, p := range params {
		slow := s.Slot("slow/"+p.Path, func() *graph.Node { return p.Value })
		ahead := ops.Add(slow, ops.Mul(or(l.Alpha, 0.5), ops.Sub(next[i], slow)))
		s.Set("slow", p, ops.Where(arrived, ahead, slow))
		next[i] = ops.Where(arrived, ahead, next[i])
	}
	return next
}
