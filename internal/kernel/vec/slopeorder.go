package vec

import "math"

// Derivatives of any order in kernels of their own, where rules made of products would leave the range on the way, or add
// infinities of both signs. They are computed in float64.

// MaxSlope is the greatest order of SlopeAcosh, SlopeCbrt and, by both operands together, of SlopeAtan2 and SlopePow.
const MaxSlope = 15

// SlopeAcosh sets dst[i] to the derivative of order n of acosh at x[i], NaN below 1. The error is at most 2.5 ulp for n = 1,
// and 2n ulp more beyond.
func SlopeAcosh[T Float](dst, x []T, n int) {
	p := acoshPolynomial(n)
	mapFloat(dst, x, func(x float64) float64 { return slopeAcosh(&p, x, n) })
}

// acoshPolynomial has the coefficients of P with acosh⁽ⁿ⁾ = P(x)/(x² - 1)^(n - ½): 1 for n = 1, and by the product rule
// P' (x² - 1) - (2n - 1) x P for the next. All are of one sign where x ≥ 1, so that nothing cancels.
func acoshPolynomial(n int) (p [MaxSlope + 2]float64) {
	p[0] = 1
	for k := 1; k < n; k++ {
		var q [MaxSlope + 2]float64
		for i := range k {
			if i > 0 {
				q[i-1] -= float64(float64(i) * p[i])
			}
			q[i+1] += float64(float64(i-2*k+1) * p[i])
		}
		p = q
	}
	return p
}

func slopeAcosh(p *[MaxSlope + 2]float64, x float64, n int) float64 {
	if !(x >= 1) {
		return math.NaN()
	}
	if x > 0x1p30 { // as log 2x
		y := 1 / x
		for k := 1; k < n; k++ {
			y *= -float64(k) / x
		}
		return y
	}
	square := (x - 1) * (x + 1)
	y := 0.0
	for k := n - 1; k >= 0; k-- {
		y = float64(y*x) + p[k]
	}
	y /= math.Sqrt(square)
	for k := 1; k < n; k++ {
		y /= square
	}
	return y
}

// SlopeCbrt sets dst[i] to the derivative of order n of the cube root at x[i]; the error is at most 2 + 2n ulp. At 0 it is an
// infinity, of the sign that it has on the side of the zero's sign.
func SlopeCbrt[T Float](dst, x []T, n int) {
	factor := 1.0
	for k := range n {
		factor *= 1.0/3 - float64(k)
	}
	mapFloat(dst, x, func(x float64) float64 {
		if x == 0 || math.IsInf(x, 0) {
			sign := factor
			if n%2 == 0 && math.Signbit(x) {
				sign = -sign
			}
			if x == 0 {
				return sign * math.Inf(1)
			}
			return math.Copysign(0, sign)
		}
		y := factor * math.Cbrt(x)
		for range n {
			y /= x
		}
		return y
	})
}

// SlopeAtan2 sets dst[i] to the derivative of the angle of the point (y[i], x[i]), m times by x[i], its ordinate, and n
// times by y[i], its abscissa. The error is at most 3(m + n) ulp of the sizes of the derivatives of that order together.
// It is NaN at the origin, and 0 where an operand is infinite.
func SlopeAtan2[T Float](dst, x, y []T, m, n int) {
	map2(dst, x, y, func(a, b T) T { return T(slopeAtan2(float64(a), float64(b), m, n)) })
}

// slopeAtan2 is the imaginary part of iᵐ·(-1)ᵏ⁻¹·(k-1)!/zᵏ, the derivative of log z = log r + iθ by z = b + ia, k = m + n
// times.
func slopeAtan2(a, b float64, m, n int) float64 {
	switch {
	case a != a || b != b || a == 0 && b == 0:
		return math.NaN()
	case math.IsInf(a, 0) || math.IsInf(b, 0):
		return 0
	}
	k, e := m+n, 0
	if top := max(math.Abs(a), math.Abs(b)); top > 0x1p30 || top < 0x1p-30 {
		_, e = math.Frexp(top)
		a, b = math.Ldexp(a, -e), math.Ldexp(b, -e)
	}
	square := float64(a*a) + float64(b*b)
	re, im := b/square, -a/square
	pr, pi := re, im
	for j := 1; j < k; j++ {
		f := -float64(j)
		pr, pi = f*(float64(pr*re)-float64(pi*im)), f*(float64(pr*im)+float64(pi*re))
	}
	y := pi
	if m%2 == 1 {
		y = pr
	}
	if m%4 >= 2 {
		y = -y
	}
	return math.Ldexp(y, -k*e)
}
