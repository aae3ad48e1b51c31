package optim

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// Plateau is a rate that is multiplied by Factor when the loss has not become better for more than Patience steps (PyTorch's
// ReduceLROnPlateau). It needs Input.Loss. A loss is better if it is less than the best by more than Threshold·|best|.
type Plateau struct {
	Base      float64 // the rate at first
	Factor    float64 // 0 stands for 0.1
	Patience  int     // 0 stands for 10, a negative number for 0
	Threshold float64 // 0 stands for 1e-4
	Absolute  bool    // the threshold itself, not Threshold·|best|
	Signed    bool    // Threshold·best, as PyTorch has it: a negative loss that is a little worse counts as better
	Largest   bool    // larger is better
	Cooldown  int     // steps after a change in which nothing is counted
	Min       float64 // the least rate
}

// At implements Rate.
func (p Plateau) At(s *Step) *graph.Node {
	finite("plateau", p.Base, p.Factor, p.Threshold, p.Min)
	g := s.Graph()
	number := func(v float64) func() *graph.Node {
		return func() *graph.Node { return ops.Full(g, graph.Float64, v) }
	}
	worst := math.Inf(1)
	if p.Largest {
		worst = math.Inf(-1)
	}
	rate, best := s.Slot("rate", number(p.Base)), s.Slot("best", number(worst))
	bad, cooling := s.Slot("bad", number(0)), s.Slot("cooling", number(0))
	if s.Loss == nil { // the state is made
		if s.store.fed != nil {
			graph.Fail("plateau", nil, "the step has no Input.Loss")
		}
		return rate
	}
	loss := ops.Cast(s.Loss, graph.Float64)
	better := p.better(loss, best)
	s.Keep("best", ops.Where(better, loss, best))
	bad = ops.Where(better, 0, ops.Add(bad, 1))
	bad = ops.Where(ops.Gt(cooling, 0), 0, bad)
	cooling = ops.Maximum(ops.Sub(cooling, 1), 0)
	patience := map[bool]int{true: 10, false: max(p.Patience, 0)}[p.Patience == 0]
	change := ops.Gt(bad, float64(patience))
	lower := ops.Maximum(ops.Mul(rate, or(p.Factor, 0.1)), p.Min)
	s.Keep("rate", ops.Where(ops.And(change, ops.Gt(ops.Sub(rate, lower), 1e-8)), lower, rate))
	s.Keep("bad", ops.Where(change, 0, bad))
	s.Keep("cooling", ops.Where(change, float64(p.Cooldown), cooling))
	return rate
}

// better says whether a loss counts as better than the best.
func (p Plateau) better(loss, best *graph.Node) *graph.Node {
	margin := ops.FullLike(loss, or(p.Threshold, 1e-4))
	if p.Signed {
		margin = ops.Mul(margin, best)
	} else if !p.Absolute {
		margin = ops.Mul(margin, ops.Abs(best))
	}
	first := ops.Not(ops.IsFinite(best))
	margin = ops.Where(first, 0, margin)
	if p.Largest {
		return ops.Gt(loss, ops.Add(best, margin))
	}
	return ops.Lt(loss, ops.Sub(best, margin))
}
