package solve

import (
	"math"
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/sweep"
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

// within reports whether no element of a step is longer than part of the size of what it moves.
func within(part float64, size, step *graph.Node) *graph.Node {
	return all(ops.Le(ops.Abs(step), ops.Mul(part, ops.Abs(size))))
}

func all(p *graph.Node) *graph.Node { return ops.Not(ops.Any(ops.Not(p))) }

// larger is the larger magnitude of two vectors, element by element.
func larger(a, b *graph.Node) *graph.Node { return ops.Maximum(ops.Abs(a), ops.Abs(b)) }

// orOne is x with ones for zeros, to divide by.
func orOne(x *graph.Node) *graph.Node { return ops.Where(ops.Eq(x, 0), 1, x) }

// repeat makes steps as long as more holds, but no more than the solver may. It counts them in the state.
func repeat[S any](s solver, more func(S) *graph.Node, step func(S) S, count func(*S) **graph.Node, init S) S {
	return autodiff.While(
		func(c S) *graph.Node { return ops.And(more(c), ops.Lt(*count(&c), s.steps)) },
		func(c S) S {
			next := step(c)
			*count(&next) = ops.Add(*count(&c), 1)
			return next
		}, init, autodiff.LoopName(s.name))
}

// code is a constant that says how a solver ended.
func code(x *graph.Node, e Ending) *graph.Node { return x.Graph().Scalar(graph.Int64, float64(e)) }

// when is how a solver ends if p holds.
type when struct {
	p   *graph.Node
	end Ending
}

// endOf is the Ending of the first case that holds, or the last one.
func endOf(x *graph.Node, last Ending, cases ...when) *graph.Node {
	end := code(x, last)
	for _, c := range slices.Backward(cases) {
		end = ops.Where(c.p, code(x, c.end), end)
	}
	return end
}

func is(end *graph.Node, e Ending) *graph.Node { return ops.Eq(end, int64(e)) }

// iterate finds x = f(x) by f alone. It ends where each element changes by a small part of itself. One that comes to rest at
// 0 does not: that it changes by a small part of what it has been will do, once it comes no nearer, or the steps are used
// up.
func (s solver) iterate(f func(*graph.Node) *graph.Node, x *graph.Node) outcome {
	type state struct{ X, Change, Size, Near, End, N *graph.Node }
	tol := s.tol(x)
	step := func(x, change, size *graph.Node) state {
		next := f(x)
		moved := ops.Sub(next, x)
		size = larger(size, next)
		near := within(max(tol, 4*epsOf(x)), size, moved) // as near as rounding lets it be
		still := all(ops.Or(ops.Le(ops.Abs(moved), ops.Mul(tol, ops.Abs(next))), ops.Ge(ops.Abs(moved), ops.Abs(change))))
		end := endOf(x, running, when{ops.Not(finite(moved)), notFinite}, when{ops.And(near, still), good})
		near = ops.And(near, within(tol, ops.Add(1, ops.Abs(next)), moved))
		return state{X: next, Change: moved, Size: size, Near: near, End: end}
	}
	first := step(x, ops.FullLike(x, math.Inf(1)), ops.Abs(x))
	first.N = one(x)
	end := repeat(s,
		func(c state) *graph.Node { return is(c.End, running) },
		func(c state) state { return step(c.X, c.Change, c.Size) },
		func(c *state) **graph.Node { return &c.N }, first)
	why := ops.Where(is(end.End, running), endOf(x, stepsUsed, when{end.Near, good}), end.End)
	return outcome{X: end.X, Residual: largest(end.Change), End: why, Steps: end.N}
}

// needMoves refuses a function that the unknowns do not move, whose zero they cannot be.
func (s solver) needMoves(f func(*graph.Node) *graph.Node, x *graph.Node) {
	alias := x.Graph().Alias(x)
	y := f(alias)
	if !sweep.ReachedFrom([]*graph.Node{alias}, graph.Topo(y, alias)).Has(y) {
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

// least is the smallest part of a step that is tried.
const least = 0x1p-30

// backtrack halves a step t, from 1 on, until the value of try at it is good, but not below the least. First is that at 1.
// It says whether none was good.
func (s solver) backtrack(first *graph.Node, try func(t *graph.Node) *graph.Node, good func(value, t *graph.Node) *graph.Node) (t, stuck *graph.Node) {
	type state struct{ T, Value *graph.Node }
	end := autodiff.While(
		func(c state) *graph.Node { return ops.And(ops.Not(good(c.Value, c.T)), ops.Gt(c.T, least)) },
		func(c state) state {
			t := ops.Mul(c.T, 0.5)
			return state{t, try(t)}
		}, state{ops.FullLike(first, 1), first}, autodiff.LoopName(s.name))
	return end.T, ops.Not(good(end.Value, end.T))
}
