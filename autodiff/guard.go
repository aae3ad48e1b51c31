package autodiff

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Under Vmap a branch or a body is computed for all examples at once, those too that do not want it: that have ended, or
// take the other branch. What it makes of them is dropped, but it must not fail, or go on for ever, for their sake. So
// if it can, they are given the values of an example that wants it.

// guarded returns inputs of which those that are batched have, for the examples that wanted does not hold for, the
// values of one that it holds for. There must be one.
func guarded(wanted *graph.Node, inputs []*graph.Node, batched []bool) []*graph.Node {
	if wanted.Shape()[0] == 0 {
		return inputs
	}
	first := ops.ArgMax(ops.Cast(wanted, graph.Int64))
	out := make([]*graph.Node, len(inputs))
	for i, x := range inputs {
		out[i] = x
		if batched[i] {
			out[i] = ops.Where(alongFirst(wanted, x.Rank()), x, ops.StopGradient(ops.Take(x, first, 0)))
		}
	}
	return out
}
