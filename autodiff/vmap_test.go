package autodiff_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Vmap of f equals f on every example, whatever f is made of.
func TestVmapIsALoop(t *testing.T) {
	type pair struct{ X, Y node }
	dot := func(p pair) node { return ops.Sum(ops.Mul(p.X, p.Y)) }
	x, y := []float64{1, 2, 3, 4, 5, 6}, []float64{1, 0, -1}
	got := evaluate(t, func(x, y node) (a, b node) {
		x = ops.Reshape(x, 2, 3)
		a = autodiff.Vmap(dot, autodiff.Unmapped("Y"))(pair{x, y})
		b = autodiff.Vmap(dot, autodiff.Unmapped("Y"), autodiff.InAxis(1, "X"))(pair{ops.Transpose(x), y})
		return a, b
	}, x, y)
	require.Equal(t, []float64{-2, -2}, got[0])
	require.Equal(t, []float64{-2, -2}, got[1])
}

func TestVmapOfGradIsPerExampleGradients(t *testing.T) {
	f := func(x *graph.Node) *graph.Node { return ops.Sum(ops.Mul(x, ops.Square(x))) }
	got := evaluate(t, func(x node) node { return autodiff.Vmap(autodiff.Grad(f))(ops.Reshape(x, 2, 2)) },
		[]float64{1, 2, 3, 4})
	require.Equal(t, []float64{3, 12, 27, 48}, got[0])
}
