package gonum_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"chainrule/autodiff/gonum"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/ops"
)

// A model is fitted by gonum: y = 2x₁ − x₂ + 3 is found from four points.
func TestTreeObjective(t *testing.T) {
	x := mat.NewDense(4, 2, []float64{0, 0, 0, 1, 1, 0, 1, 1})
	y := []float64{3, 2, 5, 4}
	layer := &nn.Linear{Weight: nn.NewParam(graph.Float64, 2, 1), Bias: nn.NewParam(graph.Float64, 1)}
	o, err := gonum.NewTreeObjective(func(l *nn.Linear) *graph.Node {
		g := l.Bias.Node().Graph()
		out := ops.Reshape(l.Apply(graph.Const(g, x.RawMatrix().Data, 4, 2)), 4)
		return ops.Mean(ops.Square(ops.Sub(out, graph.Const(g, y, 4))))
	}, layer)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0, 0}, o.Start)
	grad := make([]float64, 3)
	require.Equal(t, (9.0+4+25+16)/4, o.ValueAndGrad(grad, o.Start)) // at zeros the residuals are −y
	require.Equal(t, []float64{-2 * (5 + 4) / 4., -2 * (2 + 4) / 4., -2 * (3 + 2 + 5 + 4) / 4.}, grad)

	result, err := optimize.Minimize(optimize.Problem{Func: o.Func, Grad: o.Grad}, o.Start,
		&optimize.Settings{GradientThreshold: 1e-9}, &optimize.BFGS{})
	require.NoError(t, err)
	require.NoError(t, o.Tree(layer, result.X))
	// The least eigenvalue of the Hessian is above 0.3, and the gradient below 10⁻⁹.
	require.InDeltaSlice(t, []float64{2, -1}, layer.Weight.Value.Float64s(), 1e-8)
	require.InDelta(t, 3, layer.Bias.Value.Float64s()[0], 1e-8)

	_, err = gonum.NewTreeObjective(func(l *nn.Linear) *graph.Node { return ops.Sum(l.Weight.Node()) }, nil)
	require.ErrorContains(t, err, "want a struct like nn.Linear")
}
