package main

import "math"

// powCoefficients are those of b in 2·atanh(s) = 2s + (2/3)s³ + s⁵·b(s²), s² ≤ 0.0401: minimax, 1.9e-21
// relative to the whole.
var powCoefficients = []float64{
	0.399999999999998098, 0.285714285715457707, 0.222222221958655611, 0.181818211744222717, 0.153844218668664241,
	0.133407668473820909, 0.115973680593961422, 0.125438771195110765,
}

// twoThirds in two pieces.
var twoThirds = [2]float64{2.0 / 3, 0x1.5555555555555p-55}

// logDouble is log a in two pieces, head and tail, together good to some 65 bits, for finite positive a. With
// s = f/(2+f) as in logPlus, everything but s⁵·b is computed in pairs of floats.
func (m *machine) logDouble(a value) (head, tail value) {
	mant, e := m.frexp(a)
	f := m.sub(mant, m.k(1)) // exact
	d := m.add(f, m.k(2))
	dLow := m.sub(f, m.sub(d, m.k(2)))
	inverse := m.div(m.k(1), d)
	s := m.mul(f, inverse)
	rest := m.fnma(s, dLow, m.fnma(s, d, f))
	sLow := m.mul(rest, inverse)
	z := m.mul(s, s)
	zLow := m.fma(m.add(s, s), sLow, m.fms(s, s, z))
	u := m.mul(s, z)
	uLow := m.fma(s, zLow, m.fma(sLow, z, m.fms(s, z, u)))
	high, low := m.k(twoThirds[0]), m.k(twoThirds[1])
	v := m.mul(u, high)
	vLow := m.fma(u, low, m.fma(uLow, high, m.fms(u, high, v)))
	w := m.mul(m.mul(u, z), m.poly(z, powCoefficients...))

	whole := m.mul(e, m.k(ln2Head[f64])) // exact
	twice := m.add(s, s)
	h1 := m.add(whole, twice)
	l1 := m.sub(twice, m.sub(h1, whole))
	h2 := m.add(h1, v)
	l2 := m.sub(v, m.sub(h2, h1))
	small := m.add(m.add(sLow, sLow), m.add(vLow, w))
	small = m.fma(e, m.k(ln2Tail[f64]), small)
	small = m.add(m.add(l1, l2), small)
	head = m.add(h2, small)
	return head, m.sub(small, m.sub(head, h2))
}

// expPair splits p + low = n·log 2 + r and returns n and e^r before its last rounding is half an ulp and little more,
// so that what is representable comes out exact.
func (m *machine) expPair(p, low value) (n, y value) {
	n = m.round(m.mul(p, m.k(math.Log2E)))
	coarse := m.fnma(n, m.k(ln2Head[f64]), p)
	r := m.fnma(n, m.k(ln2Tail[f64]), coarse)
	rounding := m.fnma(n, m.k(ln2Tail[f64]), m.sub(coarse, r))
	rr := m.mul(r, r)
	one := m.k(1)
	high := m.add(r, one)
	small := m.add(m.sub(r, m.sub(high, one)), m.fma(rr, m.polySquared(r, rr, expCoefficients[f64]...), rounding))
	return n, m.add(high, m.fma(m.add(high, small), low, small))
}

// pow is e^(y·log|x|), the product and the logarithm in pairs of floats (for float32 results, float64 will do), with
// the special cases of C99.
func pow(m *machine, x, y value) value {
	a := m.abs(x)
	var head, low value
	if m.single {
		head = m.logPlus(a, nil) // 2^-53 in the logarithm times 150 in the product is well below 2^-24
	} else {
		head, low = m.logDouble(a)
	}
	head = m.blend(m.cmp(eq, a, m.k(0)), m.k(math.Inf(-1)), head)
	head = m.blend(m.cmp(eq, a, m.k(math.Inf(1))), a, head)
	p := m.mul(y, head)
	clamped := m.max(m.k(expRange[f64][0]), m.min(m.k(expRange[f64][1]), p))
	var n, r value
	if m.single {
		n, r = m.expm1Reduced(clamped)
		r = m.add(r, m.k(1))
	} else {
		low = m.fma(y, low, m.fms(y, head, p))
		low = m.blend(m.cmp(lt, m.abs(p), m.k(1000)), low, m.k(0)) // of an overflow nothing is left over
		n, r = m.expPair(clamped, low)
	}
	r = m.scale(r, n)
	r = m.blend(m.cmp(unordered, x, y), m.add(x, y), r)
	// |x| = 1: y infinite is 1 too, y NaN is not.
	r = m.blend(m.cmp(eq, a, m.k(1)), m.blend(m.cmp(unordered, y, y), y, m.k(1)), r)
	// The sign of x comes through where y is an odd integer; infinities and floats beyond 2^53 are even.
	half := m.mul(y, m.k(0.5))
	sign := m.and(x, m.signBit())
	sign = m.blend(m.cmp(eq, m.round(half), half), m.k(0), sign)
	// A root of a negative number is NaN, but of -Inf it is +Inf.
	fraction := m.cmp(ne, m.round(y), y)
	rooted := m.blend(fraction, x, m.k(0))
	rooted = m.blend(m.cmp(eq, a, m.k(math.Inf(1))), m.k(0), rooted)
	r = m.or(r, m.blend(fraction, m.k(0), sign))
	r = m.blend(m.cmp(lt, rooted, m.k(0)), m.nan(), r)
	r = m.blend(m.cmp(eq, x, m.k(1)), m.k(1), r)
	return m.blend(m.cmp(eq, y, m.k(0)), m.k(1), r)
}
