package ops

import (
	"slices"

	"chainrule/graph"
)

// The batching rules that ops share. A rule gets a node n and its inputs, of which those marked batched have one more
// axis, the first, along which examples lie, and returns n's op applied to every example: see graph.Op.Batch.

// batchMap is the rule of elementwise ops. The axis of examples must not be aligned with an axis of an operand of
// higher rank, so that operands of lower rank get axes of length 1 behind it.
func batchMap(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	args := slices.Clone(in)
	for i, x := range in {
		if batched[i] {
			args[i] = padRank(x, n.Rank()+1)
		}
	}
	return apply(n.Op(), n.Attrs(), args...)
}

// batchSame is the rule of ops with one input that work on every axis alike, or on the last ones.
func batchSame(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
	return apply(n.Op(), n.Attrs(), in...)
}

// batchReduce is the rule of reductions, and of functions that reduce and stretch again: the same axes, one further.
func batchReduce(n *graph.Node, in []*graph.Node, _ []bool) *graph.Node {
	return apply(n.Op(), reduceAttrs{graph.MakeInts(shifted(n.Attrs().(reduceAttrs).Axes.Slice())...)}, in...)
}

// padRank gives x, whose first axis is that of examples, axes of length 1 behind it until it has the given rank.
func padRank(x *graph.Node, rank int) *graph.Node {
	if x.Rank() >= rank {
		return x
	}
	ones := slices.Repeat([]int{1}, rank-x.Rank())
	return Reshape(x, slices.Insert(slices.Clone(x.Shape()), 1, ones...)...)
}

// withExamples is the shape of an example with the axis of examples that x has.
func withExamples(x *graph.Node, shape []int) []int { return append([]int{x.Shape()[0]}, shape...) }

// shifted counts axes with the axis of examples before them.
func shifted(axes []int) []int {
	moved := slices.Clone(axes)
	for i := range moved {
		moved[i]++
	}
	return moved
}

func prepend(first int, list graph.Ints) graph.Ints {
	return graph.MakeInts(append([]int{first}, list.Slice()...)...)
}

// allBatched repeats the inputs that are not batched for every example.
func allBatched(in []*graph.Node, batched []bool) []*graph.Node {
	first := in[slices.Index(batched, true)]
	args := slices.Clone(in)
	for i, x := range in {
		if !batched[i] {
			args[i] = BroadcastTo(x, withExamples(first, x.Shape())...)
		}
	}
	return args
}
