package control

import (
	"slices"

	"chainrule/graph"
)

// A function with a derivative of the user's is a node as long as there may be derivatives to take; the compiler puts
// the function itself in its place.

// Custom is the attribute of such a function. A node's inputs are the arguments, and what body, pull and push use
// from outside, each its own.
type Custom struct {
	// Body goes from arguments to results.
	Body *graph.Func
	// Pull goes from arguments, results and the cotangents of the float results to those of the float arguments.
	Pull *graph.Func
	// Push goes from arguments, results and the tangents of the float arguments to those of the float results.
	Push *graph.Func
	// Later makes Pull or Push when it is wanted, in the place of both.
	Later *Rule
	// Args counts the arguments, the others the inputs that each function uses from outside.
	Args, BodyIn, PullIn, PushIn int
	// By is the function of this package that has made it.
	By string
}

// Title is how errors call it.
func (a Custom) Title() string { return a.By }

// CustomCall is a call in the making of a function with a derivative of the user's.
type CustomCall struct {
	graph          *graph.Graph
	attrs          Custom
	args, bodyIn   []*graph.Node
	pullIn, pushIn []*graph.Node
}

// NewCustom traces the function body of the arguments. Errors call it op.
func NewCustom(op string, args []*graph.Node, body func(params []*graph.Node) []*graph.Node) *CustomCall {
	c := &CustomCall{graph: args[0].Graph(), attrs: Custom{By: op, Args: len(args)}, args: args}
	c.attrs.Body, c.bodyIn = c.graph.Capture(typesOf(args), true, body)
	return c
}

// Rule gives the function its derivative. Nodes made for a loop or a branch come to lie on another graph, where the rule
// could not use what it uses from outside, so there it is traced at once, unless it is being traced already.
func (c *CustomCall) Rule(r *Rule) {
	if !c.graph.Captures() || c.graph.IsWithin(r.Code) {
		c.attrs.Later = r
		return
	}
	f, in := r.traced(c.graph)
	if r.Pushes {
		c.attrs.Push, c.pushIn = f, in
	} else {
		c.attrs.Pull, c.pullIn = f, in
	}
}

// Results adds the function to the graph and returns its results.
func (c *CustomCall) Results() []*graph.Node {
	c.attrs.BodyIn, c.attrs.PullIn, c.attrs.PushIn = len(c.bodyIn), len(c.pullIn), len(c.pushIn)
	return graph.PartsOf(c.graph.Apply(&customOp, c.attrs, slices.Concat(c.args, c.bodyIn, c.pullIn, c.pushIn)...))
}

// customCode is the function compiled, without its derivative.
type customCode struct {
	Custom
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
		Arity: graph.Variadic, Class: graph.Opaque, Attrs: Custom{}, Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(Custom)
			if err := a.infer(in); err != nil {
				return graph.Type{}, err
			}
			return graph.Pack(typesOf(a.Body.Outputs())), nil
		},
		Parts: func(n *graph.Node) []graph.Type { return typesOf(n.Attrs().(Custom).Body.Outputs()) },
		Program: func(n *graph.Node, c graph.Compiler) (graph.Program, error) {
			a := n.Attrs().(Custom)
			body, err := c.Code(a.Body)
			return &customCode{a, body}, err
		},
		Expand: func(g *graph.Graph, n *graph.Node, in []*graph.Node) []*graph.Node {
			a := n.Attrs().(Custom)
			return a.Body.Inline(g, in[:a.Args+a.BodyIn])
		},
		Derivative: customRule{},
		BadCases:   []graph.BadCase{{In: []graph.Type{graph.T(graph.Float64, 3)}, Attrs: Custom{}, Want: "there is no function"}},
	}
	graph.Register(&customOp)
}
