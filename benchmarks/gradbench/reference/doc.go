// Package reference has the objectives of package gradbench once more, to check derivatives with: scalar loops in plain
// Go, from the evals' definitions, which share nothing with the library.
//
// They are written on complex numbers, because a function f that is analytic and real on the real line has
//
//	f′(x) = Im f(x + ih)/h + O(h²)
//
// without the cancellation of a difference: with h = 1e-100 the derivative is as exact as f itself (Squire and Trapp,
// Using complex variables to estimate derivatives of real functions, 1998). Comparisons look at real parts.
package reference

// step is h. Its square is nothing beside 1.
const step = 1e-100

// Slope is the derivative of f at x by element i.
func Slope(f func(x []complex128) complex128, x []float64, i int) float64 {
	z := Complex(x)
	z[i] += complex(0, step)
	return imag(f(z)) / step
}

// Complex is x as complex numbers.
func Complex(x []float64) []complex128 {
	z := make([]complex128, len(x))
	for i, v := range x {
		z[i] = complex(v, 0)
	}
	return z
}
