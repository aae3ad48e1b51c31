package optim

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Accumulate makes a step of Rule at every Every-th call with the mean of the gradients since the last, each weighted by
// Input.Count: what one batch of all their samples would have given, though they be of different sizes. Between, parameters and
// the rule's state stay as they are. Where Input.Last is true the step is made at once, so that an epoch's last gradients are
// not lost.
type Accumulate struct {
	Rule  Rule
	Every int
}

// Next implements Rule.
func (a Accumulate) Next(s *Step, params []Param) []*graph.Node {
	if a.Rule == nil || a.Every < 1 {
		graph.Fail("accumulate", nil, "want a rule, and a step at every call or less often, not %d", a.Every)
	}
	zero := func() *graph.Node { return ops.Full(s.Graph(), graph.Float64, 0) }
	calls, counted := ops.Add(s.Slot("calls", zero), 1), s.Slot("counted", zero)
	count := ops.Full(s.Graph(), graph.Float64, 1)
	if s.Count != nil {
		count = ops.Cast(s.Count, graph.Float64)
	}
	counted = ops.Add(counted, count)
	now := ops.Ge(calls, float64(a.Every))
	if s.Last != nil {
		now = ops.Or(now, s.Last)
	}
	s.Keep("calls", ops.Where(now, 0, calls))
	s.Keep("counted", ops.Where(now, 0, counted))
	means := make([]Param, len(params))
	for i, p := range params {
		sum := ops.Add(s.Zeros("sum", p), ops.Mul(as(count, p), p.Grad))
		s.Set("sum", p, ops.Where(now, 0, sum))
		p.Grad = ops.Div(sum, as(counted, p))
		means[i] = p
	}
	inner := s.In("rule")
	inner.only = now
	if s.only != nil {
		inner.only = ops.And(now, s.only)
	}
	next := a.Rule.Next(inner, means)
	for i, p := range params {
		next[i] = ops.Where(now, next[i], p.Value)
	}
	return next
}
