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

// TestLogSumExpOfNothing: where all elements are −∞, derivatives of every order are 0, and those of other rows as ever.
func TestLogSumExpOfNothing(t *testing.T) {
	g := graph.New()
	nothing := graph.Const(g, []float64{-inf, -inf, 0, 0, -inf, -inf}, 3, 2)
	f := func(x []*graph.Node) *graph.Node { return ops.LogSumExp(x[0], 1) }
	expect(t, f([]*graph.Node{nothing}), []int{3}, []float64{-inf, math.Ln2, -inf})
	expect(t, grad(f, nothing)[0], []int{3, 2}, []float64{0, 0, 0.5, 0.5, 0, 0})
	bend := func(x []*graph.Node) *graph.Node { return ops.Slice(grad(f, x[0])[0], ops.All, ops.At(0)) }
	expect(t, grad(bend, nothing)[0], []int{3, 2}, []float64{0, 0, 0.25, -0.25, 0, 0})
	f = func(x []*graph.Node) *graph.Node { return ops.LogSumExp(x[0], 0) }
	down := graph.Const(g, []float64{-inf, 0, -inf, -inf, 0, -inf}, 2, 3)
	expect(t, grad(f, down)[0], []int{2, 3}, []float64{0, 0.5, 0, 0, 0.5, 0})
}
