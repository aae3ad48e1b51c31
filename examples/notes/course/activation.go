package course

import (
	"fmt"
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Activation is a function that a neuron applies to its weighted input.
type Activation struct {
	Name    string
	Formula string // of the function
	Slope   string // of its derivative, by hand
	// Apply builds the function on the graph.
	Apply func(x *graph.Node) *graph.Node
	// ByHand is the derivative as the notes give it; nil where there is none.
	ByHand func(x float64) float64
}

// Activations are those of the notes.
var Activations = []Activation{
	{"step", "sgn(x) = 1 if x ≥ 0, else 0", "", ops.Step, nil},
	{"sigmoid", "σ(x) = 1 / (1 + e⁻ˣ)", "σ′ = σ(1 − σ)", ops.Sigmoid,
		func(x float64) float64 { s := 1 / (1 + math.Exp(-x)); return s * (1 - s) }},
	{"tanh", "tanh x = sinh x / cosh x", "tanh′ = 1 − tanh²",
		func(x *graph.Node) *graph.Node { return ops.Div(ops.Sinh(x), ops.Cosh(x)) },
		func(x float64) float64 { t := math.Tanh(x); return 1 - t*t }},
	{"ReLU", "ReLU(x) = max(x, 0)", "ReLU′ = 1 if x > 0, else 0", ops.Relu,
		func(x float64) float64 {
			if x > 0 {
				return 1
			}
			return 0
		}},
}

// ActivationNamed returns the activation of a name.
func ActivationNamed(name string) Activation {
	for _, a := range Activations {
		if a.Name == name {
			return a
		}
	}
	return Activations[1]
}

// Values are the function at each x, and its derivative by automatic differentiation; that is nil where the library
// refuses, and why says so in its words.
func (a Activation) Values(xs []float64) (y, slope []float64, why, err error) {
	out, err := run(autodiff.Compile(a.Apply), xs)
	if err != nil {
		return nil, nil, nil, err
	}
	sum := func(x *graph.Node) *graph.Node { return ops.Sum(a.Apply(x)) }
	d, why := run(autodiff.Compile(autodiff.Grad(sum)), xs)
	if why != nil {
		return out[0], nil, why, nil
	}
	return out[0], d[0], nil, nil
}

// OneSided are the difference quotients (f(x) − f(x−h))/h and (f(x+h) − f(x))/h. Where they differ however small h is,
// there is no derivative.
func (a Activation) OneSided(x, h float64) (left, right float64, err error) {
	out, err := run(autodiff.Compile(a.Apply), []float64{x - h, x, x + h})
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", a.Name, err)
	}
	y := out[0]
	return (y[1] - y[0]) / h, (y[2] - y[1]) / h, nil
}
