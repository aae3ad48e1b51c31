package main

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/nn/backprop"
)

// compare returns the largest relative difference between the graph's gradient on a batch and the one that the
// closed-form recursion gives, over all parameters. A parameter's difference is relative to the largest element of
// its gradient.
func (n network) compare(layers []layer[*tensor.Dense], x, y *tensor.Dense) (float64, error) {
	out, err := autodiff.Compile(n.gradient).Run(context.Background(), layers, x, y)
	if err != nil {
		return 0, err
	}
	oracle, err := n.backprop(layers)
	if err != nil {
		return 0, err
	}
	want, _, err := oracle.Gradients(matrix(x), matrix(y))
	if err != nil {
		return 0, err
	}
	worst := 0.0
	for i, l := range want.Layers {
		width := len(l.DB)
		dw := mat.DenseCopyOf(l.DW.T()) // the recursion has W as [out, in]
		worst = maxNaN(worst, difference(floats(out[1+2*i]), dw.RawMatrix().Data))
		worst = maxNaN(worst, difference(floats(out[2+2*i]), l.DB[:width]))
	}
	return worst, nil
}

// difference is max|a − b| / max|b|.
func difference(a, b []float64) float64 {
	diff, size := 0.0, 0.0
	for i := range b {
		diff = maxNaN(diff, math.Abs(a[i]-b[i]))
		size = maxNaN(size, math.Abs(b[i]))
	}
	if diff == 0 {
		return 0
	}
	return diff / size
}

// maxNaN is the larger of two numbers, NaN if one is.
func maxNaN(a, b float64) float64 { return math.Max(a, b) }

// backprop is the same network in plain Go, for the recursion.
func (n network) backprop(layers []layer[*tensor.Dense]) (*backprop.Net, error) {
	act := map[string]backprop.Activation{
		"sigmoid": backprop.Sigmoid, "tanh": backprop.Tanh,
		"relu": backprop.ReLU, "leaky_relu": backprop.LeakyReLU(leak),
	}[n.activation]
	net := &backprop.Net{Cost: backprop.Quadratic}
	last := act
	switch {
	case n.cost == "cross-entropy":
		net.Cost, last = backprop.CrossEntropy, backprop.Softmax
	case n.activation == "relu" || n.activation == "leaky_relu":
		last = backprop.Linear
	}
	for i, l := range layers {
		if i == len(layers)-1 {
			act = last
		}
		net.Layers = append(net.Layers, backprop.Layer{
			W: mat.DenseCopyOf(matrix(l.W).T()), B: floats(l.B), Act: act,
		})
	}
	if len(net.Layers) == 0 {
		return nil, fmt.Errorf("no layers")
	}
	return net, nil
}

// matrix and floats give a tensor's elements in f64.
func matrix(t *tensor.Dense) *mat.Dense {
	return mat.NewDense(t.Shape()[0], t.Shape()[1], floats(t))
}

func floats(t *tensor.Dense) []float64 {
	if t.Dtype() == tensor.Float64 {
		return t.Float64s()
	}
	wide := make([]float64, len(t.Float32s()))
	for i, v := range t.Float32s() {
		wide[i] = float64(v)
	}
	return wide
}
