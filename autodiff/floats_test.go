package autodiff_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

func TestFloats(t *testing.T) {
	out, err := autodiff.Compile(func(x node) []node {
		none := ops.Slice(x, ops.Range{Stop: 0})
		return []node{none, ops.Cast(none, graph.Int64), ops.Sum(x), ops.Transpose(ops.Reshape(x, 2, 2)), ops.Gt(x, 2), ops.Cast(x, graph.Float32)}
	}).Run(context.Background(), []float64{1, 2, 3, 4})
	require.NoError(t, err)
	for i, want := range [][]float64{{}, {}, {10}, {1, 3, 2, 4}, {0, 0, 1, 1}, {1, 2, 3, 4}} {
		got, err := autodiff.Floats(out[i])
		require.NoError(t, err, i)
		require.Equal(t, want, got, i)
	}
	_, err = autodiff.Floats(nil)
	require.ErrorContains(t, err, "the tensor is nil")
}
