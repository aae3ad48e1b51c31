package solve_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

// oscillator is x″ = −ω²x as a system for (x, x′).
type oscillator struct{ X, V *graph.Node }

func harmonic(_ *graph.Node, y oscillator, w *graph.Node) oscillator {
	return oscillator{y.V, ops.Neg(ops.Mul(ops.Square(w), y.X))}
}

// TestHarmonic solves from x = 1, v = 0, where x = cos ωt, and ∂x/∂ω = −t·sin ωt.
func TestHarmonic(t *testing.T) {
	const w = 1.3
	times := []float64{0, 0.4, 1, 2.5}
	for name, opt := range map[string]solve.ODEOption{
		"rk4": solve.RK4(200), "dopri": solve.DormandPrince(1e-11, 1e-12),
	} {
		for _, adjoint := range []bool{false, true} {
			opts := []solve.ODEOption{opt}
			if adjoint {
				opts = append(opts, solve.Adjoint())
			}
			solution := solve.ODE(harmonic, opts...)
			x := func(w *graph.Node) *graph.Node {
				g := w.Graph()
				start := oscillator{g.Scalar(graph.Float64, 1), g.Scalar(graph.Float64, 0)}
				return solution(start, w, graph.Const(g, times, len(times))).X
			}
			what := fmt.Sprint(name, adjoint)
			got, slopes := run1(t, x, w), run1(t, autodiff.Jacobian(x, autodiff.ReverseMode()), w)
			for i, at := range times {
				require.InDelta(t, math.Cos(w*at), got[i], 2e-9, what)
				require.InDelta(t, -at*math.Sin(w*at), slopes[i], 2e-9, what)
			}
			back := func(w *graph.Node) *graph.Node { // falling times
				g := w.Graph()
				start := oscillator{ops.Cos(w), ops.Neg(ops.Mul(w, ops.Sin(w)))}
				return entry(solution(start, w, graph.Const(g, []float64{1, 0}, 2)).X, 1)
			}
			require.InDelta(t, 1, run1(t, back, w)[0], 2e-9, what)
			require.InDelta(t, 0, run1(t, autodiff.Grad(back), w)[0], 1e-8, what)
		}
	}
}

// TestOrder halves the steps: the error of RK4 falls by 2⁴, that of its derivative too.
func TestOrder(t *testing.T) {
	const w = 2.0
	errors := func(n int) (value, slope float64) {
		solution := solve.ODE(harmonic, solve.RK4(n))
		x := func(w *graph.Node) *graph.Node {
			g := w.Graph()
			start := oscillator{g.Scalar(graph.Float64, 1), g.Scalar(graph.Float64, 0)}
			return entry(solution(start, w, graph.Const(g, []float64{0, 1}, 2)).X, 1)
		}
		v, s := run1(t, x, w), run1(t, autodiff.Grad(x), w)
		return math.Abs(v[0] - math.Cos(w)), math.Abs(s[0] + math.Sin(w))
	}
	v1, s1 := errors(16)
	v2, s2 := errors(32)
	require.InDelta(t, 4, math.Log2(v1/v2), 0.2)
	require.InDelta(t, 4, math.Log2(s1/s2), 0.2)
}

// pendulum is θ″ = −(g/l)·sin θ − c·θ′.
type pendulum struct{ G, C *graph.Node }

func swing(_ *graph.Node, y oscillator, p pendulum) oscillator {
	return oscillator{y.V, ops.Sub(ops.Neg(ops.Mul(p.G, ops.Sin(y.X))), ops.Mul(p.C, y.V))}
}

// TestPendulum holds the adjoint gradient against that of the discrete steps: by the start, the parameters, the times.
func TestPendulum(t *testing.T) {
	type all struct {
		Y0    oscillator
		P     pendulum
		Times *graph.Node
	}
	cost := func(opts ...solve.ODEOption) func(a all) *graph.Node {
		solution := solve.ODE(swing, opts...)
		return func(a all) *graph.Node {
			y := solution(a.Y0, a.P, a.Times)
			return ops.Add(ops.Sum(ops.Square(ops.Sub(y.X, 0.3))), ops.Sum(ops.Mul(y.V, y.X)))
		}
	}
	gradient := func(opts ...solve.ODEOption) []float64 {
		f := autodiff.Grad(cost(opts...))
		return runAll(t, func(x, v, g, c, times *graph.Node) all {
			return f(all{oscillator{x, v}, pendulum{g, c}, times})
		}, 1.1, -0.2, 9.81, 0.25, []float64{0.1, 0.5, 1, 2})
	}
	want := gradient(solve.RK4(2000))
	for name, opts := range map[string][]solve.ODEOption{
		"discrete dopri": {solve.DormandPrince(1e-12, 1e-12)},
		"adjoint rk4":    {solve.RK4(2000), solve.Adjoint()},
		"adjoint dopri":  {solve.DormandPrince(1e-12, 1e-12), solve.Adjoint()},
	} {
		got := gradient(opts...)
		for i := range want {
			require.InDelta(t, want[i], got[i], 1e-8*(1+math.Abs(want[i])), "%s %d of %v, %v", name, i, got, want)
		}
	}
}

func TestODEManyAtOnce(t *testing.T) {
	solution := solve.ODE(func(_, y, p *graph.Node) *graph.Node { return ops.Neg(ops.Mul(p, y)) },
		solve.DormandPrince(1e-11, 1e-12))
	f := func(p *graph.Node) *graph.Node { // e^{−p}
		y := solution(ops.FullLike(p, 1), p, graph.Const(p.Graph(), []float64{0, 1}, 2))
		return entry(y, 1)
	}
	ps := []float64{0.5, 3, 20}
	second := run1(t, autodiff.Vmap(autodiff.Grad(autodiff.Grad(f))), ps)
	first := run1(t, autodiff.Vmap(autodiff.Grad(f)), ps)
	for i, p := range ps {
		require.InDelta(t, -math.Exp(-p), first[i], 1e-9)
		require.InDelta(t, math.Exp(-p), second[i], 1e-7)
	}
}
