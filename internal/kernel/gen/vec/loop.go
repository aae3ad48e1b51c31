package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lane says which lanes of a load or store take part: all, or those of a mask made by tailMask.
type lane struct {
	mask operand.Op
	out  operand.Op // the same for elements of dst, where those differ in size
}

// all lanes.
var all = lane{}

// loop is the frame around a kernel's body: it walks the operands vector by vector, several vectors per turn while
// there are enough, and does the last, partial vector under a mask. The body sees a full vector each time, so an
// element's result depends neither on its position nor on the length.
type loop struct {
	*machine
	elem   dtype // of the inputs in memory; the arithmetic may be wider
	out    dtype // of dst
	unroll int
	n      reg.GPVirtual
	labels int
	dst    *stream
	in     []*stream
	extra  []*stream // operands of another type
}

// stream is one operand: where it is, and how far apart its vectors are: 0 for a repeated element.
type stream struct {
	base reg.GPVirtual
	inc  reg.GPVirtual // nil for a constant step
	inc3 reg.GPVirtual
	step int
}

// at is the address of the i-th vector from here.
func (s *stream) at(i int) operand.Mem {
	switch {
	case s.inc == nil:
		return operand.Mem{Base: s.base, Disp: i * s.step}
	case i == 0:
		return operand.Mem{Base: s.base}
	case i == 3:
		return operand.Mem{Base: s.base, Index: s.inc3, Scale: 1}
	default:
		return operand.Mem{Base: s.base, Index: s.inc, Scale: uint8(i)}
	}
}

// open loads the parameters every kernel has.
func (l *loop) open(inputs ...string) {
	step := l.lanes() * l.elem.size()
	l.dst = &stream{base: l.Load(l.Param("dst"), l.GP64()).(reg.GPVirtual), step: l.lanes() * l.out.size()}
	for _, name := range inputs {
		l.in = append(l.in, &stream{base: l.Load(l.Param(name), l.GP64()).(reg.GPVirtual), step: step})
	}
	l.n = l.Load(l.Param("n"), l.GP64()).(reg.GPVirtual)
}

// repeat gives the input streams that bit i of the parameter repeated names one vector of the element to read, over
// and over.
func (l *loop) repeat() {
	mode := l.Load(l.Param("repeated"), l.GP64())
	for i, s := range l.in {
		s.inc = l.GP64()
		l.MOVQ(operand.U32(s.step), s.inc)
		done := l.label("varies")
		l.BTQ(operand.U8(i), mode)
		l.JCC(operand.LabelRef(done))
		room := l.AllocLocal(2 * l.vectorBytes())
		v := l.reg()
		if l.elem == f32 {
			l.VBROADCASTSS(operand.Mem{Base: s.base}, v)
		} else {
			l.VBROADCASTSD(operand.Mem{Base: s.base}, v)
		}
		l.LEAQ(room.Offset(l.vectorBytes()), s.base)
		l.ANDQ(operand.I32(-l.vectorBytes()), s.base)
		l.VMOVUPS(v, operand.Mem{Base: s.base})
		l.XORQ(s.inc, s.inc)
		l.Label(done)
		if l.unroll > 3 {
			s.inc3 = l.GP64()
			l.LEAQ(operand.Mem{Base: s.inc, Index: s.inc, Scale: 2}, s.inc3)
		}
	}
}

// run emits the loop; body(i, w) does the i-th vector from here in the lanes w.
func (l *loop) run(body func(i int, w lane)) {
	l.pin()
	l.walk(func(vectors int, w lane) {
		for i := range vectors {
			body(i, w)
		}
	})
	l.VZEROUPPER()
	l.RET()
}

// walk goes through n elements: turn(vectors, w) does that many vectors from here in the lanes w.
func (l *loop) walk(turn func(vectors int, w lane)) {
	if l.unroll > 1 {
		l.turns(l.unroll, turn)
	}
	l.turns(1, turn)
	done := l.label("done")
	l.TESTQ(l.n, l.n)
	l.JEQ(operand.LabelRef(done))
	turn(1, l.tailMask())
	l.Label(done)
}

// turns loops while there are full vectors for a turn, and leaves n at the number of elements left.
func (l *loop) turns(vectors int, turn func(vectors int, w lane)) {
	again, short := l.label("loop"), l.label("short")
	count := vectors * l.lanes()
	l.SUBQ(operand.U32(count), l.n)
	l.JLT(operand.LabelRef(short))
	l.Label(again)
	turn(vectors, all)
	for _, s := range append(append([]*stream{l.dst}, l.in...), l.extra...) {
		switch {
		case s.inc == nil:
			l.ADDQ(operand.U32(vectors*s.step), s.base)
		case vectors == 1:
			l.ADDQ(s.inc, s.base)
		default:
			l.LEAQ(operand.Mem{Base: s.base, Index: s.inc, Scale: uint8(vectors)}, s.base)
		}
	}
	l.SUBQ(operand.U32(count), l.n)
	l.JGE(operand.LabelRef(again))
	l.Label(short)
	l.ADDQ(operand.U32(count), l.n)
}

// tailMask selects the first n lanes, 0 < n < lanes.
func (l *loop) tailMask() lane {
	if l.level == avx512 {
		ones, k := l.GP64(), l.K()
		l.MOVQ(operand.I32(-1), ones)
		l.BZHIQ(l.n, ones, ones)
		l.KMOVQ(ones, k)
		return lane{k, k}
	}
	w := lane{mask: l.ones(l.elem)}
	w.out = w.mask
	if l.out != l.elem {
		w.out = l.ones(l.out)
	}
	return w
}

// ones has all bits set in the first n elements of type d.
func (l *loop) ones(d dtype) operand.Op {
	at, offset, mask := l.GP64(), l.GP64(), l.beside(d)
	l.LEAQ(l.data.tails(l.machine), at)
	l.MOVQ(l.n, offset)
	l.SHLQ(operand.U8(2+int(d)), offset)
	l.SUBQ(offset, at)
	l.VMOVUPS(operand.Mem{Base: at, Disp: 32}, mask)
	return mask
}

// beside is a register for as many elements of type d as the machine has lanes.
func (l *loop) beside(d dtype) reg.VecVirtual { return l.register(l.lanes() * d.size()) }

// read loads a vector; lanes that do not take part are 0.
func (l *loop) read(from operand.Mem, w lane) value {
	if l.elem == l.dtype {
		d := l.reg()
		switch {
		case w.mask == nil:
			l.emit("VMOVUP", from, d)
		case l.level == avx512:
			l.emit2("VMOVUP", "_Z", from, w.mask, d)
		default:
			l.emit("VMASKMOVP", from, w.mask, d)
		}
		return l.born(d)
	}
	d := l.reg()
	switch {
	case w.mask == nil:
		l.VCVTPS2PD(from, d)
	case l.level == avx512:
		l.VCVTPS2PD_Z(from, w.mask, d)
	default:
		half := l.beside(f32)
		l.VMASKMOVPS(from, w.mask, half)
		l.VCVTPS2PD(half, d)
	}
	return l.born(d)
}

// write stores the lanes that take part.
func (l *loop) write(v value, to operand.Mem, w lane) {
	l.use(v)
	op, suffix := l.inReg(v).op, l.dtype
	if l.out != l.dtype {
		half := l.beside(f32)
		if l.level == avx512 {
			l.VCVTPD2PS(op, half)
		} else {
			l.VCVTPD2PSY(op, half)
		}
		op, suffix = half, f32
	}
	name := [...]string{f32: "S", f64: "D"}[suffix]
	switch {
	case w.mask == nil:
		l.raw("VMOVUP"+name, op, to)
	case l.level == avx512:
		l.raw("VMOVUP"+name, op, w.out, to)
	default:
		l.raw("VMASKMOVP"+name, op, w.out, to)
	}
}

func (m *machine) emit2(name, form string, args ...any) {
	m.raw(name+[...]string{f32: "S", f64: "D"}[m.dtype]+form, args...)
}

// tails is a table of ones followed by zeros, one AVX2 register each.
func (s *dataSection) tails(m *machine) operand.Mem {
	const ones = ^uint64(0)
	return s.table(m, "tails", ones, ones, ones, ones, 0, 0, 0, 0)
}

// table is a named constant of several words.
func (s *dataSection) table(m *machine, name string, words ...uint64) operand.Mem {
	if mem, ok := s.mem[name]; ok {
		return mem
	}
	mem := m.StaticGlobal(name)
	m.DataAttributes(attr.RODATA | attr.NOPTR)
	for i, v := range words {
		m.AddDatum(8*i, operand.U64(v))
	}
	s.mem[name] = mem
	return mem
}
