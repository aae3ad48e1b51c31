package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Minimum returns the smaller of a and b, elementwise with broadcasting, NaN if either is. Where they are equal
// each has half the derivative.
func Minimum[A, B Operand](a A, b B) *graph.Node { return binary(&minimumOp, a, b) }

// share is a's part of the derivative of y, the smaller or larger of a and b: 1 if it is a alone, ½ if both are equal, and
// 0/0 where y is NaN and equals nothing.
func share(a, b, y *graph.Node) *graph.Node {
	isA, isB := Cast(Eq(a, y), y.DType()), Cast(Eq(b, y), y.DType())
	return Div(isA, Add(isA, isB))
}

var minimumOp graph.Op

func init() {
	define(&minimumOp, graph.Op{
		Name: "minimum", Doc: "the smaller of a and b", Class: graph.Map, Cheap: true, Arity: 2, Infer: numberMap,
		Kernel: numbers2(vec.Minimum[float32], vec.Minimum[float64], vec.Minimum[int64]),
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node { return share(a, b, y) },
			func(a, b, y *graph.Node) *graph.Node { return share(b, a, y) }),
		Batch: batchMap,
		Cases: chosenCases(), BadCases: badFloat2,
	})
}

// Maximum returns the larger of a and b, elementwise with broadcasting, NaN if either is. Where they are equal
// each has half the derivative.
func Maximum[A, B Operand](a A, b B) *graph.Node { return binary(&maximumOp, a, b) }

var maximumOp graph.Op

func init() {
	define(&maximumOp, graph.Op{
		Name: "maximum", Doc: "the larger of a and b", Class: graph.Map, Cheap: true, Arity: 2, Infer: numberMap,
		Kernel: numbers2(vec.Maximum[float32], vec.Maximum[float64], vec.Maximum[int64]),
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node { return share(a, b, y) },
			func(a, b, y *graph.Node) *graph.Node { return share(b, a, y) }),
		Batch: batchMap,
		Cases: chosenCases(), BadCases: badFloat2,
	})
}

// chosenCases has operands clearly apart, both ways, and a tie, which is a kink.
func chosenCases() []graph.Case {
	cases := append(binaryCases(-2, 0, 0.1, 2), onInts(named("reversed", binaryCases(0.1, 2, -2, 0)), 2)...)
	tie := []float64{1, 2, -3}
	return append(cases, graph.Case{
		Name: "tie", In: []graph.Arg{values(tie, 3), values(tie, 3)}, Excuses: evenKink("another slope on either side of a tie"),
	})
}

// Clamp returns x held between lo and hi, elementwise with broadcasting; NaN stays NaN. The derivative by x is 1
// on the bounds as between them.
func Clamp[L, H Operand](x *graph.Node, lo L, hi H) *graph.Node {
	in := nodes(&clampOp, x, lo, hi)
	return apply(&clampOp, nil, in...)
}

var clampOp graph.Op

func init() {
	// The slopes are 0 and 1 by where x is, and 0·sign y is 0, or NaN where y is.
	slope := func(holds, y *graph.Node) *graph.Node { return Add(Cast(holds, y.DType()), Mul(0, Sign(y))) }
	inside := func(x []*graph.Node, y *graph.Node) *graph.Node {
		return slope(And(Ge(x[0], x[1]), Le(x[0], x[2])), y)
	}
	below := func(x []*graph.Node, y *graph.Node) *graph.Node {
		return slope(And(Lt(x[0], x[1]), Le(x[1], x[2])), y)
	}
	above := func(x []*graph.Node, y *graph.Node) *graph.Node {
		return slope(Or(Gt(x[0], x[2]), Gt(x[1], x[2])), y)
	}
	three := func(name string, lo, hi float64, shapes ...[]int) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{
			within(lo, hi, shapes[0]...), within(-1, -0.5, shapes[1]...), within(0.5, 1, shapes[2]...)}}
	}
	define(&clampOp, graph.Op{
		Name: "clamp", Doc: "x held between lo and hi", Class: graph.Map, Cheap: true, Arity: 3, Infer: numberMap,
		Kernel: byDType{
			f32: loop3(vec.Clamp[float32]), f64: loop3(vec.Clamp[float64]), i64: loop3(vec.Clamp[int64]),
		}.ofInput,
		Derivative: Scalar{inside, below, above},
		Batch:      batchMap,
		Cases: []graph.Case{
			three("inside", -0.4, 0.4, []int{3, 5}, nil, nil),
			three("below", -3, -1.1, []int{3, 5}, []int{5}, []int{3, 1}),
			three("above", 1.1, 3, []int{5}, []int{3, 5}, []int{5}),
			three("empty", -1, 1, []int{0, 2}, nil, []int{2}),
			{Name: "bounds", In: []graph.Arg{values([]float64{-1, 1}, 2), values([]float64{-1}), values([]float64{1})},
				Excuses: kink("0 on one side of a bound, 1 on the other")},
		},
		BadCases: []graph.BadCase{bad(nil, "convert one with Cast", f64(3), f32(), f64())},
	})
}
