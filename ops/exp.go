package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Exp returns eˣ.
func Exp(x *graph.Node) *graph.Node { return unary(&expOp, x) }

var expOp graph.Op

func init() {
	define(&expOp, graph.Op{
		Name: "exp", Doc: "e to the power x", Class: graph.Map, Arity: 1, Infer: floatMap,
		Kernel:     floats1(vec.Exp[float32], vec.Exp[float64]),
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return y }),
		Batch:      batchMap,
		Cases:      unaryCases(-2, 2), BadCases: badFloat1,
	})
}

// Expm1 returns eˣ − 1, accurate near 0.
func Expm1(x *graph.Node) *graph.Node { return unary(&expm1Op, x) }

var expm1Op graph.Op

func init() {
	define(&expm1Op, graph.Op{
		Name: "expm1", Doc: "e to the power x, less 1", Class: graph.Map, Arity: 1, Infer: floatMap,
		Kernel:     floats1(vec.Expm1[float32], vec.Expm1[float64]),
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Exp(x) }),
		Batch:      batchMap,
		Cases:      unaryCases(-2, 2), BadCases: badFloat1,
	})
}

// Log returns the natural logarithm, NaN where x < 0.
func Log(x *graph.Node) *graph.Node { return unary(&logOp, x) }

var logOp graph.Op

func init() {
	define(&logOp, graph.Op{
		Name: "log", Doc: "natural logarithm of x", Class: graph.Map, Arity: 1, Infer: floatMap,
		Kernel:     floats1(vec.Log[float32], vec.Log[float64]),
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Reciprocal(x) }),
		Batch:      batchMap,
		Cases:      unaryCases(0.5, 3), BadCases: badFloat1,
	})
}

// Log1p returns log(1 + x), accurate near 0.
func Log1p(x *graph.Node) *graph.Node { return unary(&log1pOp, x) }

var log1pOp graph.Op

func init() {
	define(&log1pOp, graph.Op{
		Name: "log1p", Doc: "natural logarithm of 1 + x", Class: graph.Map, Arity: 1, Infer: floatMap,
		Kernel:     floats1(vec.Log1p[float32], vec.Log1p[float64]),
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Reciprocal(Add(1, x)) }),
		Batch:      batchMap,
		Cases:      unaryCases(-0.5, 2), BadCases: badFloat1,
	})
}
