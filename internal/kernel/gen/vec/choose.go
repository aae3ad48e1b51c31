package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// comparisons are the kernels that write bools.
var comparisons = []struct {
	name string
	pred uint8
}{
	{"Eq", eq}, {"Ne", ne}, {"Lt", lt}, {"Le", le}, {"Gt", gt}, {"Ge", ge},
}

// choices are the kernels of one level and type that write or read bools.
func choices(lv level, d dtype) []*kernel {
	var ks []*kernel
	for _, c := range comparisons {
		ks = append(ks, &kernel{
			name: lowerFirst(c.name) + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: d, unroll: 2,
			doc:       fmt.Sprintf("is %s on n elements; bit 0 of repeated repeats x[0], bit 1 y[0].", c.name),
			signature: fmt.Sprintf("(dst *bool, x, y *%s, n, repeated int)", goTypes[d]),
			emit: func(l *loop) {
				l.open("x", "y")
				l.dst.step = l.lanes()
				l.repeat()
				l.run(func(i int, w lane) {
					x, y := l.read(l.in[0].at(i), w), l.read(l.in[1].at(i), w)
					l.writeBools(l.cmp(c.pred, x, y), l.dst.at(i), w)
				})
			},
		})
	}
	return append(ks, &kernel{
		name: "where" + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: d, unroll: 2,
		doc:       "is Where on n elements; bit 0 of repeated repeats x[0], bit 1 y[0].",
		signature: fmt.Sprintf("(dst *%s, c *bool, x, y *%s, n, repeated int)", goTypes[d], goTypes[d]),
		emit: func(l *loop) {
			l.open("x", "y")
			l.repeat()
			c := &stream{base: l.Load(l.Param("c"), l.GP64()).(reg.GPVirtual), step: l.lanes()}
			l.extra = append(l.extra, c)
			l.run(func(i int, w lane) {
				mask := l.readBools(c.at(i), w)
				x, y := l.read(l.in[0].at(i), w), l.read(l.in[1].at(i), w)
				l.write(l.blend(mask, x, y), l.dst.at(i), w)
			})
		},
	})
}

// writeBools stores a mask as bytes 0 and 1.
func (l *loop) writeBools(mask value, to operand.Mem, w lane) {
	ones := l.data.boolOnes(l.machine)
	l.use(mask)
	x := l.XMM()
	if l.level == avx512 {
		l.VMOVDQU8_Z(ones, mask.op, x)
		switch {
		case w.mask != nil:
			l.VMOVDQU8(x, w.mask, to)
		case l.lanes() == 16:
			l.VMOVUPS(x, to)
		default:
			l.VMOVQ(x, to)
		}
		return
	}
	// Pack the lanes, -1 or 0, down to bytes.
	upper := l.XMM()
	l.VEXTRACTF128(operand.U8(1), mask.op, upper)
	l.VPACKSSDW(upper, mask.op.(reg.Vec).AsX(), x)
	l.VPACKSSWB(x, x, x)
	if l.elem == f64 {
		l.VPACKSSWB(x, x, x)
	}
	l.VPAND(ones, x, x)
	switch {
	case w.mask == nil && l.elem == f32:
		l.VMOVQ(x, to)
	case w.mask == nil:
		l.VMOVD(x, to)
	default:
		bytes, left, again := l.GP64(), l.GP64(), l.label("byte")
		l.VMOVQ(x, bytes)
		l.MOVQ(l.n, left)
		l.Label(again)
		l.MOVB(bytes.As8(), to)
		l.SHRQ(operand.U8(8), bytes)
		l.INCQ(l.dst.base)
		l.DECQ(left)
		l.JNE(operand.LabelRef(again))
	}
}

// readBools is the mask of the bytes that are not 0.
func (l *loop) readBools(from operand.Mem, w lane) value {
	if l.level == avx512 {
		x, k := l.XMM(), l.K()
		switch {
		case w.mask != nil:
			l.VMOVDQU8_Z(from, w.mask, x)
		case l.lanes() == 16:
			l.VMOVUPS(from, x)
		default:
			l.VMOVQ(from, x)
		}
		l.VPTESTMB(x, x, k)
		return l.born(k)
	}
	var source operand.Op = from
	if w.mask != nil {
		bytes, one, at, again := l.GP64(), l.GP64(), l.GP64(), l.label("byte")
		l.XORQ(bytes, bytes)
		l.MOVQ(l.n, at)
		l.Label(again)
		l.SHLQ(operand.U8(8), bytes)
		l.MOVBQZX(operand.Mem{Base: from.Base, Index: at, Scale: 1, Disp: -1}, one)
		l.ORQ(one, bytes)
		l.DECQ(at)
		l.JNE(operand.LabelRef(again))
		x := l.XMM()
		l.VMOVQ(bytes, x)
		source = x
	}
	d := l.reg()
	if l.elem == f32 {
		l.VPMOVZXBD(source, d)
	} else {
		l.VPMOVZXBQ(source, d)
	}
	return l.shiftLeft(l.born(d), 8*l.elem.size()-1) // blends look at the sign bit
}

// boolOnes is 16 bytes of 1.
func (s *dataSection) boolOnes(m *machine) operand.Mem {
	return s.table(m, "bools", 0x0101010101010101, 0x0101010101010101)
}

// casts are the conversions to or from type d that have a twin: between the floats, and with AVX-512 int64.
func casts(lv level, d dtype) []*kernel {
	other := f64 - d
	ks := []*kernel{{
		name: "castTo" + dtypeNames[other] + "From" + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: other,
		wide: d == f64, unroll: 2,
		doc:       "converts n elements.",
		signature: fmt.Sprintf("(dst *%s, x *%s, n int)", goTypes[other], goTypes[d]),
		emit: func(l *loop) {
			l.open("x")
			l.run(func(i int, w lane) { l.write(l.read(l.in[0].at(i), w), l.dst.at(i), w) })
		},
	}}
	if lv == avx2 {
		return ks
	}
	return append(ks,
		&kernel{
			name: "castTo" + dtypeNames[d] + "FromInt64" + levelNames[lv], level: lv, elem: f64, out: d, wide: true,
			doc:       "converts n elements, rounding to nearest.",
			signature: fmt.Sprintf("(dst *%s, x *int64, n int)", goTypes[d]),
			emit: func(l *loop) {
				l.open("x")
				l.run(func(i int, w lane) { l.writeRounded(l.read(l.in[0].at(i), w), l.dst.at(i), w) })
			},
		},
		&kernel{
			name: "castToInt64From" + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: f64, wide: true,
			doc:       "truncates n elements; NaN gives 0, what does not fit saturates.",
			signature: fmt.Sprintf("(dst *int64, x *%s, n int)", goTypes[d]),
			emit: func(l *loop) {
				l.open("x")
				l.run(func(i int, w lane) { l.write(l.truncated(l.read(l.in[0].at(i), w)), l.dst.at(i), w) })
			},
		})
}

// writeRounded stores integers as floats, rounded once.
func (l *loop) writeRounded(v value, to operand.Mem, w lane) {
	l.use(v)
	if l.out == f64 {
		d := l.reg()
		l.VCVTQQ2PD(v.op, d)
		l.write(l.born(d), to, w)
		return
	}
	half := l.beside(f32)
	l.VCVTQQ2PS(v.op, half)
	if w.mask != nil {
		l.VMOVUPS(half, w.mask, to)
	} else {
		l.VMOVUPS(half, to)
	}
}

// truncated: the instruction gives the least integer for all it cannot convert.
func (l *loop) truncated(x value) value {
	l.use(x)
	d := l.reg()
	l.VCVTTPD2QQ(x.op, d)
	y := l.born(d)
	y = l.blend(l.cmp(ge, x, l.k(1<<63)), l.bits(1<<63-1), y)
	return l.blend(l.cmp(unordered, x, x), l.k(0), y)
}
