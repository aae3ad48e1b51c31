package gonum

import (
	"gonum.org/v1/gonum/optimize"

	"chainrule/autodiff"
	"chainrule/graph"
)

// Problem is NewObjective as gonum's optimisers take it: a function from an f64 vector of length n to an f64 scalar with
// its gradient and Hessian. What goes wrong in a run makes Func NaN and stops the optimiser, which gets the error from
// Status.
func Problem(f func(x *graph.Node) *graph.Node, n int, opts ...autodiff.MatrixOption) (optimize.Problem, error) {
	o, err := NewObjective(f, n, opts...)
	if err != nil {
		return optimize.Problem{}, err
	}
	return optimize.Problem{Func: o.Func, Grad: o.Grad, Hess: o.Hess, Status: func() (optimize.Status, error) {
		if err := o.Err(); err != nil {
			return optimize.Failure, err
		}
		return optimize.NotTerminated, nil
	}}, nil
}
