package rewrite

import (
	"slices"

	"chainrule/graph"
)

// Unalias drops views that change nothing, such as the aliases that derivatives are taken by, and puts what it stands for
// in the place of a node that only derivatives need. What was built on an alias and on its original becomes one node.
//
//	%1 = alias(%0)
//	%2 = sin(%1)          →          %2 = sin(%0)
func Unalias(u Unit, _ Options) Unit {
	if !slices.ContainsFunc(u.Topo(), func(n *graph.Node) bool {
		return changesNothing(n) || n.Op().Expand != nil
	}) {
		return u
	}
	expanded := map[*graph.Node][]*graph.Node{}
	return u.Rewrite(func(g *graph.Graph, n *graph.Node, in []*graph.Node) *graph.Node {
		if n.Op().Expand != nil {
			expanded[n] = n.Op().Expand(g, n, in)
			return in[0] // its parts are all that is used of it
		}
		if i, isPart := n.PartIndex(); isPart && expanded[n.In()[0]] != nil {
			return expanded[n.In()[0]][i]
		}
		if changesNothing(n) {
			return in[0]
		}
		return nil
	})
}

// changesNothing reports whether n is a view with all elements of its input where they are.
func changesNothing(n *graph.Node) bool {
	if n.Op().Class != graph.View || !n.Type().Equal(n.In()[0].Type()) {
		return false
	}
	l := n.Op().Layout(n)
	return l.Offset == 0 && l.Contiguous(n.Shape())
}
