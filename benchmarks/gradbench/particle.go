package main

import (
	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// particle is how to place a charge so that a moving one comes through the origin. The first letter of a function is
// the mode of the derivative that the descent follows, the second that of the force.
var particle = module{
	"rr": planned(func(in particleInput) (plan, error) { return in.plan(reverseNumber, reverseMode[point]) }),
	"rf": planned(func(in particleInput) (plan, error) { return in.plan(reverseNumber, forwardPoint) }),
	"fr": planned(func(in particleInput) (plan, error) { return in.plan(forwardNumber, reverseMode[point]) }),
	"ff": planned(func(in particleInput) (plan, error) { return in.plan(forwardNumber, forwardPoint) }),
}

type particleInput struct {
	runs
	W float64 `json:"w"`
}

// mostSteps is when a particle that does not come to the axis is given up, which is an error: many fly off for ever.
const mostSteps = 1_000_000

// miss is the square of the place where the particle crosses the axis y = 0, with charges at (10, 10−w) and (10, 0). It
// starts at (0, 8) with the velocity (0.75, 0) and is moved by Euler's method; its last step is cut off at the axis.
func miss(w *graph.Node, grad gradient[point]) *graph.Node {
	number := func(x float64) *graph.Node { return w.Graph().Scalar(graph.Float64, x) }
	charges := []point{{number(10), ops.Sub(10, w)}, {number(10), number(0)}}
	potential := func(at point) *graph.Node {
		return ops.Add(ops.Reciprocal(between(at, charges[0])), ops.Reciprocal(between(at, charges[1])))
	}
	dt := number(0.1)
	type motion struct{ At, Velocity point }
	moved := func(m motion) point { return m.At.plus(m.Velocity.times(dt)) }

	end := autodiff.While(func(m motion) *graph.Node {
		return ops.Gt(moved(m).Y, 0)
	}, func(m motion) motion {
		_, slope := grad(potential)(m.At)
		return motion{moved(m), m.Velocity.minus(slope.times(dt))}
	}, motion{point{number(0), number(8)}, point{number(0.75), number(0)}}, autodiff.MaxSteps(mostSteps))

	beyond := moved(end)
	rest := ops.Neg(ops.Div(beyond.Y, end.Velocity.Y))
	return ops.Square(ops.MulAdd(rest, end.Velocity.X, beyond.X))
}

// between is the distance of two points.
func between(p, q point) *graph.Node { return ops.Sqrt(p.minus(q).dot(p.minus(q))) }

func (in particleInput) plan(outer gradient[*graph.Node], inner gradient[point]) (plan, error) {
	f := func(w *graph.Node) *graph.Node {
		return argmin(line, func(w *graph.Node) *graph.Node { return miss(w, inner) }, outer, w)
	}
	return plan{f, []any{in.W}, number}, nil
}
