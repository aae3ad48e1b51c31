package solve

import (
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/tree"
	"chainrule/ops"
)

// Implicit differentiation: the x that solves f(p, x) = 0 is a function of p whose derivative follows from f alone, by
// the implicit function theorem,
//
//	∂f/∂x · ẋ = −∂f/∂p · ṗ,
//
// however x was found (Blondel et al., Efficient and modular implicit differentiation, 2022). The tangent is the solution
// of a linear system of dense matrices, so that it is meant for up to some hundreds of unknowns; reverse mode transposes
// it, and derivatives of derivatives differentiate it.

// SolverOption changes how a solver goes on.
type Option func(*solver)

type solver struct {
	name      string // for errors
	tolerance float64
	steps     int
	anyway    bool   // give what does not converge
	unknowns  string // as arrivedAttrs has them, for errors
}

// Tolerance ends a solver when a step changes no unknown by more than tol of its own magnitude, so that it says nothing of
// units. An unknown that goes to 0 step by step has come there when a step changes it by no more than tol of the largest
// magnitude that it has had, and no step helps any more. The default is ε^⅔ of the element type, after which a step of a
// Newton method is as exact as rounding lets it be. It is positive.
func Tolerance(tol float64) Option {
	if !(tol > 0) || math.IsInf(tol, 1) {
		graph.Fail("tolerance", nil, "%v given, a positive number wanted", tol)
	}
	return func(s *solver) { s.tolerance = tol }
}

// Iterations bounds the steps of a solver: a run that needs more fails. The default is 100, for FixedPoint 10,000, and
// for each of the two methods of Minimize and LeastSquares 2,000.
func MaxIterations(n int) Option {
	need("max_iterations", n > 0, "%d given, at least 1 wanted", n)
	return func(s *solver) { s.steps = n }
}

func newSolver(name string, steps int, opts []Option) solver {
	s := solver{name: name, steps: steps}
	for _, o := range opts {
		need(name, o != nil, "an option is nil")
		o(&s)
	}
	return s
}

// need refuses a mistake of the caller's.
func need(op string, ok bool, format string, args ...any) {
	if !ok {
		graph.Fail(op, nil, format, args...)
	}
}

// tol is the tolerance for numbers of x's type.
func (s solver) tol(x *graph.Node) float64 {
	switch {
	case s.tolerance > 0:
		return s.tolerance
	case x.DType() == graph.Float32:
		return math.Pow(0x1p-23, 2.0/3)
	}
	return math.Pow(0x1p-52, 2.0/3)
}

// Root returns a function that finds x with f(p, x) = 0 by Newton's method from an initial x, halving steps that do not
// make f smaller. X is a tree of floats of one type, and f(p, x) is a tree like x; the elements of both may have units of
// their own. The derivative is the implicit one, by p alone: nodes that f uses from outside must be constants. A run that
// comes to no root, or to one that f does not determine, since its Jacobian is singular, fails with a *ConvergenceError.
func Root[P, X any](f func(p P, x X) X, opts ...Option) func(p P, init X) X {
	need("root", f != nil, "the function is nil")
	s := newSolver("root", 100, opts)
	return implicit("root", s.anyway, f, func(p P, init X) X {
		residual := func(v *graph.Node) *graph.Node { return ravelLike("root", f(p, treeFrom(v, init)), init) }
		x := ravel("root", init)
		if x.Type().Size() == 0 {
			return init
		}
		return treeFrom(s.checked(s.newton(residual, startOf(x), x, isDetermined)), init)
	})
}

// FixedPoint returns a function that finds x = f(p, x) by applying f again and again to an initial x. For a contraction
// with factor q the result is as near as q/(1−q) times the Tolerance. Where numbers grow without bound, or do not come to
// rest, the run fails with a *ConvergenceError. X is a tree of floats of one type, and f(p, x) is a tree like x. The
// derivative is the implicit one, by p alone: nodes that f uses from outside must be constants.
func FixedPoint[P, X any](f func(p P, x X) X, opts ...Option) func(p P, init X) X {
	need("fixed_point", f != nil, "the function is nil")
	s := newSolver("fixed_point", 10000, opts)
	residual := func(p P, x X) X {
		fx := tree.Leaves(f(p, x))
		return tree.Map(x, func(i int, n *graph.Node) *graph.Node { return ops.Sub(fx[i].Node, n) })
	}
	return implicit("fixed_point", s.anyway, residual, func(p P, init X) X {
		next := func(x *graph.Node) *graph.Node { return ravelLike("fixed_point", f(p, treeFrom(x, init)), init) }
		return treeFrom(s.checked(s.iterate(next, ravel("fixed_point", init))), init)
	})
}

// Minimize returns a function that finds the x at which f(p, x), a scalar, is least, from an initial x: by Newton steps in
// units in which the Hessian has a diagonal of ones, shortened by Levenberg's and Marquardt's method and turned downward where
// f curves down, and then by Newton's method for the gradient. X is a tree of floats of one type, whose elements may have
// units of their own; a step computes the Hessian, so that it is meant for up to some hundreds of them. It finds a local
// minimum at which f curves up in all directions, or the run fails with a *ConvergenceError. The derivative is the implicit
// one of ∂f/∂x = 0, by p alone: nodes that f uses from outside must be constants.
func Minimize[P, X any](f func(p P, x X) *graph.Node, opts ...Option) func(p P, init X) X {
	need("minimize", f != nil, "the function is nil")
	s := newSolver("minimize", 2000, opts)
	slope := func(p P, x X) X {
		return autodiff.Grad(func(x X) *graph.Node { return f(p, x) }, autodiff.AllowUnreachable())(x)
	}
	return implicit("minimize", s.anyway, slope, func(p P, init X) X {
		cost := func(v *graph.Node) *graph.Node { return f(p, treeFrom(v, init)) }
		x := ravel("minimize", init)
		if x.Type().Size() == 0 {
			return init
		}
		low, size := s.descend(cost, x)
		end := s.newton(autodiff.Grad(cost), low, size, isMinimum)
		end.Steps = ops.Add(low.Steps, end.Steps)
		return treeFrom(s.checked(end), init)
	})
}

// solved is the argument of a solver.
type solved[P, X any] struct {
	P    P
	Init X
}

// found is what a solver gives: x, and, if they are asked for, after how many steps and how it ended.
type found[X any] struct {
	X          X
	Steps, End *graph.Node
}

// implicit is implicitFound for a solver that gives x alone.
func implicit[P, X any](op string, anyway bool, f func(p P, x X) X, solve func(p P, init X) X) func(P, X) X {
	root := implicitFound(op, anyway, f, func(p P, init X) found[X] { return found[X]{X: solve(p, init)} })
	return func(p P, init X) X { return root(p, init).X }
}

// implicitFound gives solve, which finds the x that makes f zero, the implicit derivative. Where the Jacobian is singular
// there is none: that is an error, or, if anyway is set, NaN for this x alone.
func implicitFound[P, X any](op string, anyway bool, f func(p P, x X) X, solve func(p P, init X) found[X]) func(P, X) found[X] {
	root := autodiff.NamedJVP(op,
		func(a solved[P, X]) found[X] { return solve(a.P, a.Init) },
		func(a solved[P, X], at found[X], tangent solved[P, X]) found[X] {
			x := at.X
			_, moved := autodiff.JVP(func(p P) X { return f(p, x) }, a.P, tangent.P)
			jac := autodiff.Jacobian(func(v *graph.Node) *graph.Node { return ravel(op, f(a.P, treeFrom(v, x))) })(ravel(op, x))
			return found[X]{X: treeFrom(scaledSolve(jac, ops.Neg(ravel(op, moved)), anyway), x)}
		})
	return func(p P, init X) found[X] { return root(solved[P, X]{p, init}) }
}

// scaledSolve is Solve in the units of equilibrated, which have no part in its derivatives. If anyway is set, the solution
// is NaN where the matrix is singular.
func scaledSolve(jac, b *graph.Node, anyway bool) *graph.Node {
	if b.Type().Size() == 0 {
		return b
	}
	a, row, col := equilibrated(ops.StopGradient(jac))
	scaled := ops.Div(ops.Div(jac, ops.ExpandDims(row, 1)), ops.ExpandDims(col, 0))
	if anyway {
		scaled = ops.Where(isSingularMatrix(a), math.NaN(), scaled)
	}
	return ops.Div(ops.Solve(scaled, ops.Div(b, row)), col)
}

// ravel joins the leaves of a tree to one vector.
func ravel[X any](op string, t X) *graph.Node {
	leaves := tree.Leaves(t)
	if len(leaves) == 0 {
		graph.Fail(op, nil, "there is no unknown")
	}
	var rows []*graph.Node
	for _, l := range leaves {
		if !l.Node.DType().IsFloat() || l.Node.DType() != leaves[0].Node.DType() {
			graph.Fail(op, nil, "unknowns are floats of one type, not %s and %s", leaves[0], l)
		}
		rows = append(rows, ops.Reshape(l.Node, -1))
	}
	if len(rows) == 1 {
		return rows[0]
	}
	return ops.Concat(rows, 0)
}

// ravelLike is ravel of what a function gives for unknowns, or their slopes, which must be a tree like theirs.
func ravelLike[X any](op string, value, unknowns X) *graph.Node {
	got, want := tree.Leaves(value), tree.Leaves(unknowns)
	if len(got) != len(want) {
		graph.Fail(op, nil, "the function gives %d nodes, but there are %d unknowns", len(got), len(want))
	}
	for i, l := range got {
		if l.Path != want[i].Path || !l.Node.Type().Equal(want[i].Node.Type()) {
			graph.Fail(op, nil, "the function gives %s for the unknown %s", l, want[i])
		}
	}
	return ravel(op, value)
}

// treeFrom is a tree like the given one with the elements of a vector.
func treeFrom[X any](v *graph.Node, like X) X {
	at := 0
	return tree.Map(like, func(_ int, n *graph.Node) *graph.Node {
		from := at
		at += n.Type().Size()
		return ops.Reshape(ops.Slice(v, ops.Range{Start: from, Stop: at}), n.Shape()...)
	})
}
