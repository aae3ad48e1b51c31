package main

// erfCoefficients are those of p in erf x = x·p(x²) for |x| ≤ 1/2: minimax, 1.5e-11 and 5.6e-18 relative.
var erfCoefficients = [...][]float64{
	wide: {1.12837916707856044, -0.376126384373004966, 0.112837708360839259, -0.0268627495701119873,
		0.00519845001016973537, -0.000766058276566787902},
	f64: {1.12837916709551257, -0.376126389031833631, 0.112837916709153684, -0.0268661706294754297,
		0.00522397731612757992, -0.000854829263190477683, 0.000120530809426536494, -0.0000148393086470155331,
		1.46577466704370757e-6},
}

// erfcCoefficients are those of g in erfc x = e^-x²·g(q)/(1 + 2x) with q = (x - k)/(x + k), which spreads what varies
// evenly over the range 1/2 ≤ x ≤ 10.1 (float32, k = 2) or 27.3 (float64, k = 4): minimax, 5.3e-10 and 2.7e-17
// relative.
var erfcCoefficients = [...][]float64{
	wide: {1.27697838124586865, -0.0927638159953578751, -0.16603035188895049, 0.164050736839037357,
		-0.0542210571175845604, -0.00802608531768061942, 0.00873093027159136089, 0.00122302900591960546,
		-0.00148219724378364604, -0.000320513197274805886, 0.000230947524504366581},
	f64: {1.23299511862555253, -0.139621116840561729, 0.0153796521026135489, 0.0680970542545927465,
		-0.101039066035911782, 0.093732835002107381, -0.0663303658218262651, 0.0371675154725030449,
		-0.0161977339385638059, 0.00503197059766783903, -0.000757774139804237609, -0.00019926026137172343,
		0.00015062539924863912, -0.0000243862761293345525, -0.0000112322576821502475, 5.67984878333518119e-6,
		3.11305968448257644e-7, -7.82484366407248402e-7, 5.68975624531530274e-8, 7.4407821618712885e-8,
		-8.52241321432484814e-9},
}

var erfcCentre = [...]float64{wide: 2, f64: 4}

// erfInner is erf x for |x| ≤ 1/2.
func (m *machine) erfInner(x value) value {
	return m.mul(x, m.poly(m.mul(x, x), erfCoefficients[m.precision()]...))
}

// erfcOuter is erfc a for a ≥ 1/2.
func (m *machine) erfcOuter(a value) value {
	end := [...]float64{wide: 10.1, f64: 27.3}[m.precision()]
	a = m.min(m.k(end), a)
	k := m.k(erfcCentre[m.precision()])
	q := m.div(m.sub(a, k), m.add(a, k))
	g := m.div(m.poly(q, erfcCoefficients[m.precision()]...), m.add(m.add(a, a), m.k(1)))
	square := m.mul(a, a)
	low := m.fnma(a, a, square) // what rounding a² took away, negated as the exponent is
	n, p := m.expm1Split(m.neg(square), &low)
	return m.scale(m.fma(g, p, g), n)
}

func erf(m *machine, x value) value {
	a := m.abs(x)
	outer := m.copySign(m.sub(m.k(1), m.erfcOuter(a)), x)
	return m.blend(m.cmp(lt, a, m.k(0.5)), m.erfInner(x), outer)
}

func erfc(m *machine, x value) value {
	a := m.abs(x)
	outer := m.erfcOuter(a)
	outer = m.blend(m.cmp(lt, x, m.k(0)), m.sub(m.k(2), outer), outer)
	return m.blend(m.cmp(lt, a, m.k(0.5)), m.sub(m.k(1), m.erfInner(x)), outer)
}
