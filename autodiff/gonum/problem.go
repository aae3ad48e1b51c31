package gonum

import (
	"gonum.org/v1/gonum/optimize"

	"chainrule/autodiff"
	"chainrule/graph"
)

// Problem is NewObjective as gonum's optimisers take it: a function from an f64 vector of length n to an f64 scalar with
// its gradient and Hessian. What goes wrong in a run makes Func NaN and stops the optimiser, which gets the error from
// Status.
//
// Gonum measures the gradient by its largest magnitude, in the units of f over x, and stops where that is below
// Settings.GradientThreshold. Line searches compare values of f, which change by less than rounding, ε·|f|, where the
// gradient is below about √ε·|f|/|x|: choose the threshold above that. A tighter one is reached by luck. Without it a line
// search at the minimum finds no step that makes f less, and gonum reports "linesearch: failed to converge"
// (optimize.ErrLinesearcherFailure). The result that comes with the error is the best point that was found. Look at its
// gradient before you trust it: the same is said of a wrong gradient, and of a kink.
//
// BFGS and its like begin as steepest descent, which is slow where unknowns have different units: divide x by the sizes that
// it has, and f by its own, in the function. solve.Minimize and solve.LeastSquares depend on no units.
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
