package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A dot generates the function that computes blocks of rows×cols dot products: A and the transpose of B are both
// contiguous along the inner dimension, so a vector holds partial sums of one element of C.
type dot struct {
	ctx        *build.Context
	isa        *isa
	elem       *elem
	rows, cols int // cols is 4 or 1

	args reg.Register
}

func (d *dot) name() string {
	return fmt.Sprintf("dot%s%s%dx%d", d.elem.name, d.isa.letter, d.rows, d.cols)
}

func (d *dot) field(offset int) operand.Mem { return operand.Mem{Base: d.args, Disp: offset} }

// Registers by number: the accumulators row by row, then a vector of each row of A, then one of B.
func (d *dot) acc(r, c int) int { return r*d.cols + c }
func (d *dot) vecA(r int) int   { return d.rows*d.cols + r }
func (d *dot) vecB() int        { return d.rows * (d.cols + 1) }

func (d *dot) generate() {
	ctx := d.ctx
	ctx.Function(d.name())
	ctx.Attributes(attr.NOSPLIT)
	ctx.SignatureExpr("func(t *byte)")
	d.args = ctx.Load(ctx.Param("t"), ctx.GP64())
	b, c, add, count := ctx.GP64(), ctx.GP64(), ctx.GP64(), ctx.GP64()
	ctx.MOVQ(d.field(offB), b)
	ctx.MOVQ(d.field(offC), c)
	ctx.MOVQ(d.field(offAdd), add)
	ctx.MOVQ(d.field(offCount), count)
	rowA, rowB, rowA3, rowB3 := ctx.GP64(), ctx.GP64(), ctx.GP64(), ctx.GP64()
	ctx.MOVQ(d.field(offRowA), rowA)
	ctx.MOVQ(d.field(offRowB), rowB)
	ctx.LEAQ(operand.Mem{Base: rowA, Index: rowA, Scale: 2}, rowA3)
	ctx.LEAQ(operand.Mem{Base: rowB, Index: rowB, Scale: 2}, rowB3)
	if d.isa.useMask {
		ctx.KMOVW(d.field(offMask), d.isa.mask)
	}

	ctx.Label("block")
	for i := range d.rows * d.cols {
		zero(ctx, d.isa, d.isa.regs[i])
	}
	a, bq, k := ctx.GP64(), ctx.GP64(), ctx.GP64()
	ctx.MOVQ(d.field(offA), a)
	ctx.MOVQ(b, bq)
	ctx.MOVQ(d.field(offK), k)
	lanes := d.isa.vecBytes / d.elem.bytes
	ctx.SUBQ(operand.U8(lanes), k)
	ctx.JL(operand.LabelRef("tail"))

	ctx.Label("inner")
	d.step(a, rowA, rowA3, bq, rowB, rowB3, func(mem operand.Mem, to reg.VecPhysical) { d.elem.move(ctx, mem, to) })
	ctx.ADDQ(operand.U8(d.isa.vecBytes), a)
	ctx.ADDQ(operand.U8(d.isa.vecBytes), bq)
	ctx.SUBQ(operand.U8(lanes), k)
	ctx.JGE(operand.LabelRef("inner"))

	ctx.Label("tail")
	ctx.CMPQ(k, operand.I8(-lanes))
	ctx.JE(operand.LabelRef("sum"))
	if !d.isa.useMask {
		mask := ctx.GP64()
		ctx.MOVQ(d.field(offMask), mask)
		d.elem.move(ctx, operand.Mem{Base: mask}, d.isa.mask)
	}
	d.step(a, rowA, rowA3, bq, rowB, rowB3, func(mem operand.Mem, to reg.VecPhysical) {
		if d.isa.useMask {
			d.elem.maskedMoveZ(ctx, mem, d.isa.mask, to)
		} else {
			d.elem.maskedMove(ctx, mem, d.isa.mask, to)
		}
	})

	ctx.Label("sum")
	cr, ar := ctx.GP64(), ctx.GP64()
	ctx.MOVQ(c, cr)
	ctx.MOVQ(add, ar)
	for r := range d.rows {
		d.sumRow(r)
		done := fmt.Sprintf("store%d", r)
		ctx.TESTQ(add, add)
		ctx.JZ(operand.LabelRef(done))
		d.addRow(operand.Mem{Base: ar}, r)
		ctx.Label(done)
		d.storeRow(r, operand.Mem{Base: cr})
		if r < d.rows-1 {
			ctx.ADDQ(d.field(offRowC), cr)
			ctx.ADDQ(d.field(offRowAdd), ar)
		}
	}
	ctx.DECQ(count)
	ctx.JZ(operand.LabelRef("done")) // before any pointer is moved past the end of its matrix
	ctx.ADDQ(d.field(offStepB), b)
	ctx.ADDQ(d.field(offStepC), c)
	ctx.ADDQ(d.field(offStepAdd), add)
	ctx.JMP(operand.LabelRef("block"))
	ctx.Label("done")
	ctx.VZEROUPPER()
	ctx.RET()
}

// step multiplies one vector of each row of A with one of each row of B.
func (d *dot) step(a, rowA, rowA3, b, rowB, rowB3 reg.GPVirtual, load func(operand.Mem, reg.VecPhysical)) {
	regs := d.isa.regs
	for r := range d.rows {
		load(elementA(a, rowA, rowA3, r), regs[d.vecA(r)])
	}
	for c := range d.cols {
		load(elementA(b, rowB, rowB3, c), regs[d.vecB()])
		for r := range d.rows {
			d.elem.fma(d.ctx, regs[d.vecB()], regs[d.vecA(r)], regs[d.acc(r, c)])
		}
	}
}

// sumRow adds up the lanes of a row's accumulators. The sums end in the lowest lanes of the first of them.
func (d *dot) sumRow(r int) {
	ctx, free := d.ctx, d.vecB()
	if d.isa.useMask {
		for c := range d.cols {
			i := d.acc(r, c)
			ctx.VEXTRACTF64X4(operand.U8(1), d.isa.regs[i], regsY[free])
			d.elem.sum(ctx, regsY[free], regsY[i], regsY[i])
		}
	}
	// With one column, all four are the same.
	var y [4]reg.VecPhysical
	for c := range y {
		y[c] = regsY[d.acc(r, min(c, d.cols-1))]
	}
	d.elem.pairSum(ctx, y[1], y[0], y[0])
	if d.cols > 1 {
		d.elem.pairSum(ctx, y[3], y[2], y[2])
	}
	lowest := regsX[d.acc(r, 0)]
	switch {
	case d.elem.bytes == 4:
		d.elem.pairSum(ctx, y[2], y[0], y[0])
		if d.isa.useMask {
			ctx.VEXTRACTF32X4(operand.U8(1), y[0], regsX[free])
		} else {
			ctx.VEXTRACTF128(operand.U8(1), y[0], regsX[free])
		}
		ctx.VADDPS(regsX[free], lowest, lowest)
	case d.isa.useMask:
		ctx.VSHUFF64X2(operand.U8(3), y[2], y[0], regsY[free])
		ctx.VSHUFF64X2(operand.U8(0), y[2], y[0], y[0])
		ctx.VADDPD(regsY[free], y[0], y[0])
	default:
		ctx.VPERM2F128(operand.U8(0x31), y[2], y[0], regsY[free])
		ctx.VPERM2F128(operand.U8(0x20), y[2], y[0], y[0])
		ctx.VADDPD(regsY[free], y[0], y[0])
	}
}

// sums is the register in which sumRow leaves a row's sums: as wide as four of them.
func (d *dot) sums(r int) operand.Op {
	if d.cols == 1 || d.elem.bytes == 4 {
		return regsX[d.acc(r, 0)]
	}
	return regsY[d.acc(r, 0)]
}

// addRow adds what memory holds to a row of sums.
func (d *dot) addRow(mem operand.Mem, r int) {
	if d.cols > 1 {
		d.elem.sum(d.ctx, mem, d.sums(r), d.sums(r))
	} else {
		d.elem.scalarSum(d.ctx, mem, d.sums(r), d.sums(r))
	}
}

// storeRow writes a row of sums.
func (d *dot) storeRow(r int, mem operand.Mem) {
	if d.cols > 1 {
		d.elem.move(d.ctx, d.sums(r), mem)
	} else {
		d.elem.scalarMove(d.ctx, d.sums(r), mem)
	}
}
