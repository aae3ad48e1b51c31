package solve

import (
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// newton finds x with f(x) = 0, from x on, whose elements have been as large as size. Nothing of it depends on the units of
// unknowns or equations: a step is short if it is for each unknown, against that; and f is small where it is in each
// row, against what the row is made of.
//
// Where no part of a step makes f smaller, x is at a zero, as near as rounding lets it come, or at another minimum of the
// size of f. At that the Jacobian is singular and the whole step throws f up, or it is long.
//
// It makes no step if x has come to another end than good. Test says what end a solution is by its Jacobian.
func (s solver) newton(f func(*graph.Node) *graph.Node, from outcome, size *graph.Node, test func(jac *graph.Node) *graph.Node) outcome {
	type state struct{ X, R, Size, Near, End, N *graph.Node }
	x := from.X
	s.needMoves(f, x)
	r := f(x)
	tol, rootEps := s.tol(x), math.Sqrt(epsOf(x))
	wild := ops.Not(ops.And(finite(r), finite(x)))
	start := ops.Where(is(from.End, good), endOf(x, running, when{wild, notFinite}), from.End)
	end := repeat(s,
		func(c state) *graph.Node { return is(c.End, running) },
		func(c state) state {
			jac := autodiff.Jacobian(f)(c.X)
			step, singular := newtonStep(jac, c.R)
			terms := func(v *graph.Node) *graph.Node { return ops.MatMul(ops.Abs(jac), ops.Abs(v)) } // what rows are made of
			rows := orOne(ops.Maximum(terms(step), ops.Mul(rootEps, terms(c.X))))
			merit := func(r *graph.Node) *graph.Node { return ops.Sum(ops.Square(ops.Div(r, rows))) }
			try := func(t *graph.Node) *graph.Node { return merit(f(ops.Add(c.X, ops.Mul(t, step)))) }
			now, whole := merit(c.R), try(x.Graph().Scalar(x.DType(), 1))
			t, stuck := s.backtrack(whole, try, func(m, _ *graph.Node) *graph.Node { return ops.Lt(m, now) })
			t = stretch(t, whole, now, try)
			next := ops.Where(ops.Or(stuck, singular), c.X, ops.Add(c.X, ops.Mul(t, step)))
			r, size := f(next), larger(c.Size, next)
			exact := ops.Eq(largest(c.R), 0)
			change := ops.Max(ops.Div(ops.Mul(ops.Abs(jac), ops.Abs(step)), ops.ExpandDims(orOne(terms(c.X)), 1)), 0)
			settled := all(ops.Or(ops.Le(ops.Abs(step), ops.Mul(16*rootEps, size)), ops.Le(change, 16*epsOf(x))))
			settled = ops.And(settled, ops.Le(whole, ops.Mul(0x1p40, now)))
			given := ops.And(exact, ops.Eq(c.N, 0))
			end := endOf(x, running,
				when{ops.Not(finite(jac)), notFinite},
				when{given, good},
				when{singular, isSingular},
				when{ops.Not(finite(step)), isSingular},
				when{ops.And(ops.Not(stuck), ops.Not(finite(r))), notFinite},
				when{exact, good},
				when{within(tol, next, step), good},
				when{ops.And(stuck, settled), good},
				when{stuck, noStep})
			found := is(end, good)
			if s.name == "root" {
				found = ops.And(found, ops.Not(given)) // a zero that is given is one, whatever the Jacobian is
			}
			end = autodiff.Cond(found, func() *graph.Node { return test(jac) }, func() *graph.Node { return end })
			return state{X: next, R: r, Size: size, Near: within(tol, ops.Minimum(size, ops.Add(1, ops.Abs(next))), step), End: end}
		},
		func(c *state) **graph.Node { return &c.N },
		state{x, r, larger(x, size), no(x), start, zero(x)})
	why := autodiff.Cond(ops.And(is(end.End, running), end.Near), func() *graph.Node { return test(autodiff.Jacobian(f)(end.X)) },
		func() *graph.Node { return ops.Where(is(end.End, running), code(x, stepsUsed), end.End) })
	return outcome{X: end.X, Residual: largest(end.R), End: why, Steps: end.N}
}

// stretch makes a whole step longer that makes f little smaller, if that makes it smaller still: at a double zero a step comes
// half of the way. It does not come all of the way, where the Jacobian is singular.
func stretch(t, whole, now *graph.Node, try func(t *graph.Node) *graph.Node) *graph.Node {
	const most = 1.9
	slow := ops.And(ops.Eq(t, 1), ops.Gt(whole, ops.Mul(1./32, now)))
	return ops.Where(ops.And(slow, ops.Lt(try(ops.FullLike(t, most)), whole)), most, t)
}

// faint is a number near the least that x's type has in full precision.
func faint(x *graph.Node) float64 {
	if x.DType() == graph.Float32 {
		return 0x1p-116
	}
	return 0x1p-1012
}

// isDetermined says what end a zero is by its Jacobian: the unknowns follow from the equations unless the matrix, in units in
// which rows and columns have largest elements of 1, is singular as far as rounding lets that be told.
func isDetermined(jac *graph.Node) *graph.Node {
	a, _, _ := equilibrated(jac)
	n := float64(a.Shape()[0])
	singular := isSingularMatrix(a)
	inverse := ops.Inverse(ops.Where(singular, ops.Eye(a.Graph(), a.DType(), a.Shape()[0]), a))
	bound := ops.Max(ops.Sum(ops.Abs(inverse), 1))
	fades := ops.Any(ops.Lt(ops.Max(ops.Abs(jac), 1), faint(jac))) // far out, where functions fade away
	clear := ops.And(ops.Not(ops.Or(singular, fades)), ops.Lt(ops.Mul(16*n*epsOf(a), bound), 1))
	return endOf(jac, notUnique, when{clear, good})
}

// equilibrated is a matrix whose rows and then columns are divided by their largest magnitudes, and those.
func equilibrated(jac *graph.Node) (a, row, col *graph.Node) {
	row = orOne(ops.Max(ops.Abs(jac), 1))
	a = ops.Div(jac, ops.ExpandDims(row, 1))
	col = orOne(ops.Max(ops.Abs(a), 0))
	return ops.Div(a, ops.ExpandDims(col, 0)), row, col
}

// isSingularMatrix reports whether an elimination finds no pivot, or numbers that are none.
func isSingularMatrix(a *graph.Node) *graph.Node {
	return ops.Or(ops.Not(finite(a)), ops.Eq(ops.DetSign(ops.Where(finite(a), a, 0)), 0))
}

// newtonStep is −jac⁻¹·r, and whether the elimination finds no pivot. It is the same, but for rounding, in all units: rows and
// columns are scaled to largest elements of 1, so that the pivots are chosen among equals.
func newtonStep(jac, r *graph.Node) (step, singular *graph.Node) {
	a, row, col := equilibrated(jac)
	singular = isSingularMatrix(a)
	a = ops.Where(singular, ops.Eye(r.Graph(), r.DType(), r.Type().Size()), a)
	return ops.Neg(ops.Div(ops.Solve(a, ops.Div(r, row)), col)), singular
}
