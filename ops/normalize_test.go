package ops_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// A large mean costs no digits, in f32; eps is inside the root; a constant row is 0 with finite gradients.
func TestLayerNormDigits(t *testing.T) {
	norm := func(x *graph.Node) (y, dx *graph.Node) {
		y, pull := autodiff.VJP(func(x *graph.Node) *graph.Node { return ops.LayerNorm(x, nil, nil, 1e-5) }, x)
		return y, pull(ops.Add(y, 1))
	}
	f := autodiff.Compile(norm)
	got, err := f.Run(context.Background(), tensor.New(tensor.WithShape(4), tensor.WithBacking([]float32{10000, 10001, 10002, 10003})))
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float64{-1.34164, -.44721, .44721, 1.34164}, numbersOf(t, got[0]), 1e-5)
	got, err = f.Run(context.Background(), tensorOf([]float64{0, .002}, 2))
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float64{-.3015113, .3015113}, numbersOf(t, got[0]), 1e-7)
	got, err = f.Run(context.Background(), tensorOf([]float64{3, 3, 3}, 3))
	require.NoError(t, err)
	assert.Equal(t, []float64{0, 0, 0}, numbersOf(t, got[0]))
	for _, v := range numbersOf(t, got[1]) {
		assert.False(t, math.IsNaN(v) || math.IsInf(v, 0))
	}
}

// Groups that do not divide, inputs without channels and a negative eps are refused.
func TestNormsRefused(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64, 2, 4, 3)
	for _, c := range []struct {
		want string
		f    func()
	}{
		{"3 groups do not divide 4 channels", func() { ops.GroupNorm(x, nil, nil, 3, 0) }},
		{"[N, C, …]", func() { ops.BatchNorm(g.Input("", graph.Float64, 2), nil, nil, 0) }},
		{"eps", func() { ops.LayerNorm(x, nil, nil, -1) }},
		{"eps", func() { ops.RMSNorm(x, nil, math.NaN()) }},
		{"4 channels", func() { ops.InstanceNorm(x, g.Input("", graph.Float64, 3), nil, 0) }},
	} {
		assert.ErrorContains(t, graph.Try(c.f), c.want)
	}
}
