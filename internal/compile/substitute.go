package compile

import "chainrule/graph"

// Substitute returns u with nodes replaced by others of its graph, of the same types, which need not come before the
// nodes that use what they replace. It is false if a replacement depends on what it replaces.
func (u Unit) Substitute(by map[*graph.Node]*graph.Node) (Unit, bool) {
	resolve := func(n *graph.Node) *graph.Node {
		if m := by[n]; m != nil {
			return m
		}
		return n
	}
	g, old := graph.New(), u.graph()
	fresh := make([]*graph.Node, old.Len()) // by ID
	next := Unit{Donated: u.Donated, from: old, became: fresh}
	for _, n := range u.Inputs {
		fresh[n.ID()] = g.Copy(n)
		next.Inputs = append(next.Inputs, fresh[n.ID()])
	}
	// A node is copied when its inputs have been: it lies on the stack below them until then.
	waits := make([]bool, old.Len())
	var stack, in []*graph.Node
	for _, n := range u.Outputs {
		stack = append(stack, resolve(n))
	}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		if fresh[n.ID()] != nil {
			stack = stack[:len(stack)-1]
			continue
		}
		in = in[:0]
		missing := false
		for _, x := range n.In() {
			x = resolve(x)
			if fresh[x.ID()] == nil {
				if waits[x.ID()] {
					return u, false
				}
				missing = true
				stack = append(stack, x)
			}
			in = append(in, fresh[x.ID()])
		}
		waits[n.ID()] = missing
		if !missing {
			fresh[n.ID()] = g.Copy(n, in...)
		}
	}
	for _, n := range u.Outputs {
		next.Outputs = append(next.Outputs, fresh[resolve(n).ID()])
	}
	for n, m := range by {
		fresh[n.ID()] = fresh[m.ID()]
	}
	next.order = next.topo()
	return next, true
}
