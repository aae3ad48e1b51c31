package nn

import (
	"math"
	"math/rand/v2"
)

// Initialiser draws one weight of a layer with the given numbers of inputs and outputs.
type Initialiser func(rng *rand.Rand, fanIn, fanOut int) float64

// Normal draws from N(0, 1), whatever the layer.
func Normal(rng *rand.Rand, _, _ int) float64 { return rng.NormFloat64() }

// Xavier draws from N(0, 2/(fanIn + fanOut)), which keeps the variance of activations and of gradients from layer
// to layer where σ is near the identity (Glorot and Bengio 2010, equation 12).
func Xavier(rng *rand.Rand, fanIn, fanOut int) float64 {
	return rng.NormFloat64() * math.Sqrt(2/float64(fanIn+fanOut))
}

// He draws from N(0, 2/fanIn), which keeps the variance of activations through rectifiers (He et al. 2015,
// equation 10).
func He(rng *rand.Rand, fanIn, _ int) float64 {
	return rng.NormFloat64() * math.Sqrt(2/float64(fanIn))
}

// Zeros draws nothing but 0.
func Zeros(*rand.Rand, int, int) float64 { return 0 }
