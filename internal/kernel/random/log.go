package random

import "math"

// logSeries has the coefficients of a in 2·atanh(s) = 2s + s³·a(s²) with s = f/(2+f), for f in [−¼, ½]: minimax, 1.6e-19
// relative.
var logSeries = [...]float64{0.666666666666666348, 0.400000000000375461, 0.285714285593277499, 0.222222239785555942,
	0.181816817759948762, 0.153906663198503933, 0.131801617823879714, 0.138034980439406628}

// ln2 in two parts, of which the first has zeros enough at its end that its product with an exponent is exact.
const (
	ln2Head = 6.93147180369123816490e-01
	ln2Tail = 1.90821492927058770002e-10
)

// ln is the natural logarithm of a positive, normal number; the error is below 1 ulp. With x = m·2ᵉ and f = m − 1, s = f/(2+f)
// and h = f²/2, log m is f − (h − s·(h + s²·a(s²))), where f and h carry the size.
func ln(x float64) float64 {
	b := math.Float64bits(x)
	carried := (b + 1<<51) >> 52 // the exponent, one more where the mantissa is 3/2 or more
	f := math.Float64frombits(b-carried<<52+1023<<52) - 1
	e := float64(int64(carried) - 1023)
	s := f / (f + 2)
	z := s * s
	h := float64((f * 0.5) * f)
	a := float64(z*horner(z, logSeries[:])) + h
	y := h - (float64(s*a) + float64(e*ln2Tail))
	return float64(e*ln2Head) + (f - y)
}

// horner is c[0] + c[1]·x + …, each operation rounded.
func horner(x float64, c []float64) float64 {
	y := c[len(c)-1]
	for i := len(c) - 2; i >= 0; i-- {
		y = float64(y*x) + c[i]
	}
	return y
}
