package autodiff

import (
	"math"

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

// near reports whether a step is within the tolerance at x.
func (s solver) near(x, step *graph.Node) *graph.Node {
	return ops.Lt(largest(step), ops.Mul(s.tol(x), ops.Add(1, largest(x)))) // so that ∞ is near nothing
}

// isNaN reports whether a number is one at which no step helps.
func isNaN(x *graph.Node) *graph.Node { return ops.Ne(x, x) }

// repeat makes steps as long as more holds, but no more than the solver may. It counts them in the state.
func repeat[S any](s solver, more func(S) *graph.Node, step func(S) S, count func(*S) **graph.Node, init S) S {
	return While(
		func(c S) *graph.Node { return ops.And(more(c), ops.Lt(*count(&c), s.steps)) },
		func(c S) S {
			next := step(c)
			*count(&next) = ops.Add(*count(&c), 1)
			return next
		}, init, calledBy(s.name))
}

// iterate finds x = f(x) by f alone.
func (s solver) iterate(f func(*graph.Node) *graph.Node, x *graph.Node) outcome {
	type state struct{ X, Last, N *graph.Node }
	change := func(c state) *graph.Node { return ops.Sub(c.X, c.Last) }
	end := repeat(s,
		func(c state) *graph.Node {
			return ops.Not(ops.Or(s.near(c.X, change(c)), isNaN(largest(change(c)))))
		},
		func(c state) state { return state{X: f(c.X), Last: c.X} },
		func(c *state) **graph.Node { return &c.N },
		state{f(x), x, one(x)})
	return outcome{end.X, largest(change(end)), s.near(end.X, change(end)), end.N}
}

// newton finds x with f(x) = 0. It ends at a NaN; where the whole step is within the tolerance, as rounding lets it be at
// best; and where no part of it makes f smaller. There f is as small as rounding lets it be, or at a minimum that is no
// zero: it is taken for zero if it is below √ε of what it was at first, or of its change over the length of x.
//
// It makes no step if x is good for nothing.
func (s solver) newton(f func(*graph.Node) *graph.Node, x, bad *graph.Node) outcome {
	type state struct{ X, R, First, Good, Bad, N *graph.Node }
	s.needMoves(f, x)
	r := f(x)
	end := repeat(s,
		func(c state) *graph.Node { return ops.Not(ops.Or(c.Good, c.Bad)) },
		func(c state) state {
			slope := Jacobian(f)(c.X)
			step := ops.Neg(ops.Solve(slope, c.R))
			size := ops.Sum(ops.Square(c.R))
			t := s.backtrack(ops.FullLike(size, 1), func(t *graph.Node) *graph.Node {
				return ops.Lt(ops.Sum(ops.Square(f(ops.Add(c.X, ops.Mul(t, step))))), size)
			})
			next := ops.Add(c.X, ops.Mul(t, step))
			r := f(next)
			scale := ops.Maximum(c.First, ops.Mul(largest(slope), ops.Add(1, largest(next))))
			stuck := ops.Le(t, least)
			small := ops.Le(largest(r), ops.Mul(s.rootEps(x), scale))
			good := ops.Or(s.near(next, step), ops.Or(ops.And(stuck, small), ops.Eq(largest(r), 0)))
			return state{X: next, R: r, First: c.First, Good: good, Bad: ops.Or(stuck, isNaN(largest(r)))}
		},
		func(c *state) **graph.Node { return &c.N },
		state{x, r, largest(r), ops.Eq(largest(r), 0), ops.Or(bad, isNaN(largest(r))), zero(x)})
	return outcome{end.X, largest(end.R), end.Good, end.N}
}

// needMoves refuses a function that the unknowns do not move, whose zero they cannot be.
func (s solver) needMoves(f func(*graph.Node) *graph.Node, x *graph.Node) {
	e := traceAt(s.name, f, x)
	order := graph.Topo(append(e.outputs, e.wrt...)...)
	if active := reachedFrom(e.wrt, order); !active.has(e.outputs[0]) {
		what := "the function"
		if s.name == "minimize" {
			what = "the function, or its slope,"
		}
		graph.Fail(s.name, nil, "%s does not depend on the unknowns", what)
	}
}

func zero(x *graph.Node) *graph.Node { return x.Graph().Scalar(graph.Int64, 0) }

func no(x *graph.Node) *graph.Node { return x.Graph().Scalar(graph.Bool, 0) }

func one(x *graph.Node) *graph.Node { return x.Graph().Scalar(graph.Int64, 1) }

// epsOf is ε of x's type.
func epsOf(x *graph.Node) float64 {
	if x.DType() == graph.Float32 {
		return 0x1p-23
	}
	return 0x1p-52
}

// rootEps is √ε of x's type.
func (solver) rootEps(x *graph.Node) float64 {
	if x.DType() == graph.Float32 {
		return math.Sqrt(0x1p-23)
	}
	return 0x1p-26
}

// least is the smallest part of a step that is tried.
const least = 0x1p-30

// backtrack halves the step t until it is good, but not below the least.
func (s solver) backtrack(t *graph.Node, good func(t *graph.Node) *graph.Node) *graph.Node {
	return While(
		func(t *graph.Node) *graph.Node { return ops.And(ops.Not(good(t)), ops.Gt(t, least)) },
		func(t *graph.Node) *graph.Node { return ops.Mul(t, 0.5) }, t, calledBy(s.name))
}

// bfgs finds a minimum of f, as far as its slope lets it. It keeps an approximation h of the inverse of the Hessian.
func (s solver) bfgs(f func(*graph.Node) *graph.Node, x *graph.Node) outcome {
	type state struct{ X, Value, Slope, H, Near, N *graph.Node }
	s.needMoves(f, x)
	n := x.Type().Size()
	eye := ops.Eye(x.Graph(), x.DType(), n)
	value, slope := ValueAndGrad(f)(x)
	start := ops.Div(eye, ops.Add(1, ops.Sqrt(ops.Sum(ops.Square(slope))))) // first steps are no longer than 1
	stops := func(c state) *graph.Node { return ops.Or(c.Near, isNaN(largest(c.Slope))) }
	end := repeat(s,
		func(c state) *graph.Node { return ops.Not(stops(c)) },
		func(c state) state {
			step := ops.Neg(ops.MatMul(c.H, c.Slope))
			descent := ops.Sum(ops.Mul(step, c.Slope))
			t := s.backtrack(ops.FullLike(c.Value, 1), func(t *graph.Node) *graph.Node {
				bound := ops.Add(c.Value, ops.Mul(ops.Mul(1e-4, t), descent)) // Armijo
				return ops.Le(f(ops.Add(c.X, ops.Mul(t, step))), bound)
			})
			next := ops.Add(c.X, ops.Mul(t, step))
			value, slope := ValueAndGrad(f)(next)
			moved := ops.Sub(next, c.X)
			h := updated(c.H, eye, moved, ops.Sub(slope, c.Slope))
			return state{X: next, Value: value, Slope: slope, H: h, Near: s.near(next, moved)}
		},
		func(c *state) **graph.Node { return &c.N },
		state{x, value, slope, start, ops.Eq(largest(slope), 0), zero(x)})
	return outcome{end.X, largest(end.Slope), end.Near, end.N}
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
