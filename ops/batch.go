package ops

import "chainrule/graph"

// The batching rules that ops share. A rule gets a node n and its inputs, of which those marked batched have one more
// axis, the first, along which examples lie, and returns n's op applied to every example: see graph.Op.Batch.

// batchMap is the rule of elementwise ops. The axis of examples must not be aligned with an axis of an operand of
// higher rank, so that operands of lower rank get axes of length 1 behind it.
func batchMap(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	args := make([]*graph.Node, len(in))
	for i, x := range in {
		args[i] = x
		if batched[i] {
			args[i] = padRank(x, n.Rank()+1)
		}
	}
	return apply(n.Op(), n.Attrs(), args...)
}

// padRank gives x, whose first axis is that of examples, axes of length 1 behind it until it has the given rank.
func padRank(x *graph.Node, rank int) *graph.Node {
	shape := make([]int, rank)
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = x.Shape()[0]
	copy(shape[rank-x.Rank()+1:], x.Shape()[1:])
	return Reshape(x, shape...)
}

// batchSame is the rule of ops with one input that work on every axis alike, or on the last ones.
func batchSame(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
	return apply(n.Op(), n.Attrs(), in...)
}
