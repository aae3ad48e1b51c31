package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/sweep"
)

// Derivatives returns f and its first n derivatives, f, f′, …, f⁽ⁿ⁾, at a float scalar x. The result of f is a node of
// any shape, such as a point of a curve, and so is each derivative. It panics with a *graph.Error if the argument is no
// float scalar, the result no float, or n negative.
//
// Each derivative is the last one pushed forward. Equal expressions are one node, so the product rule's 2ⁿ terms are
// far fewer nodes.
func Derivatives(f func(x *graph.Node) *graph.Node, n int) func(x *graph.Node) []*graph.Node {
	return func(x *graph.Node) []*graph.Node {
		if x == nil || x.Rank() != 0 || !x.DType().IsFloat() {
			graph.Fail("derivatives", present(x), "the argument must be a float scalar")
		}
		if n < 0 {
			graph.Fail("derivatives", nil, "%d derivatives", n)
		}
		e := traceAt("derivatives", f, x)
		e.needFloats("derivatives")
		one := x.Graph().Scalar(x.DType(), 1)
		all := e.outputs
		for range n {
			last := all[len(all)-1:]
			all = append(all, sweep.OrZeros(sweep.Forward(last, e.wrt, []*graph.Node{one})[0], last[0]))
		}
		return all
	}
}
