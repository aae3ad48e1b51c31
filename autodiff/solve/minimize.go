package solve

import (
	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Minimising, by Newton steps in the coordinates in which the Hessian has a diagonal of ones, so that nothing depends on the
// units of unknowns or of the cost.

// curve is a Hessian in those coordinates, D·x with Dᵢᵢ² = |Hᵢᵢ|: V·diag(W)·Vᵀ.
type curve struct{ W, V, D *graph.Node }

// curveOf takes a Hessian apart. Where an unknown has no curvature of its own, its slope over its size stands for it.
func curveOf(hess, slope, x *graph.Node) curve {
	diag := ops.Abs(ops.Diagonal(hess))
	flat := ops.Div(ops.Abs(slope), orOne(ops.Abs(x)))
	d := orOne(ops.Sqrt(ops.Where(ops.Eq(diag, 0), flat, diag)))
	a := ops.Div(hess, ops.Mul(ops.ExpandDims(d, 0), ops.ExpandDims(d, 1)))
	w, v := ops.Eigh(ops.Where(finite(a), a, ops.Eye(x.Graph(), x.DType(), x.Type().Size())))
	return curve{w, v, d}
}

// descend finds where f is about as small as rounding lets it be, or no step makes it smaller. Directions of negative
// curvature are gone down as if it were positive (Nocedal and Wright, Numerical optimization, 2006, section 3.4), and steps
// are made shorter by adding to all curvatures (Levenberg 1944, Marquardt 1963). It returns how large the unknowns have
// been, too.
func (s solver) descend(f func(*graph.Node) *graph.Node, x *graph.Node) (end outcome, size *graph.Node) {
	type state struct{ X, F, Size, Mu, End, N *graph.Node }
	type trial struct{ Mu, X, F, Gain, Good, N *graph.Node } // Gain is what it brought, as a part of what it was to bring
	s.needMoves(f, x)
	tol, eps, n := s.tol(x), epsOf(x), float64(x.Type().Size())
	value, slope := autodiff.ValueAndGrad(f)(x)
	wild := ops.Not(ops.And(ops.And(finite(value), finite(x)), finite(slope)))
	last := repeat(s,
		func(c state) *graph.Node { return is(c.End, running) },
		func(c state) state {
			slope, hess := autodiff.Grad(f)(c.X), autodiff.Hessian(f)(c.X)
			at := curveOf(hess, slope, c.X)
			along := ops.MatMul(ops.Transpose(at.V), ops.Div(slope, at.D)) // the slope along the directions
			bend := ops.Where(ops.Lt(at.W, 0), ops.Mul(-0.25, at.W), at.W)
			bend = ops.Maximum(bend, ops.Mul(eps*n, largest(bend)))
			step := func(mu *graph.Node) *graph.Node {
				return ops.Neg(ops.Div(ops.MatMul(at.V, ops.Div(along, ops.Add(bend, mu))), at.D))
			}
			falls := ops.Sum(ops.Div(ops.Square(along), bend)) // twice what the whole step is to bring
			whole := step(x.Graph().Scalar(x.DType(), 0))
			ends := ops.Or(ops.Le(falls, ops.Mul(eps, ops.Abs(c.F))), within(tol, c.Size, whole))
			try := func(mu *graph.Node) trial {
				by := step(mu)
				part := ops.Div(along, ops.Add(bend, mu))
				model := ops.Sum(ops.Mul(part, ops.Sub(along, ops.Mul(0.5, ops.Mul(at.W, part)))))
				next := ops.Add(c.X, by)
				value := f(next)
				bound := ops.Add(c.F, ops.Mul(0.1, ops.Sum(ops.Mul(by, slope)))) // Armijo
				return trial{Mu: mu, X: next, F: value, Gain: ops.Div(ops.Sub(c.F, value), model),
					Good: ops.And(ops.Le(value, bound), ops.Lt(value, c.F))}
			}
			near := ops.And(ops.Gt(ops.Min(at.W), 1e-4), within(0.01, c.X, whole)) // where f is a quadratic function, or nearly
			first := try(ops.Where(near, 0, c.Mu))
			first.N = zero(x)
			end := autodiff.While(
				func(c trial) *graph.Node { return ops.And(ops.Not(c.Good), ops.Lt(c.N, 40)) },
				func(t trial) trial {
					next := try(ops.Maximum(ops.Mul(4, t.Mu), ops.Where(ops.Gt(t.Mu, 0), 1e-3, c.Mu)))
					next.N = ops.Add(t.N, 1)
					return next
				}, first, autodiff.LoopName(s.name))
			mu := ops.Where(ops.Gt(end.Mu, 0), end.Mu, c.Mu)
			moves := ops.And(end.Good, ops.Not(ends))
			next := state{X: ops.Where(moves, end.X, c.X), F: ops.Where(moves, end.F, c.F),
				Mu: ops.Where(ops.Gt(end.Gain, 0.5), ops.Mul(0.5, mu), mu)}
			next.Size = larger(c.Size, next.X)
			next.End = endOf(x, running, when{ops.Not(finite(hess)), notFinite}, when{ops.Not(moves), good})
			return next
		},
		func(c *state) **graph.Node { return &c.N },
		state{x, value, ops.Abs(x), x.Graph().Scalar(x.DType(), 10), endOf(x, running, when{wild, notFinite}), zero(x)})
	why := ops.Where(is(last.End, running), code(x, stepsUsed), last.End)
	return outcome{X: last.X, Residual: largest(autodiff.Grad(f)(last.X)), End: why, Steps: last.N}, last.Size
}

// isMinimum says what end a point without slope is by its Hessian: a minimum if it is positive definite, as far as rounding
// lets that be told.
func isMinimum(hess *graph.Node) *graph.Node {
	diag := ops.Diagonal(hess)
	at := curveOf(hess, diag, diag)
	n := float64(hess.Shape()[0])
	least, most := ops.Min(at.W), largest(at.W)
	edge := ops.Mul(16*n*epsOf(hess), most)
	return endOf(diag, good,
		when{ops.Or(ops.Any(ops.Lt(diag, 0)), ops.Lt(least, ops.Neg(edge))), noMinimum},
		when{ops.Or(ops.Any(ops.Eq(diag, 0)), ops.Not(ops.Gt(least, edge))), notDetermined})
}
