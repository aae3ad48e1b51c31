package special

import "math"

// Zeta is Hurwitz' zeta function ζ(s, q) = Σ (q + k)^−s over k ≥ 0, for s > 1 and q > 0; +Inf at s = 1 and q = 0, NaN elsewhere. The
// error is at most 8 ulp.
func Zeta(s, q float64) float64 {
	switch {
	case s != s || q != q || s < 1 || q < 0:
		return math.NaN()
	case s == 1 || q == 0:
		return math.Inf(1)
	case math.IsInf(s, 1):
		return hurwitzAtInfinity(q)
	}
	return hurwitz(s, q)
}

// hurwitzAtInfinity is the limit of q^−s.
func hurwitzAtInfinity(q float64) float64 {
	switch {
	case q > 1:
		return 0
	case q == 1:
		return 1
	}
	return math.Inf(1)
}

// hurwitz is ζ(s, q) for s > 1 and q > 0: the first terms, and for the rest the formula of Euler and Maclaurin, DLMF 25.11.5.
func hurwitz(s, q float64) float64 {
	sum, at := 0.0, q
	last := math.Pow(at, -s)
	for ; at < 12+s && last > sum*0x1p-60; last = math.Pow(at, -s) {
		sum += last
		at++
	}
	if !(last > sum*0x1p-60) {
		return sum
	}
	sum += float64(last*at/(s-1)) + float64(last/2)
	factor := last * s / at
	for j, c := range [...]float64{ // B₂ⱼ/(2j)!
		1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600, 1.0 / 47900160, -691.0 / 1307674368000,
		1.0 / 74724249600, -3617.0 / 10670622842880000, 43867.0 / 5109094217170944000,
	} {
		sum += float64(c * factor)
		k := s + float64(2*j)
		factor *= (k + 1) / at * ((k + 2) / at)
	}
	return sum
}
