package main

import "math"

// sinhCoefficients are those of p in sinh x = x + x³·p(x²) for |x| ≤ 1: minimax, 5.7e-11 and 9.5e-20 relative.
var sinhCoefficients = [...][]float64{
	f32: {0.166666664880030536, 0.00833335065014538179, 0.000198360557678751656, 2.81750197071326358e-6},
	f64: {0.166666666666666674, 0.00833333333333313764, 0.000198412698414385242, 2.75573191550610679e-6,
		2.50521234437987427e-8, 1.60572367155632131e-10, 7.75942513976767783e-13},
}

// halfExp is e^a/2 and e^-a/2 for a ≥ 0: halved before scaling, so that it reaches as far as sinh does.
func (m *machine) halfExp(a value) (up, down value) {
	top := [...]float64{f32: 90, f64: 711}[m.dtype]
	n, p := m.expm1Reduced(m.min(m.k(top), a))
	up = m.scale(m.add(p, m.k(1)), m.sub(n, m.k(1)))
	return up, m.div(m.k(0.25), up)
}

func cosh(m *machine, x value) value {
	up, down := m.halfExp(m.abs(x))
	return m.add(up, down)
}

func sinh(m *machine, x value) value {
	a := m.abs(x)
	up, down := m.halfExp(a)
	z := m.mul(x, x)
	inner := m.fma(m.mul(a, z), m.poly(z, sinhCoefficients[m.dtype]...), a)
	return m.copySign(m.blend(m.cmp(lt, a, m.k(1)), inner, m.sub(up, down)), x)
}

// atanCoefficients are those of p in atan t = t + t³·p(t²) for |t| ≤ √2 - 1: minimax, 7.7e-13 and 1.3e-18 relative.
var atanCoefficients = [...][]float64{
	wide: {-0.333333332964136042, 0.199999944035852146, -0.142854265141816737, 0.111040536684321481,
		-0.0899727358590337177, 0.0699307321435602544, -0.0379553770584759624},
	f64: {-0.333333333333332073, 0.199999999999557575, -0.142857142803795408, 0.111111107915034077,
		-0.0909089796717973082, 0.0769206365391571262, -0.0666314060486815387, 0.058481403584716879,
		-0.050403798799030407, 0.0380906677209436578, -0.017934654428215733},
}

// atan turns |x| by 0, π/4 or π/2 to a t of at most √2 - 1: t = x, (x-1)/(x+1) or -1/x.
func atan(m *machine, x value) value {
	const quarter, quarterLow = math.Pi / 4, 0x1.1a62633145c07p-55
	a, one, zero := m.abs(x), m.k(1), m.k(0)
	turned := m.cmp(gt, a, m.k(math.Sqrt2-1))
	num := m.blend(turned, m.sub(a, one), a)
	den := m.blend(turned, m.add(a, one), one)
	base, low := m.blend(turned, m.k(quarter), zero), m.blend(turned, m.k(quarterLow), zero)
	far := m.cmp(gt, a, m.k(math.Sqrt2+1))
	num, den = m.blend(far, m.k(-1), num), m.blend(far, a, den)
	base, low = m.blend(far, m.k(2*quarter), base), m.blend(far, m.k(2*quarterLow), low)
	t := m.div(num, den)
	z := m.mul(t, t)
	low = m.fma(m.mul(t, z), m.poly(z, atanCoefficients[m.precision()]...), low)
	return m.copySign(m.add(base, m.add(t, low)), x)
}
