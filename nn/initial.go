package nn

import (
	"math"
	"math/rand/v2"

	"chainrule/graph"
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

// LeCun draws from N(0, 1/fanIn), for selu (LeCun et al. 1998, section 4.6).
func LeCun(rng *rand.Rand, fanIn, _ int) float64 {
	return rng.NormFloat64() * math.Sqrt(1/float64(fanIn))
}

// XavierUniform, HeUniform and LeCunUniform are uniform with the mean and variance of the normal ones.
func XavierUniform(rng *rand.Rand, fanIn, fanOut int) float64 {
	return math.Sqrt(6/float64(fanIn+fanOut)) * (2*rng.Float64() - 1)
}

// HeUniform is uniform within ±√(6/fanIn).
func HeUniform(rng *rand.Rand, fanIn, _ int) float64 {
	return math.Sqrt(6/float64(fanIn)) * (2*rng.Float64() - 1)
}

// LeCunUniform is uniform within ±√(3/fanIn).
func LeCunUniform(rng *rand.Rand, fanIn, _ int) float64 {
	return math.Sqrt(3/float64(fanIn)) * (2*rng.Float64() - 1)
}

// Constant draws nothing but v.
func Constant(v float64) Initialiser { return func(*rand.Rand, int, int) float64 { return v } }

// cut is the standard deviation of N(0, 1) cut at ±2: √(1 − 4·φ(2)/(2·Φ(2) − 1)).
const cut = 0.87962566103423978

// TruncatedNormal draws from N(0, (std/0.8796)²) cut at two of its deviations, whose standard deviation is std.
func TruncatedNormal(std float64) Initialiser {
	return func(rng *rand.Rand, _, _ int) float64 {
		for {
			if z := rng.NormFloat64(); math.Abs(z) <= 2 {
				return z * std / cut
			}
		}
	}
}

// Scaled draws what init does, times gain: see Gain.
func Scaled(gain float64, init Initialiser) Initialiser {
	return func(rng *rand.Rand, in, out int) float64 { return gain * init(rng, in, out) }
}

// Orthogonal sets p, taken as a matrix of its first axis by all others, to a random one with orthonormal rows or columns,
// whichever are fewer, times gain: uniformly distributed among them (Saxe, McClelland, Ganguli 2014; Mezzadri 2007 on signs).
func (s *Source) Orthogonal(p *Param, gain float64) *Param {
	shape := p.Value.Shape()
	if len(shape) < 2 {
		graph.Fail("orthogonal", nil, "a parameter of shape %v is no matrix", shape)
	}
	rows, columns := shape[0], graph.Size(shape[1:])
	wide := rows < columns
	n, k := max(rows, columns), min(rows, columns) // k orthonormal vectors of n elements
	vectors := make([][]float64, 0, k)
	for len(vectors) < k {
		v := make([]float64, n)
		for i := range v {
			v[i] = s.Rand.NormFloat64()
		}
		if orthonormal(v, vectors) {
			vectors = append(vectors, v)
		}
	}
	i := 0
	return p.Fill(func() float64 {
		r, c := i/columns, i%columns
		i++
		if wide {
			return gain * vectors[r][c]
		}
		return gain * vectors[c][r]
	})
}

// orthonormal makes v a unit vector orthogonal to others, by two rounds of Gram and Schmidt, and reports whether enough of it
// was left.
func orthonormal(v []float64, others [][]float64) bool {
	dot := func(a, b []float64) (sum float64) {
		for i := range a {
			sum += float64(a[i] * b[i])
		}
		return sum
	}
	before := math.Sqrt(dot(v, v))
	for range 2 {
		for _, u := range others {
			d := dot(u, v)
			for i := range v {
				v[i] -= float64(d * u[i])
			}
		}
	}
	size := math.Sqrt(dot(v, v))
	if !(size > 1e-6*before) {
		return false
	}
	for i := range v {
		v[i] /= size
	}
	return true
}

// Gain is what the standard deviation of weights is multiplied by before a nonlinearity, so that activations keep their
// variance: as PyTorch's calculate_gain has it, for linear, conv, sigmoid, tanh, relu, leaky_relu with its slope (0.01
// without) and selu. It panics with a *graph.Error for other names.
func Gain(nonlinearity string, slope ...float64) float64 {
	switch nonlinearity {
	case "linear", "conv", "conv1d", "conv2d", "conv3d", "sigmoid":
		return 1
	case "tanh":
		return 5.0 / 3
	case "relu":
		return math.Sqrt2
	case "leaky_relu":
		a := 0.01
		if len(slope) > 0 {
			a = slope[0]
		}
		return math.Sqrt(2 / (1 + float64(a*a)))
	case "selu":
		return 0.75
	}
	graph.Fail("gain", nil, "no gain is known for %q", nonlinearity)
	return 0
}
