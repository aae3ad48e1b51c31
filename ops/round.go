package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Floor returns the greatest integer not above x, as a float.
func Floor(x *graph.Node) *graph.Node { return unary(&floorOp, x) }

// Ceil returns the least integer not below x, as a float.
func Ceil(x *graph.Node) *graph.Node { return unary(&ceilOp, x) }

// Round returns the nearest integer, as a float, the even one of two.
func Round(x *graph.Node) *graph.Node { return unary(&roundOp, x) }

// Trunc returns x without its fraction.
func Trunc(x *graph.Node) *graph.Node { return unary(&truncOp, x) }

var floorOp, ceilOp, roundOp, truncOp graph.Op

func init() {
	cases := append(unaryCases(-4, 4),
		graph.Case{Name: "halves", In: []graph.Arg{values([]float64{-1.5, -0.5, 0, 0.5, 1, 1.5, 2.5}, 7)}})
	define(&floorOp, flat("floor", "greatest integer not above x", floats1(vec.Floor[float32], vec.Floor[float64]), cases))
	define(&ceilOp, flat("ceil", "least integer not below x", floats1(vec.Ceil[float32], vec.Ceil[float64]), cases))
	define(&roundOp, flat("round", "nearest integer, halves to even", floats1(vec.Round[float32], vec.Round[float64]), cases))
	define(&truncOp, flat("trunc", "x without its fraction", floats1(vec.Trunc[float32], vec.Trunc[float64]), cases))
}

// Mod returns the remainder a − b·trunc(a/b), elementwise with broadcasting: it has the sign of a, as math.Mod and
// Go's % have it. For integers n mod 0 is 0. Where a/b is an integer, a jump, the derivatives are those of one side.
func Mod[A, B Operand](a A, b B) *graph.Node { return binary(&modOp, a, b) }

// FloorMod returns the remainder a − b·floor(a/b), elementwise with broadcasting: it has the sign of b, as Python's %
// has it, that of a zero too, and brings angles to 0 … 2π. For integers n mod 0 is 0. Where a/b is an integer, a jump,
// the derivatives are those of one side.
func FloorMod[A, B Operand](a A, b B) *graph.Node { return binary(&floorModOp, a, b) }

var modOp, floorModOp graph.Op

func init() {
	define(&modOp, remainder("mod", "a − b·trunc(a/b), with the sign of a",
		numbers2(vec.Mod[float32], vec.Mod[float64], vec.Mod[int64])))
	define(&floorModOp, remainder("floor_mod", "a − b·floor(a/b), with the sign of b",
		numbers2(vec.FloorMod[float32], vec.FloorMod[float64], vec.FloorMod[int64])))
}

// remainder is the record that Mod and FloorMod share.
func remainder(name, doc string, kernel bind) graph.Op {
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Map, Arity: 2, Infer: numberMap, Kernel: kernel,
		Derivative: d2(
			func(a, b, y *graph.Node) *graph.Node { return like(y, 1) },
			func(a, b, y *graph.Node) *graph.Node { return Round(Div(Sub(y, a), b)) }), // the quotient is an integer
		Batch: batchMap,
		Cases: onInts(append(binaryCases(5.3, 5.5, 2, 2.5), graph.Case{Name: "signs", In: []graph.Arg{
			values([]float64{7.5, -7.5, 7.5, -7.5}, 4), values([]float64{2, 2, -2, -2}, 4)}}), 2),
		BadCases: badFloat2,
	}
}
