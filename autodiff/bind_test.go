package autodiff_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/ops"
)

// A bound function is not run until it is called, reads its feeds afresh each time, and writes the same tensors.
func TestBind(t *testing.T) {
	type pair struct{ X, Y node }
	traced := 0
	fn := autodiff.Compile(func(p pair, k node) (node, node) {
		traced++
		return ops.Mul(p.X, k), ops.Sum(p.Y)
	}, autodiff.Verified())
	x, y := f64s(1, 2), f64s(3, 4)
	run, out, err := fn.Bind(map[string]any{"X": x, "Y": y}, 10.0)
	require.NoError(t, err)
	require.Equal(t, 1, traced)
	require.Equal(t, [][]float64{{0, 0}, {0}}, floats(out))
	require.NoError(t, run(context.Background()))
	require.Equal(t, [][]float64{{10, 20}, {7}}, floats(out))
	x.Float64s()[1], y.Float64s()[0] = 5, 0
	require.NoError(t, run(context.Background()))
	require.Equal(t, [][]float64{{10, 50}, {4}}, floats(out))
	require.Equal(t, 1, traced)
	if !raceEnabled { // under the race detector sync.Pool drops what it is given at random
		require.Zero(t, testing.AllocsPerRun(50, func() { _ = run(context.Background()) }))
	}

	_, _, err = fn.Bind(1.0)
	require.ErrorContains(t, err, "1 arguments fed, 2 wanted")
}

func TestBindDonated(t *testing.T) {
	fn := autodiff.Compile(func(w, g node) node { return ops.Sub(w, g) }, autodiff.Donate(0, 0))
	w := f64s(5, 6)
	run, out, err := fn.Bind(w, f64s(1, 2))
	require.NoError(t, err)
	require.Same(t, w, out[0])
	for range 2 {
		require.NoError(t, run(context.Background()))
	}
	require.Equal(t, []float64{3, 2}, w.Float64s())
}
