package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// op2 computes name(a, b), where only b may be memory.
func (m *machine) op2(emit func(string, ...any), name string, a, b value) value {
	m.use(a, b)
	a = m.inReg(a)
	d := m.reg()
	emit(name, b, a, d)
	return m.born(d)
}

// commute is op2 where the order does not matter.
func (m *machine) commute(emit func(string, ...any), name string, a, b value) value {
	if a.mem {
		a, b = b, a
	}
	return m.op2(emit, name, a, b)
}

func (m *machine) add(a, b value) value { return m.commute(m.emit, "VADDP", a, b) }
func (m *machine) sub(a, b value) value { return m.op2(m.emit, "VSUBP", a, b) }
func (m *machine) mul(a, b value) value { return m.commute(m.emit, "VMULP", a, b) }
func (m *machine) div(a, b value) value { return m.op2(m.emit, "VDIVP", a, b) }

// min and max return b if either is NaN, or if both are zeros.
func (m *machine) min(a, b value) value { return m.op2(m.emit, "VMINP", a, b) }
func (m *machine) max(a, b value) value { return m.op2(m.emit, "VMAXP", a, b) }

// greater and less order -0 before +0; what they return for NaN is unspecified.
func (m *machine) greater(a, b value) value {
	if m.level == avx512 {
		return m.ranged(5, a, b)
	}
	return m.and(m.max(a, b), m.max(b, a)) // both orders: equal, or zeros of which "and" picks +0
}

func (m *machine) less(a, b value) value {
	if m.level == avx512 {
		return m.ranged(4, a, b)
	}
	return m.or(m.min(a, b), m.min(b, a))
}

func (m *machine) ranged(mode uint8, a, b value) value {
	m.use(a, b)
	a = m.inReg(a)
	d := m.reg()
	m.emit("VRANGEP", operand.U8(mode), b, a, d)
	return m.born(d)
}

func (m *machine) and(a, b value) value { return m.commute(m.emit, "VANDP", a, b) }
func (m *machine) or(a, b value) value  { return m.commute(m.emit, "VORP", a, b) }
func (m *machine) xor(a, b value) value { return m.commute(m.emit, "VXORP", a, b) }

func (m *machine) addInt(a, b value) value { return m.commute(m.emitInt, "VPADD", a, b) }
func (m *machine) subInt(a, b value) value { return m.op2(m.emitInt, "VPSUB", a, b) }

func (m *machine) sqrt(a value) value {
	m.use(a)
	d := m.reg()
	m.emit("VSQRTP", a, d)
	return m.born(d)
}

func (m *machine) signBit() value {
	return m.bits(1 << (8*m.dtype.size() - 1))
}

func (m *machine) absMask() value {
	return m.bits(1<<(8*m.dtype.size()-1) - 1)
}

func (m *machine) abs(a value) value { return m.and(a, m.absMask()) }
func (m *machine) neg(a value) value { return m.xor(a, m.signBit()) }

// copySign is |a| with the sign of s.
func (m *machine) copySign(a, s value) value {
	if m.level == avx2 {
		return m.or(m.abs(a), m.and(s, m.signBit()))
	}
	mask := m.absMask()
	m.use(a, s)
	d := a.op
	if !m.dead(a) {
		d = m.load(a).op
	}
	const firstWhereThird = 0xE4
	m.emitInt("VPTERNLOG", operand.U8(firstWhereThird), mask, s, d)
	return m.born(d)
}

// fma is a·b + c, fnma is c - a·b, fms is a·b - c, each rounded once.
func (m *machine) fma(a, b, c value) value  { return m.fused("VFMADD", a, b, c) }
func (m *machine) fnma(a, b, c value) value { return m.fused("VFNMADD", a, b, c) }
func (m *machine) fms(a, b, c value) value  { return m.fused("VFMSUB", a, b, c) }

// fused picks the form of the instruction that overwrites a dead operand, or else copies one.
func (m *machine) fused(name string, a, b, c value) value {
	m.use(a, b, c)
	if a.mem {
		a, b = b, a
	}
	a = m.inReg(a)
	if b.mem && c.mem {
		c = m.inReg(c)
	}
	switch {
	case m.dead(c):
		m.emit(name+"231P", b, a, c)
		return m.born(c.op)
	case m.dead(b):
		a, b = b, a
		fallthrough
	case m.dead(a):
		if b.mem {
			m.emit(name+"132P", b, c, a)
		} else {
			m.emit(name+"213P", c, b, a)
		}
		return m.born(a.op)
	}
	if c.mem {
		d := m.load(a)
		m.emit(name+"213P", c, b, d)
		return m.born(d.op)
	}
	d := m.load(c)
	m.emit(name+"231P", b, a, d)
	return m.born(d.op)
}

// poly is c[0] + c[1]·x + c[2]·x² + …; the even and the odd half are separate chains, to halve the latency.
func (m *machine) poly(x value, c ...float64) value {
	if len(c) < 6 {
		return m.horner(x, c...)
	}
	return m.polySquared(x, m.mul(x, x), c...)
}

// polySquared is poly for a caller that has xx = x².
func (m *machine) polySquared(x, xx value, c ...float64) value {
	var even, odd []float64
	for i, a := range c {
		if i%2 == 0 {
			even = append(even, a)
		} else {
			odd = append(odd, a)
		}
	}
	return m.fma(m.horner(xx, odd...), x, m.horner(xx, even...))
}

// horner is the same polynomial in one chain.
func (m *machine) horner(x value, c ...float64) value {
	p := m.k(c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		p = m.fma(p, x, m.k(c[i]))
	}
	return p
}

// round is the nearest integer, halves to even; floor, ceil and trunc are themselves.
func (m *machine) round(a value) value { return m.toInteger(a, 0) }
func (m *machine) floor(a value) value { return m.toInteger(a, 1) }
func (m *machine) ceil(a value) value  { return m.toInteger(a, 2) }
func (m *machine) trunc(a value) value { return m.toInteger(a, 3) }

func (m *machine) toInteger(a value, mode uint8) value {
	m.use(a)
	d := m.reg()
	const quiet = 8
	name := "VROUNDP"
	if m.level == avx512 {
		name = "VRNDSCALEP"
	}
	m.emit(name, operand.U8(mode|quiet), a, d)
	return m.born(d)
}

// Comparison predicates of the instructions, quiet.
const (
	eq        = 0
	unordered = 3
	ne        = 4
	lt        = 17
	notGe     = 25 // less, or unordered
	le        = 18
	ge        = 29
	gt        = 30
)

// cmp compares; the result is a mask register, or with AVX2 a vector of ones and zeros.
func (m *machine) cmp(pred uint8, a, b value) value {
	m.use(a, b)
	a = m.inReg(a)
	if m.level == avx512 {
		d := m.K()
		m.emit("VCMPP", operand.U8(pred), b, a, d)
		return m.born(d)
	}
	d := m.reg()
	m.emit("VCMPP", operand.U8(pred), b, a, d)
	return m.born(d)
}

// negative is the mask of the lanes whose sign bit is set.
func (m *machine) negative(a value) value {
	if m.level == avx2 {
		return a // blends look at the sign bit only
	}
	m.use(a)
	d := m.K()
	m.raw([...]string{f32: "VPMOVD2M", f64: "VPMOVQ2M"}[m.dtype], a, d)
	return m.born(d)
}

// blend is a where the mask is set and b elsewhere. With AVX-512 it is a masked move onto b: avo takes the destination
// of a blending instruction for an input, which would keep a register busy from the start of the function.
func (m *machine) blend(mask, a, b value) value {
	m.use(mask, a, b)
	if m.level == avx2 {
		b = m.inReg(b)
		d := m.reg()
		m.emit("VBLENDVP", mask, a, b, d)
		return m.born(d)
	}
	d := b.op
	if !m.dead(b) {
		d = m.load(b).op
	}
	if a.mem {
		m.raw([...]string{f32: "VBROADCASTSS", f64: "VBROADCASTSD"}[m.dtype], a.op, mask, d)
	} else {
		m.emit("VMOVAP", a, mask, d)
	}
	return m.born(d)
}

// mantissaBits is the position of the exponent.
func (m *machine) mantissaBits() int { return [...]int{f32: 23, f64: 52}[m.dtype] }

// bias is that of the exponent.
func (m *machine) bias() float64 { return [...]float64{f32: 127, f64: 1023}[m.dtype] }

// pow2 is 2^(n+shift) for integers n; with AVX2 the result must be normal.
func (m *machine) pow2(n value, shift float64) value {
	if m.level == avx512 {
		d := m.reg()
		one := m.k(math.Ldexp(1, int(shift)))
		m.use(n)
		one = m.inReg(one)
		m.emit("VSCALEFP", n, one, d)
		return m.born(d)
	}
	// Adding 1.5·2^mantissaBits leaves the integer in the low bits; the shift pushes all the rest out.
	magic := math.Ldexp(1.5, m.mantissaBits()) + m.bias() + shift
	return m.shiftLeft(m.add(n, m.k(magic)), m.mantissaBits())
}

func (m *machine) shiftLeft(a value, by int) value {
	m.use(a)
	d := m.reg()
	m.emitInt("VPSLL", operand.U8(by), a, d)
	return m.born(d)
}

func (m *machine) shiftRight(a value, by int) value {
	m.use(a)
	d := m.reg()
	m.emitInt("VPSRL", operand.U8(by), a, d)
	return m.born(d)
}

// scale is p·2^n for p near 1 and integers n that reach from the denormals to overflow.
func (m *machine) scale(p, n value) value {
	if m.level == avx512 {
		return m.op2(m.emit, "VSCALEFP", p, n)
	}
	half := m.round(m.mul(n, m.k(0.5)))
	rest := m.sub(n, half)
	return m.mul(m.mul(p, m.pow2(half, 0)), m.pow2(rest, 0))
}
