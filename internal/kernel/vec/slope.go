package vec

import "math"

// Derivatives of functions in kernels of their own, where a formula of arithmetic would lose digits or leave the range,
// and products whose first factor may be 0: portable loops without twins. The errors stated are those of float64; float32
// results are float64's, rounded once, but for OneLessSquare, SlopeAtan, XDivY, XMulY and TimesSlope, which are arithmetic.

// OneLessSquare sets dst[i] = 1 - x[i]², as (1 - x)(1 + x): the error is at most 1.5 ulp.
func OneLessSquare[T Float](dst, x []T) {
	map1(dst, x, func(a T) T { return (1 - a) * (1 + a) })
}

// SlopeAtan sets dst[i] = 1/(1 + x[i]²), rounded three times.
func SlopeAtan[T Float](dst, x []T) {
	map1(dst, x, func(a T) T {
		if s := T(a * a); s-s == 0 || a != a {
			return 1 / (1 + s)
		}
		return 1 / a / a // which may be in range where a² is not
	})
}

// SlopeHypot sets dst[i] = x[i]/√(x[i]² + y[i]²), 0 at (0, 0); the error is at most 2.5 ulp.
func SlopeHypot[T Float](dst, x, y []T) {
	map2(dst, x, y, func(a, b T) T { return T(slopeHypot(float64(a), float64(b))) })
}

func slopeHypot(a, b float64) float64 {
	switch {
	case a != a || b != b:
		return math.NaN()
	case a == 0:
		return a
	case math.IsInf(a, 0) && !math.IsInf(b, 0):
		return math.Copysign(1, a)
	}
	h := math.Hypot(a, b)
	switch { // a power of two brings the hypotenuse to where it is finite and has all its digits
	case h > 0x1p1022:
		a, b = a*0x1p-2, b*0x1p-2
		h = math.Hypot(a, b)
	case h < 0x1p-1000:
		a, b = a*0x1p60, b*0x1p60
		h = math.Hypot(a, b)
	}
	return a / h
}

// SlopeLogAddExp sets dst[i] = e^x[i]/(e^x[i] + e^y[i]), 0 where both are -Inf; the error is at most 2 ulp.
func SlopeLogAddExp[T Float](dst, x, y []T) {
	map2(dst, x, y, func(a, b T) T {
		if math.IsInf(float64(a), -1) && a == b {
			return 0
		}
		return T(sigmoid(float64(a) - float64(b)))
	})
}

// XDivY sets dst[i] = x[i]/y[i]/…/y[i], divided n times, and 0 where both are 0.
func XDivY[T Float](dst, x, y []T, n int) {
	map2(dst, x, y, func(a, b T) T {
		if a == 0 && b == 0 {
			return 0
		}
		for range n {
			a /= b
		}
		return a
	})
}

// XMulY sets dst[i] = x[i]·y[i], 0 where x[i] is 0 and y[i] is not NaN.
func XMulY[T Float](dst, x, y []T) {
	map2(dst, x, y, func(a, b T) T {
		if p := a * b; p == p || a != 0 || b != b {
			return p
		}
		return 0
	})
}

// TimesSlope sets dst[i] = x[i]·y[i], 0 where x[i] is 0.
func TimesSlope[T Float](dst, x, y []T) {
	map2(dst, x, y, func(a, b T) T {
		if a == 0 {
			return 0
		}
		return a * b
	})
}
