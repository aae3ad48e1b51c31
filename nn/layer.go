package nn

import (
	"math/rand/v2"
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// Layer turns a batch of activations into the next.
type Layer interface {
	Apply(x *graph.Node) *graph.Node
}

// Func is a layer without parameters, such as an activation function.
type Func func(x *graph.Node) *graph.Node

// Apply calls f.
func (f Func) Apply(x *graph.Node) *graph.Node {
	if f == nil {
		graph.Fail("layer", nil, "the function is nil")
	}
	return f(x)
}

// The activation functions as layers.
var (
	Sigmoid = Func(ops.Sigmoid)
	Tanh    = Func(ops.Tanh)
	ReLU    = Func(ops.ReLU)
	Step    = Func(ops.Step)
	// Softmax normalises over the last axis.
	Softmax = Func(func(x *graph.Node) *graph.Node { return ops.Softmax(x, -1) })
)

// LeakyReLU is x where x > 0 and alpha·x elsewhere.
func LeakyReLU(alpha float64) Func {
	return func(x *graph.Node) *graph.Node { return ops.LeakyReLU(x, alpha) }
}

// Linear is the fully connected layer z = a·W + b, for a of shape [batch, in] or [in].
type Linear struct {
	Weight *Param // [in, out]
	Bias   *Param // [out]; nil for none
}

// NewLinear returns a layer with weights drawn from init and biases 0.
func NewLinear(d graph.DType, in, out int, init Initialiser, rng *rand.Rand) *Linear {
	if init == nil {
		graph.Fail("linear", nil, "the initialiser is nil")
	}
	return &Linear{
		Weight: NewParam(d, in, out).Fill(func() float64 { return init(rng, in, out) }),
		Bias:   NewParam(d, out),
	}
}

// Apply returns a·W + b.
func (l *Linear) Apply(a *graph.Node) *graph.Node {
	z := ops.MatMul(a, l.Weight.Node())
	if l.Bias != nil {
		z = ops.Add(z, l.Bias.Node())
	}
	return z
}

// Bilinear is yₖ = aᵀ·Wₖ·b + cₖ for two inputs.
type Bilinear struct {
	Weight *Param // [out, in of a, in of b]
	Bias   *Param // [out]; nil for none
}

// Apply2 returns [..., out] for inputs [..., in of a] and [..., in of b].
func (l *Bilinear) Apply2(a, b *graph.Node) *graph.Node {
	w := l.Weight.Node()
	s := w.Shape()
	if len(s) != 3 || a == nil || b == nil || a.Rank() == 0 || a.Rank() != b.Rank() {
		graph.Fail("bilinear", nil, "wants weights [out, in, in] and two inputs of one rank")
	}
	left := ops.MatMul(a, ops.Reshape(ops.Permute(w, 1, 0, 2), s[1], s[0]*s[2])) // [..., out·in]
	left = ops.Reshape(left, append(append([]int{}, a.Shape()[:a.Rank()-1]...), s[0], s[2])...)
	y := ops.Sum(ops.Mul(left, ops.ExpandDims(b, -2)), -1)
	if l.Bias != nil {
		y = ops.Add(y, l.Bias.Node())
	}
	return y
}

// Sequential applies layers one after another.
type Sequential []Layer

// Apply applies the layers in order.
func (s Sequential) Apply(x *graph.Node) *graph.Node {
	for i, l := range s {
		if l == nil {
			graph.Fail("sequential", nil, "layer %d is nil", i)
		}
		x = l.Apply(x)
	}
	return x
}

// Residual adds what its layer makes of x to x.
type Residual struct{ Layer Layer }

// Apply returns x + Layer(x).
func (r Residual) Apply(x *graph.Node) *graph.Node {
	if r.Layer == nil {
		graph.Fail("residual", nil, "the layer is nil")
	}
	return ops.Add(x, r.Layer.Apply(x))
}

// NewMLP returns a feedforward net of fully connected layers with the given widths, inputs first. Hidden layers
// have the activation σ; the output layer is left linear, for costs that take its weighted input. Less than two widths
// are no net, and widths are positive: NewMLP panics with a *graph.Error.
func NewMLP(d graph.DType, widths []int, activation Func, init Initialiser, rng *rand.Rand) Sequential {
	if len(widths) < 2 || slices.Min(widths) < 1 {
		graph.Fail("mlp", nil, "widths %v: two or more are wanted, all positive", widths)
	}
	var net Sequential
	for i := 1; i < len(widths); i++ {
		if i > 1 {
			net = append(net, activation)
		}
		net = append(net, NewLinear(d, widths[i-1], widths[i], init, rng))
	}
	return net
}
