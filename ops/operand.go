package ops

import "chainrule/graph"

// Operand is what the arithmetic functions take: a node, or a plain Go number, which becomes a constant of
// the other operand's element type.
type Operand interface {
	*graph.Node | Number
}

// Number is what becomes a constant: an integer stays exact in an i64.
type Number interface {
	int | int64 | float32 | float64
}

// like returns the constant v with x's element type.
func like(x *graph.Node, v float64) *graph.Node { return x.Graph().Scalar(x.DType(), v) }

// nodes turns the operands of op into nodes of one graph. At least one must be a node already.
func nodes(op *graph.Op, operands ...any) []*graph.Node {
	first := firstNode(op, operands...)
	in := make([]*graph.Node, len(operands))
	for i, a := range operands {
		in[i] = lift(op, first, a)
	}
	return in
}

// firstNode returns the operand whose element type numbers take: the first node, of those that are no bools if there is
// one.
func firstNode(op *graph.Op, operands ...any) *graph.Node {
	var first *graph.Node
	for _, a := range operands {
		if n, ok := a.(*graph.Node); ok && n != nil && (first == nil || first.DType() == graph.Bool) {
			first = n
		}
	}
	if first == nil {
		graph.Fail(op.Name, nil, "no operand is a node")
	}
	return first
}

// lift turns a number into a constant beside the node x.
func lift(op *graph.Op, x *graph.Node, a any) *graph.Node {
	if n, ok := a.(*graph.Node); ok {
		return n
	}
	if x.DType() == graph.Bool {
		graph.Fail(op.Name, []*graph.Node{x}, "the number %v beside a bool", a)
	}
	return number(op.Name, x.Graph(), x.DType(), a, x)
}

// number returns v, of a Go type of Operand, as a constant. Integers need not be exact in a float64. What it stands
// beside is for the error, where v does not fit.
func number(op string, g *graph.Graph, d graph.DType, v any, beside ...*graph.Node) *graph.Node {
	var f float64
	switch v := v.(type) {
	case int:
		return g.ScalarInt(d, int64(v))
	case int64:
		return g.ScalarInt(d, v)
	case float32:
		f = float64(v)
	case float64:
		f = v
	}
	if err := d.Holds(f); err != nil {
		graph.Fail(op, beside, "the number %v", err)
	}
	return g.Scalar(d, f)
}

// unary, binary and ternary apply an op without attributes.
func unary(op *graph.Op, x *graph.Node) *graph.Node { return apply(op, nil, x) }

func binary(op *graph.Op, a, b any) *graph.Node {
	first := firstNode(op, a, b)
	return apply(op, nil, lift(op, first, a), lift(op, first, b))
}

func apply(op *graph.Op, attrs any, in ...*graph.Node) *graph.Node {
	if len(in) == 0 || in[0] == nil {
		graph.Fail(op.Name, nil, "an input is nil")
	}
	return in[0].Graph().Apply(op, attrs, in...)
}
