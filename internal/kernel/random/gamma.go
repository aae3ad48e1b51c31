package random

import "math"

// stream draws words one after the other by a key of its own.
type stream struct {
	key Key
	at  uint64
}

func (s *stream) word() uint64 {
	w := word(s.key, s.at)
	s.at++
	return w
}

func (s *stream) normal() float64 {
	q := centred(s.word())
	return quantile(q, 0.5-math.Abs(q))
}

// Gamma is a gamma number of the shape alpha and of scale 1 by a key of its own; LogGamma is its logarithm, which does not
// underflow for a small shape. NaN for alpha ≤ 0.
func Gamma(key Key, alpha float64) float64 {
	switch {
	case !(alpha > 0):
		return math.NaN()
	case math.IsInf(alpha, 1):
		return alpha
	case alpha >= 1:
		x, _ := gamma(&stream{key: key}, alpha)
		return x
	}
	return safeExp(LogGamma(key, alpha))
}

// LogGamma is the logarithm of Gamma. For alpha < 1 it is that of a number of shape alpha + 1, and log(u)/alpha for a uniform u.
func LogGamma(key Key, alpha float64) float64 {
	switch {
	case !(alpha > 0):
		return math.NaN()
	case math.IsInf(alpha, 1):
		return alpha
	}
	s := stream{key: key}
	if alpha >= 1 {
		_, y := gamma(&s, alpha)
		return y
	}
	u := ln(open(s.word()))
	_, y := gamma(&s, alpha+1)
	return y + u/alpha
}

// gamma is a gamma number of shape alpha ≥ 1, and its logarithm (Marsaglia and Tsang, "A simple method for generating gamma
// variables", 2000).
func gamma(s *stream, alpha float64) (x, log float64) {
	d := alpha - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		z := s.normal()
		v := 1 + float64(c*z)
		if v <= 0x1p-300 {
			continue
		}
		logV := float64(3 * ln(v))
		v = v * v * v
		uniform := open(s.word())
		square := float64(z * z)
		if uniform < 1-float64(0.0331*float64(square*square)) { // implies what follows, which for a large shape is all rounding
			return d * v, ln(d) + logV
		}
		if ln(uniform) < (float64(square/2)+d)-float64(d*v)+float64(d*logV) {
			return d * v, ln(d) + logV
		}
	}
}

// safeExp is exp for any x that is no NaN.
func safeExp(x float64) float64 {
	switch {
	case x < -760:
		return 0
	case x > 710:
		return math.Inf(1)
	}
	return exp(x)
}

// maxRate is the greatest rate of Poisson, whose numbers have to fit an int64 and to be exact as float64.
const maxRate = 1 << 50

// Poisson is a Poisson number of the given rate by a key of its own, −1 for a rate that is negative, NaN or more than 2⁵⁰.
func Poisson(key Key, rate float64) int64 {
	s := stream{key: key}
	switch {
	case !(rate >= 0 && rate <= maxRate):
		return -1
	case rate == 0:
		return 0
	case rate >= 10:
		return transformed(&s, rate)
	}
	p := safeExp(-rate) // by the distribution function, term by term
	u, sum := open(s.word()), p
	k := int64(0)
	for u > sum && p > 0 {
		k++
		p = float64(p * (rate / float64(k)))
		sum += p
	}
	return k
}

// transformed is a Poisson number for a rate ≥ 10 (Hörmann, "The transformed rejection method for generating Poisson random
// variables", 1993, algorithm PTRS).
func transformed(s *stream, rate float64) int64 {
	b := 0.931 + float64(2.53*math.Sqrt(rate))
	a := -0.059 + float64(0.02483*b)
	inverse := 1.1239 + 1.1328/(b-3.4)
	fit := 0.9277 - 3.6224/(b-2)
	logRate := ln(rate)
	for {
		u, v := centred(s.word()), open(s.word())
		us := 0.5 - math.Abs(u)
		k := math.Floor(float64((2*a/us+b)*u) + rate + 0.43)
		if us >= 0.07 && v <= fit {
			return int64(k)
		}
		if k < 0 || us < 0.013 && v > us {
			continue
		}
		left := ln(v) + ln(inverse) - ln(a/float64(us*us)+b)
		if left <= float64(k*logRate)-rate-logFactorial(k) {
			return int64(k)
		}
	}
}

// logFactorial is log k! for whole numbers k.
func logFactorial(k float64) float64 {
	if k < 10 {
		product := 1.0
		for j := 2.0; j <= k; j++ {
			product *= j
		}
		return ln(product)
	}
	n := k + 1
	z := 1 / (n * n)
	rest := (1.0/12 - float64(z*(1.0/360-float64(z*(1.0/1260-z/1680))))) / n
	return float64((n-0.5)*ln(n)) - n + 0.91893853320467274178 + rest
}
