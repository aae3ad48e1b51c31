package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/optim"
	"chainrule/nn/train"
)

// One iteration: cost, gradients, update.
func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		widths     []int
		activation nn.Func
		output     nn.Func
		cost       nn.Cost
		batch      int
	}{
		{[]int{784, 30, 10}, nn.Sigmoid, nn.Sigmoid, nn.Quadratic, 10},
		{[]int{784, 512, 256, 10}, nn.ReLU, nil, nn.SoftmaxCrossEntropy, 64},
	} {
		for _, d := range []graph.DType{graph.Float32, graph.Float64} {
			name := strings.Trim(strings.ReplaceAll(fmt.Sprint(c.widths), " ", "-"), "[]")
			b.Run(fmt.Sprintf("net=%s/batch=%d/dtype=%v", name, c.batch, d), func(b *testing.B) {
				random := rand.New(rand.NewPCG(seed, 0))
				net := nn.NewMLP(d, c.widths, c.activation, nn.Xavier, random)
				if c.output != nil {
					net = append(net, c.output)
				}
				trainer, err := train.New(net, func(net nn.Sequential, b train.XY) *graph.Node {
					return c.cost(net.Apply(b.X), b.Y)
				}, optim.SGD{Rate: optim.Constant(1e-3)})
				if err != nil {
					b.Fatal(err)
				}
				x := nn.NewParam(d, c.batch, c.widths[0]).Fill(random.Float64).Value
				y := nn.NewParam(d, c.batch, c.widths[len(c.widths)-1]).Value
				pair := &train.Pair{X: x, Y: y}
				if _, err := trainer.Step(context.Background(), pair); err != nil { // compiles
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := trainer.Step(context.Background(), pair); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
