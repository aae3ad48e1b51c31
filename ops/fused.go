package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Arithmetic in one pass over memory instead of two. Each op rounds as often as the formula it stands for, so that it
// may be written for that formula anywhere without changing a bit.

// MulAdd returns a·b + c, elementwise with broadcasting, for floats. The product is rounded before the sum.
func MulAdd[A, B, C Operand](a A, b B, c C) *graph.Node {
	return apply(&mulAddOp, nil, nodes(&mulAddOp, a, b, c)...)
}

var mulAddOp graph.Op

func init() {
	triple := func(name string, a, b, c []int) graph.Case {
		return graph.Case{Name: name,
			In: []graph.Arg{within(-2, 2, a...), within(-2, 2, b...), within(-2, 2, c...)}}
	}
	define(&mulAddOp, graph.Op{
		Name: "mul_add", Doc: "a·b + c", Class: graph.Map, Cheap: true, Arity: 3, Infer: floatMap,
		Kernel:     byFloat(loop3(vec.MulAdd[float32]), loop3(vec.MulAdd[float64])),
		Elementary: graph.ElementaryMulAdd,
		Derivative: Scalar{
			func(x []*graph.Node, y *graph.Node) *graph.Node { return x[1] },
			func(x []*graph.Node, y *graph.Node) *graph.Node { return x[0] },
			func(x []*graph.Node, y *graph.Node) *graph.Node { return like(y, 1) },
		},
		Batch: batchMap,
		Cases: []graph.Case{
			triple("same", []int{3, 5}, []int{3, 5}, []int{3, 5}),
			triple("scale and shift", []int{3, 5}, nil, nil),
			triple("row", []int{5}, []int{3, 5}, []int{5}),
			triple("column", []int{3, 5}, []int{3, 1}, []int{3, 5}),
			triple("outer", []int{4, 1}, []int{1, 3}, []int{2, 1, 1}),
			triple("sum larger than product", nil, []int{3}, []int{2, 3}),
			triple("scalars", nil, nil, nil),
			triple("empty", []int{0, 3}, []int{3}, nil),
		},
		BadCases: []graph.BadCase{
			bad(nil, "wants f32 or f64", i64(3), i64(3), i64(3)),
			bad(nil, "convert one with Cast", f64(3), f64(3), f32(3)),
			bad(nil, "do not broadcast", f64(3), f64(), f64(4)),
		},
	})
}

// SlopeTanh returns 1 − y², the derivative of Tanh as a function of its value y.
func SlopeTanh(y *graph.Node) *graph.Node { return unary(&slopeTanhOp, y) }

var slopeTanhOp graph.Op

func init() {
	define(&slopeTanhOp, graph.Op{
		Name: "slope_tanh", Doc: "1 − y², the derivative of tanh where it is y", Class: graph.Map, Cheap: true, Arity: 1,
		Infer:      floatMap,
		Kernel:     floats1(vec.SlopeTanh[float32], vec.SlopeTanh[float64]),
		Elementary: graph.ElementarySlopeTanh,
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Mul(-2, x) }),
		Batch:      batchMap,
		Cases:      unaryCases(-1, 1), BadCases: badFloat1,
	})
}

// SlopeSigmoid returns y·(1 − y), the derivative of Sigmoid as a function of its value y.
func SlopeSigmoid(y *graph.Node) *graph.Node { return unary(&slopeSigmoidOp, y) }

var slopeSigmoidOp graph.Op

func init() {
	define(&slopeSigmoidOp, graph.Op{
		Name: "slope_sigmoid", Doc: "y·(1 − y), the derivative of sigmoid where it is y", Class: graph.Map, Cheap: true, Arity: 1,
		Infer:      floatMap,
		Kernel:     floats1(vec.SlopeSigmoid[float32], vec.SlopeSigmoid[float64]),
		Elementary: graph.ElementarySlopeSigmoid,
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Sub(1, Mul(2, x)) }),
		Batch:      batchMap,
		Cases:      unaryCases(0, 1), BadCases: badFloat1,
	})
}

// MulSlopeTanh returns a·(1 − y²): what a tanh whose value is y makes of a derivative a.
func MulSlopeTanh[A, Y Operand](a A, y Y) *graph.Node { return binary(&mulSlopeTanhOp, a, y) }

// MulSlopeSigmoid returns a·(y·(1 − y)): what a sigmoid whose value is y makes of a derivative a.
func MulSlopeSigmoid[A, Y Operand](a A, y Y) *graph.Node { return binary(&mulSlopeSigmoidOp, a, y) }

var mulSlopeTanhOp, mulSlopeSigmoidOp graph.Op

func init() {
	define(&mulSlopeTanhOp, graph.Op{
		Name: "mul_slope_tanh", Doc: "a·(1 − y²)", Class: graph.Map, Cheap: true, Arity: 2, Infer: floatMap,
		Kernel: floats2(vec.MulSlopeTanh[float32], vec.MulSlopeTanh[float64]),
		Derivative: d2(func(a, y, _ *graph.Node) *graph.Node { return SlopeTanh(y) },
			func(a, y, _ *graph.Node) *graph.Node { return Mul(-2, Mul(a, y)) }),
		Batch: batchMap, Cases: binaryCases(-2, 2, -1, 1), BadCases: badFloat2,
	})
	define(&mulSlopeSigmoidOp, graph.Op{
		Name: "mul_slope_sigmoid", Doc: "a·(y·(1 − y))", Class: graph.Map, Cheap: true, Arity: 2, Infer: floatMap,
		Kernel: floats2(vec.MulSlopeSigmoid[float32], vec.MulSlopeSigmoid[float64]),
		Derivative: d2(func(a, y, _ *graph.Node) *graph.Node { return SlopeSigmoid(y) },
			func(a, y, _ *graph.Node) *graph.Node { return Mul(a, Sub(1, Mul(2, y))) }),
		Batch: batchMap, Cases: binaryCases(-2, 2, 0, 1), BadCases: badFloat2,
	})
}
