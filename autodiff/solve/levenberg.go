package solve

import (
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Levenberg–Marquardt steps to the least ‖f(x)‖², in the coordinates z = D·x, where D are the lengths of the columns of the
// Jacobian J = Q·R·D. In these coordinates nothing depends on the units of unknowns or residuals.

const (
	// kept is the part of D that a step keeps at least. Moré keeps all of it, so that no step is long along an unknown
	// whose column fades. NIST's MGH10 begins where columns are 10⁴⁰ times as long as at the end, and needs D to forget.
	kept = 0.8
	// firstLambda makes first steps short: far out, the linear model promises too much.
	firstLambda = 30
	lastLambda  = 1e20 // no step is shorter
	leastLambda = 1e-30
	lambdaFalls = 1. / 3 // at most so fast, after a step as good as promised
	// mostBent is how long the part of a step along the second derivative may be, squared, against the first:
	// 2‖z₂‖/‖z₁‖ ≤ ¾ (Transtrum and Sethna).
	mostBent = 9. / 64
)

// descent is where the steps are: x, the residuals there, D, λ, and the largest magnitudes of the unknowns so far.
type descent struct{ X, R, Scale, Lambda, Size, End, N *graph.Node }

// marquardt makes steps until the next one would bring no more than rounding, or none helps.
func (s solver) marquardt(f func(*graph.Node) *graph.Node, x *graph.Node) outcome {
	r := f(x)
	wild := ops.Not(ops.And(finite(r), finite(x)))
	last := repeat(s,
		func(c descent) *graph.Node { return is(c.End, running) },
		func(c descent) descent { return s.lower(f, c) },
		func(c *descent) **graph.Node { return &c.N },
		descent{x, r, ops.FullLike(x, 0), like(x, firstLambda), ops.Abs(x), endOf(x, running, when{wild, notFinite}), zero(x)})
	why := ops.Where(is(last.End, running), code(x, stepsUsed), last.End)
	return outcome{X: last.X, End: why, Steps: last.N}
}

// lower makes one step, damped until it makes the residuals smaller.
func (s solver) lower(f func(*graph.Node) *graph.Node, c descent) descent {
	jac := autodiff.Jacobian(f)(c.X)
	at := factorsOf(jac, c.R, ops.Maximum(ops.Mul(kept, c.Scale), columnNorms(jac)))
	type trial struct{ Lambda, Growth, X, R, Gain *graph.Node } // Gain is what it brought, as a part of what it was to bring
	try := func(lambda, growth *graph.Node) trial {
		step, promised := at.bentStep(f, c.X, lambda)
		next := ops.Add(c.X, step)
		r := f(next)
		fallen := ops.Sum(ops.Mul(ops.Sub(c.R, r), ops.Add(c.R, r))) // ‖r‖² − ‖next r‖² rounds more
		return trial{lambda, growth, next, r, ops.Div(fallen, promised)}
	}
	bad := func(t trial) *graph.Node { return ops.Not(ops.Gt(t.Gain, 0)) }
	t := autodiff.While(
		func(t trial) *graph.Node { return ops.And(bad(t), ops.Lt(t.Lambda, lastLambda)) },
		func(t trial) trial { return try(ops.Mul(t.Lambda, t.Growth), ops.Mul(2, t.Growth)) },
		try(c.Lambda, like(c.X, 2)), autodiff.LoopName(s.name))
	stuck := bad(t)
	off := ops.Sub(1, ops.Mul(2, t.Gain))
	change := ops.Maximum(lambdaFalls, ops.Add(1, ops.Mul(off, ops.Square(off)))) // Nielsen, equation 2.5
	next := descent{X: ops.Where(stuck, c.X, t.X), R: ops.Where(stuck, c.R, t.R), Scale: at.Scale,
		Lambda: ops.Maximum(ops.Mul(t.Lambda, change), leastLambda)}
	next.Size = larger(c.Size, next.X)
	small := ops.Le(squares(at.Along), ops.Mul(epsOf(c.X), squares(c.R))) // what the whole step is to bring
	ends := ops.Or(small, within(s.tol(c.X), c.Size, ops.Div(back(at.R, at.Along), at.Scale)))
	next.End = endOf(c.X, running, when{ops.Not(finite(jac)), notFinite}, when{ops.Or(stuck, ends), good})
	return next
}

// bentStep is the step that λ damps, with its second-order part, and what the linear model promises that it brings; it is NaN
// where the second-order part is too long, since the model does not hold there.
func (a factors) bentStep(f func(*graph.Node) *graph.Node, x, lambda *graph.Node) (step, promised *graph.Node) {
	d := a.damp(lambda)
	z := d.solve(a.Along)
	promised = ops.Add(squares(ops.MatMul(a.R, z)), ops.Mul(ops.Mul(2, lambda), squares(z))) // Moré, equation 4.4
	along := ops.Div(z, a.Scale)
	_, curved := autodiff.JVP(func(v *graph.Node) *graph.Node {
		_, t := autodiff.JVP(f, v, along)
		return t
	}, x, along)
	bend := d.solve(project(a.Q, ops.Mul(0.5, curved)))
	straight := ops.Le(squares(bend), ops.Mul(mostBent, squares(z)))
	step = ops.Div(ops.Add(z, bend), a.Scale)
	return ops.Where(straight, step, math.NaN()), promised
}

// factors is J = Q·R·D of a Jacobian, with Along = Qᵀr. Scale is D.
type factors struct{ Q, R, Scale, Along *graph.Node }

func factorsOf(jac, r, scale *graph.Node) factors {
	a := ops.Div(jac, scale)
	q, upper := ops.QR(ops.Where(finite(a), a, 0))
	return factors{q, firm(upper), scale, project(q, r)}
}

// damped is the factors of [R; √λ·1].
type damped struct{ Q, R *graph.Node }

func (a factors) damp(lambda *graph.Node) damped {
	n := a.R.Shape()[0]
	q, r := ops.QR(ops.Concat([]*graph.Node{a.R, ops.Mul(ops.Sqrt(lambda), eye(a.R))}, 0))
	return damped{ops.Slice(q, ops.Range{Start: 0, Stop: n}), firm(r)}
}

// solve is the z of min ‖R·z + along‖² + λ‖z‖².
func (d damped) solve(along *graph.Node) *graph.Node { return back(d.R, ops.Neg(project(d.Q, along))) }

// firm is a triangle with ε of the largest element of the diagonal in the place of what is less there, so that it has an
// inverse.
func firm(r *graph.Node) *graph.Node {
	diag := ops.Diagonal(r)
	least := ops.Mul(epsOf(r), orOne(ops.Max(diag)))
	lift := ops.Where(ops.Lt(diag, least), ops.Sub(least, diag), 0)
	return ops.Add(r, ops.Mul(ops.ExpandDims(lift, 1), eye(r)))
}

// columnNorms is the lengths of the columns of a matrix, ones for zeros.
func columnNorms(jac *graph.Node) *graph.Node {
	most := orOne(ops.Max(ops.Abs(jac), 0)) // squares of numbers near 1 neither overflow nor vanish
	return ops.Mul(most, ops.Sqrt(orOne(ops.Sum(ops.Square(ops.Div(jac, most)), 0))))
}

// back is R⁻¹v.
func back(r, v *graph.Node) *graph.Node { return ops.TriangularSolve(r, v, false, false) }

// project is Qᵀr.
func project(q, r *graph.Node) *graph.Node { return ops.MatMul(ops.Transpose(q), r) }

func squares(v *graph.Node) *graph.Node { return ops.Sum(ops.Square(v)) }

// eye is the unit matrix of a square matrix's type.
func eye(a *graph.Node) *graph.Node { return ops.Eye(a.Graph(), a.DType(), a.Shape()[0]) }

// like is a scalar of x's type.
func like(x *graph.Node, v float64) *graph.Node { return x.Graph().Scalar(x.DType(), v) }
