package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An outer generates the function that writes an outer product past the caches: whole vectors, aligned.
type outer struct {
	ctx  *build.Context
	isa  *isa
	elem *elem
}

func (o *outer) name() string { return "outer" + o.elem.name + o.isa.letter }

// generate emits, row by row, C[i] = A[i]·B. Each product is added to 0, as in a tile, so that the bits are the same.
func (o *outer) generate() {
	const unroll = 4
	ctx, regs, width := o.ctx, o.isa.regs, o.isa.vecBytes
	ctx.Function(o.name())
	ctx.Attributes(attr.NOSPLIT)
	ctx.SignatureExpr("func(c, a, b *byte, stepA, rows, vecs int)")
	load := func(name string) reg.GPVirtual { return ctx.Load(ctx.Param(name), ctx.GP64()).(reg.GPVirtual) }
	c, a, b, stepA, rows, vecs := load("c"), load("a"), load("b"), load("stepA"), load("rows"), load("vecs")
	bq, n := ctx.GP64(), ctx.GP64()
	factor, sum := regs[unroll], func(i int) reg.VecPhysical { return regs[i] }
	vectors := func(count int) {
		for i := range count {
			zero(ctx, o.isa, sum(i))
			o.elem.fma(ctx, operand.Mem{Base: bq, Disp: i * width}, factor, sum(i))
			o.elem.stream(ctx, sum(i), operand.Mem{Base: c, Disp: i * width})
		}
		ctx.ADDQ(operand.I32(count*width), bq)
		ctx.ADDQ(operand.I32(count*width), c)
	}

	ctx.Label("row")
	o.elem.broadcast(ctx, operand.Mem{Base: a}, factor)
	ctx.MOVQ(b, bq)
	ctx.MOVQ(vecs, n)
	ctx.SUBQ(operand.U8(unroll), n)
	ctx.JL(operand.LabelRef("rest"))
	ctx.Label("many")
	vectors(unroll)
	ctx.SUBQ(operand.U8(unroll), n)
	ctx.JGE(operand.LabelRef("many"))
	ctx.Label("rest")
	ctx.ADDQ(operand.U8(unroll), n)
	ctx.JZ(operand.LabelRef("next"))
	ctx.Label("one")
	vectors(1)
	ctx.DECQ(n)
	ctx.JNZ(operand.LabelRef("one"))
	ctx.Label("next")
	ctx.DECQ(rows)
	ctx.JZ(operand.LabelRef("done")) // before a is moved past its end
	ctx.ADDQ(stepA, a)
	ctx.JMP(operand.LabelRef("row"))
	ctx.Label("done")
	ctx.SFENCE()
	ctx.VZEROUPPER()
	ctx.RET()
}
