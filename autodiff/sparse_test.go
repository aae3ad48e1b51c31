package autodiff_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
)

// The Hessian of the chained Rosenbrock function, with 100,000 variables, against its formulas.
func TestSparseHessianOfRosenbrock(t *testing.T) {
	const n = 100_000
	x := ramp(n)
	f := autodiff.SparseHessian(rosenbrock)
	m, values, err := f.EvalWithValues(context.Background(), x)
	require.NoError(t, err)
	require.Len(t, m.Values, 3*n-2)
	_, colors, err := f.Pattern(x)
	require.NoError(t, err)
	require.Equal(t, 3, colors)
	require.Len(t, values, 2, "the value and the gradient")
	near := func(want, size, got float64, i, j int) { // size bounds each of a handful of rounded terms
		require.InDelta(t, want, got, 8*size*0x1p-53, "(%d, %d)", i, j)
	}
	for i := range n {
		diagonal, size := 0.0, 0.0
		if i > 0 {
			diagonal, size = diagonal+200, size+200
			near(-400*x[i-1], 400*x[i-1], m.At(i, i-1), i, i-1)
			require.Equal(t, m.At(i-1, i), m.At(i, i-1))
		}
		if i+1 < n {
			diagonal += 1200*x[i]*x[i] - 400*x[i+1] + 2
			size += 1200*x[i]*x[i] + 400*x[i+1] + 2
		}
		near(diagonal, size, m.At(i, i), i, i)
	}
}

func TestSparseEvalIntoAllocatesNothing(t *testing.T) {
	ctx := context.Background()
	f := autodiff.SparseHessian(rosenbrock, autodiff.Workers(1))
	x := ramp(1000)
	m, values, err := f.EvalWithValues(ctx, x)
	require.NoError(t, err)
	_, err = f.Eval(ctx, x)
	require.NoError(t, err)
	in := []*tensor.Dense{tensor.New(tensor.WithBacking(x))}
	want := slices.Clone(m.Values)
	clear(m.Values)
	for _, values := range [][]*tensor.Dense{nil, values} {
		allocs := testing.AllocsPerRun(100, func() { require.NoError(t, f.EvalInto(ctx, m, values, in)) })
		if !raceEnabled {
			require.Zero(t, allocs)
		}
		require.Equal(t, want, m.Values)
	}
}

// TestPatternOfNothing: a function that gives no node has no pattern.
func TestPatternOfNothing(t *testing.T) {
	x := graph.Const(graph.New(), []float64{1, 2}, 2)
	err := graph.Try(func() { autodiff.JacobianPattern(func(node) node { return nil })(x) })
	require.ErrorContains(t, err, "jacobian pattern: the result has no node to differentiate")
	err = graph.Try(func() { autodiff.HessianPattern(func(node) node { return nil })(x) })
	require.ErrorContains(t, err, "the result must be a float scalar")
}
