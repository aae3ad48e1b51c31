package autodiff_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/ops"
)

// TestRequireFinite has a step whose first result is no number for some of what it is fed, with a donated argument.
func TestRequireFinite(t *testing.T) {
	step := func(p, x node) (node, node) { return ops.Log(ops.Sum(x)), ops.Add(p, x) }
	for _, opts := range [][]autodiff.CompileOption{nil, {autodiff.DebugNaN()}, {autodiff.DebugInf()}} {
		run := autodiff.Compile(step, append(opts, autodiff.Donate(0, 1), autodiff.RequireFinite(0))...)
		p := tensor.New(tensor.WithBacking([]float64{1, 2}))
		for _, bad := range []float64{-3, 0, math.NaN(), math.Inf(1)} {
			_, err := run.Run(t.Context(), p, []float64{bad, 0})
			var infinite *autodiff.NotFiniteError
			if len(opts) == 0 {
				require.ErrorAs(t, err, &infinite)
				require.Zero(t, infinite.Result)
				require.ErrorContains(t, err, "finite_test.go:16")
			}
			require.Error(t, err)
			require.Equal(t, []float64{1, 2}, p.Data())
		}
		_, err := run.Run(t.Context(), p, []float64{1, 0})
		require.NoError(t, err)
		require.Equal(t, []float64{2, 2}, p.Data())
	}
	_, err := autodiff.Compile(func(x node) (node, node) { return x, ops.Gt(x, 0) }, autodiff.RequireFinite(1)).Run(t.Context(), math.NaN())
	require.NoError(t, err) // a bool is finite, and the other result is not asked for
}
