package backprop

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// An Activation is the function σ that a layer applies to its weighted input z. The zero Activation
// is unknown, and an error when used.
type Activation struct {
	rule  rule
	alpha float64 // slope left of zero, leaky relu only
}

// The activations without parameters. Softmax acts on a whole layer and is for the output only.
var (
	Linear  = Activation{rule: linear}
	Sigmoid = Activation{rule: sigmoid}
	Tanh    = Activation{rule: tanh}
	ReLU    = Activation{rule: relu}
	Softmax = Activation{rule: softmax}
)

// LeakyReLU is z for z > 0 and alpha z elsewhere.
func LeakyReLU(alpha float64) Activation { return Activation{rule: leaky, alpha: alpha} }

// String is the name of the activation: "tanh", "leakyrelu(0.01)".
func (a Activation) String() string {
	switch {
	case !a.known():
		return "unknown"
	case a.rule == leaky:
		return fmt.Sprintf("leakyrelu(%g)", a.alpha)
	}
	return rules[a.rule].name
}

func (a Activation) known() bool { return rules[a.rule].name != "" }

type rule uint8

const (
	unknown rule = iota
	linear
	sigmoid
	tanh
	relu
	leaky
	softmax
	ruleCount
)

// rules holds σ and σ′ of the elementwise activations, σ′ as textbooks have it: sigmoid and tanh
// from the activation. Where those saturate, σ′ is a small difference of numbers near 1, and exact to
// roundings of 1, not of itself: see the doc of this package.
var rules = [ruleCount]struct {
	name  string
	sigma func(z, alpha float64) float64
	prime func(z, a, alpha float64) float64
}{
	linear: {
		name:  "linear",
		sigma: func(z, _ float64) float64 { return z },
		prime: func(_, _, _ float64) float64 { return 1 },
	},
	sigmoid: {
		name:  "sigmoid",
		sigma: func(z, _ float64) float64 { return logistic(z) },
		prime: func(_, a, _ float64) float64 { return a * (1 - a) },
	},
	tanh: {
		name:  "tanh",
		sigma: func(z, _ float64) float64 { return math.Tanh(z) },
		prime: func(_, a, _ float64) float64 { return 1 - float64(a*a) }, // no fused multiply-add, on any machine,
	},
	relu: {
		name:  "relu",
		sigma: func(z, _ float64) float64 { return leak(z, 0) },
		prime: func(z, _, _ float64) float64 { return leakPrime(z, 0) },
	},
	leaky: {
		name:  "leakyrelu",
		sigma: leak,
		prime: func(z, _, alpha float64) float64 { return leakPrime(z, alpha) },
	},
	softmax: {name: "softmax"},
}

// logistic is 1/(1 + e⁻ᶻ), written so that the exponential never overflows into a NaN.
func logistic(z float64) float64 {
	if z >= 0 {
		return 1 / (1 + math.Exp(-z))
	}
	e := math.Exp(z)
	return e / (1 + e)
}

// leak is z right of zero and alpha z elsewhere; the branch for alpha = 0 keeps 0·∞ and −0 out of relu.
func leak(z, alpha float64) float64 {
	switch {
	case z > 0 || math.IsNaN(z):
		return z
	case alpha == 0:
		return 0
	}
	return alpha * z
}

// leakPrime is 1 right of zero and alpha at zero and left of it; NaN stays NaN.
func leakPrime(z, alpha float64) float64 {
	switch {
	case z > 0:
		return 1
	case z <= 0:
		return alpha
	}
	return math.NaN()
}

// activate returns a = σ(z); every column is one sample.
func (a Activation) activate(z *mat.Dense) *mat.Dense {
	out := mat.DenseCopyOf(z)
	if a.rule == softmax {
		logSoftmax(out)
		out.Apply(func(_, _ int, v float64) float64 { return math.Exp(v) }, out)
		return out
	}
	out.Apply(func(_, _ int, v float64) float64 { return rules[a.rule].sigma(v, a.alpha) }, z)
	return out
}

// pullBack returns J(z)ᵀ g, the factor that turns ∂C/∂a = g into δ = ∂C/∂z. For an elementwise σ
// this is g ⊙ σ′(z). The Jacobian of softmax is full, ∂aⱼ/∂zₖ = aⱼ([j = k] − aₖ), which makes it
// a ⊙ (g − ⟨g, a⟩), with one inner product per sample.
func (a Activation) pullBack(g, z, act *mat.Dense) *mat.Dense {
	delta := mat.DenseCopyOf(g)
	if a.rule == softmax {
		_, samples := g.Dims()
		for s := range samples {
			inner := mat.Dot(g.ColView(s), act.ColView(s))
			column := delta.ColView(s).(*mat.VecDense)
			for j := range column.Len() {
				column.SetVec(j, act.At(j, s)*(g.At(j, s)-inner))
			}
		}
		return delta
	}
	delta.Apply(func(j, s int, v float64) float64 {
		return v * rules[a.rule].prime(z.At(j, s), act.At(j, s), a.alpha)
	}, g)
	return delta
}

// logSoftmax replaces every column z by z − log Σ exp z. The largest entry is taken out first, so
// that no exponential overflows and the sum is at least 1.
func logSoftmax(z *mat.Dense) {
	classes, samples := z.Dims()
	for s := range samples {
		largest := mat.Max(z.ColView(s))
		var sum float64
		for j := range classes {
			sum += math.Exp(z.At(j, s) - largest)
		}
		norm := math.Log(sum)
		for j := range classes {
			z.Set(j, s, z.At(j, s)-largest-norm)
		}
	}
}
