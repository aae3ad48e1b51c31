package solve

import (
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/tree"
	"chainrule/ops"
)

// Fit is what LeastSquares has found. What is not used of it is not computed. All of it can be differentiated by the
// parameters of the problem, the numbers of steps and the ending aside.
type Fit[X any] struct {
	// X is the unknowns.
	X X
	// RSS is the sum of the squares of the residuals, a scalar in the square of their unit.
	RSS *graph.Node
	// Covariance is s²·(JᵀJ)⁻¹ [n, n], with the Jacobian J [m, n] of the residuals at X and s² = RSS/(m − n): the
	// covariance of the unknowns, in the units of two of them, as if the residuals were linear and came from errors of one
	// variance. It is NaN if there are as many unknowns as residuals.
	Covariance *graph.Node
	// Deviations are the standard deviations of the unknowns, the square roots of the covariance's diagonal, in their units.
	Deviations X
	// Steps is the number of steps, an i64 scalar.
	Steps *graph.Node
	// End is how it ended, an i64 scalar: the number of an Ending.
	End *graph.Node
}

// LeastSquares returns a function that finds the x at which the sum of the squares of the residuals f(p, x) is least, from
// an initial x. X is a tree of n floats of one type, which may have units of their own; f(p, x) is a tree of m ≥ n floats of
// that type, all in one unit, or each over its own error.
//
// It makes Levenberg–Marquardt steps. Each solves min ‖J·s + r‖² + λ‖D·s‖² for the Jacobian J of the residuals r, with the
// lengths of J's columns in D, so that no unit matters (Moré, The Levenberg–Marquardt algorithm, 1978), and is bent along
// the second derivative of r (Transtrum and Sethna, Improvements to the Levenberg–Marquardt algorithm, 2012). λ follows what
// steps gain (Nielsen, Damping parameter in Marquardt's method, 1999). Newton steps follow where these come to rest. J is
// dense, by forward or reverse mode, whichever takes fewer derivatives, and factored by QR, which does not square its
// condition. It is meant for up to some hundreds of unknowns, and for any number of residuals.
//
// What it finds is a local minimum that the residuals determine: r stands at a right angle to the columns of J, to √ε, or
// what is left of it is rounding; the columns are independent, as far as rounding lets that be told; and the sum curves up
// in all directions. Otherwise the run fails with a *ConvergenceError; of columns that depend on each other it names the
// unknowns. The derivative is the implicit one of Jᵀr = 0, by p alone: nodes that f uses from outside must be constants.
func LeastSquares[P, X, R any](f func(p P, x X) R, opts ...Option) func(p P, init X) Fit[X] {
	const op = "least_squares"
	need(op, f != nil, "the function is nil")
	s := newSolver(op, 2000, opts)
	residuals := func(p P, x X) *graph.Node { return ravel(op, f(p, x)) }
	slope := func(p P, x X) X {
		return autodiff.Grad(func(x X) *graph.Node { return ops.Mul(0.5, ops.Sum(ops.Square(residuals(p, x)))) },
			autodiff.AllowUnreachable())(x)
	}
	find := implicitFound(op, s.anyway, slope, func(p P, init X) found[X] {
		s := s
		s.unknowns = unknownsOf(tree.Leaves(init))
		r := func(v *graph.Node) *graph.Node { return residuals(p, treeFrom(v, init)) }
		x := ravel(op, init)
		m, n := r(x).Type().Size(), x.Type().Size()
		need(op, n > 0, "there is no unknown")
		need(op, m >= n, "%d residuals do not determine %d unknowns", m, n)
		s.needMoves(r, x)
		unit := ops.StopGradient(largest(r(x))) // squares of numbers near 1 do not overflow
		unit = orOne(ops.Where(finite(unit), unit, 1))
		scaled := func(v *graph.Node) *graph.Node { return ops.Div(r(v), unit) }
		end := s.settle(scaled, s.marquardt(scaled, x))
		return found[X]{treeFrom(s.checked(end), init), end.Steps, end.End}
	})
	return func(p P, init X) Fit[X] {
		got := find(p, init)
		x := ravel(op, got.X)
		r := func(v *graph.Node) *graph.Node { return residuals(p, treeFrom(v, init)) }
		fit := Fit[X]{X: got.X, RSS: ops.Sum(ops.Square(r(x))), Steps: got.Steps, End: got.End}
		fit.Covariance = s.covariance(r, x, fit.RSS)
		fit.Deviations = treeFrom(ops.Sqrt(ops.Diagonal(fit.Covariance)), init)
		return fit
	}
}

// covariance is s²·(JᵀJ)⁻¹ = s²·R⁻¹R⁻ᵀ for J = QR. If anyway is set, a J of dependent columns makes it NaN, and no error.
func (s solver) covariance(f func(x *graph.Node) *graph.Node, x, rss *graph.Node) *graph.Node {
	jac := autodiff.Jacobian(f)(x)
	m, n := jac.Shape()[0], jac.Shape()[1]
	scale := ops.StopGradient(columnNorms(jac))
	a := ops.Div(jac, scale)
	if s.anyway {
		_, r := ops.QR(ops.StopGradient(a))
		dependent := ops.Le(ops.Min(ops.Diagonal(r)), float64(16*n)*epsOf(x))
		rss = ops.Where(dependent, math.NaN(), rss)
		a = ops.Where(dependent, ops.Concat([]*graph.Node{eye(r), ops.Zeros(x.Graph(), x.DType(), m-n, n)}, 0), a)
	}
	_, r := ops.QR(a)
	half := ops.Div(back(r, eye(r)), ops.ExpandDims(scale, 1))
	variance := ops.Div(rss, float64(m-n))
	if m == n {
		variance = ops.Mul(math.NaN(), rss)
	}
	return ops.Mul(variance, ops.MatMul(half, ops.Transpose(half)))
}
