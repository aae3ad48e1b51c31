package ops

import "chainrule/graph"

// MaskedVJP implements graph.Masked for matrix products.
func (b Bilinear) MaskedVJP(n *graph.Node, i int, ct, live *graph.Node) (dzdx, mask *graph.Node) {
	return maskedProduct(n, n.In(), i, live, func(other *graph.Node) *graph.Node {
		in := []*graph.Node{other, other}
		in[i] = n.In()[i]
		return b[i](n.Graph().Apply(n.Op(), n.Attrs(), in...), ct)
	})
}

// MaskedJVP implements graph.Masked: it does not know.
func (Bilinear) MaskedJVP(*graph.Node, []*graph.Node, []*graph.Node) (tangent, mask *graph.Node) {
	return nil, nil
}

// MaskedVJP implements graph.Masked for matrix products to which something is added.
func (m Multilinear) MaskedVJP(n *graph.Node, i int, ct, live *graph.Node) (dzdx, mask *graph.Node) {
	if i == 0 {
		return m[0](n, ct), maskTo(live, n.In()[0].Shape())
	}
	return maskedProduct(n, n.In()[1:], i-1, live, func(other *graph.Node) *graph.Node {
		in := []*graph.Node{n.In()[0], other, other}
		in[i] = n.In()[i]
		return m[i](n.Graph().Apply(n.Op(), n.Attrs(), in...), ct)
	})
}

// MaskedJVP implements graph.Masked: it does not know.
func (Multilinear) MaskedJVP(*graph.Node, []*graph.Node, []*graph.Node) (tangent, mask *graph.Node) {
	return nil, nil
}

// maskedProduct is the reverse form of a product of the matrices ab by number i of them; vjp computes it with the other
// one replaced, of which it takes nothing else.
//
// For y = a·b, ā = ȳ·bᵀ is a sum over the columns of y. Columns that are dead throughout leave no trace: those of b
// count as 0, and rows of ā whose row of y is dead are 0. What is not finite in a column of b beside them has made
// every element of that column of y not finite too, a live one among them. So a derivative by elements that chose
// finite values only is finite.
func maskedProduct(
	n *graph.Node, ab []*graph.Node, i int, live *graph.Node, vjp func(other *graph.Node) *graph.Node,
) (dzdx, mask *graph.Node) {
	f, isProduct := n.Attrs().(matmulAttrs)
	if !isProduct {
		return nil, nil
	}
	other := ab[1-i]
	if isOne(live) {
		live = Reshape(live)
		return keep(live, vjp(other)), live
	}
	live = ranked(live, n.Rank())
	masks := [2]*graph.Node{Anywhere(live, n.Rank()-1), Anywhere(live, n.Rank()-2)} // of rows, of columns
	for k, trans := range []bool{f.TransA, f.TransB} {
		if trans {
			masks[k] = Transpose(masks[k])
		}
	}
	others := maskTo(masks[1-i], other.Shape())
	if !isOne(others) {
		other = keep(others, other)
	}
	dzdx = vjp(other)
	if !isOne(masks[i]) || isOne(others) {
		dzdx = keep(masks[i], dzdx)
	}
	return dzdx, maskTo(masks[i], ab[i].Shape())
}
