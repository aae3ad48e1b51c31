package backprop

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A Cost measures how far the output a of one sample is from its target y; over a batch it is
// averaged. The zero Cost is unknown, and an error when used. Targets need not be one-hot.
type Cost uint8

const (
	// Quadratic is C = ½ ‖y − a‖², with any output layer.
	Quadratic Cost = iota + 1

	// CrossEntropy is C = −Σⱼ yⱼ log aⱼ with a softmax output layer, and the binary form
	// C = −Σⱼ [yⱼ log aⱼ + (1 − yⱼ) log(1 − aⱼ)] with a sigmoid one. Both are computed from z, so
	// that a saturated output gives a finite cost. Any other output layer is an error.
	CrossEntropy
)

// String is the name of the cost: "quadratic", "cross-entropy".
func (c Cost) String() string {
	switch c {
	case Quadratic:
		return "quadratic"
	case CrossEntropy:
		return "cross-entropy"
	}
	return fmt.Sprintf("unknown(%d)", uint8(c))
}

// value is C averaged over the batch, given the output layer's z and a and the target y, samples as columns.
func (c Cost) value(out Activation, z, a, y *mat.Dense) float64 {
	_, samples := y.Dims()
	var term func(j, s int, target float64) float64
	switch {
	case c == Quadratic:
		term = func(j, s int, target float64) float64 {
			d := target - a.At(j, s)
			return d * d / 2
		}
	case out == Softmax:
		logA := mat.DenseCopyOf(z)
		logSoftmax(logA)
		term = func(j, s int, target float64) float64 { return -part(target, logA.At(j, s)) }
	default: // sigmoid: −log σ(z) = softplus(−z) and −log(1 − σ(z)) = softplus(z)
		term = func(j, s int, target float64) float64 {
			v := z.At(j, s)
			return part(target, softplus(-v)) + part(1-target, softplus(v))
		}
	}
	terms := mat.DenseCopyOf(y)
	terms.Apply(term, y)
	return mat.Sum(terms) / float64(samples)
}

// outputError is δᴸ, equation (BP1), sample by sample. With the quadratic cost ∇ₐC = a − y. With
// the cross-entropies the denominators of ∇ₐC cancel against σ′, and what remains is a − y for
// sigmoid and a Σⱼyⱼ − y for softmax (a − y again when the targets of a sample sum to one). The
// first is written as (1 − y)σ(z) − yσ(−z), which keeps the digits of a small error.
func (c Cost) outputError(out Activation, z, a, y *mat.Dense) *mat.Dense {
	delta := mat.DenseCopyOf(a)
	if c == CrossEntropy && out == Softmax {
		classes, samples := a.Dims()
		for s := range samples {
			total := mat.Sum(y.ColView(s))
			for j := range classes {
				delta.Set(j, s, a.At(j, s)*total-y.At(j, s))
			}
		}
		return delta
	}
	if c == CrossEntropy {
		delta.Apply(func(j, s int, v float64) float64 {
			return (1-y.At(j, s))*v - y.At(j, s)*logistic(-z.At(j, s))
		}, a)
		return delta
	}
	delta.Sub(a, y) // ∇ₐC
	return out.pullBack(delta, z, a)
}

// part is target·v, and 0 where the target is, though v be infinite.
func part(target, v float64) float64 {
	if target == 0 && !math.IsNaN(v) {
		return 0
	}
	return target * v
}

// softplus is log(1 + eᶻ), without overflow and without losing eᶻ beside the 1.
func softplus(z float64) float64 { return math.Max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) }
