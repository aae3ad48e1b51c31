package main

import (
	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// gradient gives a function's value and gradient, in one of the modes of differentiation.
type gradient[P any] func(f func(P) *graph.Node) func(P) (*graph.Node, P)

// reverseMode is autodiff.ValueAndGrad.
func reverseMode[P any](f func(P) *graph.Node) func(P) (*graph.Node, P) {
	return autodiff.ValueAndGrad(f)
}

// reverseNumber is reverseMode for functions of one number.
func reverseNumber(f func(*graph.Node) *graph.Node) func(*graph.Node) (*graph.Node, *graph.Node) {
	return reverseMode(f)
}

// forwardPoint is forward mode along both axes.
func forwardPoint(f func(point) *graph.Node) func(point) (*graph.Node, point) {
	return func(p point) (*graph.Node, point) {
		zero, one := p.X.Graph().Scalar(graph.Float64, 0), p.X.Graph().Scalar(graph.Float64, 1)
		value, dx := autodiff.JVP(f, p, point{one, zero})
		_, dy := autodiff.JVP(f, p, point{zero, one})
		return value, point{dx, dy}
	}
}

// forwardNumber is forward mode for functions of one number.
func forwardNumber(f func(*graph.Node) *graph.Node) func(*graph.Node) (*graph.Node, *graph.Node) {
	return func(x *graph.Node) (*graph.Node, *graph.Node) {
		return autodiff.JVP(f, x, x.Graph().Scalar(graph.Float64, 1))
	}
}

// point is a point or a vector in the plane, scalars each.
type point struct{ X, Y *graph.Node }

func (p point) plus(q point) point  { return point{ops.Add(p.X, q.X), ops.Add(p.Y, q.Y)} }
func (p point) minus(q point) point { return point{ops.Sub(p.X, q.X), ops.Sub(p.Y, q.Y)} }

// times is the product with a number.
func (p point) times(a *graph.Node) point { return point{ops.Mul(a, p.X), ops.Mul(a, p.Y)} }

// dot is the scalar product.
func (p point) dot(q point) *graph.Node { return ops.MulAdd(p.X, q.X, ops.Mul(p.Y, q.Y)) }

// space is how descent calculates with the points of a domain.
type space[P any] struct {
	minus func(p, q P) P
	times func(p P, a *graph.Node) P
	dot   func(p, q P) *graph.Node
	// where is p if the condition holds, else q.
	where func(c *graph.Node, p, q P) P
}

var plane = space[point]{point.minus, point.times, point.dot, func(c *graph.Node, p, q point) point {
	return point{ops.Where(c, p.X, q.X), ops.Where(c, p.Y, q.Y)}
}}

var line = space[*graph.Node]{
	ops.Sub[*graph.Node, *graph.Node], ops.Mul[*graph.Node, *graph.Node], ops.Mul[*graph.Node, *graph.Node],
	ops.Where[*graph.Node, *graph.Node],
}

// tolerance is the length of a gradient, or of a step, from which on down descent ends.
const tolerance = 1e-5

// argmin goes from the start against the gradient of f, η times as far as that is long. Steps to a point where f is not
// smaller are not made, and halve η; after ten that are made, one after the other, it doubles.
func argmin[P any](s space[P], f func(P) *graph.Node, grad gradient[P], start P) P {
	type state struct {
		At              P
		Value           *graph.Node
		Gradient        P
		Rate, Successes *graph.Node
	}
	both := grad(f)
	value, slope := both(start)
	number := func(x float64) *graph.Node { return value.Graph().Scalar(graph.Float64, x) }
	longer := func(p P) *graph.Node { return ops.Gt(ops.Sqrt(s.dot(p, p)), tolerance) }
	next := func(c state) P { return s.minus(c.At, s.times(c.Gradient, c.Rate)) }

	goesOn := func(c state) *graph.Node {
		return ops.And(longer(c.Gradient), longer(s.minus(c.At, next(c))))
	}
	step := func(c state) state {
		to := next(c)
		value, slope := both(to)
		better := ops.Lt(value, c.Value)
		successes := ops.Add(c.Successes, 1)
		ten := ops.Ge(successes, 10)
		return state{
			At:        s.where(better, to, c.At),
			Value:     ops.Where(better, value, c.Value),
			Gradient:  s.where(better, slope, c.Gradient),
			Rate:      ops.Mul(c.Rate, ops.Where(better, ops.Where(ten, number(2), number(1)), number(0.5))),
			Successes: ops.Where(ops.And(better, ops.Not(ten)), successes, number(0)),
		}
	}
	end := autodiff.While(goesOn, step, state{start, value, slope, number(1e-5), number(0)}, autodiff.RecordAllSteps())
	return end.At
}
