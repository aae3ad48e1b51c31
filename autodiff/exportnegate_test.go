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

func (s spoiled) pull(n *graph.Node, cts []*graph.Node, wanted []bool) []*graph.Node {
	return s.change("pull", s.several.pull(n, cts, wanted), func(n *graph.Node) *graph.Node { return ops.Neg(n) })
}

func (s spoiled) push(n *graph.Node, tangents []*graph.Node) []*graph.Node {
	return s.change("push", s.several.push(n, tangents), func(n *graph.Node) *graph.Node { return ops.Neg(n) })
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

func (s spoiled) change(form string, list []*graph.Node, change func(*graph.Node) *graph.Node) []*graph.Node {
	if form == s.form {
		for i, n := range list {
			if n != nil {
				list[i] = change(n)
			}
		}
	}
	return list
}
