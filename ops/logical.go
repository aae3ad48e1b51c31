package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

var badBool = []graph.BadCase{bad(nil, "wants bool", f64(3), f64(3))}

// connective is the record that And, Or and Xor share.
func connective(name, doc string, e graph.Elementary, f func(dst, x, y []bool)) graph.Op {
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Map, Cheap: true, Arity: 2, Infer: logicalMap,
		Kernel: loop2(f), Derivative: isTest,
		Elementary: e,
		Batch:      batchMap,
		Cases: []graph.Case{
			{Name: "same", In: []graph.Arg{bools(3, 5), bools(3, 5)}},
			{Name: "broadcast", In: []graph.Arg{bools(4, 1), bools(3)}},
			{Name: "empty", In: []graph.Arg{bools(0), bools()}},
		},
		BadCases: badBool,
	}
}

// And returns a ∧ b, elementwise with broadcasting.
func And(a, b *graph.Node) *graph.Node { return apply(&andOp, nil, a, b) }

var andOp graph.Op

func init() { define(&andOp, connective("and", "a and b", graph.ElementaryAnd, vec.And)) }

// Or returns a ∨ b, elementwise with broadcasting.
func Or(a, b *graph.Node) *graph.Node { return apply(&orOp, nil, a, b) }

var orOp graph.Op

func init() { define(&orOp, connective("or", "a or b", graph.ElementaryOr, vec.Or)) }

// Xor returns whether exactly one of a and b holds, elementwise with broadcasting.
func Xor(a, b *graph.Node) *graph.Node { return apply(&xorOp, nil, a, b) }

var xorOp graph.Op

func init() {
	define(&xorOp, connective("xor", "exactly one of a and b", graph.NotElementary, vec.Xor))
}

// Not returns ¬x.
func Not(x *graph.Node) *graph.Node { return unary(&notOp, x) }

var notOp graph.Op

func init() {
	define(&notOp, graph.Op{
		Name: "not", Doc: "not x", Class: graph.Map, Cheap: true, Arity: 1, Infer: logicalMap,
		Kernel: loop1(vec.Not), Derivative: isTest,
		Elementary: graph.ElementaryNot,
		Batch:      batchMap,
		Cases:      []graph.Case{{Name: "vector", In: []graph.Arg{bools(7)}}, {Name: "scalar", In: []graph.Arg{bools()}}},
		BadCases:   []graph.BadCase{bad(nil, "wants bool", f64(3))},
	})
}
