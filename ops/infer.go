package ops

import (
	"errors"
	"fmt"

	"chainrule/graph"
)

// The shape rules that ops share.

type inferFunc = func(in []*graph.Node, attrs any) (graph.Type, error)

func isFloat(d graph.DType) bool     { return d.IsFloat() }
func isNumber(d graph.DType) bool    { return d != graph.Bool }
func isBool(d graph.DType) bool      { return d == graph.Bool }
func isAnything(graph.DType) bool    { return true }
func kindError(want string) error    { return errors.New("wants " + want) }
func same(d graph.DType) graph.DType { return d }
func toBool(graph.DType) graph.DType { return graph.Bool }

// elementwise is the rule of a Map: equal element types that ok accepts, and shapes that broadcast. The result's
// element type is result's of theirs.
func elementwise(ok func(graph.DType) bool, want string, result func(graph.DType) graph.DType) inferFunc {
	return func(in []*graph.Node, _ any) (graph.Type, error) {
		t := in[0].Type()
		if !ok(t.DType) {
			return t, kindError(want)
		}
		for _, x := range in[1:] {
			if x.DType() != t.DType {
				return t, fmt.Errorf("element types %v and %v differ: convert one with Cast", t.DType, x.DType())
			}
			shape, err := graph.BroadcastShapes(t.Shape, x.Shape())
			if err != nil {
				return t, err
			}
			t.Shape = shape
		}
		t.DType = result(t.DType)
		return t, nil
	}
}

var (
	floatMap   = elementwise(isFloat, "f32 or f64", same)
	numberMap  = elementwise(isNumber, "numbers, not bool", same)
	logicalMap = elementwise(isBool, "bool", same)
	compareMap = elementwise(isNumber, "numbers, not bool", toBool)
)

// mustExist panics with an *Error if an operand is nil.
func mustExist(op string, operands ...*graph.Node) {
	for _, x := range operands {
		if x == nil {
			graph.Fail(op, nil, "an input is nil")
		}
	}
}

// normalAxis maps an axis in −rank … rank−1 to 0 … rank−1.
func normalAxis(axis, rank int) (int, error) {
	if axis < -rank || axis >= rank {
		return 0, fmt.Errorf("axis %d is out of range for rank %d", axis, rank)
	}
	if axis < 0 {
		axis += rank
	}
	return axis, nil
}

// mustBeAxis maps an axis of x in −rank … rank−1 to 0 … rank−1, and panics with an *Error on others.
func mustBeAxis(op string, axis int, x *graph.Node) int {
	a, err := normalAxis(axis, x.Rank())
	if err != nil {
		graph.Fail(op, []*graph.Node{x}, "%v", err)
	}
	return a
}

// normalAxes maps a list of axes likewise, sorted; no axes mean all. Repeated ones are refused.
func normalAxes(op *graph.Op, x *graph.Node, axes []int) []int {
	mustExist(op.Name, x)
	rank := x.Rank()
	used := make([]bool, rank)
	for _, a := range axes {
		a = mustBeAxis(op.Name, a, x)
		if used[a] {
			graph.Fail(op.Name, []*graph.Node{x}, "axis %d is named twice", a)
		}
		used[a] = true
	}
	var sorted []int
	for a := range rank {
		if used[a] || len(axes) == 0 {
			sorted = append(sorted, a)
		}
	}
	return sorted
}
