package sweep

import (
	"slices"

	"chainrule/graph"
)

// Batch computes outputs for many examples at once. The nodes lifted stand for the sources with one more axis, the
// first, of length size, along which the examples lie; the result for an output has that axis too, and is nil if the
// output depends on no source and so is the same for every example.
//
// Take y = f(a, b) where a depends on a source and b does not. With a the node a with the axis of examples, the rule
// of f's op gives one node for f(a₀, b), f(a₁, b), …: for a function of elements that is f(a, b) itself, for a
// product of matrices one taller product.
func Batch(outputs, sources, lifted []*graph.Node, size int) []*graph.Node {
	order := graph.Topo(slices.Concat(outputs, sources)...)
	needInside(order)
	b := &batching{newTable(order), newTable(order), map[*graph.Node]batchedParts{}, size}
	all, same, parts := b.all, b.same, b.parts
	for i, x := range sources {
		all.set(x, lifted[i])
	}
	for _, y := range order {
		if all.at(y) != nil {
			continue
		}
		if i, isPart := y.PartIndex(); isPart && parts[y.In()[0]].nodes != nil {
			if p := parts[y.In()[0]]; p.differ[i] {
				all.set(y, p.nodes[i])
			} else {
				same.set(y, p.nodes[i])
			}
			continue
		}
		b.node(y)
	}
	result := make([]*graph.Node, len(outputs))
	for i, y := range outputs {
		result[i] = all.at(y)
		if one := same.at(y); one != nil {
			result[i] = Repeated(one, size)
		}
	}
	return result
}

// batching is what Batch knows of the nodes that it has met.
type batching struct {
	all   table // nodes for all examples
	same  table // what stands for nodes that come from a source but are the same for every example
	parts map[*graph.Node]batchedParts
	size  int
}

// node applies y's op to what stands for its inputs.
func (b *batching) node(y *graph.Node) {
	in := slices.Clone(y.In())
	batched := make([]bool, len(in))
	depends, moved := false, false
	for i, x := range in {
		if examples := b.all.at(x); examples != nil {
			in[i], batched[i], depends = examples, true, true
		} else if one := b.same.at(x); one != nil {
			in[i], moved = one, true
		}
	}
	if !depends && !moved {
		return
	}
	y.Graph().With(y, func() {
		rule := RuleOf(y)
		switch {
		case !depends:
			b.same.set(y, y.Graph().Copy(y, in...))
		case rule != nil:
			nodes, differ := rule.Batch(y, in, batched, b.size)
			b.parts[y] = batchedParts{nodes, differ}
		default:
			b.all.set(y, batchNode(y, in, batched))
		}
	})
}

// batchedParts are the results of a multi-result op for many examples, and which of them have the axis of examples.
type batchedParts struct {
	nodes  []*graph.Node
	differ Selection
}

// batchNode applies y's op to every example.
func batchNode(y *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	if rule := y.Op().Batch; rule != nil {
		if z := rule(y, in, batched); z != nil {
			return z
		}
	}
	graph.Fail("vmap", []*graph.Node{y}, "%s has no rule for many examples", y.Op().Name)
	return nil
}
