package ops

import (
	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

const isTest = NonDiff("its result is a truth value")

// comparison is the record that the six comparisons share.
func comparison(name, doc string, e graph.Elementary, kernel bind) graph.Op {
	tie := []float64{-1, 0, 1}
	return graph.Op{
		Name: name, Doc: doc, Class: graph.Map, Arity: 2, Infer: compareMap, Kernel: kernel, Derivative: isTest,
		Elementary: e,
		Batch:      batchMap,
		Cases: append(onInts(binaryCases(-2, 2, -2, 2), 2),
			graph.Case{Name: "tie", In: []graph.Arg{values(tie, 3), values([]float64{0, 0, 0}, 3)}}),
		BadCases: badFloat2,
	}
}

// Eq returns a == b as a bool, elementwise with broadcasting; NaN equals nothing.
func Eq[A, B Operand](a A, b B) *graph.Node { return binary(&eqOp, a, b) }

var eqOp graph.Op

func init() {
	define(&eqOp, comparison("eq", "a == b", graph.ElementaryEq, compares(vec.Eq[float32], vec.Eq[float64], vec.Eq[int64])))
}

// Ne returns a != b as a bool, elementwise with broadcasting.
func Ne[A, B Operand](a A, b B) *graph.Node { return binary(&neOp, a, b) }

var neOp graph.Op

func init() {
	define(&neOp, comparison("ne", "a != b", graph.ElementaryNe, compares(vec.Ne[float32], vec.Ne[float64], vec.Ne[int64])))
}

// Lt returns a < b as a bool, elementwise with broadcasting.
func Lt[A, B Operand](a A, b B) *graph.Node { return binary(&ltOp, a, b) }

var ltOp graph.Op

func init() {
	define(&ltOp, comparison("lt", "a < b", graph.ElementaryLt, compares(vec.Lt[float32], vec.Lt[float64], vec.Lt[int64])))
}

// Le returns a ≤ b as a bool, elementwise with broadcasting.
func Le[A, B Operand](a A, b B) *graph.Node { return binary(&leOp, a, b) }

var leOp graph.Op

func init() {
	define(&leOp, comparison("le", "a ≤ b", graph.ElementaryLe, compares(vec.Le[float32], vec.Le[float64], vec.Le[int64])))
}

// Gt returns a > b as a bool, elementwise with broadcasting.
func Gt[A, B Operand](a A, b B) *graph.Node { return binary(&gtOp, a, b) }

var gtOp graph.Op

func init() {
	define(&gtOp, comparison("gt", "a > b", graph.ElementaryGt, compares(vec.Gt[float32], vec.Gt[float64], vec.Gt[int64])))
}

// Ge returns a ≥ b as a bool, elementwise with broadcasting.
func Ge[A, B Operand](a A, b B) *graph.Node { return binary(&geOp, a, b) }

var geOp graph.Op

func init() {
	define(&geOp, comparison("ge", "a ≥ b", graph.ElementaryGe, compares(vec.Ge[float32], vec.Ge[float64], vec.Ge[int64])))
}
