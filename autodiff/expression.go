package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/internal/tree"
)

// expression is what a function gives for aliases of its argument's leaves: an expression in them, ready to be
// differentiated.
type expression[Q any] struct {
	args    []tree.Leaf   // the argument's leaves,
	wrt     []*graph.Node // and the alias of each
	value   Q
	results []tree.Leaf   // the float leaves of the value,
	outputs []*graph.Node // and their nodes
}

// traceAt applies f to aliases of p's leaves. Unless op is a VJP, which passes others by, all of them must be floats.
func traceAt[P, Q any](op string, f func(P) Q, p P) expression[Q] {
	needFunc(op, f == nil)
	e := expression[Q]{args: tree.Leaves(p)}
	if len(e.args) == 0 {
		graph.Fail(op, nil, "the argument has no node to differentiate by")
	}
	shadow := tree.Map(p, func(i int, x *graph.Node) *graph.Node {
		if op != "vjp" && !x.DType().IsFloat() && !e.args[i].Fixed {
			graph.Fail(op, nil, "only f32 and f64 have derivatives, not %s", e.args[i])
		}
		e.wrt = append(e.wrt, standIn(x, x))
		return e.wrt[i]
	})
	e.value = f(shadow)
	e.results = tree.Floats(tree.Leaves(e.value))
	for _, l := range e.results {
		checkGraph(op, l, e.wrt[0])
		e.outputs = append(e.outputs, l.Node)
	}
	return e
}

// scalarOf is the value of a function that has a gradient.
func scalarOf(op string, value *graph.Node) *graph.Node {
	if value == nil || value.Rank() != 0 || !value.DType().IsFloat() {
		advice := "take a Sum or Mean of it, or use VJP"
		if op == "hessian" || op == "hvp" || op == "laplacian" {
			advice = "take a Sum or Mean of it, or a Jacobian of its Jacobian"
		}
		graph.Fail(op, present(value), "the result must be a float scalar: %s", advice)
	}
	return value
}

// needFloats refuses a value with leaves that are no floats.
func (e expression[Q]) needFloats(op string) {
	for _, l := range tree.Leaves(e.value) {
		if !l.Node.DType().IsFloat() {
			graph.Fail(op, nil, "only f32 and f64 have derivatives, not the result %s", l)
		}
	}
	if len(e.results) == 0 {
		graph.Fail(op, nil, "the result has no node to differentiate")
	}
}

// needReached refuses arguments that no derivative reaches, unless that was allowed.
func (e expression[Q]) needReached(op string, s settings, reached func(i int) bool) {
	for i, x := range e.args {
		if !s.allowUnreachable && !x.Fixed && !reached(i) {
			failUnreachable(op, e.outputs, x, e.wrt[i], "; give AllowUnreachable to get zeros")
		}
	}
}

// gradient is reverse for a scalar value: ∂value/∂x for each argument x, zero where AllowUnreachable says so.
func (e expression[Q]) gradient(op string, s settings) []*graph.Node {
	value := e.outputs[0]
	grads := sweep.Reverse(e.outputs, []*graph.Node{value.Graph().Scalar(value.DType(), 1)}, e.wrt)
	e.needReached(op, s, func(i int) bool { return grads[i] != nil })
	for i, x := range e.wrt {
		grads[i] = sweep.OrZeros(grads[i], x)
	}
	return grads
}
