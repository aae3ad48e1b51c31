package autodiff

import (
	"chainrule/graph"
	"chainrule/ops"
)

// The solvers behind implicit functions, on vectors. Their steps are not differentiated.

// largest is the largest magnitude in x, 0 if there is none.
func largest(x *graph.Node) *graph.Node {
	if x.Type().Size() == 0 {
		return x.Graph().Scalar(x.DType(), 0)
	}
	return ops.Max(ops.Abs(x))
}

// near reports whether the step from last to x is within the tolerance. It is true for a NaN, at which no step helps.
func (s solver) near(x, last *graph.Node) *graph.Node {
	return ops.Not(ops.Gt(largest(ops.Sub(x, last)), ops.Mul(s.tol(x), ops.Add(1, largest(x)))))
}

// newton finds x with f(x) = 0.
func (s solver) newton(f func(*graph.Node) *graph.Node, x *graph.Node) *graph.Node {
	type state struct{ X, R, Near *graph.Node }
	start := f(x)
	end := While(
		func(c state) *graph.Node { return ops.Not(c.Near) },
		func(c state) state {
			step := ops.Neg(ops.Solve(Jacobian(f)(c.X), c.R))
			size := ops.Sum(ops.Square(c.R))
			t := backtrack(ops.FullLike(size, 1), func(t *graph.Node) *graph.Node {
				return ops.Lt(ops.Sum(ops.Square(f(ops.Add(c.X, ops.Mul(t, step))))), size)
			})
			next := ops.Add(c.X, ops.Mul(t, step))
			return state{next, f(next), s.near(next, c.X)}
		},
		state{x, start, ops.Eq(largest(start), 0)}, MaxSteps(s.steps))
	return end.X
}

// backtrack halves the step t until it is good, but not below 2⁻³⁰.
func backtrack(t *graph.Node, good func(t *graph.Node) *graph.Node) *graph.Node {
	return While(
		func(t *graph.Node) *graph.Node { return ops.And(ops.Not(good(t)), ops.Gt(t, 0x1p-30)) },
		func(t *graph.Node) *graph.Node { return ops.Mul(t, 0.5) }, t)
}

// bfgs finds a minimum of f. It keeps an approximation h of the inverse of the Hessian.
func (s solver) bfgs(f func(*graph.Node) *graph.Node, x *graph.Node) *graph.Node {
	type state struct{ X, Value, Slope, H, Near *graph.Node }
	n := x.Type().Size()
	eye := ops.Eye(x.Graph(), x.DType(), n)
	value, slope := ValueAndGrad(f)(x)
	start := ops.Div(eye, ops.Add(1, ops.Sqrt(ops.Sum(ops.Square(slope))))) // first steps are no longer than 1
	end := While(
		func(c state) *graph.Node { return ops.Not(c.Near) },
		func(c state) state {
			step := ops.Neg(ops.MatMul(c.H, c.Slope))
			descent := ops.Sum(ops.Mul(step, c.Slope))
			t := backtrack(ops.FullLike(c.Value, 1), func(t *graph.Node) *graph.Node {
				bound := ops.Add(c.Value, ops.Mul(ops.Mul(1e-4, t), descent)) // Armijo
				return ops.Le(f(ops.Add(c.X, ops.Mul(t, step))), bound)
			})
			next := ops.Add(c.X, ops.Mul(t, step))
			value, slope := ValueAndGrad(f)(next)
			h := updated(c.H, eye, ops.Sub(next, c.X), ops.Sub(slope, c.Slope))
			return state{next, value, slope, h, s.near(next, c.X)}
		},
		state{x, value, slope, start, ops.Eq(largest(slope), 0)}, MaxSteps(s.steps))
	return end.X
}

// updated is the BFGS update of the inverse Hessian h for a step and the change y of the slope over it,
//
//	(I − ρ·s·yᵀ) h (I − ρ·y·sᵀ) + ρ·s·sᵀ with ρ = 1/(yᵀs),
//
// or h where the function is not convex along the step.
func updated(h, eye, s, y *graph.Node) *graph.Node {
	sy := ops.Sum(ops.Mul(s, y))
	convex := ops.Gt(sy, 0)
	rho := ops.Div(1, ops.Where(convex, sy, 1))
	left := ops.Sub(eye, ops.Mul(rho, outer(s, y)))
	next := ops.Add(ops.MatMul(ops.MatMul(left, h), ops.Transpose(left)), ops.Mul(rho, outer(s, s)))
	return ops.Where(convex, next, h)
}

func outer(a, b *graph.Node) *graph.Node { return ops.Mul(ops.ExpandDims(a, 1), ops.ExpandDims(b, 0)) }
