package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// Spoil makes one form of the rule of an op with several results wrong until restore is called: "pull" and "push" have
// the other sign, and "spread" gives the examples in the other order.
func Spoil(op *graph.Op, form string) (restore func()) {
	rule := op.Derivative
	op.Derivative = spoiled{rule.(sweep.MultiRule), form}
	return func() { op.Derivative = rule }
}

type spoiled struct {
	sweep.MultiRule
	form string
}

func (s spoiled) Pull(n *graph.Node, cts sweep.Derivatives, wanted, guard sweep.Selection) sweep.Derivatives {
	return s.change("pull", s.MultiRule.Pull(n, cts, wanted, guard))
}

func (s spoiled) Push(n *graph.Node, tangents sweep.Derivatives, needed sweep.Selection, guard bool) sweep.Derivatives {
	return s.change("push", s.MultiRule.Push(n, tangents, needed, guard))
}

func (s spoiled) Batch(n *graph.Node, in []*graph.Node, batched []bool, size int) ([]*graph.Node, sweep.Selection) {
	results, differ := s.MultiRule.Batch(n, in, batched, size)
	for i := range results {
		if differ[i] && s.form == "spread" {
			results[i] = ops.Flip(results[i], 0)
		}
	}
	return results, differ
}

func (s spoiled) change(form string, r sweep.Derivatives) sweep.Derivatives {
	if form == s.form {
		for i, n := range r.D {
			if n != nil {
				r.D[i] = ops.Neg(n)
			}
		}
	}
	return r
}
