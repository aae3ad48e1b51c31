package vec

import "math"

// Lgamma sets dst[i] = log|Γ(x[i])|, +Inf at 0 and the negative integers. For positive x the error is at most 3 ulp;
// for negative x it is 3 ulp of the larger of 1 and the terms of the reflection formula.
func Lgamma[T Float](dst, x []T) { mapFloat(dst, x, lgamma) }

// lgamma repairs math.Lgamma, whose logarithm is wrong for denormals, and which takes a polynomial some way out of its range.
func lgamma(x float64) float64 {
	size := math.Abs(x)
	if size < 0x1p-1022 {
		return -Ln(size)
	}
	y, _ := math.Lgamma(x)
	if !outOfFit(size) {
		return y
	}
	right := lgammaShifted(size)
	if x > 0 {
		return right
	}
	wrong, _ := math.Lgamma(size)
	return y + (wrong - right)
}

// outOfFit reports whether x is where math.Lgamma is off by up to 400 ulp.
func outOfFit(x float64) bool { return x > 1.19 && x < 1.2317 || x > 0.19 && x < 0.2317 }

// lgammaShifted is log Γ(x + 1) - log x, with what x + 1 is rounded by.
func lgammaShifted(x float64) float64 {
	next := x + 1
	lost := x - (next - 1)
	y, _ := math.Lgamma(next)
	if outOfFit(next) {
		y = lgammaShifted(next)
	}
	return y + float64(digamma(next)*lost) - Ln(x)
}

// MaxPolygamma is the highest order that Polygamma takes.
const MaxPolygamma = 32

// Polygamma sets dst[i] = ψ⁽ⁿ⁾(x[i]), the derivative of order n + 1 of log Γ, 0 ≤ n ≤ MaxPolygamma. For x > 0 the
// error is at most 4 + n ulp, as n factors are divided and multiplied; for n = 0 of the larger of 1 and |ψ|, which
// vanishes near 1.46. For x < 0 it is 32 + 2n ulp of the larger of 1 and the terms of the reflection formula, DLMF
// 5.15.6. At a pole it is an infinity where both sides agree on its sign, or the zero in x has one, and NaN
// elsewhere.
func Polygamma[T Float](dst, x []T, n int) {
	if n < 0 || n > MaxPolygamma {
		panic("vec: no such order of polygamma")
	}
	if repeated(x, len(dst)) {
		Fill(dst, T(polygamma(n, float64(x[0]))))
		return
	}
	for i, a := range x {
		dst[i] = T(polygamma(n, float64(a)))
	}
}

func polygamma(n int, x float64) float64 {
	sign := float64(n%2*2 - 1) // (-1)^(n+1)
	switch {
	case x != x || math.IsInf(x, -1):
		return math.NaN()
	case x == 0 && n%2 == 0:
		return math.Copysign(math.Inf(1), -x)
	case x <= 0 && x == math.Floor(x):
		if n%2 == 0 {
			return math.NaN()
		}
		return math.Inf(1)
	case x < 0: // ψ⁽ⁿ⁾(x) = (-1)ⁿ ψ⁽ⁿ⁾(1-x) - π dⁿ/dxⁿ cot πx
		return float64(-sign*polygamma(n, 1-x)) - float64(math.Pi*cotangent(n, x))
	case n == 0:
		return digamma(x)
	case math.IsInf(x, 1):
		return math.Copysign(0, sign)
	}
	return sign * scaledHurwitz(n, x)
}

// digamma moves a positive x up by ψ(x) = ψ(x+1) - 1/x to where the asymptotic series of DLMF 5.11.2 holds.
func digamma(x float64) float64 {
	shift := 0.0
	for ; x < 10; x++ {
		shift += 1 / x
	}
	z := 1 / (x * x)
	series := 0.0
	for _, c := range [...]float64{ // B₂ₖ/2k
		-3617.0 / 8160, 1.0 / 12, -691.0 / 32760, 1.0 / 132, -1.0 / 240, 1.0 / 252, -1.0 / 120, 1.0 / 12,
	} {
		series = (series + c) * z
	}
	return math.Log(x) - 0.5/x - series - shift
}

// scaledHurwitz is n!·ζ(n+1, x) for n ≥ 1 and positive x, n!/xⁿ⁺¹ times Σ (1 + k/x)^-(n+1): the first terms, and for
// the rest the formula of Euler and Maclaurin, DLMF 25.11.5.
func scaledHurwitz(n int, x float64) float64 {
	p, sum, last, at := float64(n+1), 0.0, 1.0, x
	for ; at < 12+p && last > sum*0x1p-60; last = pow(at/x, -p) {
		sum += last
		at++
	}
	if last > sum*0x1p-60 {
		sum += last*at/(p-1) + float64(last/2)
		factor := last * p / at
		for j, c := range [...]float64{ // B₂ⱼ/(2j)!
			1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600, 1.0 / 47900160, -691.0 / 1307674368000,
			1.0 / 74724249600, -3617.0 / 10670622842880000, 43867.0 / 5109094217170944000,
		} {
			sum += float64(c * factor)
			k := p + float64(2*j)
			factor *= (k + 1) / at * ((k + 2) / at)
		}
	}
	sum /= x
	for k := 1; k <= n; k++ {
		sum *= float64(k) / x
	}
	return sum
}

// cotangent is dⁿ/dxⁿ cot πx = πⁿ Pₙ(cot πx), with P₀(c) = c and Pₙ₊₁(c) = -(1 + c²)·Pₙ'(c).
func cotangent(n int, x float64) float64 {
	var p [MaxPolygamma + 2]float64
	p[1] = 1
	scale := 1.0
	for k := range n {
		var q [MaxPolygamma + 2]float64
		for i := 1; i <= k+1; i++ {
			d := float64(float64(i) * p[i])
			q[i-1] -= d
			q[i+1] -= d
		}
		p = q
		scale *= math.Pi
	}
	d := x - math.RoundToEven(x)
	c := 1 / math.Tan(math.Pi*d)
	if math.Abs(d) > 0.25 { // near its zeros
		c = -math.Tan(math.Pi * (d - math.Copysign(0.5, d)))
	}
	y := 0.0
	for i := n + 1; i >= 0; i-- {
		y = float64(y*c) + p[i]
	}
	return scale * y
}
