package vec

import "math"

// SlopePow sets dst[i] to the derivative of x[i]^y[i], m times by x and n times by y. At x = 0 and +Inf it is what it tends
// to, but that for m = 0 < n and x = 0 it is 0 at y = 0 and NaN for y < 0.
func SlopePow[T Float](dst, x, y []T, m, n int) {
	map2(dst, x, y, func(a, b T) T { return T(slopePow(float64(a), float64(b), m, n)) })
}

// slopePow is x^(y-m)·Σₖ pₖ·(log x)^k. With c(y) = y·(y-1)···(y-m+1), what m derivatives by x leave of x^y is
// c(y)·x^(y-m), and by Leibniz' rule pₖ is the binomial of n over k times the derivative of order n - k of c.
func slopePow(x, y float64, m, n int) float64 {
	if m == 0 && n > 0 && x == 0 && y < 0 {
		return math.NaN()
	}
	if m == 0 && n > 0 && x == 0 && y == 0 {
		return 0
	}
	var c [MaxSlope + 1]float64 // Taylor coefficients of c at y
	c[0] = 1
	for i := range m {
		f := y - float64(i)
		for j := min(i+1, n); j > 0; j-- {
			c[j] = float64(c[j]*f) + c[j-1]
		}
		c[0] *= f
	}
	power := pow(x, y-float64(m))
	if n == 0 {
		return timesPower(c[0], power, x, y-float64(m))
	}
	l := Ln(x)
	if x == 0 || math.IsInf(x, 1) {
		return slopePowEnd(&c, power, l, n)
	}
	sum, factor := 0.0, 1.0 // p with k from n down, by Horner's rule; factor is n!/k!
	for k := n; k >= 0; k-- {
		sum = float64(sum*l) + float64(c[n-k]*factor)
		factor *= float64(k)
	}
	return timesPower(sum, power, x, y-float64(m))
}

// timesPower is c·power, power being x^p: by its root, where the product may be in range and the power is not, or has lost
// digits.
func timesPower(c, power, x, p float64) float64 {
	if size := math.Abs(power); x != 0 && (size < 0x1p-1022 || size > math.MaxFloat64) && !math.IsInf(x, 0) {
		root := pow(math.Abs(x), p/2)
		return math.Copysign(scaled(scaled(c, root), root), scaled(c, math.Copysign(1, power)))
	}
	return scaled(c, power)
}

// slopePowEnd is slopePow where log x is infinite, so that the highest power of it decides.
func slopePowEnd(c *[MaxSlope + 1]float64, power, l float64, n int) float64 {
	if power == 0 {
		return 0
	}
	for k := n; k >= 0; k-- {
		if lead := c[n-k]; lead != 0 {
			for range k {
				lead *= l
			}
			return lead * power
		}
	}
	return 0
}

// scaled is c·v, and 0 where c is, though v be infinite.
func scaled(c, v float64) float64 {
	if p := c * v; p == p || c != 0 || v != v {
		return p
	}
	return 0
}
