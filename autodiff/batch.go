package autodiff

import (
	"slices"

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
	order := graph.Topo(slices.Concat(outputs, sources)...)
	needInside(order)
	all := newTable(order)
	for i, x := range sources {
		all.set(x, lifted[i])
	}
	same := newTable(order) // what stands for nodes that come from a source but are the same for every example
	parts := map[*graph.Node]spreadParts{}
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
		in := slices.Clone(y.In())
		batched := make([]bool, len(in))
		depends, moved := false, false
		for i, x := range in {
			if examples := all.at(x); examples != nil {
				in[i], batched[i], depends = examples, true, true
			} else if one := same.at(x); one != nil {
				in[i], moved = one, true
			}
		}
		if !depends && !moved {
			continue
		}
		y.Graph().With(y, func() {
			rule := rulesOf(y)
			switch {
			case !depends:
				same.set(y, y.Graph().Copy(y, in...))
			case rule != nil:
				nodes, differ := rule.spread(y, in, batched, size)
				parts[y] = spreadParts{nodes, differ}
			default:
				all.set(y, batchNode(y, in, batched, size))
			}
		})
	}
	result := make([]*graph.Node, len(outputs))
	for i, y := range outputs {
		result[i] = all.at(y)
		if one := same.at(y); one != nil {
			result[i] = repeated(one, size)
		}
	}
	return result
}

// spreadParts are the results of an op with several for many examples, and which of them have the axis of examples.
type spreadParts struct {
	nodes  []*graph.Node
	differ mask
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

// mostUnrolled is the number of examples up to which each has nodes of its own; more are the steps of a loop.
const mostUnrolled = 16

// oneByOne takes the examples apart, applies y's op to each, and stacks the results.
func oneByOne(y *graph.Node, in []*graph.Node, batched []bool, size int) *graph.Node {
	var examples []*graph.Node
	for i, x := range in {
		if batched[i] {
			examples = append(examples, x)
		}
	}
	one := func(example []*graph.Node) *graph.Node {
		args, next := slices.Clone(in), 0
		for i := range args {
			if batched[i] {
				args[i], next = example[next], next+1
			}
		}
		return y.Graph().Apply(y.Op(), y.Attrs(), args...)
	}
	if size == 0 || size > mostUnrolled {
		_, all := Scan(func(none, example []*graph.Node) ([]*graph.Node, *graph.Node) { return none, one(example) },
			nil, examples)
		return all
	}
	results := make([]*graph.Node, size)
	for k := range results {
		example := make([]*graph.Node, len(examples))
		for i, x := range examples {
			example[i] = ops.Index(x, k)
		}
		results[k] = one(example)
	}
	return ops.Stack(0, results...)
}
