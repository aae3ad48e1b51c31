package main

// body1, body2 and body3 are the mathematics of a kernel with one, two or three operands.
type (
	body1 func(m *machine, x value) value
	body2 func(m *machine, x, y value) value
	body3 func(m *machine, x, y, z value) value
)

func add(m *machine, x, y value) value { return m.add(x, y) }
func sub(m *machine, x, y value) value { return m.sub(x, y) }
func mul(m *machine, x, y value) value { return m.mul(x, y) }
func div(m *machine, x, y value) value { return m.div(x, y) }

// mulAdd rounds twice, as mul and add after each other do.
func mulAdd(m *machine, x, y, z value) value { return m.add(m.mul(x, y), z) }

func maximum(m *machine, x, y value) value {
	return m.blend(m.cmp(unordered, x, y), m.add(x, y), m.greater(x, y))
}

func minimum(m *machine, x, y value) value {
	return m.blend(m.cmp(unordered, x, y), m.add(x, y), m.less(x, y))
}

func neg(m *machine, x value) value        { return m.neg(x) }
func abs(m *machine, x value) value        { return m.abs(x) }
func square(m *machine, x value) value     { return m.mul(x, x) }
func sqrt(m *machine, x value) value       { return m.sqrt(x) }
func reciprocal(m *machine, x value) value { return m.div(m.k(1), x) }
func floor(m *machine, x value) value      { return m.floor(x) }
func ceil(m *machine, x value) value       { return m.ceil(x) }
func round(m *machine, x value) value      { return m.round(x) }
func trunc(m *machine, x value) value      { return m.trunc(x) }

// slopeTanh and slopeSigmoid round twice, as the kernels do that they stand for.
func slopeTanh(m *machine, y value) value          { return m.sub(m.k(1), m.mul(y, y)) }
func mulSlopeTanh(m *machine, a, y value) value    { return m.mul(a, slopeTanh(m, y)) }
func mulSlopeSigmoid(m *machine, a, y value) value { return m.mul(a, slopeSigmoid(m, y)) }

func slopeSigmoid(m *machine, y value) value { return m.mul(y, m.sub(m.k(1), y)) }

// sign is ±1 with the bit of x, x - x where that compares as neither: +0 for zeros, NaN for NaN.
func sign(m *machine, x value) value {
	one := m.or(m.and(x, m.signBit()), m.k(1))
	return m.blend(m.cmp(ne, x, m.k(0)), m.blend(m.cmp(unordered, x, x), x, one), m.k(0))
}

// step is 1 where x > 0, else 0, except NaN.
func step(m *machine, x value) value {
	up := m.blend(m.cmp(gt, x, m.k(0)), m.k(1), m.k(0))
	return m.blend(m.cmp(unordered, x, x), x, up)
}

// relu: max returns its second operand where either is NaN, and +0 added makes -0 into +0.
func relu(m *machine, x value) value { return m.add(m.max(m.k(0), x), m.k(0)) }

// leakyRelu is x where that is positive and alpha·x elsewhere.
func leakyRelu(m *machine, x, alpha value) value {
	return m.blend(m.cmp(gt, x, m.k(0)), x, m.mul(x, alpha))
}
