package solve_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

// column is a constant vector.
func column(x node, v ...float64) node { return ops.Cast(graph.Const(x.Graph(), v, len(v)), x.DType()) }

// What is no fit, or none that the residuals determine, is an error that says why.
func TestLeastSquaresThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		f      func(_, x node) node
		start  []float64
		reason string
		loose  []float64
	}{
		"a sum of unknowns": {func(_, x node) node {
			return ops.Sub(ops.Mul(ops.Add(entry(x, 0), ops.Mul(1e6, entry(x, 1))), column(x, 1, 2, 3)), column(x, 1, 2, 4))
		}, []float64{1, 1}, "the residuals do not determine the unknowns", []float64{1, -1e-6}},
		"a product of unknowns": {func(_, x node) node {
			return ops.Sub(ops.Mul(ops.Mul(entry(x, 0), entry(x, 1)), column(x, 1, 2, 3)), column(x, 1, 2, 4))
		}, []float64{3, 5}, "the residuals do not determine the unknowns", nil},
		"an unknown that is not used": {func(_, x node) node {
			return ops.Sub(ops.Mul(entry(x, 1), column(x, 1, 2, 3)), column(x, 1, 2, 4))
		}, []float64{3, 5}, "the residuals do not determine the unknowns", []float64{1, 0}},
		"downhill for ever": {func(_, x node) node { return ops.Exp(ops.Neg(ops.Add(x, column(x, 0)))) }, []float64{1}, "", nil},
		"downhill for ever, above 1": {func(_, x node) node {
			return ops.Add(1, ops.Exp(ops.Neg(ops.Mul(entry(x, 0), column(x, 1, 2)))))
		}, []float64{1}, "", nil},
		"a maximum": {func(_, x node) node {
			return ops.Concat([]*graph.Node{ops.Sub(1, ops.Mul(2, ops.Square(x))), ops.Mul(0.1, x)}, 0)
		}, []float64{0}, "it is no minimum", nil},
		"a kink":    {func(_, x node) node { return ops.Add(ops.Abs(ops.Sub(x, 2)), column(x, 1, 2)) }, []float64{1}, "", nil},
		"no number": {func(_, x node) node { return ops.Log(ops.Add(x, column(x, 1, 2))) }, []float64{-5}, "not finite", nil},
		"no slope":  {func(_, x node) node { return ops.Sqrt(ops.Mul(x, column(x, 1, 2))) }, []float64{0}, "not finite", nil},
	} {
		_, err := autodiff.Compile(func(x node) node { return solve.LeastSquares(c.f)(x, x).X }).Run(t.Context(), c.start)
		var wrong *solve.ConvergenceError
		require.ErrorAs(t, err, &wrong, name)
		require.Equal(t, "least_squares", wrong.Solver)
		require.Contains(t, wrong.Reason, c.reason, name)
		if c.loose != nil {
			require.InDeltaSlice(t, c.loose, wrong.Undetermined, 1e-12, name)
		}
	}
}

// The message names the unknowns that are not determined.
func TestLeastSquaresSaysWhatIsNotDetermined(t *testing.T) {
	fit := solve.LeastSquares(func(d points, l []line) node {
		return ops.Add(offLine(d, l[0]), ops.Mul(2, ops.Mul(l[1].Slope, d.X)))
	})
	_, err := autodiff.Compile(func(x, y node) node {
		zero := x.Graph().Scalar(graph.Float64, 0)
		return fit(points{x, y}, []line{{zero, zero}, {Slope: zero}}).X[0].Slope
	}).Run(t.Context(), lineX, lineY)
	require.ErrorContains(t, err, "; moving [0].Slope by 1, [1].Slope by -0.5 changes no residual")
}

// Fits that no one can make are refused where they are asked for.
func TestLeastSquaresRefused(t *testing.T) {
	x := graph.New().Input("x", graph.Float64, 3)
	for want, do := range map[string]func(){
		"least_squares: 2 residuals do not determine 3 unknowns": func() {
			solve.LeastSquares(func(_, x node) node { return ops.Slice(x, ops.Range{Start: 0, Stop: 2}) })(x, x)
		},
		"least_squares: the function does not depend on the unknowns": func() {
			solve.LeastSquares(func(p, _ node) node { return p })(x, x)
		},
		"least_squares: the function is nil": func() { solve.LeastSquares[node, node, node](nil) },
		"floats of one type, not": func() {
			solve.LeastSquares(func(_, x node) node { return x })(x, ops.Cast(x, graph.Int64))
		},
	} {
		require.ErrorContains(t, graph.Try(do), want)
	}
}

// As many unknowns as residuals leave nothing to tell the variance by.
func TestLeastSquaresWithoutFreedom(t *testing.T) {
	got := runAll(t, func(x node) []node {
		fit := solve.LeastSquares(func(_, x node) node { return ops.Sub(ops.Square(x), column(x, 4, 9)) })(x, x)
		return []node{fit.X, fit.Deviations}
	}, []float64{1, 1})
	require.InEpsilonSlice(t, []float64{2, 3}, got[:2], 4*eps)
	require.True(t, math.IsNaN(got[2]) && math.IsNaN(got[3]))
}

// MaxIterations bounds the steps, and AllowUnconverged gives what has come of them.
func TestLeastSquaresStepsUsed(t *testing.T) {
	run := func(opts ...solve.Option) ([]float64, error) {
		fit := solve.LeastSquares(growth, opts...)
		out, err := autodiff.Compile(func(x, y, b node) node {
			got := fit(points{x, y}, b)
			return ops.Concat([]*graph.Node{got.X, ops.ExpandDims(ops.Cast(got.Steps, graph.Float64), 0), ops.ExpandDims(ops.Cast(got.End, graph.Float64), 0)}, 0)
		}).Run(t.Context(), growthX, growthY, []float64{300, 0.2, 1})
		if err != nil {
			return nil, err
		}
		return elements(out[0]), nil
	}
	_, err := run(solve.MaxIterations(3))
	require.ErrorContains(t, err, "did not converge after 3 steps")
	require.ErrorContains(t, err, "the steps are used up")
	got, err := run(solve.MaxIterations(3), solve.AllowUnconverged())
	require.NoError(t, err)
	require.Equal(t, 3.0, got[3])
	require.Equal(t, "the steps are used up", solve.Ending(got[4]).String())
	got, err = run()
	require.NoError(t, err)
	require.Equal(t, "converged", solve.Ending(got[4]).String())
}

// An exact fit leaves rounding, at any angle: it is one.
func TestExactFits(t *testing.T) {
	x := []float64{0, 0.1, 0.3, 0.45, 0.7, 0.9, 1.3}
	for name, c := range map[string]struct {
		f     func(b, x node) node
		b     []float64
		start []float64
	}{
		"a line on an offset": {func(b, x node) node { return ops.Add(300.15, ops.Mul(entry(b, 0), x)) }, []float64{0.7}, []float64{5}},
		"a decay": {func(b, x node) node { return ops.Mul(entry(b, 0), ops.Exp(ops.Neg(ops.Mul(entry(b, 1), x)))) },
			[]float64{3.3, 1.7}, []float64{1, 1}},
		"a decay on an offset": {func(b, x node) node {
			return ops.Add(1e5, ops.Mul(entry(b, 0), ops.Exp(ops.Neg(ops.Mul(entry(b, 1), x)))))
		}, []float64{3.3, 1.7}, []float64{1, 1}},
		"a line through 0": {func(b, x node) node { return ops.Add(entry(b, 0), ops.Mul(entry(b, 1), x)) }, []float64{0, 2}, []float64{4, 1}},
	} {
		y := make([]float64, len(x))
		for i := range x { // computed in another order than the graph does
			switch name {
			case "a line on an offset":
				y[i] = 300 + (c.b[0]*x[i] + 0.15)
			case "a decay":
				y[i] = c.b[0] / math.Exp(c.b[1]*x[i])
			case "a decay on an offset":
				y[i] = (1e5 - 3) + (3 + c.b[0]/math.Exp(c.b[1]*x[i]))
			default:
				y[i] = c.b[1]*x[i] + c.b[0]
			}
		}
		fit := solve.LeastSquares(func(d points, b node) node { return ops.Sub(c.f(b, d.X), d.Y) })
		out, err := autodiff.Compile(func(x, y, b node) node { return fit(points{x, y}, b).X }).Run(t.Context(), x, y, c.start)
		require.NoError(t, err, name)
		for i, b := range elements(out[0]) {
			require.InDelta(t, c.b[i], b, 1e-15*1e6, name)
		}
	}
}

// A bad start fails for itself alone.
func TestLeastSquaresVmapped(t *testing.T) {
	starts := []float64{300, 0.2, 1, math.NaN(), 1, 1, 500, 1, 0.1}
	fit := func(opts ...solve.Option) func(b node) []node {
		f := solve.LeastSquares(growth, opts...)
		return autodiff.Vmap(func(b node) []node {
			d := points{graph.Const(b.Graph(), growthX, len(growthX)), graph.Const(b.Graph(), growthY, len(growthY))}
			got := f(d, entry(ops.Reshape(b, 1, -1), 0))
			return []node{got.X, got.Deviations, ops.ExpandDims(ops.Cast(got.End, graph.Float64), 0)}
		})
	}
	shaped := func(f func(b node) []node) func(b node) []node {
		return func(b node) []node { return f(ops.Reshape(b, 3, 3)) }
	}
	_, err := autodiff.Compile(shaped(fit())).Run(t.Context(), starts)
	var wrong *solve.ConvergenceError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []int{1}, wrong.Failed)
	got := runAll(t, shaped(fit(solve.AllowUnconverged())), starts)
	require.InEpsilonSlice(t, got[:3], got[6:9], 1e-10)
	require.InEpsilonSlice(t, got[9:12], got[15:18], 1e-10)
	require.Zero(t, got[18]+got[20])
	require.NotZero(t, got[19])
	require.NotEqual(t, "converged", solve.Ending(got[19]).String())
}

// The derivatives of the good ones go through the batch too, where the bad one's are NaN.
func TestDerivativesOfVmappedFits(t *testing.T) {
	starts := []float64{300, 0.2, 1, math.NaN(), 1, 1, 500, 1, 0.1}
	fit := solve.LeastSquares(growth, solve.AllowUnconverged())
	type example struct{ Y, Start node }
	fits := func(ys, starts node) node {
		return autodiff.Vmap(func(e example) node {
			got := fit(points{graph.Const(e.Y.Graph(), growthX, len(growthX)), e.Y}, e.Start)
			return ops.Concat([]*graph.Node{got.X, got.Deviations}, 0)
		})(example{ops.Reshape(ys, 3, -1), ops.Reshape(starts, 3, 3)})
	}
	n := len(growthY)
	ys := slices.Repeat(growthY, 3)
	forward := run1(t, func(ys, starts node) node {
		_, d := autodiff.JVP(func(ys node) node { return fits(ys, starts) }, ys, ones(ys))
		return d
	}, ys, starts)
	reverse := run1(t, func(ys, starts node) node {
		return autodiff.Grad(func(ys node) node { return ops.Sum(ops.Index(fits(ys, starts), 2)) })(ys)
	}, ys, starts)
	require.InEpsilonSlice(t, forward[:6], forward[12:], 1e-7)
	require.True(t, math.IsNaN(forward[6]))
	pushed, pulled := 0.0, 0.0
	for i := range 6 {
		pushed += forward[12+i]
	}
	for _, v := range reverse[2*n:] {
		pulled += v
	}
	require.InEpsilon(t, pushed, pulled, 1e-9)
}
