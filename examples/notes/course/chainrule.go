package course

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Expression is an expression in Go's syntax as a graph: equal parts are one node, and the last node is the whole.
type Expression struct {
	Nodes     []Part
	Variables []string // in the order in which they appear
	// Gradient is the derivative of the whole by each variable, by automatic differentiation.
	Gradient []float64
	// whole computes every part and the gradient, once it was asked for.
	whole *autodiff.Function
}

// Part is a node of the graph.
type Part struct {
	Op      string // a name, a number, an operator or a function
	Text    string
	In      []int
	Value   float64
	Local   []float64 // ∂part/∂in, one for each input
	Adjoint float64   // ∂whole/∂part: the sum over the parts that use it of their adjoint times their local derivative
}

type rule struct {
	arity int
	apply func(in []*graph.Node) *graph.Node
	slope *autodiff.Function // the derivatives by its inputs
}

func newRule(arity int, apply func(in []*graph.Node) *graph.Node) rule {
	return rule{arity, apply, autodiff.Compile(autodiff.Grad(apply))}
}

func unaryRule(f func(x *graph.Node) *graph.Node) rule {
	return newRule(1, func(in []*graph.Node) *graph.Node { return f(in[0]) })
}

func binaryRule(f func(a, b *graph.Node) *graph.Node) rule {
	return newRule(2, func(in []*graph.Node) *graph.Node { return f(in[0], in[1]) })
}

// functions are the names and operators that an expression may use.
var functions = map[string]rule{
	"sin": unaryRule(ops.Sin), "cos": unaryRule(ops.Cos), "tan": unaryRule(ops.Tan), "exp": unaryRule(ops.Exp),
	"log": unaryRule(ops.Log), "sqrt": unaryRule(ops.Sqrt), "sinh": unaryRule(ops.Sinh), "cosh": unaryRule(ops.Cosh),
	"tanh": unaryRule(ops.Tanh), "sigmoid": unaryRule(ops.Sigmoid), "relu": unaryRule(ops.ReLU),
	"abs": unaryRule(ops.Abs), "square": unaryRule(ops.Square), "neg": unaryRule(ops.Neg),
	"pow": binaryRule(ops.Pow[*graph.Node, *graph.Node]),
	"+":   binaryRule(ops.Add[*graph.Node, *graph.Node]), "-": binaryRule(ops.Sub[*graph.Node, *graph.Node]),
	"*": binaryRule(ops.Mul[*graph.Node, *graph.Node]), "/": binaryRule(ops.Div[*graph.Node, *graph.Node]),
}

// What is wrong with an expression.
var (
	ErrTooLong = errors.New("the expression is too long")
	ErrSyntax  = errors.New("no expression that can be read here")
)

const (
	mostBytes = 200
	mostParts = 40
)

// part returns the number of a part, which is added unless it is there.
func (e *Expression) part(p Part) (int, error) {
	if i := slices.IndexFunc(e.Nodes, func(q Part) bool { return q.Text == p.Text }); i >= 0 {
		return i, nil
	}
	if len(e.Nodes) == mostParts {
		return 0, fmt.Errorf("%w: more than %d parts", ErrTooLong, mostParts)
	}
	e.Nodes = append(e.Nodes, p)
	return len(e.Nodes) - 1, nil
}

// Evaluate computes the values going forward and the derivatives going back, for values of the variables. The local
// derivatives are those of each operation alone; Gradient is that of the whole at once, another way to the same numbers.
func (e *Expression) Evaluate(values []float64) error {
	if err := e.forward(values); err != nil {
		return err
	}
	for i := range e.Nodes {
		p := &e.Nodes[i]
		p.Adjoint = 0
		if p.Local = nil; len(p.In) == 0 {
			continue
		}
		in := make([]float64, len(p.In))
		for k, j := range p.In {
			in[k] = e.Nodes[j].Value
		}
		var err error
		if p.Local, err = scalars(functions[p.Op].slope, in); err != nil {
			return fmt.Errorf("%s: %w", p.Text, err)
		}
	}
	e.Nodes[len(e.Nodes)-1].Adjoint = 1
	for i := len(e.Nodes) - 1; i >= 0; i-- {
		p := e.Nodes[i]
		for k, j := range p.In {
			e.Nodes[j].Adjoint += p.Adjoint * p.Local[k]
		}
	}
	return nil
}

// forward computes every part's value, and the gradient of the last.
func (e *Expression) forward(values []float64) error {
	if e.whole == nil {
		last := func(x []*graph.Node) *graph.Node { return e.build(x)[len(e.Nodes)-1] }
		e.whole = autodiff.Compile(func(x []*graph.Node) ([]*graph.Node, []*graph.Node) { return e.build(x), autodiff.Grad(last)(x) })
	}
	out, err := scalars(e.whole, values)
	if err != nil {
		return err
	}
	for i := range e.Nodes {
		e.Nodes[i].Value = out[i]
	}
	e.Gradient = out[len(e.Nodes):]
	return nil
}

// build makes a node of each part.
func (e *Expression) build(x []*graph.Node) []*graph.Node {
	nodes := make([]*graph.Node, len(e.Nodes))
	for i, p := range e.Nodes {
		in := make([]*graph.Node, len(p.In))
		for k, j := range p.In {
			in[k] = nodes[j]
		}
		switch v := slices.Index(e.Variables, p.Op); {
		case len(in) > 0:
			nodes[i] = functions[p.Op].apply(in)
		case v >= 0:
			nodes[i] = x[v]
		default:
			nodes[i] = ops.FullLike(x[0], p.Value)
		}
	}
	return nodes
}

// scalars runs a function of a list of numbers.
func scalars(f *autodiff.Function, in []float64) ([]float64, error) {
	fed := make([]any, len(in))
	for i, v := range in {
		fed[i] = v
	}
	out, err := run(f, fed)
	if err != nil {
		return nil, err
	}
	return slices.Concat(out...), nil
}

// Difference is the largest between the chain rule's derivatives and Gradient, by variables, as a share of the latter.
func (e *Expression) Difference() float64 {
	worst := 0.0
	for i, name := range e.Variables {
		at := slices.IndexFunc(e.Nodes, func(p Part) bool { return p.Text == name })
		g := e.Gradient[i]
		worst = math.Max(worst, math.Abs(e.Nodes[at].Adjoint-g)/math.Max(1, math.Abs(g)))
	}
	return worst
}
