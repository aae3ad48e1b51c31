package autodiff

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Spoil makes one form of the rule of an op with several results wrong until restore is called: "pull" and "push" have
// the other sign, and "spread" gives the examples in the other order.
func Spoil(op *graph.Op, form string) (restore func()) {
	rule := op.Derivative
	op.Derivative = spoiled{rule.(several), form}
	return func() { op.Derivative = rule }
}

type spoiled struct {
	several
	form string
}

func (s spoiled) pull(n *graph.Node, cts rates, wanted, guard mask) rates {
	return s.change("pull", s.several.pull(n, cts, wanted, guard))
}

func (s spoiled) push(n *graph.Node, tangents rates, needed mask, guard bool) rates {
	return s.change("push", s.several.push(n, tangents, needed, guard))
}

func (s spoiled) spread(n *graph.Node, in []*graph.Node, batched []bool, size int) ([]*graph.Node, mask) {
	results, differ := s.several.spread(n, in, batched, size)
	for i := range results {
		if differ[i] && s.form == "spread" {
			results[i] = ops.Flip(results[i], 0)
		}
	}
	return results, differ
}

func (s spoiled) change(form string, r rates) rates {
	if form == s.form {
		for i, n := range r.d {
			if n != nil {
				r.d[i] = ops.Neg(n)
			}
		}
	}
	return r
}
