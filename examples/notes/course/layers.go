package course

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Widths are the numbers of neurons of a feedforward network's layers: inputs, hidden layers, outputs.
type Widths []int

// Hidden is the number of hidden layers.
func (w Widths) Hidden() int { return len(w) - 2 }

// Weights is the number of connections: every neuron with all of the next layer, none within a layer.
func (w Widths) Weights() int {
	n := 0
	for l := 1; l < len(w); l++ {
		n += w[l-1] * w[l]
	}
	return n
}

// Biases is the number of biases, one for each neuron but the inputs. A threshold is a bias with the other sign, so there
// are as many of them.
func (w Widths) Biases() int {
	n := 0
	for _, width := range w[1:] {
		n += width
	}
	return n
}

// Formula is the network as a function: y = σ(W² σ(W¹ x + b¹) + b²), in the notation of the page.
func (w Widths) Formula() string {
	inner := "x"
	for l := 1; l < len(w); l++ {
		inner = fmt.Sprintf("σ(W^{%d} %s + b^{%d})", l, inner, l)
	}
	return "y = " + inner
}

// Params are the weights W [out, in] and biases B [out] of one layer, as the notes write them: z = W·a + b.
type Params[T any] struct{ W, B T }

// Draw draws the parameters of a network: weights from N(0, 1/in), biases from N(0, ½).
func (w Widths) Draw(seed uint64) []Params[[][]float64] {
	rng := rand.New(rand.NewPCG(seed, 3))
	layers := make([]Params[[][]float64], len(w)-1)
	for l := range layers {
		layers[l] = Params[[][]float64]{W: normal(rng, w[l+1], w[l]), B: normal(rng, 1, w[l+1])}
	}
	return layers
}

func normal(rng *rand.Rand, rows, columns int) [][]float64 {
	m := make([][]float64, rows)
	for i := range m {
		m[i] = make([]float64, columns)
		for j := range m[i] {
			m[i][j] = rng.NormFloat64() / math.Sqrt(float64(columns))
		}
	}
	return m
}

var forward = autodiff.Compile(func(layers []Params[*graph.Node], x *graph.Node) []*graph.Node {
	activations := []*graph.Node{x}
	for _, l := range layers {
		a := activations[len(activations)-1]
		activations = append(activations, ops.Sigmoid(ops.Add(ops.MatMul(l.W, a), l.B)))
	}
	return activations
})

// Forward are the activations of every layer for one input x, the input among them.
func Forward(layers []Params[[][]float64], x []float64) ([][]float64, error) {
	return run(forward, feed(layers), x)
}

// feed gives layers to a compiled function.
func feed(layers []Params[[][]float64]) []Params[any] {
	fed := make([]Params[any], len(layers))
	for i, l := range layers {
		fed[i] = Params[any]{W: matrix(l.W), B: l.B[0]}
	}
	return fed
}

// String is "3 → 4 → 2".
func (w Widths) String() string {
	var parts []string
	for _, n := range w {
		parts = append(parts, fmt.Sprint(n))
	}
	return strings.Join(parts, " → ")
}
