package compile

import "chainrule/graph"

// unalias drops views that change nothing, such as the aliases that derivatives are taken by. What was built on
// an alias and on its original becomes one node.
//
//	%1 = alias(%0)
//	%2 = sin(%1)          →          %2 = sin(%0)
func unalias(u Unit, _ Options) Unit {
	return u.rewrite(func(_ *graph.Graph, n *graph.Node, in []*graph.Node) *graph.Node {
		if n.Op().Class != graph.View || !n.Type().Equal(in[0].Type()) {
			return nil
		}
		if l := n.Op().Layout(n); l.Offset != 0 || !l.Contiguous(n.Shape()) {
			return nil
		}
		return in[0]
	})
}
