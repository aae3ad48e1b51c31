package graph

import (
	"cmp"
	"slices"
)

// sparseness is how many times as many nodes as are wanted a graph has if they are looked for one by one.
const sparseness = 32

// few lists what Topo does, but nothing that only nodes with stop lead to, which is nil for none. It gives up, and returns
// nil, when it has come along more edges than most.
func few(outputs []*Node, stop func(*Node) bool, most int) []*Node {
	if most < len(outputs) {
		return nil
	}
	seen := make(map[*Node]struct{}, min(most, 2*len(outputs)))
	var order []*Node
	reach := func(nodes []*Node) {
		most -= len(nodes)
		for _, n := range nodes {
			if _, known := seen[n]; !known {
				seen[n] = struct{}{}
				order = append(order, n)
			}
		}
	}
	reach(outputs)
	for next := 0; next < len(order); next++ {
		n := order[next]
		if stop != nil && stop(n) {
			continue
		}
		if most < int(n.arity) {
			return nil
		}
		reach(n.In())
	}
	slices.SortFunc(order, func(a, b *Node) int { return cmp.Compare(a.id, b.id) })
	return order
}

// Topo returns the nodes that the outputs depend on, themselves included, inputs before the nodes that use
// them. Since a node's ID is larger than its inputs', one sweep down the IDs finds them, with no stack to
// overflow. Few nodes of a large graph are found without it, in time that depends on their number.
func Topo(outputs ...*Node) []*Node {
	if len(outputs) == 0 {
		return nil
	}
	var g *Graph
	top := 0
	for _, n := range outputs {
		if n == nil {
			Fail("topo", outputs, "a node is nil")
		}
		if g == nil {
			g = n.graph
		}
		if n.graph != g {
			Fail("topo", outputs, "the nodes belong to different graphs")
		}
		top = max(top, n.ID())
	}
	if order := few(outputs, nil, top/sparseness); order != nil {
		return order
	}
	marked := make([]bool, top+1)
	pending := 0
	mark := func(n *Node) {
		if !marked[n.ID()] {
			marked[n.ID()] = true
			pending++
		}
	}
	for _, n := range outputs {
		mark(n)
	}
	low, count := top, pending
	for id := top; pending > 0; id-- {
		if !marked[id] {
			continue
		}
		pending--
		before := pending
		for _, x := range g.nodes[id].In() {
			mark(x)
		}
		count += pending - before
		low = id
	}
	order := make([]*Node, 0, count)
	for id := low; id <= top; id++ {
		if marked[id] {
			order = append(order, g.nodes[id])
		}
	}
	return order
}
