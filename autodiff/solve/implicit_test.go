package solve_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

func ones(x *graph.Node) *graph.Node { return ops.FullLike(x, 1) }

// TestRootOfSquare has √a as a root. Newton's method ends at the number next to it, and each order of derivative adds
// some products and quotients: about ten, twenty and a hundred roundings.
func TestRootOfSquare(t *testing.T) {
	root := solve.Root(func(a, x *graph.Node) *graph.Node { return ops.Sub(ops.Square(x), a) })
	sqrt := func(a *graph.Node) *graph.Node { return root(a, ones(a)) }
	r := autodiff.Grad[*graph.Node]
	for name, f := range map[string]func(*graph.Node) *graph.Node{
		"rr": r(r(sqrt)), "rf": r(forwardGrad(sqrt)), "fr": forwardGrad(r(sqrt)), "ff": forwardGrad(forwardGrad(sqrt)),
	} {
		for _, a := range []float64{0.3, 2, 500} {
			require.InEpsilon(t, math.Sqrt(a), run1(t, sqrt, a)[0], 4*eps)
			require.InEpsilon(t, -0.25/(a*math.Sqrt(a)), run1(t, f, a)[0], 20*eps, name)
		}
	}
	third := r(r(r(sqrt)))
	got := run1(t, autodiff.Vmap(third), []float64{0.3, 2, 500})
	for i, a := range []float64{0.3, 2, 500} {
		require.InEpsilon(t, 0.375/(a*a*math.Sqrt(a)), got[i], 100*eps)
	}
}

// TestKepler solves E − e·sin E = M, whose derivatives are ∂E/∂M = 1/(1 − e·cos E) and ∂E/∂e = sin E/(1 − e·cos E).
// The solution is off by a rounding of each of a sum's terms, the quotients by a few more.
func TestKepler(t *testing.T) {
	type orbit struct{ M, E *graph.Node }
	kepler := solve.FixedPoint(func(o orbit, x *graph.Node) *graph.Node {
		return ops.Add(o.M, ops.Mul(o.E, ops.Sin(x)))
	}, solve.Tolerance(1e-16))
	grad := autodiff.Grad(func(o orbit) *graph.Node { return kepler(o, o.M) })
	f := func(m, e *graph.Node) (*graph.Node, orbit) { return kepler(orbit{m, e}, m), grad(orbit{m, e}) }
	out := runAll(t, f, 1.2, 0.6)
	x := out[0]
	require.InDelta(t, 1.2, x-0.6*math.Sin(x), 2*eps)
	require.InDelta(t, 1/(1-0.6*math.Cos(x)), out[1], 16*eps)
	require.InDelta(t, math.Sin(x)/(1-0.6*math.Cos(x)), out[2], 16*eps)
}

// TestRidge holds the argmin of ‖Xw − y‖² + λ‖w‖² against its closed form w = (XᵀX + λI)⁻¹Xᵀy, and its derivative by λ
// against −(XᵀX + λI)⁻¹w. The condition number of the matrix is 4: each of the three solves of a second derivative
// multiplies some ten roundings of numbers up to 10 by it.
func TestRidge(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{1, 2, 0.5, -1, 3, 1, 0, 1, -2, 2, 2, 1}, 4, 3)
	y := graph.Const(g, []float64{1, -2, 0.5, 3}, 4)
	lambda := graph.Const(g, []float64{0.7})
	type data struct{ X, Y, L *graph.Node }
	ridge := solve.Minimize(func(d data, w *graph.Node) *graph.Node {
		misfit := ops.Sum(ops.Square(ops.Sub(ops.MatMul(d.X, w), d.Y)))
		return ops.Add(misfit, ops.Mul(d.L, ops.Sum(ops.Square(w))))
	})
	closed := func(d data) *graph.Node {
		a := ops.Add(ops.MatMul(ops.Transpose(d.X), d.X), ops.Mul(d.L, ops.Eye(g, graph.Float64, 3)))
		return ops.Solve(a, ops.MatMul(ops.Transpose(d.X), d.Y))
	}
	d := data{x, y, lambda}
	fit := func(d data) *graph.Node { return ridge(d, ops.Zeros(g, graph.Float64, 3)) }
	sum := func(f func(data) *graph.Node) func(data) *graph.Node {
		return func(d data) *graph.Node { return ops.Sum(ops.Sin(f(d))) }
	}
	got, want := autodiff.Grad(sum(fit))(d), autodiff.Grad(sum(closed))(d)
	hess := func(f func(data) *graph.Node) *graph.Node {
		return autodiff.Grad(func(d data) *graph.Node { return ops.Sum(ops.Square(autodiff.Grad(sum(f))(d).X)) })(d).L
	}
	pairs := [][2]*graph.Node{{fit(d), closed(d)}, {got.X, want.X}, {got.Y, want.Y}, {got.L, want.L}, {hess(fit), hess(closed)}}
	for _, p := range pairs {
		out, err := autodiff.Eval(p[0], p[1])
		require.NoError(t, err)
		require.InDeltaSlice(t, elements(out[1]), elements(out[0]), 4*4*4*10*eps)
	}
}

func TestMinimizeRosenbrock(t *testing.T) {
	// (a − x)² + 100(y − x²)² has its minimum at (a, a²). The condition number of its Hessian there, 10⁴, multiplies a
	// rounding of the gradient, and for the derivative that of the solution too.
	f := solve.Minimize(func(a, x *graph.Node) *graph.Node {
		u, v := entry(x, 0), entry(x, 1)
		return ops.Add(ops.Square(ops.Sub(a, u)), ops.Mul(100, ops.Square(ops.Sub(v, ops.Square(u)))))
	})
	argmin := func(a *graph.Node) *graph.Node {
		return f(a, graph.Const(a.Graph(), []float64{-1.2, 1}, 2))
	}
	got := run1(t, argmin, 1.5)
	require.InDeltaSlice(t, []float64{1.5, 2.25}, got, 1e4*eps/4)
	got = run1(t, autodiff.Jacobian(argmin), 1.5)
	require.InDeltaSlice(t, []float64{1, 3}, got, 2*1e4*eps)
}

func entry(x *graph.Node, i int) *graph.Node { return ops.Squeeze(ops.Slice(x, ops.At(i)), 0) }

func TestSolverFails(t *testing.T) {
	f := solve.FixedPoint(func(a, x *graph.Node) *graph.Node { return ops.Add(ops.Mul(a, x), 1) }, solve.MaxIterations(50))
	_, err := autodiff.Compile(func(a *graph.Node) *graph.Node { return f(a, a) }).Run(t.Context(), 2.0)
	require.ErrorContains(t, err, "after 50 steps")
	require.ErrorContains(t, err, "implicit_test.go")
}

// TestSolverMistakes: what f gives for the unknowns must be a tree like theirs; nothing is broadcast to it.
func TestSolverMistakes(t *testing.T) {
	g := graph.New()
	x, s := g.Input("x", graph.Float64, 3), g.Input("s", graph.Float64)
	total := func(_, x node) node { return ops.Sum(x) }
	short := func(_ node, x []node) []node { return x[:1] }
	var line int
	for name, do := range map[string]func(){
		"root":                   func() { solve.Root(total)(s, at(&line, x)) },
		"fixed_point":            func() { solve.FixedPoint(total)(s, at(&line, x)) },
		"fixed_point of a slice": func() { solve.FixedPoint(short)(s, at(&line, []node{x, s})) },
		"ode":                    func() { solve.ODE(func(_, y, p node) node { return ops.Sum(y) })(x, s, at(&line, x)) },
		"ode by steps": func() {
			solve.ODE(func(_, y, p node) node { return p }, solve.RK4(3), solve.Adjoint())(x, s, at(&line, x))
		},
	} {
		var e *graph.Error
		require.ErrorAs(t, graph.Try(do), &e, name)
		require.Contains(t, e.Reason, "the function gives", name)
		require.Contains(t, e.Reason, "unknown", name)
		require.Equal(t, line, e.Line, name)
	}
}

// TestNoUnknowns: a vector of no unknowns is solved at once.
func TestNoUnknowns(t *testing.T) {
	for name, f := range map[string]func(x node) node{
		"root":  func(x node) node { return solve.Root(func(p, x node) node { return ops.Sub(x, p) })(x, x) },
		"fixed": func(x node) node { return solve.FixedPoint(func(p, x node) node { return ops.Mul(0.5, x) })(x, x) },
		"minimize": func(x node) node {
			return solve.Minimize(func(p, x node) node { return ops.Sum(ops.Square(x)) })(x, x)
		},
		"ode": func(x node) node {
			return solve.ODE(func(_, y, p node) node { return y })(x, x, graph.Const(x.Graph(), []float64{0, 1, 2}, 3))
		},
	} {
		out, err := autodiff.Eval(f(ops.Zeros(graph.New(), graph.Float64, 0)))
		require.NoError(t, err, name)
		require.Zero(t, out[0].Size(), name)
	}
}
