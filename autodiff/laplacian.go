package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// Laplacian returns the sum of the second derivatives of f by each element of its argument, Δf = Σᵢ ∂²f/∂xᵢ², a float
// scalar as f's result is. It panics with a *graph.Error as Grad does.
//
// It needs no Hessian: one sweep forward carries, beside each value y, its Jacobian by the n elements, and its
// Laplacian Δy (Li et al. 2024, A computational framework for neural network-based variational Monte Carlo with
// forward Laplacian). For y = g(x),
//
//	∂ᵢy = g′(x)[∂ᵢx]        Δy = g′(x)[Δx] + Σᵢ g″(x)[∂ᵢx, ∂ᵢx]
//
// so that only the Jacobian, and what is curved, is computed n times. A function with loops, or without products other
// than those of x itself with a matrix, is pushed forward twice instead, along each unit vector.
func Laplacian[P any](f func(P) *graph.Node, opts ...GradOption) func(P) *graph.Node {
	s := apply(opts)
	return func(p P) *graph.Node {
		e := traceAt("laplacian", f, p)
		value := scalarOf("laplacian", e.value)
		var sum *graph.Node
		reached := make([]bool, len(e.wrt))
		for i, x := range e.wrt {
			var l *graph.Node
			l, reached[i] = sweep.Laplacian(value, x)
			switch {
			case sum == nil:
				sum = l
			case l != nil:
				sum = ops.Add(sum, l)
			}
		}
		e.needReached("laplacian", s, func(i int) bool { return reached[i] })
		return sweep.OrZeros(sum, value)
	}
}
