package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Sin returns the sine of x radians.
func Sin(x *graph.Node) *graph.Node { return unary(&sinOp, x) }

var sinOp graph.Op

func init() {
	define(&sinOp, graph.Op{
		Name: "sin", Doc: "sine of x radians", Class: graph.Map, Arity: 1, Infer: floatMap,
		Kernel:     floats1(vec.Sin[float32], vec.Sin[float64]),
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Cos(x) }),
		Batch:      batchMap,
		Cases:      unaryCases(-4, 4), BadCases: badFloat1,
	})
}

// Cos returns the cosine of x radians.
func Cos(x *graph.Node) *graph.Node { return unary(&cosOp, x) }

var cosOp graph.Op

func init() {
	define(&cosOp, graph.Op{
		Name: "cos", Doc: "cosine of x radians", Class: graph.Map, Arity: 1, Infer: floatMap,
		Kernel:     floats1(vec.Cos[float32], vec.Cos[float64]),
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Neg(Sin(x)) }),
		Batch:      batchMap,
		Cases:      unaryCases(-4, 4), BadCases: badFloat1,
	})
}
