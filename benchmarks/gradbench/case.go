package main

import (
	"encoding/json"
	"math"
	"slices"

	"chainrule/benchmarks/gradbench/reference"
)

// sample is one case of an eval: an input, and what the reference says about it.
type sample struct {
	module, name     string
	primal, gradient string
	input            any
	// value and slope are element i of the results of the primal and of the gradient, all leaves one after the other.
	value, slope func(i int) float64
}

// text is the input as a message has it.
func (s sample) text() []byte {
	line, err := json.Marshal(s.input)
	if err != nil {
		panic(err) // inputs are numbers
	}
	return line
}

// distance is how far got is from want, relative to want.
func distance(got, want float64) float64 {
	if got == want {
		return 0
	}
	return math.Abs(got-want) / math.Abs(want)
}

// scalarCase is a sample whose primal is one number, f at x, and whose gradient is by all of x.
func scalarCase(s sample, x []float64, f func([]complex128) complex128) sample {
	s.value = func(int) float64 { return real(f(reference.Complex(x))) }
	s.slope = func(i int) float64 { return reference.Slope(f, x, i) }
	return s
}

func helloCase(x float64) sample {
	return scalarCase(sample{module: "hello", primal: "square", gradient: "double", input: x}, []float64{x},
		func(z []complex128) complex128 { return z[0] * z[0] })
}

func llsqCase(x []float64, n int) sample {
	return scalarCase(sample{module: "llsq", primal: "primal", gradient: "gradient", input: llsqInput{X: x, N: n}}, x,
		func(z []complex128) complex128 { return reference.LeastSquares(z, n) })
}

func lseCase(x []float64) sample {
	return scalarCase(sample{module: "lse", primal: "primal", gradient: "gradient", input: lseInput{X: x}}, x,
		reference.LogSumExp)
}

func detCase(a []float64, ell int) sample {
	return scalarCase(sample{module: "det", primal: "primal", gradient: "gradient", input: detInput{A: a, Ell: ell}}, a,
		func(z []complex128) complex128 { return reference.Determinant(z, ell) })
}

func gmmCase(in gmmInput) sample {
	x := append([]float64(nil), in.Alpha...)
	for _, rows := range [][][]float64{in.Mu, in.Q, in.L} {
		for _, row := range rows {
			x = append(x, row...)
		}
	}
	m := reference.Mixture{D: in.D, K: in.K, Points: in.X, M: in.M, Gamma: in.Gamma}
	return scalarCase(sample{module: "gmm", primal: "objective", gradient: "jacobian", input: in}, x, m.LogPosterior)
}

// kmeansCase has Newton's step as its gradient: the first derivative by the second, which for this cost, a quadratic
// where no point changes its centroid, is the difference of two first ones.
func kmeansCase(in kmeansInput) sample {
	var x []float64
	for _, c := range in.Centroids {
		x = append(x, c...)
	}
	cost := func(z []complex128) complex128 { return reference.ClusterCost(in.Points, z) }
	s := scalarCase(sample{module: "kmeans", primal: "cost", gradient: "dir", input: in}, x, cost)
	first := s.slope
	s.slope = func(i int) float64 {
		const h = 1e-6
		moved := append([]float64(nil), x...)
		moved[i] += h
		above := reference.Slope(cost, moved, i)
		moved[i] = x[i] - h
		second := (above - reference.Slope(cost, moved, i)) / (2 * h)
		return first(i) / (2 * math.Round(second/2)) // twice the number of points
	}
	return s
}

func baCase(in baInput) sample {
	x := append(append(append([]float64(nil), in.Cam...), in.X...), in.W)
	errors := func(z []complex128) [2]complex128 { return reference.Observation(z, in.Feat) }
	return sample{
		module: "ba", primal: "objective", gradient: "jacobian", input: in,
		value: func(i int) float64 {
			if i < 2*in.P {
				return real(errors(reference.Complex(x))[i%2])
			}
			return 1 - in.W*in.W
		},
		slope: func(i int) float64 {
			if i >= 2*blockSize*in.P {
				return -2 * in.W
			}
			row, column := i/blockSize%2, i%blockSize
			return reference.Slope(func(z []complex128) complex128 { return errors(z)[row] }, x, column)
		},
	}
}

func htCase(in htInput) sample {
	m := in.Data.Model
	h := reference.Hand{
		Parents: m.Parents, Relatives: m.BaseRelatives, Inverses: m.InverseBaseAbsolutes,
		Base: m.BasePositions, Weights: m.Weights, Mirrored: m.IsMirrored,
		Correspondences: in.Data.Correspondences, Points: in.Data.Points,
	}
	var us []float64
	if len(in.Us) > 0 {
		h.Triangles = m.Triangles
		for _, u := range in.Us {
			us = append(us, u...)
		}
	}
	x := append(append([]float64(nil), us...), in.Theta...)
	errors := func(z []complex128) []complex128 { return h.Errors(z[len(us):], z[:len(us)]) }
	columns := len(in.Theta)
	if len(us) > 0 {
		columns += 2
	}
	return sample{
		module: "ht", primal: "objective", gradient: "jacobian", input: in,
		value: func(i int) float64 { return real(errors(reference.Complex(x))[i]) },
		slope: func(i int) float64 {
			row, column := i/columns, i%columns
			by := len(us) + column
			if len(us) > 0 {
				if by = len(us) + column - 2; column < 2 {
					by = row/3*2 + column
				}
			}
			return reference.Slope(func(z []complex128) complex128 { return errors(z)[row] }, x, by)
		},
	}
}

func odeCase(in odeInput) sample {
	last := func(z []complex128) complex128 { return reference.RungeKutta(z, in.S)[len(in.X)-1] }
	s := scalarCase(sample{module: "ode", primal: "primal", gradient: "gradient", input: in}, in.X, last)
	s.value = func(i int) float64 { return real(reference.RungeKutta(reference.Complex(in.X), in.S)[i]) }
	return s
}

func lstmCase(in lstmInput) sample {
	x := slices.Concat(append(slices.Clone(in.Main), in.Extra...)...)
	n := reference.Network{State: in.State, Sequence: in.Sequence}
	return scalarCase(sample{module: "lstm", primal: "objective", gradient: "jacobian", input: in}, x, n.Loss)
}

// particleCase and saddleCase have no primal: derivatives are within their functions, in the modes given.
func particleCase(modes string, w float64) sample {
	return sample{
		module: "particle", name: modes, gradient: modes, input: particleInput{W: w},
		slope: func(int) float64 { return reference.Particle(w) },
	}
}

func saddleCase(modes string, start []float64) sample {
	return sample{
		module: "saddle", name: modes, gradient: modes, input: saddleInput{Start: start},
		slope: func(i int) float64 { return reference.Saddle(start)[i] },
	}
}

// allModes are those of derivatives within derivatives.
func allModes(of func(modes string) sample) (all []sample) {
	for _, modes := range []string{"rr", "rf", "fr", "ff"} {
		all = append(all, of(modes))
	}
	return all
}
