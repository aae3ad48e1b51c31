package autodiff

import (
	"fmt"
	"strings"

	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/internal/tree"
)

// AllowUnreachable makes the derivative by something that the result does not depend on zero, not an error.
func AllowUnreachable() GradOption {
	return gradOption{func(s *settings) { s.allowUnreachable = true }}
}

// Grad returns the gradient of f: a function that gives, for every leaf x of its argument, ∂f/∂x, of x's type.
// The result of f is a float scalar.
//
// A leaf that is fixed, as *nn.State and a frozen *nn.Param are, has no gradient: nil. It panics with a *graph.Error if the
// result is no such scalar, if a leaf is no float, or if f does not depend on a leaf and
// AllowUnreachable is not given.
func Grad[P any](f func(P) *graph.Node, opts ...GradOption) func(P) P {
	both := ValueAndGrad(f, opts...)
	return func(p P) P {
		_, grad := both(p)
		return grad
	}
}

// ValueAndGrad is Grad that gives the value of f too.
func ValueAndGrad[P any](f func(P) *graph.Node, opts ...GradOption) func(P) (*graph.Node, P) {
	s := apply(opts)
	return func(p P) (*graph.Node, P) {
		e := traceAt("grad", f, p)
		scalarOf("grad", e.value)
		grads := e.gradient("grad", s)
		for i, x := range e.args {
			if x.Fixed {
				grads[i] = nil
			}
		}
		return e.value, tree.With(p, grads)
	}
}

// VJP applies f at p and returns its value with the pullback, which takes a cotangent of each leaf of the value,
// of the leaf's type, to the cotangents of p: ct ↦ ctᵀ·∂f/∂p. Leaves that are not floats take no part: their
// cotangents, given or returned, are nil.
func VJP[P, Q any](f func(P) Q, p P, opts ...GradOption) (Q, func(ct Q) P) {
	s := apply(opts)
	e := traceAt("vjp", f, p)
	return e.value, func(ct Q) P {
		grads := sweep.Reverse(e.outputs, match("vjp", "cotangent", e.results, ct), e.wrt)
		e.needReached("vjp", s, func(i int) bool { return grads[i] != nil || !e.args[i].Moves() })
		return tree.Map(p, func(i int, x *graph.Node) *graph.Node {
			switch {
			case !e.args[i].Moves():
				return nil
			case grads[i] == nil:
				return sweep.Zeros(x)
			}
			return grads[i]
		})
	}
}

// match finds, in a tree of cotangents or tangents, the one of each leaf, which must have the leaf's type.
func match[T any](op, kind string, leaves []tree.Leaf, t T) []*graph.Node {
	given := map[string]*graph.Node{}
	for _, l := range tree.Moving(tree.Leaves(t)) {
		given[l.Path] = l.Node
	}
	found := make([]*graph.Node, len(leaves))
	for i, l := range leaves {
		v := given[l.Path]
		switch {
		case v == nil && l.Fixed:
			found[i] = sweep.Zeros(l.Node)
			continue
		case v == nil:
			graph.Fail(op, nil, "no %s is given for %s", kind, l)
		case !v.Type().Equal(l.Node.Type()):
			graph.Fail(op, nil, "the %s %s is not of the type of %s", kind, v, l)
		}
		found[i] = v
		delete(given, l.Path)
	}
	for path, v := range given {
		graph.Fail(op, nil, "there is nothing that %s could be the %s of", tree.Leaf{Path: path, Node: v}, kind)
	}
	return found
}

// JVP applies f at p and returns its value with the tangent of each leaf of the value for the tangent t of p:
// ∂f/∂p·t. Leaves of p that are not floats need no tangent. Leaves of the value that do not depend on p have the
// tangent 0, and so have those that depend on it through ops alone that are flat wherever they have a derivative, that
// select, or that stop it; those that are not floats keep their value. It panics with a *graph.Error where a derivative
// is not known, see GoFunc.
func JVP[P, Q any](f func(P) Q, p, t P) (value, tangent Q) {
	needFunc("jvp", f == nil)
	tangents := match("jvp", "tangent", tree.Moving(tree.Leaves(p)), t)
	var wrt []*graph.Node
	args := tree.Leaves(p)
	shadow := tree.Map(p, func(i int, x *graph.Node) *graph.Node {
		alias := x.Graph().Alias(x)
		if args[i].Moves() {
			wrt = append(wrt, alias)
		}
		return alias
	})
	value = f(shadow)
	var outputs []*graph.Node
	for _, l := range tree.Leaves(value) {
		if len(wrt) > 0 {
			checkGraph("jvp", l, wrt[0])
		}
		outputs = append(outputs, l.Node)
	}
	if len(outputs) == 0 {
		return value, value
	}
	pushed := sweep.Forward(outputs, wrt, tangents)
	tangent = tree.Map(value, func(i int, y *graph.Node) *graph.Node {
		if pushed[i] == nil && y.DType().IsFloat() {
			return sweep.Zeros(y)
		}
		if pushed[i] == nil {
			return y
		}
		return pushed[i]
	})
	return value, tangent
}

// Gradients returns ∂y/∂x for each x of xs, for graphs that are built by hand: the derivative with everything
// else that y depends on held fixed, xs being nodes that y was built from. It panics as Grad does.
func Gradients(y *graph.Node, xs ...*graph.Node) []*graph.Node {
	if y == nil || y.Rank() != 0 || !y.DType().IsFloat() {
		graph.Fail("gradients", present(y), "the result must be a float scalar: take a Sum or Mean of it, or use VJP")
	}
	for _, x := range xs {
		if x == nil || !x.DType().IsFloat() {
			graph.Fail("gradients", present(x), "only f32 and f64 have derivatives")
		}
	}
	grads := sweep.Reverse([]*graph.Node{y}, []*graph.Node{y.Graph().Scalar(y.DType(), 1)}, xs)
	for i, x := range xs {
		if grads[i] == nil {
			failUnreachable("gradients", []*graph.Node{y}, tree.Leaf{Node: x}, x, "")
		}
	}
	return grads
}

func present(n *graph.Node) []*graph.Node {
	if n == nil {
		return nil
	}
	return []*graph.Node{n}
}

// checkGraph refuses a result that lies on another graph than the argument x.
func checkGraph(op string, result tree.Leaf, x *graph.Node) {
	if result.Node.Graph() != x.Graph() {
		graph.Fail(op, nil, "the result %s lies on another graph than the argument %v", result, x.In()[0])
	}
}

// failUnreachable says that no derivative arrives at x, known to f as its alias, and which ops stopped it.
func failUnreachable(op string, outputs []*graph.Node, x tree.Leaf, alias *graph.Node, advice string) {
	const most = 3
	stops := sweep.StoppedAt(outputs, alias)
	switch {
	case len(stops) == 0:
		graph.Fail(op, outputs, "the result does not depend on %s%s", x, advice)
	case len(stops) > most:
		stops = append(stops[:most], fmt.Sprintf("and %d more", len(stops)-most))
	}
	graph.Fail(op, outputs, "no derivative reaches %s: %s", x, strings.Join(stops, "; "))
}
