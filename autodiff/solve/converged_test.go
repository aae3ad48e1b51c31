package solve_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

// A solver that comes to nothing is an error that names it, and the user's line.
func TestSolversThatDoNotConverge(t *testing.T) {
	grow := func(opts ...solve.Option) func(a node) node {
		f := solve.FixedPoint(func(a, x node) node { return ops.Add(ops.Mul(a, x), 1) }, opts...)
		return func(a node) node { return f(a, ops.FullLike(a, 1)) } // here: fixed_point
	}
	square := func(a node) node {
		return solve.Root(func(a, x node) node { return ops.Add(ops.Square(x), a) })(a, ops.FullLike(a, 3)) // here: root
	}
	down := func(f func(a, x node) node, opts ...solve.Option) func(a node) node {
		return func(a node) node { return solve.Minimize(f, opts...)(a, ops.FullLike(a, 0.5)) } // here: minimize
	}
	for name, c := range map[string]struct {
		f        func(a node) node
		a        float64
		solver   string
		steps    int // 0 for any
		residual func(r float64) bool
	}{
		"grows": {grow(), 2, "fixed_point", 0, func(r float64) bool { return math.IsInf(r, 0) || math.IsNaN(r) }},
		"needs more steps": {grow(solve.MaxIterations(50)), 0.99, "fixed_point", 50,
			func(r float64) bool { return r > 1e-3 && r < 1 }},
		"swings":  {grow(solve.MaxIterations(20)), -1, "fixed_point", 20, func(r float64) bool { return r == 1 }},
		"nan":     {grow(), math.NaN(), "fixed_point", 1, math.IsNaN},
		"no root": {square, 1, "root", 0, func(r float64) bool { return r >= 1 && r < 1.1 }},
		"no minimum": {down(func(a, x node) node { return ops.Add(ops.Mul(a, x), ops.Mul(1e-3, ops.Sin(x))) }), 1, "minimize", 0,
			func(r float64) bool { return r > 0.9 && r < 1.1 || math.IsNaN(r) }}, // far out, sin x is noise
		"no minimum, curved": {down(func(a, x node) node { return ops.Mul(ops.Neg(a), ops.Exp(x)) }), 1, "minimize", 0,
			func(r float64) bool { return math.IsInf(r, 0) || math.IsNaN(r) }},
		"few steps": {down(func(a, x node) node { return ops.Add(ops.Square(ops.Square(x)), ops.Mul(a, x)) }, solve.MaxIterations(2)),
			1, "minimize", 0, func(r float64) bool { return r > 0.1 && r < 1.5 }}, // it is 1.5 at first
	} {
		t.Run(name, func(t *testing.T) {
			for mode, g := range map[string]func(a node) node{"value": c.f, "gradient": autodiff.Grad(c.f),
				"in a loop": func(a node) node { return autodiff.For(2, func(_, x node) node { return c.f(a) }, a) }} {
				_, err := autodiff.Compile(g).Run(t.Context(), c.a)
				var wrong *solve.ConvergenceError
				require.ErrorAs(t, err, &wrong, mode)
				require.Equal(t, c.solver, wrong.Solver)
				require.Equal(t, -1, wrong.Example)
				require.True(t, c.residual(wrong.Residual), "%s: residual %v", mode, wrong.Residual)
				if c.steps > 0 {
					require.Equal(t, c.steps, wrong.Steps)
				}
				require.ErrorContains(t, err, c.solver+" at "+lineOf(t, "converged_test.go", "// here: "+c.solver), mode)
				require.ErrorContains(t, err, fmt.Sprintf("did not converge after %d steps, residual ", wrong.Steps), mode)
			}
		})
	}
	_, err := autodiff.Compile(autodiff.Vmap(grow(solve.MaxIterations(60)))).Run(t.Context(), []float64{0.1, 0.5, 0.999, 2})
	var wrong *solve.ConvergenceError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, 2, wrong.Example)
	require.ErrorContains(t, err, "did not converge for example 2 after 60 steps")

	got := run1(t, grow(solve.MaxIterations(3), solve.AllowUnconverged()), 2.0)
	require.Equal(t, 15.0, got[0]) // 1, 3, 7, 15
	got = run1(t, autodiff.Vmap(grow(solve.MaxIterations(3), solve.AllowUnconverged())), []float64{2, 0})
	require.Equal(t, []float64{15, 1}, got)
}

// What the unknowns do not move has no root, and what they move straight on no minimum.
func TestSolversOfWhatDoesNotDepend(t *testing.T) {
	x := graph.New().Input("x", graph.Float64)
	for want, do := range map[string]func(){
		"root: the function does not depend on the unknowns": func() {
			solve.Root(func(p, x node) node { return ops.Exp(p) })(x, x)
		},
		"minimize: the function, or its slope, does not depend on the unknowns": func() {
			solve.Minimize(func(p, x node) node { return ops.Mul(p, x) })(x, x)
		},
	} {
		err := graph.Try(do)
		var wrong *graph.Error
		require.ErrorAs(t, err, &wrong)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "converged_test.go")
	}
}

// Solvers do not fail where rounding alone is in the way.
func TestSolversAtTheLimitOfRounding(t *testing.T) {
	cubic := solve.Root(func(a, x node) node { // (x − 1)(x − a)², a double root with terms of size 1
		return ops.Add(ops.Mul(ops.Sub(ops.Mul(x, ops.Sub(x, ops.Add(1, ops.Mul(2, a)))), ops.Neg(ops.Add(ops.Square(a), ops.Mul(2, a)))), x), ops.Neg(ops.Square(a)))
	})
	require.InDelta(t, 0.3, run1(t, func(a node) node { return cubic(a, ops.Mul(0.9, a)) }, 0.3)[0], 1e-6)
	steep := solve.Minimize(func(a, x node) node { // condition 10¹⁰
		return ops.Add(ops.Square(ops.Sub(entry(x, 0), a)), ops.Mul(1e10, ops.Square(ops.Sub(entry(x, 1), ops.Mul(2, a)))))
	})
	got := run1(t, func(a node) node { return steep(a, graph.Const(a.Graph(), []float64{1, 1}, 2)) }, 1.7)
	require.InDeltaSlice(t, []float64{1.7, 3.4}, got, 1e-9)
	narrow := solve.Root(func(a, x node) node { return ops.Sub(ops.Mul(x, ops.Exp(x)), a) })
	out := runAll(t, func(a node) node { return ops.Cast(narrow(a, ops.FullLike(a, 1)), graph.Float64) }, []float32{2})
	require.InDelta(t, 0.8526055, out[0], 3e-7)
	again := solve.Root(func(a, x node) node { return ops.Sub(ops.Square(x), a) })
	require.Equal(t, math.Sqrt2, run1(t, func(a node) node { return again(a, again(a, a)) }, 2.0)[0], "from the root itself")
}

// The adaptive method names itself and the user's line.
func TestODEThatDoesNotEnd(t *testing.T) {
	blow := func(opts ...solve.ODEOption) func(y0, times node) node {
		solution := solve.ODE(func(_, y, _ node) node { return ops.Square(y) }, opts...)
		return func(y0, times node) node { return solution(y0, y0, times) } // here: ode
	}
	grad := func(f func(y0, times node) node) func(y0, times node) node {
		return func(y0, times node) node {
			return autodiff.Grad(func(y node) node { return ops.Sum(f(y, times)) })(y0)
		}
	}
	where := "ode at " + lineOf(t, "converged_test.go", "// here: ode")
	for name, f := range map[string]func(y0, times node) node{
		"value": blow(), "gradient": grad(blow()), "adjoint": grad(blow(solve.Adjoint())),
	} {
		_, err := autodiff.Compile(f).Run(t.Context(), 1.0, []float64{0, 0.5, 2}) // 1/(1 − t)
		var wrong *solve.ODEError
		require.ErrorAs(t, err, &wrong, name)
		require.InDelta(t, 1, wrong.Time, 1e-6)
		require.ErrorContains(t, err, where+": ode cannot go on at time 1.0000", name)
		require.Equal(t, 1, strings.Count(err.Error(), where), err.Error())
	}
	fast := solve.ODE(func(_, y, p node) node { return ops.Mul(p, ops.Sub(1, y)) }) // stability asks for 10⁷ steps
	_, err := autodiff.Compile(func(p, times node) node {
		return fast(ops.FullLike(p, 0), p, times) // here: many
	}).Run(t.Context(), 1e7, []float64{0, 3})
	require.ErrorIs(t, err, autodiff.ErrSteps)
	require.ErrorContains(t, err, "ode at "+lineOf(t, "converged_test.go", "// here: many")+": too many steps: it goes on after 100000")
	out := runAll(t, blow(solve.RK4(4)), 1.0, []float64{0, 0.5})
	require.InDelta(t, 2, out[1], 1e-3)
}
