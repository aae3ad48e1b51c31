package main

import "math"

// expCoefficients are those of q in e^r = 1 + r + r²·q(r) for |r| ≤ log(2)/2: minimax for the error relative to
// e^r - 1, by Remez exchange; 1.3e-8 for float32, 2.4e-10 for wide arithmetic, 1.8e-17 for float64.
var expCoefficients = [...][]float64{
	f32: {0.499999981496697439, 0.166665434243593323, 0.0416672006979341077, 0.00836654712833228939,
		0.00138825172870174962},
	wide: {0.500000004426869937, 0.166666663697173253, 0.0416663604260210965, 0.00833338946512527324,
		0.00139406686602923145, 0.000198458785782911035},
	f64: {0.50000000000000052, 0.16666666666666589, 0.0416666666665764676, 0.00833333333338972834,
		0.00138888889316674304, 0.00019841269718738591, 0.0000248015051422701334, 2.75574076504297045e-6,
		2.76260930003335629e-7, 2.50537894373763299e-8},
}

// log 2 in two pieces: the head short enough that its product with an exponent is exact, the tail, positive, to full
// precision.
var (
	ln2Head = [...]float64{f32: 0x1.62e4p-1, f64: 0x1.62e42fefa38p-1}
	ln2Tail = [...]float64{f32: math.Ln2 - 0x1.62e4p-1, f64: 0x1.ef35793c7673p-45}
)

// expm1Reduced splits x = n·log 2 + r and returns n and e^r - 1, for finite x of moderate size.
func (m *machine) expm1Reduced(x value) (n, p value) { return m.expm1Split(x, nil) }

// expm1Split is expm1Reduced of x + low, if there is a low.
func (m *machine) expm1Split(x value, low *value) (n, p value) {
	n = m.round(m.mul(x, m.k(math.Log2E)))
	r := m.fnma(n, m.k(ln2Head[m.dtype]), x)
	r = m.fnma(n, m.k(ln2Tail[m.dtype]), r)
	if low != nil {
		r = m.add(r, *low)
	}
	rr := m.mul(r, r)
	q := m.polySquared(r, rr, expCoefficients[m.precision()]...)
	return n, m.fma(rr, q, r)
}

// expRange is what exp has to handle: below the first it is 0, above the second infinite, both with room to spare.
var expRange = [...][2]float64{f32: {-104, 89}, f64: {-746, 710}}

// exp is scale(e^r, n). The clamps keep ±Inf out of the reduction; a NaN passes them.
func exp(m *machine, x value) value {
	limit := expRange[m.dtype]
	return m.expClamped(m.max(m.k(limit[0]), m.min(m.k(limit[1]), x)))
}

// expSub is e^(x-y), Sub and Exp in one.
func expSub(m *machine, x, y value) value { return exp(m, m.sub(x, y)) }

func (m *machine) expClamped(x value) value {
	n, p := m.expm1Reduced(x)
	return m.scale(m.add(p, m.k(1)), n)
}

// expm1 is 2·(2^(n-1)·(e^r - 1) + (2^(n-1) - 1/2)): with half the power, n may be as large as the results reach.
func expm1(m *machine, x value) value {
	low := [...]float64{f32: -18, f64: -38}[m.dtype]
	n, p := m.expm1Reduced(m.max(m.k(low), m.min(m.k(expRange[m.dtype][1]), x)))
	half := m.pow2(n, -1)
	y := m.fma(half, p, m.sub(half, m.k(0.5)))
	y = m.add(y, y)
	return m.blend(m.cmp(eq, x, m.k(0)), x, y) // -0
}

// expNegAbs is e^-|x|.
func (m *machine) expNegAbs(x value) value {
	return m.expClamped(m.max(m.k(expRange[m.dtype][0]), m.or(x, m.signBit())))
}

// sigmoid is 1/(1 + e^-|x|), or where x is negative e^-|x|/(1 + e^-|x|): no overflow, no loss where it is small.
func sigmoid(m *machine, x value) value {
	e := m.expNegAbs(x)
	top := m.blend(m.negative(x), e, m.k(1))
	return m.div(top, m.add(e, m.k(1)))
}

// tanh is s/(s + 2) with s = e^2|x| - 1, and the sign of x. Beyond the clamp it is 1.
func tanh(m *machine, x value) value {
	top := [...]float64{f32: 18.5, f64: 38.5}[m.dtype]
	a := m.abs(x)
	n, p := m.expm1Reduced(m.min(m.k(top), m.add(a, a)))
	t := m.pow2(n, 0)
	s := m.fma(t, p, m.sub(t, m.k(1)))
	return m.copySign(m.div(s, m.add(s, m.k(2))), x)
}

// atanhCoefficients are those of a in 2·atanh(s) = 2s + s³·a(s²), for s² ≤ 1/9: minimax relative to the whole, 1.1e-10
// for float32 and 1.4e-18 for float64.
var atanhCoefficients = [...][]float64{
	f32: {0.666666756219089491, 0.399988777453859216, 0.286168847787141703, 0.214276578638875338,
		0.243009349011926345},
	f64: {0.666666666666663893, 0.400000000001343439, 0.285714285501784882, 0.222222238476078851,
		0.181817476799405941, 0.153864885658017001, 0.133018227750670371, 0.120999226807046437,
		0.0836505134792192451, 0.169753979447585159},
}

// softplus is max(x, 0) + log(1 + u), u = e^-|x|, and log(1 + u) = 2·atanh(u/(2 + u)).
func softplus(m *machine, x value) value {
	u := m.expNegAbs(x)
	s := m.div(u, m.add(u, m.k(2)))
	z := m.mul(s, s)
	a := m.poly(z, atanhCoefficients[m.dtype]...)
	log := m.fma(m.mul(s, z), a, m.add(s, s))
	return m.add(log, m.max(m.k(0), x))
}
