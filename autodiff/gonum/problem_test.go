package gonum_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/optimize"

	"chainrule/autodiff/gonum"
	"chainrule/graph"
	"chainrule/ops"
)

// The valley of Rosenbrock's function ends at (1, …, 1), for methods with a gradient and with a Hessian.
func TestProblemMinimizesRosenbrock(t *testing.T) {
	p, err := gonum.Problem(rosenbrock, 10)
	require.NoError(t, err)
	for name, method := range map[string]optimize.Method{
		"BFGS": &optimize.BFGS{}, "L-BFGS": &optimize.LBFGS{}, "Newton": &optimize.Newton{}, "conjugate gradients": &optimize.CG{},
	} {
		t.Run(name, func(t *testing.T) {
			start := make([]float64, 10)
			for i := range start {
				start[i] = 0.5 + float64(i%2)
			}
			result, err := optimize.Minimize(p, start, &optimize.Settings{GradientThreshold: 1e-9}, method)
			require.NoError(t, err)
			require.Equal(t, optimize.GradientThreshold, result.Status)
			// The smallest eigenvalue of the Hessian at (1, …, 1) is above 0.4, and the gradient below 10⁻⁹.
			for _, x := range result.X {
				require.InDelta(t, 1, x, 1e-9*math.Sqrt(10)/0.4)
			}
		})
	}
}

// A threshold that values of f cannot tell ends in an error of the line search, at the minimum all the same. It depends on the
// units of f.
func TestThresholdBelowRounding(t *testing.T) {
	for _, c := range []struct {
		scale, threshold float64
		want             error
	}{{1, 1e-6, nil}, {1, 1e-9, optimize.ErrLinesearcherFailure}, {1e12, 1e-6, optimize.ErrLinesearcherFailure}, {1e12, 1e6, nil}} {
		p, err := gonum.Problem(func(x node) node {
			stretched := ops.Mul(x, graph.Const(x.Graph(), []float64{1, 3}, 2))
			return ops.Mul(c.scale, ops.Sum(ops.Sub(ops.Exp(stretched), ops.Mul(3, x))))
		}, 2)
		require.NoError(t, err)
		result, err := optimize.Minimize(p, []float64{0.5, 1.5}, &optimize.Settings{GradientThreshold: c.threshold}, &optimize.LBFGS{})
		require.ErrorIs(t, err, c.want, "%+v", c)
		require.InDeltaSlice(t, []float64{math.Log(3), 0}, result.X, 1e-6, "%+v", c)
	}
}

func TestProblemErrors(t *testing.T) {
	_, err := gonum.Problem(ops.Sin, 3)
	var wrong *graph.Error
	require.ErrorAs(t, err, &wrong)

	// A step leaves what picky is defined for: the optimiser stops and says why.
	p, err := gonum.Problem(picky, 1)
	require.NoError(t, err)
	result, err := optimize.Minimize(p, []float64{0.5}, nil, &optimize.GradientDescent{})
	require.ErrorIs(t, err, ops.ErrIndex)
	require.Equal(t, optimize.Failure, result.Status)
}
