package random

import "math"

// Interval is an interval of the normal distribution, reflected if it lies right of 0, so that probabilities keep their
// digits.
type Interval struct {
	lo, hi       float64
	from, length float64 // probabilities, of the reflected interval
	reflected    bool
}

// FarTail is the size beyond which no interval may lie: its probability would be below the least number.
const FarTail = 37

// NewInterval is the interval lo … hi, lo < hi, not wholly beyond FarTail on either side.
func NewInterval(lo, hi float64) Interval {
	r := Interval{lo: lo, hi: hi, reflected: lo > 0}
	if r.reflected {
		lo, hi = -hi, -lo
	}
	r.from = below(lo)
	r.length = below(hi) - r.from
	return r
}

// Truncated sets dst to normal numbers of mean 0 and variance 1 that lie in an interval, by the inverse of the distribution
// function. A float32 is the float64, rounded, and within the interval unless its ends are not float32.
func Truncated[T Float](dst []T, key Key, at uint64, r Interval) {
	for i := range dst {
		p := r.from + float64(open(word(key, at+uint64(i)))*r.length)
		x := quantile(p-0.5, min(p, 1-p))
		if r.reflected {
			x = -x
		}
		dst[i] = T(min(max(x, r.lo), r.hi))
	}
}

// below is the probability that a normal number is less than x.
func below(x float64) float64 {
	switch {
	case x < -40:
		return 0
	case x > 1.5:
		return 1 - below(-x)
	}
	density := exp(-float64(x*x)/2) * (1 / (math.Sqrt2 * math.SqrtPi))
	if x >= -1.5 { // ½ + density·Σ x²ᵏ⁺¹/(2k+1)‼
		term, sum := x, x
		for k := 3; k < 80; k += 2 {
			term = float64(term * (x * x / float64(k)))
			sum += term
		}
		return 0.5 + float64(density*sum)
	}
	f := -x // density/(a + 1/(a + 2/(a + 3/…))) with a = −x, DLMF 7.9.3
	for k := 400; k > 0; k-- {
		f = float64(k)/f - x
	}
	return density / f
}

// exp is eˣ for x of −800 … 700, within 2 ulp: 2ᵏ·eʳ with |r| ≤ log 2/2, by Taylor's series.
func exp(x float64) float64 {
	k := math.RoundToEven(x * (1 / math.Ln2))
	r := (x - float64(k*ln2Head)) - float64(k*ln2Tail)
	y := 1.0
	for j := 16; j > 0; j-- {
		y = float64(y*r)/float64(j) + 1
	}
	return math.Ldexp(y, int(k))
}
