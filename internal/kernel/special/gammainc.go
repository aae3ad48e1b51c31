package special

import "math"

// GammaP is the regularised incomplete gamma function P(a, x) = γ(a, x)/Γ(a) for a > 0 and x ≥ 0, GammaQ its complement. The
// errors are those of the density: see GammaDensity.
func GammaP(a, x float64) float64 {
	switch {
	case !(a > 0 && x >= 0):
		return math.NaN()
	case x == 0:
		return 0
	case math.IsInf(x, 1) || math.IsInf(a, 1):
		return gammaLimit(a, x)
	case x > a+1:
		return 1 - GammaQ(a, x)
	}
	s := seriesP(a, x, 1)
	return GammaDensity(a+1, x) * s[0]
}

// GammaQ is 1 − P(a, x), accurate where it is small.
func GammaQ(a, x float64) float64 {
	switch {
	case !(a > 0 && x >= 0):
		return math.NaN()
	case x == 0:
		return 1
	case math.IsInf(x, 1) || math.IsInf(a, 1):
		return 1 - gammaLimit(a, x)
	case x > a+1:
		f := fractionQ(a, x, 1)
		return x * GammaDensity(a, x) * f[0]
	case a < 1:
		return smallQ(a, x)
	}
	return 1 - GammaP(a, x)
}

// gammaLimit is P where an argument is infinite, NaN where both are.
func gammaLimit(a, x float64) float64 {
	switch {
	case math.IsInf(a, 1) && math.IsInf(x, 1):
		return math.NaN()
	case math.IsInf(a, 1):
		return 0
	}
	return 1
}

// smallQ is 1 − P for a < 1, where P may be next to 1: P = xᵃ/Γ(a+1)·(1 + aΣ (−x)ᵏ/(k!(a+k))), DLMF 8.7.1.
func smallQ(a, x float64) float64 {
	sum, term := 0.0, 1.0
	for k := 1; k < 60 && math.Abs(term) > 0x1p-60; k++ {
		term *= -x / float64(k)
		sum += float64(term * a / (a + float64(k)))
	}
	head := float64(a*math.Log(x)) - lgamma1p(a)
	return -math.Expm1(head) - float64(math.Exp(head)*sum)
}

// lgamma1p is log Γ(1 + a) for 0 ≤ a ≤ 1, with its digits near 0: DLMF 5.7.3.
func lgamma1p(a float64) float64 {
	if a > 0.5 {
		y, _ := math.Lgamma(1 + a)
		return y
	}
	sum, power := 0.0, -a
	for k := 2; k < 50; k++ {
		power *= -a
		sum += float64(power / float64(k) * zetaLess1(k))
	}
	return sum + float64(a*(1-eulerGamma)) - math.Log1p(a)
}

// zetaLess1 is ζ(k) − 1 for k ≥ 2: the first terms, and the rest by Euler and Maclaurin.
func zetaLess1(k int) float64 { return hurwitz(float64(k), 2) }

// GammaDensity is the density of gamma numbers of shape a, xᵃ⁻¹e⁻ˣ/Γ(a), for a > 0 and x ≥ 0. The error is at
// most 16 ulp and 2 ulp more for each e that it is away from 1. For large a it is
// exp(aφ)/x·√(a/2π) with φ = log(1 + μ) − μ and μ = (x − a)/a, times what Stirling's formula leaves out (Loader, "Fast and
// accurate computation of binomial probabilities", 2000).
func GammaDensity(a, x float64) float64 {
	switch {
	case !(a > 0 && x >= 0):
		return math.NaN()
	case x == 0:
		return zeroDensity(a)
	case math.IsInf(x, 1) || math.IsInf(a, 1):
		return 0
	case a < 10 && x < 700 && x > 1e-30:
		return math.Pow(x, a-1) * math.Exp(-x) / math.Gamma(a)
	case a < 10:
		l, _ := math.Lgamma(a)
		return math.Exp(float64((a-1)*math.Log(x)) - x - l)
	}
	phi := log1pLess((x - a) / a)
	if x < a/2 {
		phi = math.Log(x/a) - (x-a)/a
	}
	return math.Exp(float64(a*phi)-stirlingRest(a)) / x * math.Sqrt(a/(2*math.Pi))
}

// zeroDensity is the density at 0.
func zeroDensity(a float64) float64 {
	switch {
	case a < 1:
		return math.Inf(1)
	case a == 1:
		return 1
	}
	return 0
}

// log1pLess is log(1 + m) − m.
func log1pLess(m float64) float64 {
	if math.Abs(m) > 0.4 {
		return math.Log1p(m) - m
	}
	sum, power := 0.0, m*m
	for k := 2; math.Abs(power) > 0x1p-60*math.Abs(sum)*float64(k); k++ {
		sum -= power / float64(k)
		power *= -m
	}
	return sum
}

// stirlingRest is log Γ(a) − (a − ½) log a + a − ½ log 2π for a ≥ 10, DLMF 5.11.1.
func stirlingRest(a float64) float64 {
	z := 1 / (a * a)
	y := 0.0
	for _, c := range [...]float64{-691.0 / 360360, 1.0 / 1188, -1.0 / 1680, 1.0 / 1260, -1.0 / 360, 1.0 / 12} {
		y = float64(y*z) + c
	}
	return y / a
}

// maxJet is the number of coefficients of a jet: derivatives of order up to maxJet − 1 are taken.
const maxJet = 6

// MaxGammaSlope is the greatest order of GammaSlope.
const MaxGammaSlope = maxJet - 1

// jet has the first coefficients of a power series.
type jet [maxJet]float64

// maxTerms bounds sums for shapes so large that more would take seconds: from some 1e11 on, next to x, digits are lost.
const maxTerms = 3 << 20

// seriesP is Σ xᵏ/((a+1)…(a+k)), which is P over the density of a + 1, as a series in what is added to a.
func seriesP(a, x float64, size int) (sum jet) {
	var term jet
	term[0], sum[0] = 1, 1
	for k := 1; k < maxTerms && term[0] > 0x1p-58*sum[0]; k++ {
		by := a + float64(k) // divided by a + k + ε
		term[0] = float64(term[0] * (x / by))
		sum[0] += term[0]
		for i := 1; i < size; i++ {
			term[i] = (float64(term[i]*x) - term[i-1]) / by
			sum[i] += term[i]
		}
	}
	return sum
}

// fractionQ is 1/(x+1−a − 1(1−a)/(x+3−a − 2(2−a)/(x+5−a − …))), which is Q over x times the density, likewise: DLMF 8.9.2.
func fractionQ(a, x float64, size int) jet {
	terms := 30 + int(min(110/x+float64(6*math.Sqrt(a)), maxTerms))
	f := jet{x + float64(2*terms+1) - a, -1}
	for k := terms; k > 0; k-- {
		n := float64(k)
		inverse := f.reciprocal(size)
		f = jet{x + float64(2*k-1) - a, -1}
		for i := range size { // − k(k − a − ε)/f
			f[i] -= float64(n * (n - a) * inverse[i])
			if i > 0 {
				f[i] += float64(n * inverse[i-1])
			}
		}
	}
	return f.reciprocal(size)
}

func (f jet) reciprocal(size int) (y jet) {
	y[0] = 1 / f[0]
	for i := 1; i < size; i++ {
		sum := 0.0
		for j := 1; j <= i; j++ {
			sum += float64(f[j] * y[i-j])
		}
		y[i] = -sum * y[0]
	}
	return y
}

// GammaSlope is −∂ᵐP(a, x)/∂aᵐ over the density of a at x, 1 ≤ m ≤ MaxGammaSlope: for m = 1, how a gamma number x moves with
// its shape while its probability P stays (Figurnov, Mohamed and Mnih, "Implicit reparameterization gradients", 2018). The
// density is divided out before it can underflow.
func GammaSlope(m int, a, x float64) float64 {
	switch {
	case !(a > 0 && x >= 0) || math.IsInf(a, 1):
		return math.NaN()
	case x == 0:
		return 0
	case math.IsInf(x, 1):
		return math.Inf(1)
	}
	return x * slopeOver(m, a, x, math.Log(x))
}

// LogGammaSlope is GammaSlope over x, for x = e^y: how the logarithm y of a gamma number moves. It does not underflow.
func LogGammaSlope(m int, a, y float64) float64 {
	switch {
	case !(a > 0 && y == y) || math.IsInf(a, 1):
		return math.NaN()
	case math.IsInf(y, 0):
		return math.Inf(1)
	}
	return slopeOver(m, a, math.Exp(y), y)
}

// slopeOver is GammaSlope over x, which may be 0, its logarithm being finite.
func slopeOver(m int, a, x, logX float64) float64 {
	far := x > a+1
	var s, log jet // log of the density, beside that of a, of a + 1 for the series
	shape := a + 1
	if far {
		s, shape = fractionQ(a, x, m+1), a
	} else {
		s = seriesP(a, x, m+1)
	}
	log[1] = logLessDigamma(shape, x, logX)
	factor := 1.0
	for i := 2; i <= m; i++ { // −ψ⁽ⁱ⁻¹⁾/i! = (−1)ⁱ⁻¹ζ(i, shape)/i
		factor = -factor
		log[i] = factor * hurwitz(float64(i), shape) / float64(i)
	}
	coefficient := 0.0
	for i, e := range log.exp(m + 1) {
		if i <= m {
			coefficient += float64(e * s[m-i])
		}
	}
	for k := 2; k <= m; k++ {
		coefficient *= float64(k)
	}
	if far {
		return coefficient
	}
	return -coefficient / a
}

// exp is the exponential of a series without a constant.
func (f jet) exp(size int) (y jet) {
	y[0] = 1
	for i := 1; i < size; i++ {
		sum := 0.0
		for j := 1; j <= i; j++ {
			sum += float64(float64(j) * f[j] * y[i-j])
		}
		y[i] = sum / float64(i)
	}
	return y
}

// logLessDigamma is log x − ψ(a).
func logLessDigamma(a, x, logX float64) float64 {
	shift := 0.0
	for ; a < 10; a++ {
		shift += 1 / a
	}
	z, series := 1/(a*a), 0.0
	for _, c := range [...]float64{1.0 / 12, -691.0 / 32760, 1.0 / 132, -1.0 / 240, 1.0 / 252, -1.0 / 120, 1.0 / 12} {
		series = (series + c) * z
	}
	ratio := (x - a) / a
	if math.Abs(ratio) < 0.5 {
		return math.Log1p(ratio) + 0.5/a + series + shift
	}
	return (logX - math.Log(a)) + 0.5/a + series + shift
}
