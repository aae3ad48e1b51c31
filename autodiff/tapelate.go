package autodiff

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

// lateProduct is a term of a constant's cotangent that is left to the end: backward gives its factors, matrices [m, i] and
// [m, j] of every step.
type lateProduct struct {
	constant int // the input of the body
	a, b     *graph.Node
}

// lateProducts splits the cotangent that a step adds to a constant into products for the end and the rest, nil if there
// is none.
func lateProducts(constant int, ct *graph.Node) (late []lateProduct, rest *graph.Node) {
	for _, term := range terms(ct) {
		if term.Op().Name == "matmul" && term.Rank() == 2 {
			a, b := term.In()[0], term.In()[1]
			if a.Type().Size()+b.Type().Size() < term.Type().Size() {
				transA, transB := ops.Transposed(term)
				if !transA {
					a = ops.Transpose(a)
				}
				if transB {
					b = ops.Transpose(b)
				}
				late = append(late, lateProduct{constant, a, b})
				continue
			}
		}
		rest = sumOf(rest, term)
	}
	return late, rest
}

// terms lists what a node is the sum of.
func terms(n *graph.Node) []*graph.Node {
	in := n.In()
	switch {
	case n.Op().Name == "add" && in[0].Type().Equal(in[1].Type()):
		return append(terms(in[0]), terms(in[1])...)
	case n.Op().Name == "matmul_add" && in[0].Type().Equal(n.Type()):
		transA, transB := ops.Transposed(n)
		return append(terms(in[0]), ops.Product(in[1], in[2], transA, transB))
	}
	return []*graph.Node{n}
}

// finish makes the function that ends the sums: of the factors of all steps, and of what has been added up so far for
// the constants that have a rest, to the cotangents of constants.
func finish(late []lateProduct, steps int, summed func(constant int) bool) (f *graph.Func, constants []int) {
	s := scratch{g: graph.New()}
	total := map[int]*graph.Node{}
	for _, p := range late {
		if total[p.constant] == nil {
			constants = append(constants, p.constant)
			if summed(p.constant) {
				t := s.g.Input("", p.a.DType(), p.a.Shape()[1], p.b.Shape()[1])
				s.inputs = append(s.inputs, t)
				total[p.constant] = t
			}
		}
		rows := func(n *graph.Node) *graph.Node {
			all := s.g.Input("", n.DType(), steps, n.Shape()[0], n.Shape()[1])
			s.inputs = append(s.inputs, all)
			return ops.Reshape(all, steps*n.Shape()[0], n.Shape()[1])
		}
		total[p.constant] = sumOf(total[p.constant], ops.Product(rows(p.a), rows(p.b), true, false))
	}
	for _, c := range constants {
		s.outputs = append(s.outputs, total[c])
	}
	return s.g.Func(s.inputs, s.outputs), constants
}
