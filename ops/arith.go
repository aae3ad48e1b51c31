package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Add returns a + b, elementwise with broadcasting.
func Add[A, B Operand](a A, b B) *graph.Node { return binary(&addOp, a, b) }

var addOp graph.Op

func init() {
	define(&addOp, graph.Op{
		Name: "add", Doc: "a + b", Class: graph.Map, Cheap: true, Arity: 2, Infer: numberMap,
		Kernel:     numbers2(vec.Add[float32], vec.Add[float64], vec.Add[int64]),
		Elementary: graph.ElementaryAdd,
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node { return like(y, 1) },
			func(a, b, y *graph.Node) *graph.Node { return like(y, 1) }),
		Batch: batchMap,
		Cases: onInts(binaryCases(-2, 2, -2, 2), 2), BadCases: badFloat2,
	})
}

// Sub returns a − b, elementwise with broadcasting.
func Sub[A, B Operand](a A, b B) *graph.Node { return binary(&subOp, a, b) }

var subOp graph.Op

func init() {
	define(&subOp, graph.Op{
		Name: "sub", Doc: "a − b", Class: graph.Map, Cheap: true, Arity: 2, Infer: numberMap,
		Kernel:     numbers2(vec.Sub[float32], vec.Sub[float64], vec.Sub[int64]),
		Elementary: graph.ElementarySub,
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node { return like(y, 1) },
			func(a, b, y *graph.Node) *graph.Node { return like(y, -1) }),
		Batch: batchMap,
		Cases: onInts(binaryCases(-2, 2, -2, 2), 2), BadCases: badFloat2,
	})
}

// Mul returns a · b, elementwise with broadcasting.
func Mul[A, B Operand](a A, b B) *graph.Node { return binary(&mulOp, a, b) }

var mulOp graph.Op

func init() {
	define(&mulOp, graph.Op{
		Name: "mul", Doc: "a · b", Class: graph.Map, Cheap: true, Arity: 2, Infer: numberMap,
		Kernel:     numbers2(vec.Mul[float32], vec.Mul[float64], vec.Mul[int64]),
		Elementary: graph.ElementaryMul,
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node { return b },
			func(a, b, y *graph.Node) *graph.Node { return a }),
		Batch: batchMap,
		Cases: onInts(binaryCases(-2, 2, -2, 2), 2), BadCases: badFloat2,
	})
}

// Div returns a / b, elementwise with broadcasting. Integers are truncated toward zero, and n/0 is 0 for them.
func Div[A, B Operand](a A, b B) *graph.Node { return binary(&divOp, a, b) }

var divOp graph.Op

func init() {
	define(&divOp, graph.Op{
		Name: "div", Doc: "a / b", Class: graph.Map, Arity: 2, Infer: numberMap,
		Kernel:     numbers2(vec.Div[float32], vec.Div[float64], vec.Div[int64]),
		Elementary: graph.ElementaryDiv,
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node { return Reciprocal(b) },
			func(a, b, y *graph.Node) *graph.Node { return Neg(Div(y, b)) }),
		Batch: batchMap,
		Cases: onInts(binaryCases(-2, 2, 0.5, 2), 2), BadCases: badFloat2,
	})
}

// Neg returns −x.
func Neg(x *graph.Node) *graph.Node { return unary(&negOp, x) }

var negOp graph.Op

func init() {
	define(&negOp, graph.Op{
		Name: "neg", Doc: "−x", Class: graph.Map, Cheap: true, Arity: 1, Infer: numberMap,
		Kernel:     numbers1(vec.Neg[float32], vec.Neg[float64], vec.Neg[int64]),
		Elementary: graph.ElementaryNeg,
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return like(x, -1) }),
		Batch:      batchMap,
		Cases:      onInts(unaryCases(-2, 2), 1), BadCases: badNumber1,
	})
}

// Abs returns |x|. Its derivative at 0 is 0.
func Abs(x *graph.Node) *graph.Node { return unary(&absOp, x) }

var absOp graph.Op

func init() {
	define(&absOp, graph.Op{
		Name: "abs", Doc: "|x|", Class: graph.Map, Cheap: true, Arity: 1, Infer: numberMap,
		Kernel:     numbers1(vec.Abs[float32], vec.Abs[float64], vec.Abs[int64]),
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Sign(x) }),
		Batch:      batchMap,
		Cases: append(append(unaryCases(0.1, 2), onInts(named("negative", unaryCases(-2, -0.1)), 1)...),
			graph.Case{Name: "zero", In: []graph.Arg{values([]float64{-1, 0, 1}, 3)}, Excuses: evenKink("−1 on one side, 1 on the other")}),
		BadCases: badNumber1,
	})
}

// Sign returns −1, 0 or 1 by the sign of x, and NaN for NaN.
func Sign(x *graph.Node) *graph.Node { return unary(&signOp, x) }

var signOp graph.Op

func init() {
	define(&signOp, graph.Op{
		Name: "sign", Doc: "−1, 0 or 1 by the sign of x", Class: graph.Map, Cheap: true, Arity: 1, Infer: numberMap,
		Kernel:     numbers1(vec.Sign[float32], vec.Sign[float64], vec.Sign[int64]),
		Derivative: isFlat,
		Batch:      batchMap,
		Cases: append(onInts(unaryCases(-2, 2), 1),
			graph.Case{Name: "zero", In: []graph.Arg{values([]float64{-1, 0, 1}, 3)}}),
		BadCases: badNumber1,
	})
}

// Square returns x².
func Square(x *graph.Node) *graph.Node { return unary(&squareOp, x) }

var squareOp graph.Op

func init() {
	define(&squareOp, graph.Op{
		Name: "square", Doc: "x²", Class: graph.Map, Cheap: true, Arity: 1, Infer: numberMap,
		Kernel:     numbers1(vec.Square[float32], vec.Square[float64], vec.Square[int64]),
		Elementary: graph.ElementarySquare,
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Mul(2, x) }),
		Batch:      batchMap,
		Cases:      onInts(unaryCases(-2, 2), 1), BadCases: badNumber1,
	})
}

// Sqrt returns √x, NaN where x < 0.
func Sqrt(x *graph.Node) *graph.Node { return unary(&sqrtOp, x) }

var sqrtOp graph.Op

func init() {
	define(&sqrtOp, graph.Op{
		Name: "sqrt", Doc: "√x", Class: graph.Map, Arity: 1, Infer: floatMap,
		Kernel:     floats1(vec.Sqrt[float32], vec.Sqrt[float64]),
		Elementary: graph.ElementarySqrt,
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Div(0.5, y) }),
		Batch:      batchMap,
		Cases:      unaryCases(0.5, 3), BadCases: badFloat1,
	})
}

// Rsqrt returns 1/√x.
func Rsqrt(x *graph.Node) *graph.Node { return Reciprocal(Sqrt(x)) }

// Cbrt returns the cube root, of either sign. Its derivative at 0 is +Inf.
func Cbrt(x *graph.Node) *graph.Node { return unary(&cbrtOp, x) }

// SlopeCbrt returns the n-th derivative of Cbrt, 1 ≤ n ≤ 15: an infinity at 0.
func SlopeCbrt(n int, x *graph.Node) *graph.Node { return apply(&slopeCbrtOp, orderAttrs{n}, x) }

var cbrtOp, slopeCbrtOp graph.Op

func init() {
	cases := append(unaryCases(0.5, 3), named("negative", unaryCases(-3, -0.5)[:1])...)
	define(&cbrtOp, smooth("cbrt", "cube root of x", floats1(vec.Cbrt[float32], vec.Cbrt[float64]),
		func(x, y *graph.Node) *graph.Node { return SlopeCbrt(1, x) }, cases))
	// An op, since the powers of y that quotients have leave the range where the derivatives do not.
	define(&slopeCbrtOp, derivatives(&slopeCbrtOp, "slope_cbrt", "derivative of the cube root of x",
		vec.SlopeCbrt[float32], vec.SlopeCbrt[float64], cases))
}

// Reciprocal returns 1/x.
func Reciprocal(x *graph.Node) *graph.Node { return unary(&reciprocalOp, x) }

var reciprocalOp graph.Op

func init() {
	define(&reciprocalOp, graph.Op{
		Name: "reciprocal", Doc: "1/x", Class: graph.Map, Arity: 1, Infer: floatMap,
		Kernel:     floats1(vec.Reciprocal[float32], vec.Reciprocal[float64]),
		Elementary: graph.ElementaryReciprocal,
		Derivative: d1(func(x, y *graph.Node) *graph.Node { return Neg(Square(y)) }),
		Batch:      batchMap,
		Cases:      unaryCases(0.5, 3), BadCases: badFloat1,
	})
}
