package nn

import (
	"math"
	"math/rand/v2"

	"chainrule/graph"
)

// Source makes layers: it has the element type of their parameters and the random numbers that weights begin with. The same
// seed and the same calls make the same layers.
//
//	src := nn.NewSource(graph.Float32, 1)
//	net := nn.Sequential{src.Linear(784, 100), nn.ReLU, src.Linear(100, 10)}
//
// Weights of linear and convolutional layers and their biases begin uniform within ±1/√fan-in, as PyTorch's do; an
// [Initialiser] given to [Source.Fill] draws them anew.
type Source struct {
	DType graph.DType
	Rand  *rand.Rand
}

// NewSource returns a source of layers.
func NewSource(d graph.DType, seed uint64) *Source {
	return &Source{DType: d, Rand: rand.New(rand.NewPCG(seed, 0))}
}

// uniform returns a parameter with elements within ±bound.
func (s *Source) uniform(bound float64, shape ...int) *Param {
	return NewParam(s.DType, shape...).Fill(func() float64 { return bound * (2*s.Rand.Float64() - 1) })
}

// Fill draws the weights of p, whose shape is [out, in, …] as that of convolutions, [in, out] as that of Linear with
// transposed, from init with their fans, and returns p.
func (s *Source) Fill(p *Param, init Initialiser, transposed bool) *Param {
	in, out := Fans(p.Value.Shape())
	if transposed {
		in, out = out, in
	}
	return p.Fill(func() float64 { return init(s.Rand, in, out) })
}

// Fans returns the numbers of inputs and outputs that a unit of a weight of shape [out, in, …] has: axes behind the second
// are a receptive field, which both are multiplied by. It panics with a *graph.Error if there are fewer than two axes.
func Fans(shape []int) (in, out int) {
	if len(shape) < 2 {
		graph.Fail("fans", nil, "a weight of shape %v has no inputs and outputs", shape)
	}
	field := graph.Size(shape[2:])
	return shape[1] * field, shape[0] * field
}

// Linear returns a fully connected layer.
func (s *Source) Linear(in, out int) *Linear {
	bound := 1 / math.Sqrt(float64(max(in, 1)))
	return &Linear{Weight: s.uniform(bound, in, out), Bias: s.uniform(bound, out)}
}

// MLP returns linear layers of the given widths, inputs first, with an activation between them.
func (s *Source) MLP(activation Layer, widths ...int) Sequential {
	if len(widths) < 2 {
		graph.Fail("mlp", nil, "widths %v: two or more are wanted", widths)
	}
	var net Sequential
	for i := 1; i < len(widths); i++ {
		if i > 1 {
			net = append(net, activation)
		}
		net = append(net, s.Linear(widths[i-1], widths[i]))
	}
	return net
}

// Embedding returns a table of n vectors of the given size, from N(0, 1), without a padding row.
func (s *Source) Embedding(n, size int) *Embedding {
	return &Embedding{Weight: NewParam(s.DType, n, size).Fill(s.Rand.NormFloat64), Padding: -1}
}
