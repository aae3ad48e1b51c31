package nn_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
)

// A net is a list of layers, and an argument of functions that are compiled. It runs on a batch, one sample a row.
func Example() {
	net := nn.Sequential{
		&nn.Linear{Weight: nn.NewParam(graph.Float64, 2, 3), Bias: nn.NewParam(graph.Float64, 3)},
		nn.Sigmoid,
	}
	predict := autodiff.Compile(nn.Layer.Apply)

	a, err := predict.Run(context.Background(), net, mat.NewDense(2, 2, []float64{0, 1, 1, 0}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a[0].Shape(), a[0].Data())
	// Output: (2, 3) [0.5 0.5 0.5 0.5 0.5 0.5]
}

// The neuron of McCulloch and Pitts as a gate: it fires when both inputs do.
func ExampleMPNeuron() {
	and := nn.MPNeuron{Weights: []float64{1, 1}, Threshold: 2}
	inputs := mat.NewDense(4, 2, []float64{0, 0, 0, 1, 1, 0, 1, 1})

	y, err := autodiff.Compile(and.Apply).Run(context.Background(), inputs)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(y[0].Data())
	// Output: [0 0 0 1]
}

// Parameters are found by reflection, and named by their path in the model.
func ExampleParams() {
	type autoencoder struct {
		Encoder nn.Sequential
		Decoder *nn.Linear
	}
	rng := rand.New(rand.NewPCG(1, 2))
	model := autoencoder{
		Encoder: nn.NewMLP(graph.Float32, []int{784, 100, 20}, nn.ReLU, nn.He, rng),
		Decoder: nn.NewLinear(graph.Float32, 20, 784, nn.Xavier, rng),
	}
	for _, p := range nn.Params(model) {
		fmt.Println(p.Path, p.Param.Value.Shape())
	}
	// Output:
	// encoder.0.weight (784, 100)
	// encoder.0.bias (100)
	// encoder.2.weight (100, 20)
	// encoder.2.bias (20)
	// decoder.weight (20, 784)
	// decoder.bias (784)
}
