package main

import (
	"errors"

	"chainrule/graph"
	"chainrule/ops"
)

// saddle is a saddle point, found by a descent within a descent. The first letter of a function is the mode of the
// outer derivative, the second that of the inner.
var saddle = module{
	"rr": planned(func(in saddleInput) (plan, error) { return in.plan(reverseMode[point], reverseMode[point]) }),
	"rf": planned(func(in saddleInput) (plan, error) { return in.plan(reverseMode[point], forwardPoint) }),
	"fr": planned(func(in saddleInput) (plan, error) { return in.plan(forwardPoint, reverseMode[point]) }),
	"ff": planned(func(in saddleInput) (plan, error) { return in.plan(forwardPoint, forwardPoint) }),
}

type saddleInput struct {
	runs
	Start []float64 `json:"start"`
}

// height is ‖p‖² − ‖q‖².
func height(p, q point) *graph.Node { return ops.Sub(p.dot(p), q.dot(q)) }

// saddlePoint is the p where the largest height over q is least, and the q where the height is largest for that p. All
// descents begin at the same point.
func saddlePoint(outer, inner gradient[point], start point) (p, q point) {
	highest := func(p point) point {
		return argmin(plane, func(q point) *graph.Node { return ops.Neg(height(p, q)) }, inner, start)
	}
	p = argmin(plane, func(p point) *graph.Node { return height(p, highest(p)) }, outer, start)
	return p, highest(p)
}

func (in saddleInput) plan(outer, inner gradient[point]) (plan, error) {
	if len(in.Start) != 2 {
		return plan{}, errors.New("a start has two coordinates")
	}
	f := func(x, y *graph.Node) (p, q point) { return saddlePoint(outer, inner, point{x, y}) }
	return plan{f, []any{in.Start[0], in.Start[1]}, allFlat}, nil
}
