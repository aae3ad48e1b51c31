package main

import (
	"fmt"
	"math"
	"reflect"
	"sort"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// level is the instruction set to generate for.
type level int

const (
	avx2 level = iota
	avx512
)

var levelNames = [...]string{avx2: "AVX2", avx512: "AVX512"}

// dtype is an element type.
type dtype int

const (
	f32 dtype = iota
	f64
)

// wide is the precision of float32 results that are computed in float64; it indexes tables of coefficients only.
const wide dtype = 2

var dtypeNames = [...]string{f32: "F32", f64: "F64"}
var goTypes = [...]string{f32: "float32", f64: "float64"}

func (d dtype) size() int { return 4 << d }

// value is a vector that a kernel body computes with: a register that holds it, or a constant that lives in a register
// or in memory.
type value struct {
	op    operand.Op
	id    int  // which value of the function this is, in order of creation; -1 for constants and scratch copies
	konst bool // must not be overwritten
	mem   bool // op is memory: an embedded broadcast with AVX-512, a full vector with AVX2
}

// machine emits one function. Bodies are run twice: the first, dry, run counts how often each value is used and which
// constants there are, so that the second can overwrite what is dead and keep constants in registers.
type machine struct {
	*build.Context
	level
	dtype // of the arithmetic

	single bool // float64 arithmetic for a float32 result
	narrow int  //  halvings of the registers' width; folds set it

	dry    bool
	next   int
	uses   []int            // uses of each value, counted by the dry run
	wanted map[uint64]int   // uses of each constant, counted by the dry run
	budget int              // constants that may live in registers
	pinned map[uint64]value // those that do
	data   *dataSection
}

// vectorBytes is the width of a register.
func (m *machine) vectorBytes() int { return 32 << m.level >> m.narrow }

// precision is the index into tables of coefficients.
func (m *machine) precision() dtype {
	if m.single {
		return wide
	}
	return m.dtype
}

// lanes is the number of elements of the arithmetic's type in a register.
func (m *machine) lanes() int { return m.vectorBytes() / m.dtype.size() }

func (m *machine) reg() reg.VecVirtual {
	return m.register(m.vectorBytes())
}

// register is a register of the given width.
func (m *machine) register(bytes int) reg.VecVirtual {
	switch bytes {
	case 64:
		return m.ZMM()
	case 32:
		return m.YMM()
	}
	return m.XMM()
}

// fresh is a new value in a register of its own.
func (m *machine) fresh() value { return m.born(m.reg()) }

// born registers op, just overwritten, as a new value.
func (m *machine) born(op operand.Op) value {
	v := value{op: op, id: m.next}
	m.next++
	if m.dry {
		m.uses = append(m.uses, 0)
	}
	return v
}

// use notes one use of each value; an instruction calls it before it picks a destination.
func (m *machine) use(vs ...value) {
	for _, v := range vs {
		if v.id < 0 {
			continue
		}
		if m.dry {
			m.uses[v.id]++
		} else {
			m.uses[v.id]--
		}
	}
}

// dead reports whether the value in v's register is not needed any more, so that it can be overwritten.
func (m *machine) dead(v value) bool {
	if v.konst || v.mem {
		return false
	}
	return v.id < 0 || !m.dry && m.uses[v.id] == 0
}

// emit adds the instruction name with the type's suffix (S or D), or its broadcasting form.
func (m *machine) emit(name string, args ...any) {
	m.raw(name+[...]string{f32: "S", f64: "D"}[m.dtype], args...)
}

// emitInt adds an integer instruction with the width's suffix (D or Q).
func (m *machine) emitInt(name string, args ...any) {
	m.raw(name+[...]string{f32: "D", f64: "Q"}[m.dtype], args...)
}

// raw adds the instruction name, in its broadcasting form if an operand is an embedded broadcast.
func (m *machine) raw(name string, args ...any) {
	ops := make([]reflect.Value, len(args))
	for i, a := range args {
		if v, ok := a.(value); ok {
			if v.mem && m.level == avx512 {
				name += "_BCST"
			}
			a = v.op
		}
		ops[i] = reflect.ValueOf(a)
	}
	f := reflect.ValueOf(m.Context).MethodByName(name)
	if !f.IsValid() {
		panic("no instruction " + name)
	}
	f.Call(ops)
}

// k is the constant c, rounded to the machine's type, in every lane.
func (m *machine) k(c float64) value {
	if m.dtype == f32 {
		return m.bits(uint64(math.Float32bits(float32(c))))
	}
	return m.bits(math.Float64bits(c))
}

// bits is the constant with the given bits in every lane.
func (m *machine) bits(b uint64) value {
	if m.dry {
		m.wanted[b]++
	}
	if v, ok := m.pinned[b]; ok {
		return v
	}
	return value{op: m.data.constant(m, b), id: -1, konst: true, mem: true}
}

// pin loads the constants used most into registers, ahead of the loop.
func (m *machine) pin() {
	if m.dry {
		return
	}
	keys := make([]uint64, 0, len(m.wanted))
	for b := range m.wanted {
		keys = append(keys, b)
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := keys[i], keys[j]
		if m.wanted[a] != m.wanted[b] {
			return m.wanted[a] > m.wanted[b]
		}
		return a < b
	})
	for _, b := range keys[:min(m.budget, len(keys))] {
		v := m.load(m.bits(b))
		v.konst = true
		m.pinned[b] = v
	}
}

// load is a copy of v in a register, to be overwritten by its only use. The dry run may need other copies than the
// second, so they are not numbered.
func (m *machine) load(v value) value {
	d := m.reg()
	switch {
	case !v.mem:
		m.emit("VMOVAP", v, d)
	case m.level == avx512:
		m.raw([...]string{f32: "VBROADCASTSS", f64: "VBROADCASTSD"}[m.dtype], v.op, d)
	default:
		m.emit("VMOVUP", v, d)
	}
	return value{op: d, id: -1}
}

// inReg is v, loaded if it is in memory.
func (m *machine) inReg(v value) value {
	if v.mem {
		return m.load(v)
	}
	return v
}

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

// andNot is ^a & b.
func (m *machine) andNot(a, b value) value { return m.op2(m.emit, "VANDNP", a, b) }

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

// dataSection holds the constants of one file.
type dataSection struct {
	mem map[string]operand.Mem
}

// constant is the address of the bits b, once or in every lane as the level needs it.
func (s *dataSection) constant(m *machine, b uint64) operand.Op {
	name := fmt.Sprintf("%s_%0*x", [...]string{f32: "f32", f64: "f64"}[m.dtype], 2*m.dtype.size(), b)
	if mem, ok := s.mem[name]; ok {
		return mem
	}
	n := 1
	if m.level == avx2 {
		n = m.lanes()
	}
	mem := m.StaticGlobal(name)
	m.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range n {
		if m.dtype == f32 {
			m.AddDatum(4*i, operand.U32(b))
		} else {
			m.AddDatum(8*i, operand.U64(b))
		}
	}
	s.mem[name] = mem
	return mem
}
