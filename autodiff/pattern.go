package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/colour"
	"chainrule/internal/sparsity"
)

// Pattern says where the entries of a sparse matrix are: row i has entries in the columns
// ColIdx[RowPtr[i]:RowPtr[i+1]], in increasing order. Its slices must not be modified.
type Pattern = colour.Pattern

// JacobianPattern returns which derivatives of f's result by its argument are not zero whatever the argument's value:
// a row for each element of the result's float leaves, one leaf after the other, a column for each element of the
// argument's.
//
// It is found by sending sets of columns through the graph, from each element to those that are computed from it by
// ops with a derivative there. Elementwise functions, reductions, matrix products and ops that move elements are
// followed exactly; indices and factors count with their values if they are constants. Loops are followed step by step,
// or for all steps at once if there are very many; what a branch may give is what either of its functions may. An op
// that does not say which elements it uses, such as a function with a derivative of the user's, and a loop's gradient,
// is taken to use all. So entries may be listed that are always zero (x − x is one), but none is
// missing: the pattern is structural.
func JacobianPattern[P, Q any](f func(P) Q) func(P) *Pattern {
	return func(p P) *Pattern {
		e := traceAt("jacobian pattern", f, p)
		if len(e.results) == 0 {
			graph.Fail("jacobian pattern", nil, "the result has no node to differentiate")
		}
		return sparsity.OfJacobian("jacobian pattern", e.outputs, e.wrt)
	}
}

// HessianPattern is JacobianPattern of f's gradient, made symmetric. Terms that are linear in an element add nothing.
func HessianPattern[P any](f func(P) *graph.Node) func(P) *Pattern {
	return func(p P) *Pattern {
		const op = "hessian pattern"
		e := traceAt(op, f, p)
		scalarOf(op, e.value)
		return sparsity.OfHessian(op, e.gradient(op, settings{allowUnreachable: true}), e.wrt)
	}
}
