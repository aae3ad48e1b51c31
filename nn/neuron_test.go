package nn_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/ops"
)

// inputs01 is every pair of truth values, a row each.
var inputs01 = mat.NewDense(4, 2, []float64{0, 0, 0, 1, 1, 0, 1, 1})

// fires gives a neuron's, or a net of neurons', outputs for the rows of x.
func fires(t *testing.T, apply func(x *graph.Node) *graph.Node, x any) []float64 {
	t.Helper()
	y, err := autodiff.Compile(apply).Run(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	return wide(y[0])
}

func TestNeuronTruthTables(t *testing.T) {
	for _, c := range []struct {
		name   string
		neuron nn.MPNeuron
		x      any
		want   []float64
	}{
		{"and", nn.MPNeuron{Weights: []float64{1, 1}, Threshold: 2}, inputs01, []float64{0, 0, 0, 1}},
		{"or", nn.MPNeuron{Weights: []float64{1, 1}, Threshold: 1}, inputs01, []float64{0, 1, 1, 1}},
		{"not", nn.MPNeuron{Weights: []float64{-1}}, mat.NewDense(2, 1, []float64{0, 1}), []float64{1, 0}},
		{"nand", nn.MPNeuron{Weights: []float64{-1, -1}, Threshold: -1}, inputs01, []float64{1, 1, 1, 0}},
		{"nor", nn.MPNeuron{Weights: []float64{-1, -1}, Threshold: 0}, inputs01, []float64{1, 0, 0, 0}},
		{"a without b", nn.MPNeuron{Weights: []float64{1, -1}, Threshold: 1}, inputs01, []float64{0, 0, 1, 0}},
		{"one sample", nn.MPNeuron{Weights: []float64{1, 1}, Threshold: 2}, []float64{1, 1}, []float64{1}},
		{"one sample in f32", nn.MPNeuron{Weights: []float64{1, 1}, Threshold: 2}, []float32{1, 0}, []float64{0}},
	} {
		if got := fires(t, c.neuron.Apply, c.x); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// XOR is not linearly separable: no neuron computes it, whatever its weights (those of a grid are tried), but two
// layers do.
func TestNeuronXOR(t *testing.T) {
	xor := []float64{0, 1, 1, 0}
	fire := func(sum, threshold float64) float64 {
		if sum >= threshold {
			return 1
		}
		return 0
	}
	tables := map[[4]float64]bool{}
	for w1 := -3.0; w1 <= 3; w1 += .5 {
		for w2 := -3.0; w2 <= 3; w2 += .5 {
			for threshold := -6.5; threshold <= 6.5; threshold += .25 {
				tables[[4]float64{
					fire(0, threshold), fire(w2, threshold), fire(w1, threshold), fire(w1+w2, threshold),
				}] = true
			}
		}
	}
	if tables[[4]float64(xor)] {
		t.Error("one neuron computes xor")
	}
	if len(tables) != 14 { // of the 16 functions of two truth values all but xor and its negation
		t.Errorf("one neuron computes %d functions of two inputs, want 14", len(tables))
	}

	or := nn.MPNeuron{Weights: []float64{1, 1}, Threshold: 1}
	nand := nn.MPNeuron{Weights: []float64{-1, -1}, Threshold: -1}
	both := nn.MPNeuron{Weights: []float64{1, 1}, Threshold: 2}
	got := fires(t, func(x *graph.Node) *graph.Node {
		return both.Apply(ops.Stack([]*graph.Node{or.Apply(x), nand.Apply(x)}, 1))
	}, inputs01)
	if !slices.Equal(got, xor) {
		t.Errorf("two layers: %v, want %v", got, xor)
	}
}

// A threshold θ is a bias −θ: moving it moves the input at which the neuron begins to fire by as much.
func TestThresholdIsBias(t *testing.T) {
	x := mat.NewDense(13, 1, nil)
	for i := range 13 {
		x.Set(i, 0, float64(i)/2-3)
	}
	for _, theta := range []float64{-2, -.5, 0, 1, 2.5} {
		fired := fires(t, nn.MPNeuron{Weights: []float64{1}, Threshold: theta}.Apply, x)
		biased := fires(t, func(x *graph.Node) *graph.Node {
			layer := &nn.Linear{Weight: nn.NewParam(graph.Float64, 1, 1), Bias: nn.NewParam(graph.Float64, 1)}
			w := graph.Const(x.Graph(), []float64{1}, 1, 1)
			b := graph.Const(x.Graph(), []float64{-theta}, 1)
			layer = &nn.Linear{Weight: layer.Weight.Hold(w).(*nn.Param), Bias: layer.Bias.Hold(b).(*nn.Param)}
			return nn.Step(layer.Apply(x))
		}, x)
		for i, v := range fired {
			if want := x.At(i, 0) >= theta; (v == 1) != want || biased[i] != v {
				t.Errorf("θ = %v, x = %v: fires %v, with a bias %v", theta, x.At(i, 0), v, biased[i])
			}
		}
	}
	if got := fires(t, nn.MPNeuron{Weights: []float64{1}}.Apply, []float64{math.NaN()}); !math.IsNaN(got[0]) {
		t.Errorf("NaN gives %v", got)
	}
}
