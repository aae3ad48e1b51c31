package backprop_test

import (
	"errors"
	"testing"

	"gonum.org/v1/gonum/mat"

	"chainrule/nn/backprop"
)

func TestErrors(t *testing.T) {
	type net = backprop.Net
	layer := func(out, in, b int, act backprop.Activation) backprop.Layer {
		return backprop.Layer{W: mat.NewDense(out, in, nil), B: make([]float64, b), Act: act}
	}
	sound := net{Layers: []backprop.Layer{layer(2, 3, 2, backprop.Tanh)}, Cost: backprop.Quadratic}
	x, y := mat.NewDense(4, 3, nil), mat.NewDense(4, 2, nil)
	for _, c := range []struct {
		name string
		net  net
		x, y mat.Matrix
		want error
		text string
	}{
		{"no layers", net{Cost: backprop.Quadratic}, x, y, backprop.ErrNoLayers, "backprop: network has no layers"},
		{
			"no cost", net{Layers: sound.Layers}, x, y, backprop.ErrUnknownCost,
			"backprop: unknown cost: unknown(0)",
		},
		{
			"no weights", net{Layers: []backprop.Layer{{Act: backprop.Tanh}}, Cost: backprop.Quadratic}, x, y,
			backprop.ErrShape, "backprop: layer 1: shapes differ: W is empty",
		},
		{
			"biases", net{Layers: []backprop.Layer{layer(2, 3, 3, backprop.Tanh)}, Cost: backprop.Quadratic}, x, y,
			backprop.ErrShape, "backprop: layer 1: shapes differ: W is [2, 3] but b has 3 entries",
		},
		{
			"layers do not chain",
			net{
				Layers: []backprop.Layer{layer(5, 3, 5, backprop.Tanh), layer(2, 4, 2, backprop.Tanh)},
				Cost:   backprop.Quadratic,
			},
			x, y, backprop.ErrShape, "backprop: layer 2: shapes differ: W is [2, 4] but layer 1 has 5 neurons",
		},
		{
			"no activation",
			net{Layers: []backprop.Layer{layer(2, 3, 2, backprop.Activation{})}, Cost: backprop.Quadratic}, x, y,
			backprop.ErrUnknownActivation, "backprop: layer 1: unknown activation",
		},
		{
			"hidden softmax",
			net{
				Layers: []backprop.Layer{layer(2, 3, 2, backprop.Softmax), layer(2, 2, 2, backprop.Tanh)},
				Cost:   backprop.Quadratic,
			},
			x, y, backprop.ErrHiddenSoftmax,
			"backprop: layer 1: softmax is for the output layer only: the network has 2 layers",
		},
		{
			"cross-entropy of tanh",
			net{Layers: sound.Layers, Cost: backprop.CrossEntropy}, x, y, backprop.ErrCostOutput,
			"backprop: layer 1: cross-entropy needs a softmax or sigmoid output layer: have tanh",
		},
		{
			"cross-entropy of leaky relu",
			net{Layers: []backprop.Layer{layer(2, 3, 2, backprop.LeakyReLU(.01))}, Cost: backprop.CrossEntropy}, x, y,
			backprop.ErrCostOutput,
			"backprop: layer 1: cross-entropy needs a softmax or sigmoid output layer: have leakyrelu(0.01)",
		},
		{"empty batch", sound, new(mat.Dense), y, backprop.ErrEmptyBatch, "backprop: batch is empty: X is [0, 0]"},
		{"nil batch", sound, nil, y, backprop.ErrEmptyBatch, "backprop: batch is empty: X is nil"},
		{
			"input width", sound, mat.NewDense(4, 2, nil), y, backprop.ErrShape,
			"backprop: layer 1: shapes differ: X is [4, 2], want [batch, 3]",
		},
		{
			"target width", sound, x, mat.NewDense(4, 3, nil), backprop.ErrShape,
			"backprop: layer 1: shapes differ: Y is [4, 3], want [4, 2]",
		},
		{
			"target count", sound, x, mat.NewDense(3, 2, nil), backprop.ErrShape,
			"backprop: layer 1: shapes differ: Y is [3, 2], want [4, 2]",
		},
		{"nil target", sound, x, nil, backprop.ErrShape, "backprop: layer 1: shapes differ: Y is nil"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := c.net.Gradients(c.x, c.y)
			var typed *backprop.Error
			if !errors.As(err, &typed) || !errors.Is(err, c.want) || err.Error() != c.text {
				t.Errorf("Gradients: error %q, want %q", err, c.text)
			}
			if _, costErr := c.net.CostOf(c.x, c.y); costErr == nil || costErr.Error() != c.text {
				t.Errorf("CostOf: error %q, want %q", costErr, c.text)
			}
		})
	}
	for _, c := range []struct {
		name string
		z, a []mat.Matrix
		text string
	}{
		{"layers of z", nil, []mat.Matrix{y}, "backprop: shapes differ: z of 0 and a of 1 layers, want 1"},
		{"layers of a", []mat.Matrix{y}, []mat.Matrix{y, y}, "backprop: shapes differ: z of 1 and a of 2 layers, want 1"},
		{"nil z", []mat.Matrix{nil}, []mat.Matrix{y}, "backprop: layer 1: shapes differ: z is nil"},
		{"a", []mat.Matrix{y}, []mat.Matrix{x}, "backprop: layer 1: shapes differ: a is [4, 3], want [4, 2]"},
	} {
		if _, _, err := sound.Backward(c.z, c.a, x, y); !errors.Is(err, backprop.ErrShape) || err.Error() != c.text {
			t.Errorf("Backward, %s: error %q, want %q", c.name, err, c.text)
		}
	}
	if _, _, err := sound.Backward(nil, nil, nil, y); !errors.Is(err, backprop.ErrEmptyBatch) {
		t.Errorf("Backward without a batch: error %v", err)
	}
	if _, err := sound.Forward(y); !errors.Is(err, backprop.ErrShape) {
		t.Errorf("Forward with 2 columns for 3 inputs: error %v", err)
	}
}

func TestNew(t *testing.T) {
	acts := []backprop.Activation{backprop.Tanh, backprop.Softmax}
	first, err := backprop.New([]int{3, 4, 2}, acts, backprop.CrossEntropy, 7)
	if err != nil {
		t.Fatal(err)
	}
	same, _ := backprop.New([]int{3, 4, 2}, acts, backprop.CrossEntropy, 7)
	other, _ := backprop.New([]int{3, 4, 2}, acts, backprop.CrossEntropy, 8)
	if !mat.Equal(first.Layers[1].W, same.Layers[1].W) || mat.Equal(first.Layers[1].W, other.Layers[1].W) {
		t.Error("the seed does not decide the weights")
	}
	for _, c := range []struct {
		widths []int
		acts   []backprop.Activation
		cost   backprop.Cost
		want   error
	}{
		{[]int{3}, nil, backprop.Quadratic, backprop.ErrNoLayers},
		{nil, nil, backprop.Quadratic, backprop.ErrNoLayers},
		{[]int{3, 2}, acts, backprop.Quadratic, backprop.ErrShape},
		{[]int{3, 0, 2}, acts, backprop.Quadratic, backprop.ErrShape},
		{[]int{3, 4, -2}, acts, backprop.Quadratic, backprop.ErrShape},
		{[]int{3, 4, 2}, acts, 9, backprop.ErrUnknownCost},
		{[]int{3, 2, 2}, []backprop.Activation{backprop.Softmax, backprop.Tanh}, backprop.Quadratic,
			backprop.ErrHiddenSoftmax},
	} {
		if n, err := backprop.New(c.widths, c.acts, c.cost, 1); !errors.Is(err, c.want) || n != nil {
			t.Errorf("New(%v, %v, %v): error %v, want %v", c.widths, c.acts, c.cost, err, c.want)
		}
	}
}
