package main

import (
	"bytes"
	"fmt"
	"go/format"
	"strings"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The kernels of package random: the blocks of Threefry-2x32 for as many counters as there are words of 32 bits in a register,
// and what becomes of them. No operation is fused, so that they give the bits of the portable loops.

// drawn is a draw of floats: a body makes a vector of words of 64 bits a vector of numbers.
type drawn struct {
	name string
	body body1
}

var draws = []drawn{
	{"Uniform", func(m *machine, w value) value { return m.mul(m.fromBits(m.shiftRight(w, 11), 0), m.k(0x1p-53)) }},
	{"Normal", normal},
	{"Exponential", func(m *machine, w value) value { return m.neg(ln(m, open(m, w))) }},
	{"Gumbel", func(m *machine, w value) value { return m.neg(ln(m, m.neg(ln(m, open(m, w))))) }},
	{"Laplace", func(m *machine, w value) value {
		q := centred(m, w)
		a := m.abs(q)
		return m.copySign(ln(m, m.sub(m.k(1), m.add(a, a))), q)
	}},
}

// drawKernels are those of one level, of draws with elements of type d.
func drawKernels(lv level, d dtype) (ks []*kernel) {
	kernelOf := func(name string, wide bool, goType string, emit func(*loop)) {
		ks = append(ks, &kernel{
			name: lowerFirst(name) + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: d, wide: wide, emit: emit,
			doc:       fmt.Sprintf("is %s on n elements, a multiple of %d, n > 0.", name, 8<<lv),
			signature: fmt.Sprintf("(dst *%s, s *uint32, n int)", goType),
		})
	}
	if d == f64 {
		kernelOf("Bits", false, "int64", func(l *loop) {
			l.draw(l.pairs(), func(x0, x1 value) []value { return l.words(x0, x1) })
		})
	} else {
		kernelOf("Uniform", false, "float32", func(l *loop) {
			l.draw(l.inOrder(), func(x0, x1 value) []value {
				w := l.shiftRight(l.xor(x0, x1), 8)
				l.use(w)
				y := l.reg()
				l.VCVTDQ2PS(w.op, y)
				return []value{l.mul(l.born(y), l.k(0x1p-24))}
			})
		})
	}
	for _, r := range draws {
		if d == f32 && r.name == "Uniform" {
			continue
		}
		kernelOf(r.name, d == f32, goTypes[d], func(l *loop) {
			l.draw(l.pairs(), func(x0, x1 value) []value {
				ys := l.words(x0, x1)
				for i, w := range ys {
					ys[i] = r.body(l.machine, w)
				}
				return ys
			})
		})
	}
	return ks
}

// draw is the loop: each turn takes the blocks of as many counters as there are words in a register, in the order that first
// gives, and writes the vectors that body makes of them.
func (l *loop) draw(first operand.Mem, body func(x0, x1 value) []value) {
	load := func(name string) reg.GPVirtual { return l.Load(l.Param(name), l.GP64()).(reg.GPVirtual) }
	dst, schedule, n := load("dst"), load("s"), load("n")
	word := func(i int) operand.Mem { return operand.Mem{Base: schedule, Disp: 4 * i} }
	words := l.vectorBytes() / 4
	counter := l.reg()
	l.VPBROADCASTD(word(1), counter)
	l.VPADDD(first, counter, counter)
	step := l.reg()
	l.VPBROADCASTD(l.data.table(l.machine, fmt.Sprint("step", words), uint64(words)), step)
	l.pin()
	l.Label("loop")
	x0, x1 := l.threefry(word, value{op: counter, id: -1, konst: true})
	for _, y := range body(x0, x1) {
		l.write(y, operand.Mem{Base: dst}, all)
		l.ADDQ(operand.U32(l.lanes()*l.out.size()), dst)
	}
	l.VPADDD(step, counter, counter)
	l.SUBQ(operand.U32(words), n)
	l.JNE(operand.LabelRef("loop"))
	l.VZEROUPPER()
	l.RET()
}

// threefry is the block of each counter: word(0) is the first word, keyed, the counters are the second, keyed, and words 2 to
// 11 are what is added after each four rounds.
func (l *loop) threefry(word func(i int) operand.Mem, counter value) (x0, x1 value) {
	d := l.reg()
	l.VPBROADCASTD(word(0), d)
	x0, x1 = l.born(d), counter
	for r := range 5 {
		for _, by := range [2][4]int{{13, 15, 26, 6}, {17, 29, 16, 24}}[r%2] {
			x0 = l.op32("VPADDD", x0, x1)
			x1 = l.xor(l.rotate(x1, by), x0)
		}
		x0, x1 = l.addWord(x0, word(2+2*r)), l.addWord(x1, word(3+2*r))
	}
	return x0, x1
}

// op32 is an instruction that does not depend on the machine's type.
func (l *loop) op32(name string, a, b value) value {
	l.use(a, b)
	d := l.reg()
	l.raw(name, b, a, d)
	return l.born(d)
}

func (l *loop) addWord(a value, word operand.Mem) value {
	l.use(a)
	d := l.reg()
	if l.level == avx512 {
		l.VPADDD_BCST(word, a.op, d)
		return l.born(d)
	}
	every := l.reg()
	l.VPBROADCASTD(word, every)
	l.VPADDD(every, a.op, d)
	return l.born(d)
}

func (l *loop) rotate(a value, by int) value {
	l.use(a)
	d := l.reg()
	if l.level == avx512 {
		l.VPROLD(operand.U8(by), a.op, d)
		return l.born(d)
	}
	right := l.reg()
	l.VPSLLD(operand.U8(by), a.op, d)
	l.VPSRLD(operand.U8(32-by), a.op, right)
	l.VPOR(right, d, d)
	return l.born(d)
}

// words are the blocks as words of 64 bits, in two vectors.
func (l *loop) words(x0, x1 value) []value {
	return []value{l.op32("VPUNPCKLDQ", x1, x0), l.op32("VPUNPCKHDQ", x1, x0)}
}

// pairs are the counters from 0 on in the order that words puts right, inOrder as they are.
func (l *loop) pairs() operand.Mem {
	if l.level == avx2 {
		return l.counters("pairs", 0, 4, 2, 6)
	}
	return l.counters("pairs", 0, 8, 2, 10, 4, 12, 6, 14)
}

func (l *loop) inOrder() operand.Mem {
	if l.level == avx2 {
		return l.counters("inOrder", 0, 2, 4, 6)
	}
	return l.counters("inOrder", 0, 2, 4, 6, 8, 10, 12, 14)
}

// counters are pairs of two that follow each other.
func (l *loop) counters(name string, even ...uint64) operand.Mem {
	words := make([]uint64, len(even))
	for i, k := range even {
		words[i] = k | (k+1)<<32
	}
	return l.data.table(l.machine, name, words...)
}

// fromBits is v − c as a float for integers 0 ≤ v < 2⁵⁴, if that is exact: both halves of v are the low bits of floats.
func (m *machine) fromBits(v value, c float64) value {
	high := m.or(m.shiftRight(v, 32), m.k(0x1p84))
	low := m.or(m.and(v, m.bits(1<<32-1)), m.k(0x1p52))
	return m.add(m.sub(high, m.k(0x1p84+0x1p52+c)), low)
}

// open and centred are the functions of package random.
func open(m *machine, w value) value {
	return m.mul(m.fromBits(m.or(m.shiftRight(w, 11), m.bits(1)), 0), m.k(0x1p-53))
}

func centred(m *machine, w value) value {
	v := m.or(m.shiftRight(m.xor(w, m.signBit()), 10), m.bits(1))
	return m.mul(m.fromBits(v, 0x1p53), m.k(0x1p-54))
}

// rounded is c[0] + c[1]·x + …, each operation rounded.
func (m *machine) rounded(x value, c []float64) value {
	y := m.k(c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		y = m.add(m.mul(y, x), m.k(c[i]))
	}
	return y
}

// ln is the function of package random.
func ln(m *machine, x value) value {
	carried := m.shiftRight(m.addInt(x, m.bits(1<<51)), 52)
	mantissa := m.addInt(m.subInt(x, m.shiftLeft(carried, 52)), m.bits(1023<<52))
	e := m.sub(m.or(carried, m.k(0x1p52)), m.k(0x1p52+1023))
	f := m.sub(mantissa, m.k(1))
	s := m.div(f, m.add(f, m.k(2)))
	z := m.mul(s, s)
	h := m.mul(m.mul(f, m.k(0.5)), f)
	a := m.add(m.mul(z, m.rounded(z, logCoefficients[f64])), h)
	y := m.sub(h, m.add(m.mul(s, a), m.mul(e, m.k(1.90821492927058770002e-10))))
	return m.add(m.mul(e, m.k(6.93147180369123816490e-01)), m.sub(f, y))
}

// normal is the quantile of package random: the middle and the tails of all lanes, the far tails where there is one.
func normal(m *machine, w value) value {
	q := centred(m, w)
	a := m.abs(q)
	r := m.sub(m.k(0.180625), m.mul(q, q))
	y := m.mul(q, m.ratio(quantileMiddle, r))
	far := m.sqrt(m.neg(ln(m, m.sub(m.k(0.5), a))))
	t := m.ratio(quantileTail, m.sub(far, m.k(1.6)))
	is := m.cmp(gt, far, m.k(5))
	near := fmt.Sprintf("near%d", m.next)
	m.use(is, t, far)
	if m.level == avx512 {
		m.raw("KORTESTW", is.op, is.op)
	} else {
		lanes := m.GP32()
		m.emit("VMOVMSKP", is, lanes)
		m.TESTL(lanes, lanes)
	}
	m.JEQ(operand.LabelRef(near))
	m.use(is)
	farther := m.ratio(quantileFarTail, m.sub(far, m.k(5)))
	m.use(farther)
	if m.level == avx512 {
		m.emit("VMOVAP", farther, is, t)
	} else {
		m.emit("VBLENDVP", is, farther, t, t)
	}
	m.Label(near)
	return m.blend(m.cmp(gt, a, m.k(0.425)), m.copySign(t, q), y)
}

func (m *machine) ratio(c [2][]float64, x value) value {
	return m.div(m.rounded(x, c[0]), m.rounded(x, c[1]))
}

// randomPackage has the content of the generated files of package random.
func randomPackage() (map[string][]byte, error) {
	files := map[string][]byte{}
	var stubs bytes.Buffer
	stubs.WriteString(strings.Replace(header, "package vec", "package random", 1))
	for lv := avx2; lv <= avx512; lv++ {
		for d := f32; d <= f64; d++ {
			ks := drawKernels(lv, d)
			asm, err := compile(ks)
			if err != nil {
				return nil, err
			}
			files[strings.ToLower(levelNames[lv]+"_"+dtypeNames[d])+"_amd64.s"] = asm
			for _, k := range ks {
				fmt.Fprintf(&stubs, "// %s %s\n//\n//go:noescape\nfunc %s%s\n\n", k.name, k.doc, k.name, k.signature)
			}
		}
	}
	var err error
	files["zstubs_amd64.go"], err = format.Source(stubs.Bytes())
	return files, err
}
