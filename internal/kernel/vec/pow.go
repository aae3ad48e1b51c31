package vec

import "math"

// pow is x^y to about an ulp. math.Pow multiplies its way up to the integer part of y, which is exact for small ones
// and loses up to 1e-9 for large; beyond, this takes the logarithm as a pair of floats instead.
func pow(x, y float64) float64 {
	a := math.Abs(x)
	small := math.Abs(y) <= 16 && y == math.Trunc(y) || math.Abs(y) == 0.5
	if small || a == 0 || a == 1 || math.IsInf(a, 0) || math.IsInf(y, 0) || x != x || y != y {
		return math.Pow(x, y)
	}
	if x < 0 && y != math.Trunc(y) {
		return math.NaN()
	}
	head, tail := logPair(a)
	p := float64(y * head)
	if p > 710 || p < -746 {
		p = math.Copysign(800, p)
		tail = 0
	} else {
		tail = math.FMA(y, head, -p) + float64(y*tail)
	}
	r := exp(p)
	if !math.IsInf(r, 0) {
		r = math.FMA(r, tail, r)
	}
	if x < 0 && math.Mod(y, 2) != 0 {
		return -r
	}
	return r
}

// logPair is log a, a positive and finite, as head + tail, good to some 65 bits. With a = m·2^e, f = m - 1 and
// s = f/(2+f), it is e·log 2 + 2s + (2/3)s³ + s⁵·b(s²), where everything but s⁵·b is computed in pairs.
// Each product is rounded before it meets a sum: the pairs hold what that rounding left.
func logPair(a float64) (head, tail float64) {
	const (
		ln2Head, ln2Tail        = 0x1.62e42fefa38p-1, 0x1.ef35793c7673p-45
		twoThirds, twoThirdsLow = 2.0 / 3, 0x1.5555555555555p-55
	)
	m, exponent := math.Frexp(a)
	if m < 0.75 {
		m *= 2
		exponent--
	}
	e, f := float64(exponent), m-1
	d := 2 + f
	s := f / d
	sLow := math.FMA(-s, f-(d-2), math.FMA(-s, d, f)) / d
	z := float64(s * s)
	zLow := math.FMA(2*s, sLow, math.FMA(s, s, -z))
	u := float64(s * z)
	uLow := math.FMA(s, zLow, math.FMA(sLow, z, math.FMA(s, z, -u)))
	v := float64(u * twoThirds)
	vLow := math.FMA(u, twoThirdsLow, math.FMA(uLow, twoThirds, math.FMA(u, twoThirds, -v)))
	b := 0.125438771195110765
	for _, c := range [...]float64{
		0.115973680593961422, 0.133407668473820909, 0.153844218668664241, 0.181818211744222717, 0.222222221958655611,
		0.285714285715457707, 0.399999999999998098,
	} {
		b = math.FMA(b, z, c)
	}
	w := float64(u * z * b)
	whole := float64(e * ln2Head) // exact
	twice := s + s
	h1 := whole + twice
	l1 := twice - (h1 - whole)
	h2 := h1 + v
	l2 := v - (h2 - h1)
	small := l1 + l2 + math.FMA(e, ln2Tail, sLow+sLow+(vLow+w))
	head = h2 + small
	return head, small - (head - h2)
}
