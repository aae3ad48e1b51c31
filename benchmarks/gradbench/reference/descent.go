package reference

import (
	"math"
	"math/cmplx"
)

// Descent is the algorithm by which the evals find a minimum of f: against the gradient, by steps whose factor grows
// and shrinks with their success.
func Descent(f func(x []complex128) complex128, x []float64) []float64 {
	gradient := func(x []float64) []float64 {
		g := make([]float64, len(x))
		for i := range g {
			g[i] = Slope(f, x, i)
		}
		return g
	}
	value := func(x []float64) float64 { return real(f(Complex(x))) }
	const small = 1e-5
	at, g, rate, successes := value(x), gradient(x), small, 0
	for length(g) > small {
		if successes == 10 {
			rate, successes = 2*rate, 0
			continue
		}
		to, moved := make([]float64, len(x)), make([]float64, len(x))
		for i := range x {
			to[i] = x[i] - rate*g[i]
			moved[i] = x[i] - to[i]
		}
		if length(moved) <= small {
			break
		}
		if next := value(to); next < at {
			x, at, g, successes = to, next, gradient(to), successes+1
		} else {
			rate, successes = rate/2, 0
		}
	}
	return x
}

func length(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum)
}

// Saddle is the saddle point of ‖p‖² − ‖q‖² from a start, by a descent within a descent: p, then q.
func Saddle(start []float64) []float64 {
	squares := func(x []complex128) complex128 { return x[0]*x[0] + x[1]*x[1] }
	highest := func(p []complex128) []float64 {
		return Descent(func(q []complex128) complex128 { return squares(q) - squares(p) }, start)
	}
	p := Descent(func(p []complex128) complex128 { return squares(p) - squares(Complex(highest(p))) }, start)
	return append(p, highest(Complex(p))...)
}

// Particle is the w for which a particle comes through the origin, from a start.
func Particle(w float64) float64 {
	return Descent(func(w []complex128) complex128 { return miss(w[0]) }, []float64{w})[0]
}

// miss is the square of where the particle crosses the axis.
func miss(w complex128) complex128 {
	charges := [][2]complex128{{10, 10 - w}, {10, 0}}
	x, v := [2]complex128{0, 8}, [2]complex128{0.75, 0}
	const dt = 0.1
	for {
		var force [2]complex128
		for _, c := range charges {
			dx, dy := x[0]-c[0], x[1]-c[1]
			cubed := cmplx.Pow(cmplx.Sqrt(dx*dx+dy*dy), 3)
			force[0] += dx / cubed
			force[1] += dy / cubed
		}
		x[0] += dt * v[0]
		x[1] += dt * v[1]
		if real(x[1]) <= 0 {
			at := x[0] - x[1]/v[1]*v[0]
			return at * at
		}
		v[0] += dt * force[0]
		v[1] += dt * force[1]
	}
}
