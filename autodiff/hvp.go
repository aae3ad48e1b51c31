package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/internal/tree"
)

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
