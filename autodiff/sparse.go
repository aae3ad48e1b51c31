package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/sparsity"
)

// Compressed is a sparse matrix of derivatives as an expression.
type Compressed struct {
	// Pattern says where the entries are.
	Pattern *Pattern
	// Colors is the number of directions along which derivatives are taken: as many as a dense matrix would have
	// columns, or rows.
	Colors int
	// Values are the entries, of shape [Pattern.NNZ()], row after row.
	Values *graph.Node
}

// CompressedJacobian returns the Jacobian of f as a sparse matrix: a row for each element of the result's leaves, one
// leaf after the other, a column for each element of the argument's. It finds the pattern (see JacobianPattern),
// colours the columns so that those of a colour share no row, or the rows likewise, whichever takes fewer colours
// unless ForwardMode or ReverseMode is given, and takes one derivative for each colour, all at once.
//
// It panics with a *graph.Error if a leaf of the result or argument is no float, if there is no derivative by a leaf of
// the argument and AllowUnreachable is not given, or if so many colours are needed that a dense Jacobian is better.
//
// Curtis, Powell and Reid (1974); Gebremedhin, Manne and Pothen (2005).
func CompressedJacobian[P, Q any](f func(P) Q, opts ...JacobianOption) func(P) Compressed {
	s := apply(opts)
	return func(p P) Compressed {
		const op = "sparse jacobian"
		e := traceAt(op, f, p)
		e.needFloats(op)
		c := sparsity.Jacobian(op, e.outputs, e.wrt, s.mode)
		e.needReached(op, s, func(i int) bool { return c.Reaches(e.wrt, i) })
		return Compressed(c)
	}
}

// CompressedHessian returns the Hessian of a function whose result is a float scalar as a sparse matrix, with a row and
// a column for each element of the argument's leaves, one leaf after the other. Entries on both sides of the diagonal
// are listed and equal.
//
// The pattern is that of the gradient's Jacobian. Columns are coloured so that every entry shows alone in one of two
// places (a star colouring), and one derivative of the gradient is taken for each colour, by forward mode unless ReverseMode is
// given. It panics as Grad does.
//
// Coleman and Moré (1984); Gebremedhin, Tarafdar, Manne and Pothen (2007).
func CompressedHessian[P any](f func(P) *graph.Node, opts ...JacobianOption) func(P) Compressed {
	s := apply(opts)
	return func(p P) Compressed {
		const op = "sparse hessian"
		e := traceAt(op, f, p)
		scalarOf(op, e.value)
		return Compressed(sparsity.Hessian(op, e.gradient(op, s), e.wrt, s.mode))
	}
}
