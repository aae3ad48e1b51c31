package rewrite

import "chainrule/graph"

// Replacement says what comes in place of some nodes of a unit.
type Replacement struct {
	// Of are the nodes, and From those that their replacements are made of.
	Of, From []*graph.Node
	// Make makes, on the new graph g, the replacements, of what the nodes From have become.
	Make func(g *graph.Graph, from []*graph.Node) []*graph.Node
}

// Replace copies what the outputs depend on to a new graph, with some nodes replaced, which need not come before those
// that use what they replace. It is false if a replacement depends on what it replaces.
func (u Unit) Replace(list []Replacement) (Unit, bool) {
	by := map[*graph.Node]*Replacement{}
	for i := range list {
		for _, n := range list[i].Of {
			by[n] = &list[i]
		}
	}
	g, old := graph.New(), u.Graph()
	g.Grow(len(u.Topo()))
	fresh := make([]*graph.Node, old.Len()) // by ID
	next := Unit{Donated: u.Donated, from: old, became: fresh}
	for _, n := range u.Inputs {
		fresh[n.ID()] = g.Copy(n)
		next.Inputs = append(next.Inputs, fresh[n.ID()])
	}
	// A node is copied when its inputs have been: it lies on the stack below them until then.
	waits := make([]bool, old.Len())
	var stack, in []*graph.Node
	stack = append(stack, u.Outputs...)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		if fresh[n.ID()] != nil {
			stack = stack[:len(stack)-1]
			continue
		}
		r, needs := by[n], n.In()
		if r != nil {
			needs = r.From
		}
		in = in[:0]
		missing := false
		for _, x := range needs {
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
		switch {
		case missing:
		case r == nil:
			fresh[n.ID()] = g.Copy(n, in...)
		default:
			for i, m := range r.Make(g, in) {
				fresh[r.Of[i].ID()] = m
			}
		}
	}
	for _, n := range u.Outputs {
		next.Outputs = append(next.Outputs, fresh[n.ID()])
	}
	next.order = next.Topo()
	return next, true
}
