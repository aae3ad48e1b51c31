package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/internal/tree"
	"chainrule/ops"
)

// Hessian returns the second derivatives of f, a function from a node x of any shape to a float scalar, as a function
// that gives a node of shape [x…, x…]: for x of shape [n] the usual symmetric matrix. It is as symmetric as rounding
// lets it be.
//
// It pushes the columns of the identity forward through the gradient, all at once, unless ReverseMode is given. It panics
// with a *graph.Error as Grad does; a function that is linear in x has a Hessian of zeros.
func Hessian(f func(x *graph.Node) *graph.Node, opts ...JacobianOption) func(x *graph.Node) *graph.Node {
	s := apply(opts)
	return func(x *graph.Node) *graph.Node { return hessian(f, x, s).Of[0][0] }
}

// HessianBlocks is Hessian for arguments that are trees: a block ∂²f/∂x∂y, of shape [x…, y…], for each two leaves x
// and y. Blocks on both sides of the diagonal are each other's transposes, exactly.
func HessianBlocks[P any](f func(P) *graph.Node, opts ...JacobianOption) func(P) Blocks {
	s := apply(opts)
	return func(p P) Blocks { return hessian(f, p, s) }
}

// hessian computes the blocks on and above the diagonal, column by column, and mirrors them.
func hessian[P any](f func(P) *graph.Node, p P, s settings) Blocks {
	e := traceAt("hessian", f, p)
	scalarOf("hessian", e.value)
	grads := e.gradient("hessian", s)
	b := newBlocks(e.args, e.args)
	for j, x := range e.wrt { // column j down to the diagonal
		if s.mode == sweep.ReverseMode {
			copy(b.Of[j][:j+1], sweep.PullBasis(grads[j], e.wrt[:j+1]))
			for i := range j {
				b.Of[i][j] = transposedBlock(b.Of[j][i], grads[j].Rank())
			}
			continue
		}
		for i, block := range sweep.PushBasis(grads[:j+1], x) {
			b.Of[i][j] = block
			if i < j {
				b.Of[j][i] = transposedBlock(block, grads[i].Rank())
			}
		}
	}
	b.fill()
	return b
}

// transposedBlock turns a block [y…, x…], where y has the given rank, into [x…, y…].
func transposedBlock(block *graph.Node, rank int) *graph.Node {
	if block == nil {
		return nil
	}
	perm := make([]int, block.Rank())
	for i := range perm {
		perm[i] = (i + rank) % len(perm)
	}
	return ops.Permute(block, perm...)
}

// HVP returns the product of f's Hessian with a tree v like f's argument p: a function that gives, for every leaf x,
// Σ_y ∂²f/∂x∂y·v_y, of x's type, without the Hessian itself. The result of f is a float scalar.
//
// It is forward over reverse, the derivative of the gradient along v (Pearlmutter 1994, Fast exact multiplication by the
// Hessian, eq. 4), at the cost of a few gradients. It panics with a *graph.Error as Grad does.
func HVP[P any](f func(P) *graph.Node, opts ...GradOption) func(p, v P) P {
	s := apply(opts)
	return func(p, v P) P {
		e := traceAt("hvp", f, p)
		scalarOf("hvp", e.value)
		grads := e.gradient("hvp", s)
		pushed := sweep.Forward(grads, e.wrt, match("hvp", "vector", e.args, v))
		return tree.Map(p, func(i int, x *graph.Node) *graph.Node {
			if e.args[i].Fixed {
				return nil
			}
			return sweep.OrZeros(pushed[i], x)
		})
	}
}
