package ops

import (
	"math"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

const isTest = NonDiff("its result is a truth value")

// comparison is the record that the six comparisons share.
func comparison(name, doc string, e graph.Elementary, kernel bind) graph.Op {
	tie := []float64{-1, 0, 1}
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Map, Cheap: true, Arity: 2, Infer: compareMap, Kernel: kernel, Derivative: isTest,
		Elementary: e,
		Batch:      batchMap,
		Cases: append(onInts(binaryCases(-2, 2, -2, 2), 2),
			graph.Case{Name: "tie", In: []graph.Arg{values(tie, 3), values([]float64{0, 0, 0}, 3)}}),
		BadCases: badFloat2,
	}
}

// Eq returns a == b as a bool, elementwise with broadcasting; NaN equals nothing.
func Eq[A, B Operand](a A, b B) *graph.Node { return binary(&eqOp, a, b) }

// Ne returns a != b as a bool, elementwise with broadcasting.
func Ne[A, B Operand](a A, b B) *graph.Node { return binary(&neOp, a, b) }

// Lt returns a < b as a bool, elementwise with broadcasting.
func Lt[A, B Operand](a A, b B) *graph.Node { return binary(&ltOp, a, b) }

// Le returns a ≤ b as a bool, elementwise with broadcasting.
func Le[A, B Operand](a A, b B) *graph.Node { return binary(&leOp, a, b) }

// Gt returns a > b as a bool, elementwise with broadcasting.
func Gt[A, B Operand](a A, b B) *graph.Node { return binary(&gtOp, a, b) }

// Ge returns a ≥ b as a bool, elementwise with broadcasting.
func Ge[A, B Operand](a A, b B) *graph.Node { return binary(&geOp, a, b) }

var eqOp, neOp, ltOp, leOp, gtOp, geOp graph.Op

func init() {
	define(&eqOp, comparison("eq", "a == b", graph.ElementaryEq, numbers2(vec.Eq[float32], vec.Eq[float64], vec.Eq[int64])))
	define(&neOp, comparison("ne", "a != b", graph.ElementaryNe, numbers2(vec.Ne[float32], vec.Ne[float64], vec.Ne[int64])))
	define(&ltOp, comparison("lt", "a < b", graph.ElementaryLt, numbers2(vec.Lt[float32], vec.Lt[float64], vec.Lt[int64])))
	define(&leOp, comparison("le", "a ≤ b", graph.ElementaryLe, numbers2(vec.Le[float32], vec.Le[float64], vec.Le[int64])))
	define(&gtOp, comparison("gt", "a > b", graph.ElementaryGt, numbers2(vec.Gt[float32], vec.Gt[float64], vec.Gt[int64])))
	define(&geOp, comparison("ge", "a ≥ b", graph.ElementaryGe, numbers2(vec.Ge[float32], vec.Ge[float64], vec.Ge[int64])))
}

// IsNaN returns whether x is NaN, as a bool.
func IsNaN(x *graph.Node) *graph.Node { return Ne(x, x) }

// IsFinite returns whether x is neither infinite nor NaN, as a bool.
func IsFinite(x *graph.Node) *graph.Node { return Lt(Abs(x), math.Inf(1)) }
