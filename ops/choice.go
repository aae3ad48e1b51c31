package ops

import "chainrule/graph"

// choice is the rule of where, which is linear in what it chooses from.
type choice struct{ Linear }

// Selects implements graph.Selective.
func (choice) Selects() {}

// MaskedVJP implements graph.Masked: what is not chosen is not live.
func (c choice) MaskedVJP(n *graph.Node, i int, ct, live *graph.Node) (dzdx, mask *graph.Node) {
	return c.VJP(n, i, ct), maskTo(both(chosen(n, i), live), n.In()[i].Shape())
}

// MaskedJVP implements graph.Masked: the result is live where it chooses what is live.
func (c choice) MaskedJVP(n *graph.Node, t, live []*graph.Node) (tangent, mask *graph.Node) {
	tangent = c.JVP(n, t)
	switch {
	case t[1] == nil:
		return tangent, both(chosen(n, 2), live[2])
	case t[2] == nil:
		return tangent, both(chosen(n, 1), live[1])
	case live[1] == nil && live[2] == nil:
		return tangent, nil
	}
	return tangent, EitherMask(both(chosen(n, 1), live[1]), both(chosen(n, 2), live[2]))
}

// chosen is where a where-node takes the value of its input i.
func chosen(n *graph.Node, i int) *graph.Node {
	if i == 1 {
		return n.In()[0]
	}
	return Not(n.In()[0])
}
