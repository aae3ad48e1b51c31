package main

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
)

// The residual by differences of the network's values.
func TestResidual(t *testing.T) {
	net := nn.NewMLP(graph.Float64, []int{1, 4, 1}, nn.Tanh, nn.Xavier, rand.New(rand.NewPCG(5, 0)))
	value := autodiff.Compile(func(net nn.Sequential, x *graph.Node) *graph.Node { return u(net)(x) })
	at := func(x float64) (y float64) {
		require.NoError(t, value.RunTo(context.Background(), &y, net, x))
		return y
	}
	const x, h = 0.3, 1e-4
	first, second := (at(x+h)-at(x-h))/(2*h), (at(x+h)-2*at(x)+at(x-h))/(h*h)
	f := math.Sin(math.Pi*x) * (math.Pi*math.Cos(math.Pi*x) - math.Pi*math.Pi)
	var got float64
	err := autodiff.Compile(func(net nn.Sequential, x *graph.Node) *graph.Node { return residual(net)(x) }).
		RunTo(context.Background(), &got, net, x)
	require.NoError(t, err)
	require.InDelta(t, second+at(x)*first-f, got, 1e-6)
	require.Equal(t, [2]float64{0, 0}, [2]float64{at(0), at(1)})
}
