package sweep

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// unitProducts finds the products of the vector v with matrices among the nodes that outputs depend on, and what they
// are for all n unit vectors in the place of v: with a first axis over these, the matrix itself or its transpose.
//
//	eᵢ·B = row i of B        A·eᵢ = column i of A
//
// So the first product of a Jacobian's columns or rows, which would be one with the identity, is not computed. Products
// meet v as a matrix of one row or column, after a view of it.
func unitProducts(outputs []*graph.Node, v *graph.Node) (products, known []*graph.Node) {
	n := v.Type().Size()
	order := graph.Topo(slices.Concat(outputs, []*graph.Node{v})...)
	depends, same := NewSet(order), NewSet(order) // on v; the elements of v in order
	depends.Add(v)
	same.Add(v)
	for _, y := range order {
		for _, x := range y.In() {
			if depends.Has(x) {
				depends.Add(y)
			}
		}
		if y.Op().Class == graph.View && len(y.In()) == 1 && same.Has(y.In()[0]) && y.Type().Size() == n &&
			y.Op().Layout(y).Contiguous(y.Shape()) {
			same.Add(y)
		}
		p, ok := ops.AsProduct(y)
		if !ok || p.Add != nil {
			continue
		}
		a, b, m := p.A, p.B, y.Type().Size()
		switch { // a product of one row is one along the axis of length n, and so is one of one column
		case same.Has(a) && !depends.Has(b) && y.Shape()[0] == 1:
			products, known = append(products, y), append(known, ops.Reshape(flipped(b, p.TransB), n, 1, m))
		case same.Has(b) && !depends.Has(a) && y.Shape()[1] == 1:
			products, known = append(products, y), append(known, ops.Reshape(flipped(a, !p.TransA), n, m, 1))
		}
	}
	return products, known
}

// flipped is a matrix or its transpose.
func flipped(a *graph.Node, transposed bool) *graph.Node {
	if transposed {
		return ops.Transpose(a)
	}
	return a
}
