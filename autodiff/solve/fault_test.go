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

// y′ = y/2 has y(t₁) = y₀·e^{(t₁ − t₀)/2}, whose derivatives by the times are there where times are equal too: each
// interval makes a step of its own. They are Taylor coefficients, exact up to the order of the method.
func TestODETimesThatAreEqual(t *testing.T) {
	forward, back := forwardGrad, func(f func(node) node) func(node) node { return autodiff.Grad(f) }
	for name, opts := range map[string][]solve.ODEOption{
		"dopri": nil, "rk4": {solve.RK4(3)}, "adjoint": {solve.Adjoint()}, "adjoint rk4": {solve.RK4(3), solve.Adjoint()},
	} {
		solution := solve.ODE(func(_, y, p node) node { return ops.Mul(p, y) }, opts...)
		last := func(scale ...float64) func(s node) node { // y at the last of times that are multiples of s
			return func(s node) node {
				times := ops.Mul(s, graph.Const(s.Graph(), scale, len(scale)))
				return entry(solution(ops.FullLike(s, 3), ops.FullLike(s, 0.5), times), len(scale)-1)
			}
		}
		modes := map[string][]func(func(node) node) func(node) node{"r": {back}, "rr": {back, back}}
		if len(opts) == 0 || name == "rk4" {
			modes = map[string][]func(func(node) node) func(node) node{
				"r": {back}, "f": {forward}, "rr": {back, back}, "rf": {forward, back}, "ff": {forward, forward}, "fff": {forward, forward, forward},
			}
		}
		for _, scale := range [][]float64{{0, 1}, {1, 0}, {0, 0, 0, 1}, {0, 1, 1, 1}, {0, 3, 1}, {0, -1, -1, -2}} {
			rate, size := 0.5*(scale[len(scale)-1]-scale[0]), 0.0
			for i, at := range scale[1:] {
				size += 0.5 * math.Abs(at-scale[i])
			}
			for mode, ds := range modes {
				f := last(scale...)
				for _, d := range ds {
					f = d(f)
				}
				want := 3 * math.Pow(rate, float64(len(ds)))
				require.InDelta(t, want, run1(t, f, 0.0)[0], 16*eps*(1+3*math.Pow(size, float64(len(ds)))), "%s %s of %v", name, mode, scale)
			}
		}
		// by each of three equal times, with a right side that depends on time: ∂y₂/∂t₂ = f, ∂y₂/∂t₀ = −f, ∂y₂/∂t₁ = 0
		moving := solve.ODE(func(t, y, p node) node { return ops.Add(ops.Mul(p, y), ops.Cos(t)) }, opts...)
		slopes := autodiff.Grad(func(times node) node {
			return entry(moving(ops.FullLike(entry(times, 0), 3), ops.FullLike(entry(times, 0), 0.5), times), 2)
		})
		f := 1.5 + math.Cos(0.7)
		require.InDeltaSlice(t, []float64{-f, 0, f}, run1(t, slopes, []float64{0.7, 0.7, 0.7}), 16*eps, name)
	}
}

// What is wrong is said at once, with the time and the unknown, whatever of y and its derivatives is asked for.
func TestODEThatCannotGoOn(t *testing.T) {
	type pair struct{ X, V node }
	nan := math.NaN()
	for name, c := range map[string]struct {
		f       func(t node, y pair, p node) pair
		times   []float64
		unknown string
		time    float64 // within 1e-3
		says    string
		shape   func(e *solve.ODEError) bool
	}{
		"nan at once": {func(_ node, y pair, p node) pair { return pair{y.V, ops.Mul(y.X, nan)} }, []float64{0.25, 1}, "V", 0.25,
			"its slope is NaN", func(e *solve.ODEError) bool { return math.IsNaN(e.Slope) && e.Value == 0.5 }},
		"infinite at once": {func(t node, y pair, p node) pair { return pair{ops.Div(p, t), y.X} }, []float64{0, 1}, "X", 0,
			"its slope is +Inf", func(e *solve.ODEError) bool { return math.IsInf(e.Slope, 1) }},
		"nan later": {func(t node, y pair, p node) pair { return pair{y.V, ops.Sqrt(ops.Sub(0.3, t))} }, []float64{0, 0.1, 1}, "V", 0.3,
			"its slope is no finite number", func(e *solve.ODEError) bool { return math.IsNaN(e.Off) }},
		"infinite later": {func(t node, y pair, p node) pair {
			return pair{ops.Where(ops.Gt(t, 0.6), math.Inf(1), y.V), ops.Neg(y.X)}
		}, []float64{0, 1}, "X", 0.6, "its slope is no finite number", func(e *solve.ODEError) bool { return e.End == 1 }},
		"nan backward": {func(t node, y pair, p node) pair { return pair{ops.Sqrt(ops.Add(t, 0.5)), y.X} }, []float64{0, -1}, "X", -0.5,
			"its slope is no finite number", func(e *solve.ODEError) bool { return e.End == -1 }},
		"singular": {func(_ node, y pair, p node) pair { return pair{ops.Mul(p, ops.Square(y.X)), y.X} }, []float64{0, 0.5, 2}, "X", 1,
			"is there a singularity?", func(e *solve.ODEError) bool { return e.Value > 1e6 && e.Slope > 1e12 }},
		"time nan": {func(_ node, y pair, p node) pair { return y }, []float64{0, nan}, "X", 0, "the next time asked for is NaN",
			func(e *solve.ODEError) bool { return math.IsNaN(e.End) }},
		"time infinite": {func(_ node, y pair, p node) pair { return y }, []float64{0, 1, math.Inf(1)}, "X", 1,
			"the next time asked for is +Inf", func(e *solve.ODEError) bool { return math.IsInf(e.End, 1) }},
	} {
		for which, opts := range map[string][]solve.ODEOption{"": nil, " adjoint": {solve.Adjoint()}} {
			solution := solve.ODE(c.f, opts...)
			value := func(p node) node {
				y := solution(pair{p, ops.FullLike(p, 0.5)}, p, graph.Const(p.Graph(), c.times, len(c.times)))
				return ops.Sum(ops.Add(y.X, y.V))
			}
			modes := map[string]func(node) node{"value": value, "gradient": autodiff.Grad(value, autodiff.AllowUnreachable())}
			if which == "" {
				modes["jvp"] = forwardGrad(value)
			}
			for mode, f := range modes {
				what := name + which + " " + mode
				_, err := autodiff.Compile(f).Run(t.Context(), 1.0)
				var e *solve.ODEError
				require.ErrorAs(t, err, &e, what)
				require.ErrorContains(t, err, "ode at fault_test.go:", what)
				require.ErrorContains(t, err, c.says, what)
				require.Equal(t, c.unknown, e.Unknown, what)
				require.InDelta(t, c.time, e.Time, 1e-3, what)
				require.Equal(t, -1, e.Example)
				require.True(t, c.shape(e), "%s: %+v", what, *e)
			}
		}
	}
}

// Under Vmap the example is named, and the others' trouble is nobody's while there is none.
func TestODEExampleThatCannotGoOn(t *testing.T) {
	solution := solve.ODE(func(_, y, p node) node { return ops.Mul(p, ops.Square(y)) }) // 1/(1 − p·t)
	f := autodiff.Vmap(func(p node) node {
		return entry(solution(ops.FullLike(p, 1), p, graph.Const(p.Graph(), []float64{0, 1}, 2)), 1)
	})
	got := run1(t, f, []float64{0.5, -1, 0})
	require.InDeltaSlice(t, []float64{2, 0.5, 1}, got, 1e-5)
	_, err := autodiff.Compile(f).Run(t.Context(), []float64{0.5, -1, 2, 0})
	var e *solve.ODEError
	require.ErrorAs(t, err, &e)
	require.Equal(t, 2, e.Example)
	require.InDelta(t, 0.5, e.Time, 1e-5)
	require.ErrorContains(t, err, "ode cannot go on for example 2 at time ")
}

// A trial step that leaves what the right side is defined for is one that is too long, no more: y = (1 − t/2)² falls to 0.01.
func TestODEStepsBackFromTheEdge(t *testing.T) {
	solution := solve.ODE(func(_, y, p node) node { return ops.Mul(p, ops.Sqrt(y)) }, solve.DormandPrince(1e-3, 1e-3))
	f := func(p node) node {
		return entry(solution(ops.FullLike(p, 1), p, graph.Const(p.Graph(), []float64{0, 1.8}, 2)), 1)
	}
	require.InDelta(t, 0.01, run1(t, f, -1.0)[0], 3e-3)
	require.InDelta(t, 0.18, run1(t, autodiff.Grad(f), -1.0)[0], 2e-2) // y = (1 + p·t/2)², ∂y/∂p = t·(1 + p·t/2)
}

// Each unknown keeps to its own tolerance, whatever the units of it, of the time and of the others are: one in 10⁻⁹, of high
// frequency, beside one in 10⁹. The number of steps says nothing of the units either.
func TestODEUnits(t *testing.T) {
	type pair struct{ X, V node }
	for _, unit := range []float64{1e-12, 1e-9, 1, 1e9} {
		for _, second := range []float64{1e-9, 1, 1e12} {
			solution := solve.ODE(func(_ node, y []pair, p node) []pair { // two oscillators
				turn := func(y pair, w float64) pair { return pair{ops.Mul(w/second, y.V), ops.Mul(-w/second, y.X)} }
				return []pair{turn(y[0], 7), turn(y[1], 0.1)}
			}, solve.DormandPrince(1e-9, 1e-9*unit, 1e-9*unit, 1e3, 1e3))
			f := func(x node) node {
				g := x.Graph()
				start := []pair{{ops.Mul(unit, x), g.Scalar(graph.Float64, 0)}, {g.Scalar(graph.Float64, 1e9), g.Scalar(graph.Float64, 0)}}
				y := solution(start, x, graph.Const(g, []float64{0, 3 * second}, 2))
				return ops.Stack([]*graph.Node{ops.Div(entry(y[0].X, 1), unit), ops.Div(entry(y[1].X, 1), 1e9)}, 0)
			}
			require.InDeltaSlice(t, []float64{math.Cos(21), math.Cos(0.3)}, run1(t, f, 1.0), 2e-7, "%v %v", unit, second)
		}
	}
	alone := solve.ODE(func(_, y, p node) node { return ops.Neg(y) }, solve.DormandPrince(1e-9)) // no atol, and one stays 0
	f := func(y0 node) node { return alone(y0, y0, graph.Const(y0.Graph(), []float64{0, 20}, 2)) }
	got := run1(t, f, []float64{1e-20, 0, 1e20})
	for i, y0 := range []float64{1e-20, 0, 1e20} {
		require.InDelta(t, y0*math.Exp(-20), got[3+i], 1e-7*y0*math.Exp(-20))
	}
	err := graph.Try(func() {
		x := graph.New().Input("x", graph.Float64, 3)
		solve.ODE(func(_, y, p node) node { return y }, solve.DormandPrince(1e-9, 1, 2))(x, x, x)
	})
	require.ErrorContains(t, err, "2 absolute tolerances for 3 unknowns")
}

// The adjoint equation is linear: the unit of the cost, and those of the unknowns, change nothing. y′ = −p·y with y in units
// of u has ∂(c·y(1))/∂p = −c·u·e^{−p}, ∂/∂y₀ = c·e^{−p}.
func TestODEAdjointUnits(t *testing.T) {
	for _, u := range []float64{1e-9, 1, 1e9} {
		for _, c := range []float64{1e-15, 1, 1e12} {
			solution := solve.ODE(func(_, y, p node) node { return ops.Neg(ops.Mul(p, y)) }, solve.Adjoint(),
				solve.DormandPrince(1e-9, 1e-9*u))
			grad := autodiff.Grad(func(a [2]node) node {
				return ops.Mul(c, entry(solution(a[0], a[1], graph.Const(a[0].Graph(), []float64{0, 1}, 2)), 1))
			})
			got := runAll(t, func(y0, p node) [2]node { return grad([2]node{y0, p}) }, u, 4.0)
			require.InEpsilon(t, c*math.Exp(-4), got[0], 1e-7, "%v %v", u, c)
			require.InEpsilon(t, -c*u*math.Exp(-4), got[1], 1e-7, "%v %v", u, c)
		}
	}
}

// TestRK4ThatCannotGoOn: what becomes no number is an error that says where, in values and in derivatives.
func TestRK4ThatCannotGoOn(t *testing.T) {
	root := solve.ODE(func(_, y, p node) node { return ops.Neg(ops.Mul(p, ops.Sqrt(y))) }, solve.RK4(1)) // 0 at t = 2
	last := func(p node) node {
		return entry(root(ops.FullLike(p, 1), p, graph.Const(p.Graph(), []float64{0, 1, 2, 3, 4}, 5)), 4)
	}
	for name, f := range map[string]func(node) node{"value": last, "gradient": autodiff.Grad(last), "tangent": forwardGrad(last)} {
		_, err := autodiff.Compile(f).Run(t.Context(), 1.0)
		var fault *solve.ODEError
		require.ErrorAs(t, err, &fault, name)
		require.True(t, math.IsNaN(fault.Value), name)
		require.Equal(t, 2.0, fault.Time, name)
		require.ErrorContains(t, err, "ode cannot go on at time 2: y is NaN", name)
	}
}

// TestODEOfTwoTypes names what the user wrote.
func TestODEOfTwoTypes(t *testing.T) {
	g := graph.New()
	err := graph.Try(func() {
		solve.ODE(func(_, y, _ node) node { return y })(graph.Const(g, []float32{1}, 1), g.Scalar(graph.Float64, 1), graph.Const(g, []float64{0, 1}, 2))
	})
	require.ErrorContains(t, err, "ode: times are f64, and the leaf of y0 is ")
}
