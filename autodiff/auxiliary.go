package autodiff

import "chainrule/graph"

// ValueAndGradAux is ValueAndGrad for a function with a second result, a tree of what else it has computed, such as
// predictions or the state of a layer. It is handed on and not differentiated.
func ValueAndGradAux[P, A any](f func(P) (*graph.Node, A), opts ...GradOption) func(P) (*graph.Node, A, P) {
	return func(p P) (*graph.Node, A, P) {
		needFunc("grad", f == nil)
		var aux A
		value, grad := ValueAndGrad(func(p P) *graph.Node {
			var y *graph.Node
			y, aux = f(p)
			return y
		}, opts...)(p)
		return value, aux, grad
	}
}
