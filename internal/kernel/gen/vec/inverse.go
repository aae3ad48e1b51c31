package main

import "math"

// asin x is 2·atan(x/(1 + √((1-x)(1+x)))).
func asin(m *machine, x value) value {
	one := m.k(1)
	root := m.sqrt(m.mul(m.sub(one, x), m.add(one, x)))
	y := atan(m, m.div(x, m.add(root, one)))
	return m.add(y, y)
}

// acos x is 2·atan √((1-x)/(1+x)).
func acos(m *machine, x value) value {
	one := m.k(1)
	y := atan(m, m.sqrt(m.div(m.sub(one, x), m.add(one, x))))
	return m.add(y, y)
}

// atanh x is log1p(2a/(1-a))/2 with a = |x|, and the sign of x.
func atanh(m *machine, x value) value {
	a := m.abs(x)
	y := log1p(m, m.div(m.add(a, a), m.sub(m.k(1), a)))
	return m.copySign(m.mul(y, m.k(0.5)), x)
}

// farAway is where 1 is lost beside a, so that asinh and acosh are log 2a; a² does not overflow before.
const farAway = 1 << 60

// asinh x is log1p(a + a²/(1 + √(1+a²))) with a = |x|, and the sign of x.
func asinh(m *machine, x value) value {
	a, one := m.abs(x), m.k(1)
	aa := m.mul(a, a)
	near := m.add(a, m.div(aa, m.add(m.sqrt(m.add(aa, one)), one)))
	return m.copySign(m.logNearOrFar(near, a), x)
}

// acosh x is log1p(t + √(t(t+2))) with t = x-1, NaN below 1.
func acosh(m *machine, x value) value {
	t := m.sub(x, m.k(1))
	near := m.add(t, m.sqrt(m.mul(t, m.add(t, m.k(2)))))
	return m.blend(m.cmp(notGe, x, m.k(1)), m.nan(), m.logNearOrFar(near, x))
}

// logNearOrFar is log1p(near), or log 2a where a is large.
func (m *machine) logNearOrFar(near, a value) value {
	far := m.cmp(gt, a, m.k(farAway))
	more := m.blend(far, m.k(math.Ln2), m.k(0))
	return m.add(log1p(m, m.blend(far, a, near)), more)
}

// atan2 is the angle of (x, y): atan |y/x|, turned to the left where x is negative, with the sign of y. Equal
// infinities are on the diagonal, y = 0 is on the axis.
func atan2(m *machine, y, x value) value {
	a, b := m.abs(y), m.abs(x)
	q := m.blend(m.cmp(eq, a, b), m.k(1), m.div(a, b))
	q = m.blend(m.cmp(eq, a, m.k(0)), m.k(0), q)
	t := atan(m, q)
	turned := m.add(m.k(math.Pi), m.sub(m.k(piLow), t))
	t = m.copySign(m.blend(m.negative(x), turned, t), y)
	return m.blend(m.cmp(unordered, x, y), m.add(x, y), t)
}

// piLow is π less its float64.
const piLow = 0x1.1a62633145c07p-53
