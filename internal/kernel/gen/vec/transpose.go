package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transposes are the kernels that transpose tiles in square blocks of registers. 32-byte registers do at every level:
// the loop is bound by memory.
func transposes(lv level, d dtype) []*kernel {
	if lv != avx2 {
		return nil
	}
	return []*kernel{{
		name: "transpose" + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: d, emit: transpose,
		doc: fmt.Sprintf("sets dst[i·dstStride+j] = src[i+j·srcStride] for i < m, j < n, multiples of %d; strides in bytes.",
			32/d.size()),
		signature: fmt.Sprintf("(dst, src *%s, m, n, dstStride, srcStride int)", goTypes[d]),
	}}
}

func transpose(l *loop) {
	load := func(name string) reg.GPVirtual { return l.Load(l.Param(name), l.GP64()).(reg.GPVirtual) }
	dst, src, m, n := load("dst"), load("src"), load("m"), load("n")
	dstStride, srcStride := load("dstStride"), load("srcStride")
	l.Label("strip")
	to, from, left := l.GP64(), l.GP64(), l.GP64()
	l.MOVQ(dst, to)
	l.MOVQ(src, from)
	l.MOVQ(n, left)
	l.Label("block")
	rows := make([]operand.Op, l.lanes())
	for j := range rows {
		rows[j] = l.YMM()
		l.emit("VMOVUP", operand.Mem{Base: from}, rows[j])
		l.ADDQ(srcStride, from)
	}
	out := l.GP64()
	l.MOVQ(to, out)
	for i, r := range l.transposed(rows) {
		l.emit("VMOVUP", r, operand.Mem{Base: out})
		if i < len(rows)-1 {
			l.ADDQ(dstStride, out)
		}
	}
	l.ADDQ(operand.U32(32), to)
	l.SUBQ(operand.U32(l.lanes()), left)
	l.JNE(operand.LabelRef("block"))
	l.ADDQ(operand.U32(32), src)
	next := l.GP64()
	l.MOVQ(dstStride, next)
	l.SHLQ(operand.U8([...]int{f32: 3, f64: 2}[l.elem]), next)
	l.ADDQ(next, dst)
	l.SUBQ(operand.U32(l.lanes()), m)
	l.JNE(operand.LabelRef("strip"))
	l.VZEROUPPER()
	l.RET()
}

// transposed is the transpose of a square of registers: first inside the 16-byte halves, then across them.
func (l *loop) transposed(rows []operand.Op) []operand.Op {
	two := func(name string, a, b operand.Op, imm ...operand.Op) operand.Op {
		d := l.YMM()
		args := []any{}
		for _, i := range imm {
			args = append(args, i)
		}
		l.raw(name, append(args, b, a, d)...)
		return d
	}
	var low, out []operand.Op
	if l.elem == f32 {
		for i := 0; i < 8; i += 4 {
			a, b := two("VUNPCKLPS", rows[i], rows[i+1]), two("VUNPCKHPS", rows[i], rows[i+1])
			c, d := two("VUNPCKLPS", rows[i+2], rows[i+3]), two("VUNPCKHPS", rows[i+2], rows[i+3])
			low = append(low, two("VUNPCKLPD", a, c), two("VUNPCKHPD", a, c), two("VUNPCKLPD", b, d), two("VUNPCKHPD", b, d))
		}
	} else {
		for i := 0; i < 4; i += 2 {
			low = append(low, two("VUNPCKLPD", rows[i], rows[i+1]), two("VUNPCKHPD", rows[i], rows[i+1]))
		}
	}
	half := len(low) / 2
	for _, which := range []uint8{0x20, 0x31} {
		for i := range half {
			out = append(out, two("VPERM2F128", low[i], low[i+half], operand.U8(which)))
		}
	}
	return out
}
