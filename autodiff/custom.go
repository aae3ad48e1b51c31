package autodiff

import (
	"reflect"
	"slices"

	"chainrule/graph"
	"chainrule/internal/control"
	"chainrule/internal/tree"
)

// CustomVJP returns f with a reverse derivative of the user's: pull takes the argument p, the value f(p) and the
// cotangent of the value to the cotangent of p. Leaves of ct and of pull's result that are not floats are nil. Forward
// mode transposes pull, which must be linear in ct, and derivatives of derivatives differentiate it.
//
// Pull is called when a derivative is asked for, or before that if the call is part of a loop or a branch. It may mention
// the function that it is the derivative of, so that families of functions can be written by their recurrences; what it
// mentions so may use nodes from outside of p outside of loops and branches alone.
//
// A derivative by a node that f uses from outside is refused: make it part of p.
func CustomVJP[P, Q any](f func(P) Q, pull func(p P, value, ct Q) P) func(P) Q {
	return func(p P) Q {
		needFunc("custom_vjp", f == nil || pull == nil)
		value, c := newCustom("custom_vjp", p, f)
		args, results := tree.Leaves(p), tree.Leaves(value)
		types := slices.Concat(tree.Types(args), tree.Types(results), tree.Types(tree.Floats(results)))
		c.Rule(&control.Rule{Types: types, Code: codeOf(pull), Build: func(params []*graph.Node) []*graph.Node {
			ct := tree.WithFloats(value, params[len(args)+len(results):])
			back := pull(tree.With(p, params), tree.With(value, params[len(args):]), ct)
			return match("custom_vjp", "cotangent", tree.Floats(args), back)
		}})
		return tree.With(value, c.Results())
	}
}

// CustomJVP returns f with a forward derivative of the user's: push takes the argument p, the value f(p) and the
// tangent of p to the tangent of the value. Leaves of tangents that are not floats are nil. Reverse mode transposes push,
// which must be linear in the tangent, and derivatives of derivatives differentiate it. Push is called as pull of
// CustomVJP is, and may mention the function too.
//
// A derivative by a node that f uses from outside is refused: make it part of p.
func CustomJVP[P, Q any](f func(P) Q, push func(p P, value Q, tangent P) Q) func(P) Q {
	return NamedJVP("custom_jvp", f, push)
}

// NamedJVP is CustomJVP for what errors call by a name of its own, such as a solver.
func NamedJVP[P, Q any](op string, f func(P) Q, push func(p P, value Q, tangent P) Q) func(P) Q {
	return func(p P) Q {
		needFunc(op, f == nil || push == nil)
		value, c := newCustom(op, p, f)
		args, results := tree.Leaves(p), tree.Leaves(value)
		types := slices.Concat(tree.Types(args), tree.Types(results), tree.Types(tree.Floats(args)))
		c.Rule(&control.Rule{Types: types, Code: codeOf(push), Pushes: true, Build: func(params []*graph.Node) []*graph.Node {
			tangent := tree.WithFloats(p, params[len(args)+len(results):])
			t := push(tree.With(p, params), tree.With(value, params[len(args):]), tangent)
			return match(op, "tangent", tree.Floats(results), t)
		}})
		return tree.With(value, c.Results())
	}
}

// newCustom traces f at p and returns its value and the call in the making.
func newCustom[P, Q any](op string, p P, f func(P) Q) (value Q, c *control.CustomCall) {
	args := tree.Leaves(p)
	if len(args) == 0 {
		graph.Fail(op, nil, "the argument has no node")
	}
	c = control.NewCustom(op, tree.Nodes(args), func(params []*graph.Node) []*graph.Node {
		value = f(tree.With(p, params))
		results := tree.Nodes(tree.Leaves(value))
		if len(results) == 0 {
			graph.Fail(op, nil, "the function gives nothing")
		}
		return results
	})
	return value, c
}

// codeOf tells functions that were written in one place from others.
func codeOf(f any) uintptr { return reflect.ValueOf(f).Pointer() }
