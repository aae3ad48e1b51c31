package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/tree"
)

// A function with a derivative of the user's is a node as long as there may be derivatives to take; the compiler puts
// the function itself in its place.

// customAttrs is the attribute of such a function. A node's inputs are the arguments, and what body, pull and push use
// from outside, each its own.
type customAttrs struct {
	// Body goes from arguments to results.
	Body *graph.Func
	// Pull goes from arguments, results and the cotangents of the float results to those of the float arguments.
	Pull *graph.Func
	// Push goes from arguments, results and the tangents of the float arguments to those of the float results.
	Push *graph.Func
	// Later makes Pull or Push when it is wanted, in the place of both.
	Later *laterRule
	// Args counts the arguments, the others the inputs that each function uses from outside.
	Args, BodyIn, PullIn, PushIn int
	// By is the function of this package that has made it.
	By string
}

// Title is how errors call it.
func (a customAttrs) Title() string { return a.By }

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
		c := newCustom("custom_vjp", p, f)
		args, results := tree.Leaves(p), tree.Leaves(c.value)
		types := slices.Concat(tree.Types(args), tree.Types(results), tree.Types(tree.Floats(results)))
		c.rule(&laterRule{types: types, code: codeOf(pull), build: func(params []*graph.Node) []*graph.Node {
			ct := tree.WithFloats(c.value, params[len(args)+len(results):])
			back := pull(tree.With(p, params), tree.With(c.value, params[len(args):]), ct)
			return match(c.op, "cotangent", tree.Floats(args), back)
		}})
		return tree.With(c.value, c.finish(args))
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
		c := newCustom(op, p, f)
		args, results := tree.Leaves(p), tree.Leaves(c.value)
		types := slices.Concat(tree.Types(args), tree.Types(results), tree.Types(tree.Floats(args)))
		c.rule(&laterRule{types: types, code: codeOf(push), pushes: true, build: func(params []*graph.Node) []*graph.Node {
			tangent := tree.WithFloats(p, params[len(args)+len(results):])
			t := push(tree.With(p, params), tree.With(c.value, params[len(args):]), tangent)
			return match(c.op, "tangent", tree.Floats(results), t)
		}})
		return tree.With(c.value, c.finish(args))
	}
}

// custom is a function in the making.
type custom[Q any] struct {
	op             string
	graph          *graph.Graph
	attrs          customAttrs
	value          Q
	bodyIn         []*graph.Node
	pullIn, pushIn []*graph.Node
}

// newCustom traces f at p.
func newCustom[P, Q any](op string, p P, f func(P) Q) *custom[Q] {
	args := tree.Leaves(p)
	if len(args) == 0 {
		graph.Fail(op, nil, "the argument has no node")
	}
	c := &custom[Q]{op: op, graph: args[0].Node.Graph(), attrs: customAttrs{By: op}}
	c.attrs.Body, c.bodyIn = c.graph.Capture(tree.Types(args), true, func(params []*graph.Node) []*graph.Node {
		c.value = f(tree.With(p, params))
		results := tree.Nodes(tree.Leaves(c.value))
		if len(results) == 0 {
			graph.Fail(op, nil, "the function gives nothing")
		}
		return results
	})
	return c
}

// finish adds the function to the graph and returns its results.
func (c *custom[Q]) finish(args []tree.Leaf) []*graph.Node {
	c.attrs.Args = len(args)
	c.attrs.BodyIn, c.attrs.PullIn, c.attrs.PushIn = len(c.bodyIn), len(c.pullIn), len(c.pushIn)
	node := c.graph.Apply(&customOp, c.attrs, slices.Concat(tree.Nodes(args), c.bodyIn, c.pullIn, c.pushIn)...)
	return partsOf(node)
}

// partsOf lists the results of an op with several.
func partsOf(n *graph.Node) []*graph.Node {
	parts := make([]*graph.Node, len(n.Parts()))
	for i := range parts {
		parts[i] = graph.Part(n, i)
	}
	return parts
}

// customCode is the function compiled, without its derivative.
type customCode struct {
	customAttrs
	body graph.Code
}

// Workspace and Kernel implement graph.Program.
func (c *customCode) Workspace() int { return c.body.Workspace() }

func (c *customCode) Kernel() graph.Kernel {
	body, parts := c.body.Routine(), newBlock(typesOf(c.Body.Outputs())...)
	args := c.Args + c.BodyIn
	operands := make([]graph.Buffer, args+1)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		copy(operands, in[:args])
		operands[args] = in[len(in)-1]
		return runOnce(body, w, out.Ptr, parts, operands)
	}
}

var customOp graph.Op

func init() {
	customOp = graph.Op{
		Name:  "custom",
		Doc:   "a function with a derivative of its own",
		Arity: graph.Variadic, Class: graph.Opaque, Attrs: customAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(customAttrs)
			if err := a.infer(in); err != nil {
				return graph.Type{}, err
			}
			return graph.Pack(typesOf(a.Body.Outputs())), nil
		},
		Parts: func(n *graph.Node) []graph.Type { return typesOf(n.Attrs().(customAttrs).Body.Outputs()) },
		Program: func(n *graph.Node, c graph.Compiler) (graph.Program, error) {
			a := n.Attrs().(customAttrs)
			body, err := c.Code(a.Body)
			return &customCode{a, body}, err
		},
		Expand: func(g *graph.Graph, n *graph.Node, in []*graph.Node) []*graph.Node {
			a := n.Attrs().(customAttrs)
			return a.Body.Inline(g, in[:a.Args+a.BodyIn])
		},
		Derivative: customRule{},
		BadCases:   []graph.BadCase{{In: []graph.Type{graph.T(graph.Float64, 3)}, Attrs: customAttrs{}, Want: "there is no function"}},
	}
	graph.Register(&customOp)
}
