package special

import "math"

// BesselI is the modified Bessel function Iₙ(x) for a whole order n. The error is at most 5 ulp.
func BesselI(n int, x float64) float64 {
	size := math.Abs(x)
	if math.IsInf(size, 1) {
		return signOf(n, x) * size
	}
	y := besselIe(absInt(n), size)
	if size < 700 {
		return signOf(n, x) * y * math.Exp(size)
	}
	half := math.Exp(size / 2) // whose square may overflow where the result does not
	return signOf(n, x) * (y * half) * half
}

// BesselIe is the derivative number slope of the scaled function exp(−|x|)·Iₙ(x). Without a slope the error is at most 5 ulp, else 64.
// At 0, where there is a kink, it is the mean of both sides.
func BesselIe(n, slope int, x float64) float64 {
	n = absInt(n)
	size := math.Abs(x)
	switch {
	case x == 0 && (n+slope)%2 == 1:
		return 0
	case math.IsInf(size, 1):
		return 0
	case slope == 0:
		return signOf(n, x) * besselIe(n, size)
	}
	return signOf(n+slope, x) * slopeIe(n, slope, size)
}

// signOf is −1 for an odd number and negative x, else 1.
func signOf(n int, x float64) float64 {
	if n%2 != 0 && math.Signbit(x) {
		return -1
	}
	return 1
}

func absInt(n int) int { return max(n, -n) }

// besselFar is from where the asymptotic series of order n holds to the last digit.
func besselFar(n int) float64 { return max(30, float64(n)*float64(n)) }

// besselIe is exp(−x)·Iₙ(x) for x ≥ 0.
func besselIe(n int, x float64) float64 {
	switch {
	case x != x:
		return x
	case x >= besselFar(n):
		return hankel(n, 0, x, -1) / math.Sqrt(2*math.Pi*x)
	case x*x < 4*float64(n+1) || x < 12: // (x/2)ⁿ/n!·Σ (x²/4)ᵏ/(k! (n+1)ₖ), DLMF 10.25.2
		y := 1.0
		for k := n; k > 0; k-- {
			y *= x / 2 / float64(k)
		}
		return y * math.Exp(-x) * besselSeries(n, x*x/4)
	}
	return millerIe(n, x)
}

// besselSeries is Σ zᵏ/(k! (n+1)ₖ).
func besselSeries(n int, z float64) float64 {
	term, sum := 1.0, 1.0
	for k := 1; math.Abs(term) > 0x1p-60*math.Abs(sum); k++ {
		term = float64(term * (z / (float64(k) * float64(n+k))))
		sum += term
	}
	return sum
}

// millerIe goes down by Iₖ₋₁ = Iₖ₊₁ + 2k/x·Iₖ from where Iₖ is nothing, and divides by I₀ + 2ΣIₖ = eˣ.
func millerIe(n int, x float64) float64 {
	above, here, sum, found := 0.0, 0x1p-900, 0.0, 0.0
	for k := n + 16 + int(9*math.Sqrt(x+float64(float64(n)/4))); k > 0; k-- {
		if k == n {
			found = here
		}
		sum += 2 * here
		above, here = here, above+float64(2*float64(k)/x*here)
		if here > 0x1p400 {
			above, here, sum, found = above*0x1p-800, here*0x1p-800, sum*0x1p-800, found*0x1p-800
		}
	}
	if n == 0 {
		found = here
	}
	return found / (sum + here)
}

// hankel is the asymptotic series Σ signᵏ·aₖ(n)/xᵏ of DLMF 10.40, with aₖ = ∏ (4n² − (2j−1)²)/(8j): times x^−½ and, for a slope m,
// differentiated so often, and divided by x^−½ again.
func hankel(n, m int, x float64, sign float64) float64 {
	term, sum, last := 1.0, 0.0, math.Inf(1)
	for k := 0; ; k++ {
		t := term
		for j := range m {
			t *= (-0.5 - float64(k) - float64(j)) / x
		}
		if k > 2*n && math.Abs(t) >= math.Abs(last) {
			return sum
		}
		sum, last = sum+t, t
		if math.Abs(t) <= 0x1p-56*math.Abs(sum) {
			return sum
		}
		odd := float64(2*k + 1)
		term *= sign * (float64(4*float64(n)*float64(n)) - float64(odd*odd)) / (8 * float64(k+1) * x)
	}
}

// slopeIe is a derivative of exp(−x)·Iₙ(x) for x ≥ 0. It is the mean of (cos θ − 1)ᵐ cos nθ exp(x(cos θ − 1)), of
// one sign for n = 0, over points of a circle, as many that the rule is exact; where x is small beside n, differences of
// neighbouring orders.
func slopeIe(n, m int, x float64) float64 {
	if x >= besselFar(n) && float64(m) < x/4 {
		return hankel(n, m, x, -1) / math.Sqrt(2*math.Pi*x)
	}
	if n == 0 || x >= float64(n) && n <= 16 {
		const points = 128
		sum := 0.0
		for j := range points {
			half := math.Pi * (float64(j) + 0.5) / (2 * points)
			s := math.Sin(half)
			less := -2 * s * s // cos θ − 1
			t := math.Exp(x*less) * math.Cos(2*float64(n)*half)
			for range m {
				t *= less
			}
			sum += t
		}
		return sum / points
	}
	return differences(m, func(k int) float64 { return besselIe(absInt(n+k), x) })
}

// MaxSlope is the greatest number of a derivative.
const MaxSlope = 15

// differences is (½(E + E⁻¹) − 1)ᵐ f at 0, E the shift of f by 1: ½ᵐ Σ (−1)ʲ·(2m over j)·f(j − m).
func differences(m int, f func(k int) float64) float64 {
	sum, b := 0.0, math.Ldexp(1, -m)
	for j := range 2*m + 1 {
		sum += float64(b * f(j-m))
		b *= -float64(2*m-j) / float64(j+1)
	}
	return sum
}
