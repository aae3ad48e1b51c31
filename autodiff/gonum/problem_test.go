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
