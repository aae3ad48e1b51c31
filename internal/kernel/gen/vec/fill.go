package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
)

// fills are the kernels that repeat one element.
func fills(lv level, d dtype) []*kernel {
	return []*kernel{{
		name: "fill" + dtypeNames[d] + levelNames[lv], level: lv, elem: d, out: d, unroll: 4, emit: fill,
		doc:       "sets the n elements of dst to that of x.",
		signature: fmt.Sprintf("(dst, x *%s, n int)", goTypes[d]),
	}}
}

func fill(l *loop) {
	l.open()
	x, v := l.Load(l.Param("x"), l.GP64()), l.reg()
	if l.elem == f32 {
		l.VBROADCASTSS(operand.Mem{Base: x}, v)
	} else {
		l.VBROADCASTSD(operand.Mem{Base: x}, v)
	}
	filled := l.born(v)
	l.run(func(i int, w lane) { l.write(filled, l.dst.at(i), w) })
}
