package special

import "math"

// BesselK is the modified Bessel function Kₙ(x) for a whole order n, +Inf at 0 and NaN below. The error is at most 8 ulp.
func BesselK(n int, x float64) float64 {
	if x > 700 {
		half := math.Exp(-x / 2)
		return BesselKe(n, 0, x) * half * half
	}
	return BesselKe(n, 0, x) * math.Exp(-x)
}

// BesselKe is the derivative number slope of the scaled function exp(x)·Kₙ(x). Without a slope the error is at most 8 ulp, else 16.
func BesselKe(n, slope int, x float64) float64 {
	n = absInt(n)
	sign := 1.0
	if slope%2 == 1 {
		sign = -1
	}
	switch {
	case !(x >= 0):
		return math.NaN()
	case x == 0:
		return sign * math.Inf(1)
	case math.IsInf(x, 1):
		return sign * 0
	case x >= besselFar(n) && float64(slope) < x/4:
		return hankel(n, slope, x, 1) * math.Sqrt(math.Pi/(2*x))
	case slope == 0:
		return besselKe(n, x)
	case x > 0.5 && n <= 8:
		return sign * integralKe(n, slope, x)
	}
	return sign * differences(slope, func(k int) float64 { return besselKe(absInt(n+k), x) })
}

// besselKe goes up by Kₖ₊₁ = Kₖ₋₁ + 2k/x·Kₖ.
func besselKe(n int, x float64) float64 {
	if n <= 1 {
		return firstKe(n, x)
	}
	below, here := firstKe(0, x), firstKe(1, x)
	for k := 1; k < n; k++ {
		below, here = here, below+float64(2*float64(k)/x*here)
	}
	return here
}

// firstKe is exp(x)·Kₙ(x) for n ≤ 1 and x > 0. Near 0 it is DLMF 10.31.1, whose terms are of one sign there for n = 0.
func firstKe(n int, x float64) float64 {
	switch {
	case x > 0.5 && x < besselFar(n):
		return integralKe(n, 0, x)
	case x > 0.5:
		return hankel(n, 0, x, 1) * math.Sqrt(math.Pi/(2*x))
	}
	z, logHalf := x*x/4, math.Log(x/2)+eulerGamma
	if n == 0 {
		sum, term, harmonic := 0.0, 1.0, 0.0
		for k := 1; k < 12; k++ {
			term *= z / float64(k*k)
			harmonic += 1 / float64(k)
			sum += float64(term * harmonic)
		}
		return math.Exp(x) * (sum - float64(logHalf*besselSeries(0, z)))
	}
	sum, term, harmonic := 0.0, 1.0, 0.0 // Σ (Hₖ + Hₖ₊₁)·zᵏ/(k! (k+1)!)
	for k := range 12 {
		next := harmonic + 1/float64(k+1)
		sum += float64(term * (harmonic + next))
		term *= z / float64((k+1)*(k+2))
		harmonic = next
	}
	return math.Exp(x) * (1/x + float64(x/2*(float64(logHalf*besselSeries(1, z))-float64(sum/2))))
}

const eulerGamma = 0.57721566490153286061

// integralKe is ∫ (cosh t − 1)ᵐ cosh nt exp(−x(cosh t − 1)) over t ≥ 0, DLMF 10.32.9, by the rule of trapezia, whose
// error is exp(−π²/h) for a step of h.
func integralKe(n, m int, x float64) float64 {
	const h = 1.0 / 8
	sum := 0.0
	if m == 0 {
		sum = 0.5
	}
	for j := 1; ; j++ {
		t := h * float64(j)
		s := math.Sinh(t / 2)
		more := 2 * s * s
		f := math.Exp(-x*more) * math.Cosh(float64(n)*t)
		for range m {
			f *= more
		}
		sum += f
		if x*more > 40+float64(float64(n+2*m)*t) {
			return sum * h
		}
	}
}
