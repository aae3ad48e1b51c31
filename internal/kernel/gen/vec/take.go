package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gathers are the kernels that choose rows by index. Masked stores are slow before AVX-512, so that they have no others.
func gathers(lv level, d dtype) []*kernel {
	if lv != avx512 {
		return nil
	}
	kernelOf := func(name, doc string, emit func(*loop)) *kernel {
		return &kernel{
			name: name + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: d, emit: emit, doc: doc,
			signature: fmt.Sprintf("(dst, src *%s, idx *int64, rows, n int)", goTypes[d]),
		}
	}
	return []*kernel{
		kernelOf("takeElements", "sets dst[k] = src[idx[k]] for every k < rows. The n is not used.", chosenElements),
		kernelOf("takeRows", "copies row idx[k] of src to row k of dst, of n elements each, for every k < rows.",
			func(l *loop) { chosenRows(l, false) }),
		kernelOf("scatterRows", "adds row k of src to row idx[k] of dst, of n elements each, for every k < rows in order.",
			func(l *loop) { chosenRows(l, true) }),
	}
}

// chosenRows walks rows, one after the other. The chosen row is read, or, if it adds, read and written.
func chosenRows(l *loop, adds bool) {
	load := func(name string) reg.GPVirtual { return l.Load(l.Param(name), l.GP64()).(reg.GPVirtual) }
	walked, chosen := load("dst"), load("src")
	if adds {
		walked, chosen = chosen, walked
	}
	idx, rows := load("idx"), load("rows")
	l.n = load("n")
	shift := operand.U8(2 + int(l.elem))
	rowBytes, tailBytes, full := l.GP64(), l.GP64(), l.GP64()
	l.MOVQ(l.n, rowBytes)
	l.SHLQ(shift, rowBytes)
	l.MOVQ(rowBytes, full)
	l.SHRQ(operand.U8(6), full)
	l.ANDQ(operand.U32(l.lanes()-1), l.n)
	l.MOVQ(l.n, tailBytes)
	l.SHLQ(shift, tailBytes)
	tail := l.tailMask()

	move := func(at reg.GPVirtual, w lane) {
		switch from, to := (operand.Mem{Base: at}), (operand.Mem{Base: walked}); {
		case adds:
			l.write(l.add(l.read(from, w), l.read(to, w)), from, w)
		default:
			l.write(l.read(from, w), to, w)
		}
	}
	at, left := l.GP64(), l.GP64()
	l.Label("row")
	l.MOVQ(operand.Mem{Base: idx}, at)
	l.IMULQ(rowBytes, at)
	l.ADDQ(chosen, at)
	l.MOVQ(full, left)
	l.TESTQ(left, left)
	l.JEQ(operand.LabelRef("last"))
	l.Label("vector")
	move(at, all)
	l.ADDQ(operand.U32(64), at)
	l.ADDQ(operand.U32(64), walked)
	l.DECQ(left)
	l.JNE(operand.LabelRef("vector"))
	l.Label("last")
	l.TESTQ(tailBytes, tailBytes)
	l.JEQ(operand.LabelRef("next"))
	move(at, tail)
	l.ADDQ(tailBytes, walked)
	l.Label("next")
	l.ADDQ(operand.U32(8), idx)
	l.DECQ(rows)
	l.JNE(operand.LabelRef("row"))
	l.VZEROUPPER()
	l.RET()
}

// chosenElements copies some at a time: the processor has several reads under way then. A gather takes as long.
func chosenElements(l *loop) {
	load := func(name string) reg.GPVirtual { return l.Load(l.Param(name), l.GP64()).(reg.GPVirtual) }
	dst, src, idx, rows := load("dst"), load("src"), load("idx"), load("rows")
	move, size := l.MOVL, l.elem.size()
	if l.elem == f64 {
		move = l.MOVQ
	}
	turn := func(name string, count int) {
		again, short := name, name+"End"
		l.SUBQ(operand.U32(count), rows)
		l.JLT(operand.LabelRef(short))
		l.Label(again)
		for i := range count {
			at := l.GP64()
			l.MOVQ(operand.Mem{Base: idx, Disp: 8 * i}, at)
			var v reg.GPVirtual = l.GP64()
			if l.elem == f32 {
				v = l.GP32()
			}
			move(operand.Mem{Base: src, Index: at, Scale: uint8(size)}, v)
			move(v, operand.Mem{Base: dst, Disp: size * i})
		}
		l.ADDQ(operand.U32(8*count), idx)
		l.ADDQ(operand.U32(size*count), dst)
		l.SUBQ(operand.U32(count), rows)
		l.JGE(operand.LabelRef(again))
		l.Label(short)
		l.ADDQ(operand.U32(count), rows)
	}
	turn("several", 8)
	turn("one", 1)
	l.RET()
}
