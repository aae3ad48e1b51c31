package control

import (
	"chainrule/graph"
	"chainrule/ops"
)

// The gradient of a matrix that every step multiplies by is a sum of products,
//
//	W̄ = Σₜ AₜᵀBₜ = AᵀB,
//
// with the rows of all Aₜ under each other in A, and likewise B. One tall product after the steps takes far less time
// than to add a matrix in every step, and the rows far less memory than the matrices.

// lateProduct is a term of such a sum: the factors, matrices [m, i] and [m, j] of every step.
type lateProduct struct{ a, b *graph.Node }

// factors returns the factors of a term, if they are smaller than it.
func factors(term *graph.Node) (p lateProduct, ok bool) {
	of, ok := ops.AsProduct(term)
	if !ok || of.Add != nil || of.A.Type().Size()+of.B.Type().Size() >= term.Type().Size() {
		return p, false
	}
	a, b := of.A, of.B
	if !of.TransA {
		a = ops.Transpose(a)
	}
	if of.TransB {
		b = ops.Transpose(b)
	}
	return lateProduct{a, b}, true
}

// sum is AᵀB, given the stacks of all steps' factors.
func (p lateProduct) sum(stacks map[*graph.Node]*graph.Node) *graph.Node {
	rows := func(n *graph.Node) *graph.Node {
		shape := stacks[n].Shape()
		return ops.Reshape(stacks[n], shape[0]*shape[1], shape[2])
	}
	return ops.Product(rows(p.a), rows(p.b), true, false)
}

// terms lists what a node is the sum of.
func terms(n *graph.Node) []*graph.Node {
	in := n.In()
	if n.Op().Elementary == graph.ElementaryAdd && in[0].Type().Equal(in[1].Type()) {
		return append(terms(in[0]), terms(in[1])...)
	}
	if p, ok := ops.AsProduct(n); ok && p.Add != nil && p.Add.Type().Equal(n.Type()) {
		return append(terms(p.Add), ops.Product(p.A, p.B, p.TransA, p.TransB))
	}
	return []*graph.Node{n}
}
