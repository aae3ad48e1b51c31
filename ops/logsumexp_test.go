package ops_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestLogSumExpOfLargeNumbers has elements whose logsumexp is rounded to 2⁻⁴² or less accurately, which must not show in
// its derivative: that depends on their differences only, here exact, and is right to a few roundings:
// of exponentials, their sum and the quotient, here and in what it is compared with.
func TestLogSumExpOfLargeNumbers(t *testing.T) {
	for _, far := range []float64{-1 << 10, -1 << 14, 1 << 12, 1 << 20} {
		for _, gap := range []float64{0, 0.25, 0.75, 1.5, 3} {
			f := func(x *graph.Node) *graph.Node { return ops.LogSumExp(x) }
			out, err := autodiff.Compile(autodiff.Grad(f)).Run(t.Context(), []float64{far, far + gap})
			require.NoError(t, err)
			got := out[0].Data().([]float64)
			for i, want := range []float64{1 / (1 + math.Exp(gap)), 1 / (1 + math.Exp(-gap))} {
				require.InEpsilon(t, want, got[i], 8*0x1p-52, "∂/∂x%d at (%g, %g)", i, far, far+gap)
			}
		}
	}
}
