package main

import (
	"errors"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// ode is a system of differential equations solved by the method of Runge and Kutta.
var ode = module{
	"primal":   planned(func(in odeInput) (plan, error) { return in.plan(in.solution) }),
	"gradient": planned(func(in odeInput) (plan, error) { return in.plan(autodiff.Grad(in.last)) }),
}

type odeInput struct {
	runs
	X []float64 `json:"x"`
	S int       `json:"s"`
}

// solution is y [n] at the time 2, with y = 0 at the time 0 and y′ = slope(x, y), by s steps of the classical method of
// order 4.
func (in odeInput) solution(x *graph.Node) *graph.Node {
	h := 2 / float64(in.S)
	step := func(_, y *graph.Node) *graph.Node {
		k1 := slope(x, y)
		k2 := slope(x, ops.Add(y, ops.Mul(h/2, k1)))
		k3 := slope(x, ops.Add(y, ops.Mul(h/2, k2)))
		k4 := slope(x, ops.Add(y, ops.Mul(h, k3)))
		sum := ops.Add(ops.Add(k1, k4), ops.Mul(2, ops.Add(k2, k3)))
		return ops.Add(y, ops.Mul(h/6, sum))
	}
	return autodiff.For(in.S, step, ops.Mul(0, x))
}

// slope is x₀, x₁y₀, …, xₙ₋₁yₙ₋₂.
func slope(x, y *graph.Node) *graph.Node {
	one := ops.BroadcastTo(x.Graph().Scalar(graph.Float64, 1), 1)
	before := ops.Concat([]*graph.Node{one, ops.Slice(y, ops.Range{Stop: -1})}, 0)
	return ops.Mul(x, before)
}

// last is the last element of the solution.
func (in odeInput) last(x *graph.Node) *graph.Node {
	return ops.Reshape(ops.Slice(in.solution(x), ops.At(-1)))
}

func (in odeInput) plan(f any) (plan, error) {
	if len(in.X) == 0 || in.S < 1 {
		return plan{}, errors.New("there are no unknowns, or no steps")
	}
	if err := fits(len(in.X), in.S, 4); err != nil { // what reverse mode keeps
		return plan{}, err
	}
	return plan{f, []any{in.X}, flat}, nil
}
