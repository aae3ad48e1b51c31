package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/data"
	"chainrule/nn/optim"
	"chainrule/nn/train"
)

// Handwritten digits, from loading them to the accuracy on samples that the net has not seen.
func Example() {
	ctx := context.Background()
	learn, test, err := data.Digits().Split(1400, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	net := nn.NewMLP(graph.Float32, []int{64, 30, 10}, nn.ReLU, nn.He, rand.New(rand.NewPCG(1, 2)))
	trainer, err := train.New(net, func(net nn.Sequential, b train.XY) *graph.Node {
		return nn.SoftmaxCrossEntropy(net.Apply(b.X), b.Y)
	}, optim.SGD{Rate: optim.Constant(0.1)})
	if err != nil {
		fmt.Println(err)
		return
	}

	batches, err := train.NewSet(learn, graph.Float32, 10, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := trainer.Fit(ctx, batches, train.Plan{Epochs: 15})
	if err != nil {
		fmt.Println(err)
		return
	}
	accuracy, err := train.Accuracy(ctx, net, test)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v gradient descent: %d epochs of %d iterations\n", batches.Regime(), p.Epochs, p.PerEpoch)
	fmt.Println("more than 19 in 20 right:", accuracy > 0.95)
	// Output:
	// mini-batch gradient descent: 15 epochs of 140 iterations
	// more than 19 in 20 right: true
}

// The batch size alone decides between the three regimes.
func ExampleTrainer_Fit() {
	set := &data.Set{X: []float64{0, 0, 0, 1, 1, 0, 1, 1}, Dim: 2, Labels: []int{0, 1, 1, 0}, Classes: 2}
	for _, batch := range []int{4, 3, 1} {
		net := nn.NewMLP(graph.Float64, []int{2, 8, 2}, nn.Tanh, nn.Normal, rand.New(rand.NewPCG(1, 2)))
		trainer, err := train.New(net, func(net nn.Sequential, b train.XY) *graph.Node {
			return nn.SoftmaxCrossEntropy(net.Apply(b.X), b.Y)
		}, optim.SGD{Rate: optim.Constant(0.2), Momentum: 0.5})
		if err != nil {
			fmt.Println(err)
			return
		}
		batches, err := train.NewSet(set, graph.Float64, batch, 0)
		if err != nil {
			fmt.Println(err)
			return
		}
		p, err := trainer.Fit(context.Background(), batches, train.Plan{Epochs: 300})
		if err != nil {
			fmt.Println(err)
			return
		}
		accuracy, err := train.Accuracy(context.Background(), net, set)
		fmt.Printf("%v: %d iterations an epoch, %d in all, XOR learnt: %v\n", batches.Regime(), p.PerEpoch, p.Iterations,
			err == nil && accuracy == 1 && p.Loss < 0.1)
	}
	// Output:
	// batch: 1 iterations an epoch, 300 in all, XOR learnt: true
	// mini-batch: 2 iterations an epoch, 600 in all, XOR learnt: true
	// stochastic: 4 iterations an epoch, 1200 in all, XOR learnt: true
}
