package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// frexp splits positive x = m·2^e with m in [3/4, 3/2). Where x is zero, infinite or negative the results are not to be
// trusted, except that with AVX-512 e is right for zero and infinity, -Inf and +Inf.
func (l *machine) frexp(x value) (m, e value) {
	if l.level == avx512 {
		const threeQuartersToThreeHalves, positive = 3, 1 << 2
		m = l.immediate("VGETMANTP", threeQuartersToThreeHalves|positive, x)
		return m, l.sub(l.exponent(x), l.exponent(m))
	}
	bits := l.mantissaBits()
	// Make denormals normal.
	shift := math.Ldexp(1, bits+1)
	tiny := l.cmp(lt, x, l.k(math.Ldexp(1, 2-int(l.bias())-1)))
	x = l.blend(tiny, l.mul(x, l.k(shift)), x)
	// Adding half to the mantissa's bits carries into the exponent where the mantissa is 3/2 or more.
	carried := l.shiftRight(l.addInt(x, l.bits(1<<(bits-1))), bits)
	m = l.addInt(l.subInt(x, l.shiftLeft(carried, bits)), l.bits(uint64(l.bias())<<bits))
	// The exponent as the low bits of 2^bits becomes a float by subtraction.
	big := math.Ldexp(1, bits)
	e = l.sub(l.or(carried, l.k(big)), l.k(big+l.bias()))
	return m, l.sub(e, l.and(tiny, l.k(float64(bits+1))))
}

func (m *machine) exponent(x value) value {
	m.use(x)
	d := m.reg()
	m.emit("VGETEXPP", x, d)
	return m.born(d)
}

func (m *machine) immediate(name string, imm uint8, x value) value {
	m.use(x)
	d := m.reg()
	m.emit(name, operand.U8(imm), x, d)
	return m.born(d)
}

// logCoefficients are, for float32, those of p in log(1+f) = f - f²/2 + f³·p(f), and for float64 those of a in
// 2·atanh(s) = 2s + s³·a(s²) with s = f/(2+f), for f in [-1/4, 1/2]: minimax, 9.0e-10 and 1.6e-19 relative.
var logCoefficients = [...][]float64{
	f32: {0.333333370725581005, -0.250001663712679989, 0.199998461593242291, -0.166555490115677529,
		0.142704492919827029, -0.127148741817395407, 0.1173679560914036, -0.0925406099499069464,
		0.0388139376100822412},
	f64: {0.666666666666666348, 0.400000000000375461, 0.285714285593277499, 0.222222239785555942,
		0.181816817759948762, 0.153906663198503933, 0.131801617823879714, 0.138034980439406628},
}

// logPlus is log x + c for a correction c, small beside log x or nil; x is positive and finite.
func (m *machine) logPlus(x value, c *value) value {
	mant, e := m.frexp(x)
	f := m.sub(mant, m.k(1))
	head, tail := m.k(ln2Head[m.dtype]), m.k(ln2Tail[m.dtype])
	low := m.mul(e, tail)
	if c != nil {
		low = m.add(low, *c)
	}
	coefficients := logCoefficients[m.dtype]
	if m.dtype == f32 {
		ff := m.mul(f, f)
		p := m.polySquared(f, ff, coefficients...)
		y := m.fma(m.mul(f, ff), p, low)
		y = m.fnma(m.k(0.5), ff, y)
		return m.fma(e, head, m.add(f, y))
	}
	// With s = f/(2+f) and h = f²/2: log(1+f) = f - (h - s·(h + s²·a)), where f and h carry the size.
	s := m.div(f, m.add(f, m.k(2)))
	z := m.mul(s, s)
	h := m.mul(m.mul(f, m.k(0.5)), f)
	a := m.fma(z, m.poly(z, coefficients...), h)
	y := m.sub(h, m.fma(s, a, low))
	return m.fma(e, head, m.sub(f, y))
}

// logSpecial puts right what frexp does not see to: y is log of x, which is zero, infinite, negative or NaN.
func (m *machine) logSpecial(y, x value) value {
	if m.level == avx2 {
		y = m.blend(m.cmp(eq, x, m.k(math.Inf(1))), x, y)
		y = m.blend(m.cmp(eq, x, m.k(0)), m.k(math.Inf(-1)), y)
	}
	return m.blend(m.cmp(notGe, x, m.k(0)), m.nan(), y)
}

func (m *machine) nan() value {
	return m.bits(map[dtype]uint64{f32: 0x7fc00000, f64: 0x7ff8000000000000}[m.dtype])
}

func log(m *machine, x value) value { return m.logSpecial(m.logPlus(x, nil), x) }

// log1p is log u + c/u, where u = 1 + x rounded and c is what the rounding lost.
func log1p(m *machine, x value) value {
	u := m.add(x, m.k(1))
	back := m.sub(u, m.k(1))
	lost := m.add(m.sub(m.k(1), m.sub(u, back)), m.sub(x, back))
	c := m.div(lost, u)
	y := m.logPlus(u, &c)
	y = m.blend(m.cmp(eq, u, m.k(math.Inf(1))), u, y)
	y = m.blend(m.cmp(eq, u, m.k(0)), m.k(math.Inf(-1)), y)
	y = m.blend(m.cmp(notGe, u, m.k(0)), m.nan(), y)
	return m.blend(m.cmp(eq, x, m.k(0)), x, y)
}
