package main

import (
	"errors"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// lse is log Σ exp x and its gradient.
var lse = module{
	"primal":   planned(func(in lseInput) (plan, error) { return in.plan(logSumExp, number) }),
	"gradient": planned(func(in lseInput) (plan, error) { return in.plan(autodiff.Grad(logSumExp), flat) }),
}

type lseInput struct {
	runs
	X []float64 `json:"x"`
}

// logSumExp is a + log Σ exp(x − a), where a is the largest x: without it exp would overflow. The result is the same
// for every a, so its derivative by a is zero, and a counts as a constant.
func logSumExp(x *graph.Node) *graph.Node {
	a := ops.StopGradient(ops.Max(x))
	return ops.Add(a, ops.Log(ops.Sum(ops.Exp(ops.Sub(x, a)))))
}

func (in lseInput) plan(f any, output func([]result) any) (plan, error) {
	if len(in.X) == 0 {
		return plan{}, errors.New("x is empty")
	}
	return plan{f, []any{in.X}, output}, nil
}
