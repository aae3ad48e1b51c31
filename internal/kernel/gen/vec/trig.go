package main

import "math"

// sinCoefficients and cosCoefficients are those of s and c in sin r = r + r³·s(r²) and cos r = 1 - r²/2 + r⁴·c(r²) for
// |r| ≤ π/4: minimax, 4.9e-12 and 1.0e-13 for float32, 2.1e-21 and 5.4e-20 for float64.
var (
	sinCoefficients = [...][]float64{
		wide: {-0.166666666414265955, 0.00833332936227403436, -0.000198393271335752708, 2.71823724711404568e-6},
		f64: {-0.166666666666666318, 0.00833333333332234021, -0.000198412698297407841, 2.75573136665169961e-6,
			-2.50507538631105515e-8, 1.5896535479745168e-10},
	}
	cosCoefficients = [...][]float64{
		wide: {0.0416666666224772154, -0.00138888837226369721, 0.0000247995117669876552, -2.7209547981731898e-7},
		f64: {0.041666666666666613, -0.00138888888888760366, 0.0000248015872904967915, -2.7557314607657952e-7,
			2.08757540556057978e-9, -1.13610802493387571e-11},
	}
)

// π/2 in three pieces, each to full precision. x - n·(first) is exact: both are multiples of 2^-53 there, and the
// difference is less than 1.
var halfPi = [3]float64{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110}

// trigLimit is as far as the three pieces reach; beyond, the portable loop takes over, element by element.
const trigLimit = 1 << 29

// sincos reduces x to r = x - n·π/2 and returns sin r, cos r and a float whose low bits are n + turn.
func (m *machine) sincos(x value, turn float64) (sin, cos, n value) {
	magic := math.Ldexp(1.5, m.mantissaBits())
	shifted := m.fma(x, m.k(2/math.Pi), m.k(magic))
	whole := m.sub(shifted, m.k(magic))
	r := m.fnma(whole, m.k(halfPi[0]), x)
	r = m.fnma(whole, m.k(halfPi[1]), r)
	if !m.single {
		r = m.fnma(whole, m.k(halfPi[2]), r)
	}
	z := m.mul(r, r)
	sin = m.fma(m.mul(r, z), m.poly(z, sinCoefficients[m.precision()]...), r)
	cos = m.fma(z, m.fma(z, m.poly(z, cosCoefficients[m.precision()]...), m.k(-0.5)), m.k(1))
	if turn != 0 {
		shifted = m.add(shifted, m.k(turn))
	}
	return sin, cos, shifted
}

// quadrant is sin r, cos r, -sin r, -cos r for n = 0, 1, 2, 3 modulo 4.
func (m *machine) quadrant(sin, cos, n value) value {
	y := m.blend(m.negative(m.shiftLeft(n, 63)), cos, sin)
	return m.xor(y, m.and(m.shiftLeft(n, 62), m.signBit()))
}

func sin(m *machine, x value) value {
	y := m.quadrant(m.sincos(x, 0))
	return m.blend(m.cmp(eq, x, m.k(0)), x, y) // -0
}

func cos(m *machine, x value) value { return m.quadrant(m.sincos(x, 1)) }

// tan is sin r/cos r, or -cos r/sin r for odd n.
func tan(m *machine, x value) value {
	sin, cos, n := m.sincos(x, 0)
	odd := m.shiftLeft(n, 63)
	mask := m.negative(odd)
	y := m.div(m.blend(mask, cos, sin), m.blend(mask, sin, cos))
	y = m.xor(y, m.and(odd, m.signBit()))
	return m.blend(m.cmp(eq, x, m.k(0)), x, y)
}
