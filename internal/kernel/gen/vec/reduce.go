package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// stripe is the number of vectors that row reductions accumulate side by side; with AVX-512 they hold the 256 bytes of
// lanes that the tree of Sum prescribes, with AVX2 it takes twice as many.
func (m *machine) stripe() int { return 256 / m.vectorBytes() }

// accumulators are registers that live through loops.
func (m *machine) accumulators(n int, start float64) []value {
	acc := make([]value, n)
	for i := range acc {
		acc[i] = value{op: m.reg(), id: -1, konst: true}
		if start == 0 {
			m.emit("VXORP", acc[i], acc[i], acc[i])
		} else {
			m.emit("VMOVAP", m.inReg(m.k(start)), acc[i])
		}
	}
	return acc
}

// set overwrites an accumulator.
func (m *machine) set(acc, v value) {
	m.use(v)
	m.emit("VMOVAP", v, acc)
}

// addTo does acc += v.
func (m *machine) addTo(acc, v value) {
	m.use(v)
	m.emit("VADDP", v, acc, acc)
}

// fold combines the lanes of v by halves: lane j with lane j + lanes/2, until one is left, in lane 0 of the result.
func (m *machine) fold(v value, op func(a, b value) value) value {
	defer func() { m.narrow = 0 }()
	for m.vectorBytes() > 16 {
		m.narrow++
		upper := m.reg()
		if m.vectorBytes() == 32 {
			m.VEXTRACTF64X4(operand.U8(1), v.op, upper)
		} else if m.level == avx512 {
			m.VEXTRACTF32X4(operand.U8(1), v.op, upper) // reaches all 32 registers
		} else {
			m.VEXTRACTF128(operand.U8(1), v.op, upper)
		}
		v = op(m.lower(v), m.born(upper))
	}
	for half := 8; half >= m.dtype.size(); half /= 2 {
		upper := m.XMM()
		if half == 8 {
			m.VUNPCKHPD(v.op, v.op, upper)
		} else {
			m.VMOVSHDUP(v.op, upper)
		}
		v = op(v, m.born(upper))
	}
	return v
}

// lower is the part of v that the narrowed registers hold.
func (m *machine) lower(v value) value {
	m.use(v)
	r := v.op.(reg.Vec)
	if m.vectorBytes() == 32 {
		return value{op: r.AsY(), id: -1, konst: true}
	}
	return value{op: r.AsX(), id: -1, konst: true}
}

// storeLane writes lane 0.
func (l *loop) storeLane(v value, to operand.Mem) {
	l.use(v)
	x := v.op.(reg.Vec).AsX()
	if l.elem == f32 {
		l.VMOVSS(x, to)
	} else {
		l.VMOVSD(x, to)
	}
}

// rows is the loop over the rows of a reduction: reduce sees in[0] at the start of a row and n at its length, and
// returns the result in lane 0.
func (l *loop) rows(reduce func() value) {
	l.open("x")
	count := l.Load(l.Param("rows"), l.GP64()).(reg.GPVirtual)
	length := l.n
	l.n = l.GP64()
	l.pin()
	again, done := l.label("row"), l.label("end")
	l.TESTQ(count, count)
	l.JEQ(operand.LabelRef(done))
	l.Label(again)
	l.MOVQ(length, l.n)
	l.storeLane(reduce(), operand.Mem{Base: l.dst.base})
	l.ADDQ(operand.U32(l.elem.size()), l.dst.base)
	l.DECQ(count)
	l.JNE(operand.LabelRef(again))
	l.Label(done)
	l.VZEROUPPER()
	l.RET()
}

// stripes walks a row in whole stripes, then its last, partial stripe vector by vector: take(i, v) adds the vector v to
// accumulator i. Lanes beyond the end hold pad.
func (l *loop) stripes(take func(i int, v value), pad func(v value, w lane) value) {
	in, step := l.in[0], l.in[0].step
	again, short, done := l.label("stripe"), l.label("short"), l.label("done")
	count := l.stripe() * l.lanes()
	l.SUBQ(operand.U32(count), l.n)
	l.JLT(operand.LabelRef(short))
	l.Label(again)
	for i := range l.stripe() {
		take(i, l.read(in.at(i), all))
	}
	l.ADDQ(operand.U32(l.stripe()*step), in.base)
	l.SUBQ(operand.U32(count), l.n)
	l.JGE(operand.LabelRef(again))
	l.Label(short)
	l.ADDQ(operand.U32(count), l.n)
	for i := range l.stripe() {
		partial, next := l.label("partial"), l.label("next")
		l.CMPQ(l.n, operand.U8(l.lanes()))
		l.JLT(operand.LabelRef(partial))
		take(i, l.read(in.at(0), all))
		l.ADDQ(operand.U32(step), in.base)
		l.SUBQ(operand.U32(l.lanes()), l.n)
		l.JMP(operand.LabelRef(next))
		l.Label(partial)
		l.TESTQ(l.n, l.n)
		l.JEQ(operand.LabelRef(done))
		w := l.tailMask()
		take(i, pad(l.read(in.at(0), w), w))
		l.LEAQ(operand.Mem{Base: in.base, Index: l.n, Scale: uint8(l.elem.size())}, in.base)
		l.JMP(operand.LabelRef(done))
		l.Label(next)
	}
	l.Label(done)
}

// sumRows is the tree of Sum over a block, for each row: lanes that are padded add +0, which changes nothing, since no
// partial sum that begins with +0 is ever -0.
func sumRows(l *loop) {
	l.rows(func() value {
		acc := l.accumulators(l.stripe(), 0)
		l.stripes(func(i int, v value) { l.addTo(acc[i], v) }, func(v value, _ lane) value { return v })
		for half := len(acc) / 2; half > 0; half /= 2 {
			for i := range half {
				l.addTo(acc[i], acc[i+half])
			}
		}
		return l.fold(acc[0], l.add)
	})
}

// extremeRows is the greatest or least element of each row. NaN are gathered beside, and win at the end.
func extremeRows(start float64, better func(m *machine, a, b value) value) func(l *loop) {
	return func(l *loop) {
		l.rows(func() value {
			acc := l.accumulators(l.stripe(), start)
			nans := l.gatherNaN()
			l.stripes(func(i int, v value) {
				nans.take(v)
				l.set(acc[i], better(l.machine, acc[i], v))
			}, func(v value, w lane) value { return l.padded(v, w, start) })
			for half := len(acc) / 2; half > 0; half /= 2 {
				for i := range half {
					l.set(acc[i], better(l.machine, acc[i], acc[i+half]))
				}
			}
			folded := l.fold(acc[0], func(a, b value) value { return better(l.machine, a, b) })
			nan := nans.result()
			l.narrow = l.foldings()
			defer func() { l.narrow = 0 }()
			return l.or(folded, nan)
		})
	}
}

// foldings is how often the registers are halved down to 16 bytes.
func (m *machine) foldings() int { return 1 + int(m.level) }

// nanGather remembers whether any vector had a NaN: in a mask with AVX-512, as ones in a vector with AVX2.
type nanGather struct {
	*loop
	mask operand.Op
	ones value
}

func (l *loop) gatherNaN() *nanGather {
	if l.level == avx512 {
		k := l.K()
		l.KXORQ(k, k, k)
		return &nanGather{loop: l, mask: k}
	}
	return &nanGather{loop: l, ones: l.accumulators(1, 0)[0]}
}

func (g *nanGather) take(v value) {
	here := g.cmp(unordered, v, v)
	g.use(here)
	if g.level == avx512 {
		g.KORQ(here.op, g.mask, g.mask)
	} else {
		g.emit("VORP", here, g.ones, g.ones)
	}
}

// result has ones, which are a NaN, in lane 0 if there was one, else zeros.
func (g *nanGather) result() value {
	if g.level == avx2 {
		return g.fold(g.ones, g.or)
	}
	d := g.reg()
	g.raw([...]string{f32: "VPMOVM2D", f64: "VPMOVM2Q"}[g.dtype], g.mask, d)
	return g.fold(value{op: d, id: -1, konst: true}, g.or)
}

// padded is v with the constant c in the lanes that do not take part.
func (l *loop) padded(v value, w lane, c float64) value {
	return l.blend(value{op: w.mask, id: -1, konst: true}, v, l.k(c))
}

func rowKernel(name, doc string, lv level, d dtype, emit func(*loop)) *kernel {
	return &kernel{
		name: name + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: d, doc: doc, emit: emit,
		signature: fmt.Sprintf("(dst, x *%s, n, rows int)", goTypes[d]),
	}
}

// sumColumns adds rows, one after the other, to 0: the block of Sum down columns. Groups of vectors go down together.
func sumColumns(l *loop) {
	l.unroll = 4
	l.open("x")
	rows := l.Load(l.Param("rows"), l.GP64())
	stride := l.Load(l.Param("stride"), l.GP64())
	l.pin()
	l.walk(func(vectors int, w lane) {
		acc := l.accumulators(vectors, 0)
		at, left := l.GP64(), l.GP64()
		l.MOVQ(l.in[0].base, at)
		l.MOVQ(rows, left)
		again, done := l.label("down"), l.label("bottom")
		l.TESTQ(left, left)
		l.JEQ(operand.LabelRef(done))
		l.Label(again)
		for i := range acc {
			l.addTo(acc[i], l.read(operand.Mem{Base: at, Disp: i * l.in[0].step}, w))
		}
		l.ADDQ(stride, at)
		l.DECQ(left)
		l.JNE(operand.LabelRef(again))
		l.Label(done)
		for i := range acc {
			l.write(acc[i], l.dst.at(i), w)
		}
	})
	l.VZEROUPPER()
	l.RET()
}

// reductions are the kernels of one level and type.
func reductions(lv level, d dtype) []*kernel {
	columns := &kernel{
		name: "sumColumns" + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: d, emit: sumColumns,
		doc:       "adds up rows of n elements, stride bytes apart, first to last.",
		signature: fmt.Sprintf("(dst, x *%s, n, rows, stride int)", goTypes[d]),
	}
	short := " along the rows of n elements, at most a stripe."
	ks := []*kernel{
		columns,
		rowKernel("sumRows", "sums rows of n elements, at most a block, one after the other.", lv, d, sumRows),
		rowKernel("maxRows", "is the greatest element of each of the rows of n elements.", lv, d,
			extremeRows(math.Inf(-1), (*machine).greater)),
		rowKernel("minRows", "is the least element of each of the rows of n elements.", lv, d,
			extremeRows(math.Inf(1), (*machine).less)),
	}
	if lv == avx512 {
		ks = append(ks,
			rowKernel("softmaxRows", "is Softmax"+short, lv, d, softRows(softmax)),
			rowKernel("logSoftmaxRows", "is LogSoftmax"+short, lv, d, softRows(logSoftmax)),
			rowKernel("logSumExpRows", "is LogSumExp"+short, lv, d, softRows(logSumExp)))
	}
	return ks
}
