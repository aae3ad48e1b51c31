package autodiff

import (
	"chainrule/graph"
	"chainrule/ops"
)

// batch computes outputs for many examples at once. The nodes lifted stand for the sources with one more axis, the
// first, of length size, along which the examples lie; the result for an output has that axis too, and is nil if the
// output depends on no source and so is the same for every example.
//
// Take y = f(a, b) where a depends on a source and b does not. With a the node a with the axis of examples, the rule
// of f's op gives one node for f(a₀, b), f(a₁, b), …: for a function of elements that is f(a, b) itself, for a
// product of matrices one taller product.
func batch(outputs, sources, lifted []*graph.Node, size int) []*graph.Node {
	order := graph.Topo(append(append([]*graph.Node(nil), outputs...), sources...)...)
	all := newTable(order)
	for i, x := range sources {
		all.set(x, lifted[i])
	}
	parts := results{}
	for _, y := range order {
		if all.at(y) != nil {
			continue
		}
		if i, isPart := y.PartIndex(); isPart {
			if of := parts[y.In()[0]]; of != nil && of[i] != nil {
				all.set(y, of[i])
			}
			continue
		}
		in := append([]*graph.Node(nil), y.In()...)
		batched := make([]bool, len(in))
		depends := false
		for i, x := range in {
			if examples := all.at(x); examples != nil {
				in[i], batched[i], depends = examples, true, true
			}
		}
		if !depends {
			continue
		}
		y.Graph().With(y, func() {
			if rule := rulesOf(y); rule != nil {
				parts[y] = rule.spread(y, in, batched, size)
				return
			}
			all.set(y, batchNode(y, in, batched, size))
		})
	}
	result := make([]*graph.Node, len(outputs))
	for i, y := range outputs {
		result[i] = all.at(y)
	}
	return result
}

// batchNode applies y's op to every example, by its rule or one by one.
func batchNode(y *graph.Node, in []*graph.Node, batched []bool, size int) *graph.Node {
	if rule := y.Op().Batch; rule != nil {
		if z := rule(y, in, batched); z != nil {
			return z
		}
	}
	return oneByOne(y, in, batched, size)
}

// oneByOne takes the examples apart, applies y's op to each, and stacks the results.
func oneByOne(y *graph.Node, in []*graph.Node, batched []bool, size int) *graph.Node {
	if size == 0 {
		return noExamples(y, in)
	}
	results := make([]*graph.Node, size)
	for k := range results {
		args := append([]*graph.Node(nil), in...)
		for i, x := range args {
			if batched[i] {
				args[i] = ops.Squeeze(ops.Slice(x, ops.At(k)), 0)
			}
		}
		results[k] = y.Graph().Apply(y.Op(), y.Attrs(), args...)
	}
	return ops.Stack(0, results...)
}

// noExamples is the empty result. It depends on the inputs by which y has a derivative, which is empty or 0.
func noExamples(y *graph.Node, in []*graph.Node) *graph.Node {
	shape := append([]int{0}, y.Shape()...)
	result := ops.BroadcastTo(y.Graph().Scalar(y.DType(), 0), shape...)
	for i, x := range in {
		if passes(y, i) {
			nothing := ops.Slice(ops.Reshape(x, -1), ops.Range{})
			result = ops.Add(result, ops.Cast(ops.Reshape(nothing, shape...), y.DType()))
		}
	}
	return result
}
