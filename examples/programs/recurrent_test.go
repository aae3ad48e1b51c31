package programs

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/ops"
)

// memory reads a sequence, a number at a time.
type memory struct {
	GRU *nn.Recurrent
	Out *nn.Linear
}

// apply returns what is predicted at each time, and the state after the last.
func (m memory) apply(x, state *graph.Node) (y, last *graph.Node) {
	h, states := m.GRU.Run(x, []*graph.Node{state}, nil)
	return m.Out.Apply(h), states[0]
}

// A network learns to say what it heard three steps ago, from sequences without an end: each step of training takes the next 20
// numbers of 16 of them, from the state that the step before left, and differentiates no further back.
func Example_truncatedBackpropagation() {
	const batch, piece, hidden, delay = 16, 20, 16, 3
	src := nn.NewSource(graph.Float64, 1)
	net := memory{src.GRU(1, hidden, nn.RecurrentOptions{}), src.Linear(hidden, 1)}
	step := autodiff.Compile(func(net memory, state, x, y *graph.Node) (loss *graph.Node, next memory, last *graph.Node) {
		loss, last, grads := autodiff.ValueAndGradAux(func(m memory) (*graph.Node, *graph.Node) {
			p, last := m.apply(x, state)
			return ops.Mean(ops.Square(ops.Sub(p, y))), last
		})(net)
		slopes := autodiff.Leaves(grads)
		next = autodiff.MapTree(net, func(_ string, p *graph.Node) *graph.Node {
			slope := slopes[0].Node
			slopes = slopes[1:]
			return ops.Sub(p, ops.Mul(0.5, slope))
		})
		return loss, next, last
	}, autodiff.Donate(0, 1))

	rng := rand.New(rand.NewPCG(1, 0))
	var heard [batch][delay]float64
	out := struct {
		Loss  float64
		Net   memory
		State *tensor.Dense
	}{Net: net, State: tensor.New(tensor.WithShape(1, batch, hidden), tensor.WithBacking(make([]float64, batch*hidden)))}
	state := out.State
	for k := range 1501 {
		var x, y []float64
		for i := range batch {
			for range piece {
				now := float64(2*rng.IntN(2) - 1)
				x, y = append(x, now), append(y, heard[i][0])
				heard[i] = [delay]float64{heard[i][1], heard[i][2], now}
			}
		}
		shape := tensor.WithShape(batch, piece, 1)
		err := step.RunTo(context.Background(), &out, net, state,
			tensor.New(shape, tensor.WithBacking(x)), tensor.New(shape, tensor.WithBacking(y)))
		if err != nil {
			log.Fatal(err)
		}
		if k == 0 || k == 1500 {
			fmt.Printf("after %4d steps: loss above 0.8: %v, below 0.01: %v\n", k, out.Loss > 0.8, out.Loss < 0.01)
		}
	}
	// Output:
	// after    0 steps: loss above 0.8: true, below 0.01: false
	// after 1500 steps: loss above 0.8: false, below 0.01: true
}
