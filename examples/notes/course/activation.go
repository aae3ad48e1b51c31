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
	// ByHand is the derivative as the notes give it; nil where there is none.
	ByHand func(x float64) float64
	// value and slope compute the function and its derivative, at vectors.
	value, slope *autodiff.Function
}

func activation(name, formula, slope string, f func(x *graph.Node) *graph.Node, byHand func(x float64) float64) Activation {
	sum := func(x *graph.Node) *graph.Node { return ops.Sum(f(x)) }
	return Activation{name, formula, slope, byHand, autodiff.Compile(f), autodiff.Compile(autodiff.Grad(sum))}
}

// Activations are those of the notes.
var Activations = []Activation{
	activation("step", "sgn(x) = 1 if x ≥ 0, else 0", "", ops.Step, nil),
	activation("sigmoid", "σ(x) = 1 / (1 + e⁻ˣ)", "σ′ = σ(1 − σ)", ops.Sigmoid,
		func(x float64) float64 { s := 1 / (1 + math.Exp(-x)); return s * (1 - s) }),
	activation("tanh", "tanh x = sinh x / cosh x", "tanh′ = 1 − tanh²",
		func(x *graph.Node) *graph.Node { return ops.Div(ops.Sinh(x), ops.Cosh(x)) },
		func(x float64) float64 { t := math.Tanh(x); return 1 - t*t }),
	activation("ReLU", "ReLU(x) = max(x, 0)", "ReLU′ = 1 if x > 0, else 0", ops.ReLU,
		func(x float64) float64 {
			if x > 0 {
				return 1
			}
			return 0
		}),
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
	out, err := run(a.value, xs)
	if err != nil {
		return nil, nil, nil, err
	}
	d, why := run(a.slope, xs)
	if why != nil {
		return out[0], nil, why, nil
	}
	return out[0], d[0], nil, nil
}

// OneSided are the difference quotients (f(x) − f(x−h))/h and (f(x+h) − f(x))/h. Where they differ however small h is,
// there is no derivative.
func (a Activation) OneSided(x, h float64) (left, right float64, err error) {
	out, err := run(a.value, []float64{x - h, x, x + h})
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", a.Name, err)
	}
	y := out[0]
	return (y[1] - y[0]) / h, (y[2] - y[1]) / h, nil
}
