package solve_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

// digitsOf is how many digits the worst of the numbers has right, 11 at most, since as many are certified.
func digitsOf(got, want []float64) float64 {
	worst := 11.0
	for i := range got {
		worst = min(worst, -math.Log10(math.Abs(got[i]/want[i]-1)))
	}
	return worst
}

// fitted is what came of a fit, in the problem's units.
type fitted struct {
	b, deviations []float64
	rss, steps    float64
}

// leastSquares is a program that fits the problem in other units from a start that is in the problem's.
func (fit nistFit) leastSquares(d graph.DType, unit func(i int) float64) func(t *testing.T, start []float64) (fitted, error) {
	n := len(fit.Certified)
	units, back := make([]float64, n), make([]float64, n)
	for i := range units {
		units[i], back[i] = unit(i), 1/unit(i)
	}
	find := solve.LeastSquares(fit.residuals(units))
	fn := autodiff.Compile(func(start node) []node {
		g := start.Graph()
		wide := func(x node) node { return ops.Cast(x, graph.Float64) }
		x := ops.Cast(ops.Mul(graph.Const(g, back, n), start), d)
		got := find(entry(x, 0), x)
		return []node{ops.Mul(graph.Const(g, units, n), wide(got.X)), ops.Mul(graph.Const(g, units, n), wide(got.Deviations)),
			wide(got.RSS), wide(got.Steps)}
	})
	return func(t *testing.T, start []float64) (fitted, error) {
		out, err := fn.Run(t.Context(), start)
		if err != nil {
			return fitted{}, err
		}
		return fitted{elements(out[0]), elements(out[1]), elements(out[2])[0], elements(out[3])[0]}, nil
	}
}

func plainUnits(int) float64 { return 1 }

func otherUnits(i int) float64 { return []float64{1e8, 1e-8, 1e-3}[i%3] }

// All of NIST's problems, from both starts, have ten certified digits of the parameters and their deviations, in whatever
// units.
func TestLeastSquaresNIST(t *testing.T) {
	for _, fit := range nistFits(t) {
		own, other := fit.leastSquares(graph.Float64, plainUnits), fit.leastSquares(graph.Float64, otherUnits)
		for k, start := range fit.Starts {
			what := fmt.Sprintf("%s from start %d", fit.Name, k+1)
			got, err := own(t, start)
			require.NoError(t, err, what)
			scaled, err := other(t, start)
			require.NoError(t, err, what)
			for _, got := range []fitted{got, scaled} {
				b, sd, rss := digitsOf(got.b, fit.Certified), digitsOf(got.deviations, fit.Deviations), digitsOf([]float64{got.rss}, []float64{fit.RSS})
				t.Logf("%-9s %d %4.0f steps, digits of parameters %.1f, deviations %.1f, sum %.1f", fit.Name, k+1, got.steps, b, sd, rss)
				require.Greater(t, b, 10.0, what)
				if fit.Name == "Lanczos1" {
					// Its residuals are 10⁻¹³ of the data: rounding leaves three digits of them. Deviations are as many times
					// their size as is certified.
					require.Greater(t, rss, 2.0, what)
					ratio := math.Sqrt(fit.RSS / got.rss)
					for i := range got.deviations {
						got.deviations[i] *= ratio
					}
					sd, rss = digitsOf(got.deviations, fit.Deviations), 10
				}
				require.Greater(t, sd, 9.5, what)
				require.Greater(t, rss, 9.5, what)
			}
		}
	}
}

// From anywhere else, and in f32, a fit is the certified one, another stationary point, or an error: never a wrong value.
func TestLeastSquaresNeverSilentlyWrong(t *testing.T) {
	count := map[string]int{}
	for _, fit := range nistFits(t) {
		plain := fit.cost(ones64(len(fit.Certified)))
		for _, d := range []graph.DType{graph.Float64, graph.Float32} {
			run := fit.leastSquares(d, plainUnits)
			for _, start := range fit.Starts {
				for k, far := range []func(i int) float64{plainUnits, func(int) float64 { return 0.1 },
					func(i int) float64 { return math.Pow(10, float64(i%3-1)) }, func(i int) float64 { return math.Pow(30, float64(1-i%3)) }} {
					if k > 1 && d == graph.Float32 {
						continue
					}
					from := make([]float64, len(start))
					for i := range from {
						from[i] = start[i] * far(i)
					}
					what := fmt.Sprintf("%s in %v from %v", fit.Name, d, from)
					got, err := run(t, from)
					var wrong *solve.ConvergenceError
					if errors.As(err, &wrong) {
						count[fmt.Sprint(d, " error")]++
						continue
					}
					require.NoError(t, err, what)
					allowed, slope := 6.0, 1e-7
					if d == graph.Float32 {
						allowed, slope = 2.0, 1e-3
					}
					if digitsOf(got.b, fit.Certified) >= allowed {
						count[fmt.Sprint(d, " right")]++
						continue
					}
					count[fmt.Sprint(d, " elsewhere")]++
					require.False(t, math.IsInf(got.rss, 0) || math.IsNaN(got.rss), what)
					require.Less(t, slopeAt(t, plain, got.b, got.b), slope, what)
				}
			}
		}
	}
	t.Log(count)
	require.GreaterOrEqual(t, count["f64 right"], 100, "of 216")
	require.GreaterOrEqual(t, count["f32 right"], 60, "of 108")
}

func ones64(n int) []float64 { return slices.Repeat([]float64{1}, n) }
