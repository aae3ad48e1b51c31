package ops

import "chainrule/graph"

// Operand is what the arithmetic functions take: a node, or a plain Go number, which becomes a constant of
// the other operand's element type.
type Operand interface {
	*graph.Node | int | int64 | float32 | float64
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
	var v float64
	switch a := a.(type) {
	case *graph.Node:
		return a
	case int:
		v = float64(a)
	case int64:
		v = float64(a)
	case float32:
		v = float64(a)
	case float64:
		v = a
	}
	if x.DType() == graph.Bool {
		graph.Fail(op.Name, []*graph.Node{x}, "the number %v beside a bool", a)
	}
	if x.DType() == graph.Int64 && v != float64(int64(v)) {
		graph.Fail(op.Name, []*graph.Node{x}, "the number %v beside an i64", a)
	}
	return like(x, v)
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
