package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of struct packing in package gemm; a test there compares them.
const (
	offDst, offSrc, offDstStride, offStride = 0, 8, 16, 24
	offPackK, offWidth                      = 32, 40
	offPackMask, offLastMask                = 48, 56
)

// A packer generates the functions that pack panels of A and B.
type packer struct {
	ctx  *build.Context
	isa  *isa
	elem *elem
	args reg.Register
}

func (p *packer) lanes() int { return p.isa.vecBytes / p.elem.bytes }

func (p *packer) name(what string) string { return what + p.elem.name + p.isa.letter }

func (p *packer) begin(what string) {
	p.ctx.Function(p.name(what))
	p.ctx.Attributes(attr.NOSPLIT)
	p.ctx.SignatureExpr("func(p *byte)")
	p.args = p.ctx.Load(p.ctx.Param("p"), p.ctx.GP64())
}

func (p *packer) field(offset int) reg.GPVirtual {
	r := p.ctx.GP64()
	p.ctx.MOVQ(operand.Mem{Base: p.args, Disp: offset}, r)
	return r
}

// loadMask fills the mask register from a field. For AVX2 the field holds an address, nil meaning all lanes.
func (p *packer) loadMask(offset int, label string) {
	if p.isa.useMask {
		p.ctx.KMOVW(operand.Mem{Base: p.args, Disp: offset}, p.isa.mask)
		return
	}
	address := p.field(offset)
	p.ctx.VPCMPEQD(p.isa.mask, p.isa.mask, p.isa.mask)
	p.ctx.TESTQ(address, address)
	p.ctx.JZ(operand.LabelRef(label))
	p.elem.move(p.ctx, operand.Mem{Base: address}, p.isa.mask)
	p.ctx.Label(label)
}

func (p *packer) maskedLoad(mem operand.Mem, to operand.Op) {
	if p.isa.useMask {
		p.elem.maskedMoveZ(p.ctx, mem, p.isa.mask, to)
	} else {
		p.elem.maskedMove(p.ctx, mem, p.isa.mask, to)
	}
}

// copy generates the loop over rows of one or two vectors, the last under the mask.
func (p *packer) copy() {
	ctx := p.ctx
	p.begin("copy")
	dst, src, dstStride, stride := p.field(offDst), p.field(offSrc), p.field(offDstStride), p.field(offStride)
	k, width := p.field(offPackK), p.field(offWidth)
	p.loadMask(offPackMask, "ready")
	ahead := ctx.GP64() // the same place in the rows that will be copied next
	ctx.MOVQ(k, ahead)
	ctx.IMULQ(stride, ahead)
	ctx.CMPQ(width, operand.U8(p.lanes()))
	ctx.JG(operand.LabelRef("two"))
	for vecs := 1; vecs <= 2; vecs++ {
		label := [3]string{1: "one", 2: "two"}[vecs]
		ctx.Label(label)
		for v := range vecs {
			mem := operand.Mem{Base: src, Disp: v * p.isa.vecBytes}
			ctx.PREFETCHT0(operand.Mem{Base: src, Disp: v * p.isa.vecBytes, Index: ahead, Scale: 1})
			if v == vecs-1 {
				p.maskedLoad(mem, p.isa.regs[v])
			} else {
				p.elem.move(ctx, mem, p.isa.regs[v])
			}
		}
		for v := range vecs {
			p.elem.move(ctx, p.isa.regs[v], operand.Mem{Base: dst, Disp: v * p.isa.vecBytes})
		}
		ctx.ADDQ(stride, src)
		ctx.ADDQ(dstStride, dst)
		ctx.DECQ(k)
		ctx.JNZ(operand.LabelRef(label))
		ctx.VZEROUPPER()
		ctx.RET()
	}
}

// transpose generates the loop over squares of lanes by lanes. Rows beyond the width are not read: their lanes of the
// result are zero in the first square and mean nothing in the others, but are never left over from other code, where
// they might be denormal numbers, which are slow to multiply.
func (p *packer) transpose() {
	ctx, lanes := p.ctx, p.lanes()
	p.begin("transpose")
	dst, src, dstStride, stride := p.field(offDst), p.field(offSrc), p.field(offDstStride), p.field(offStride)
	k, width := p.field(offPackK), p.field(offWidth)
	if p.isa.useMask {
		ctx.KXNORW(reg.K1, reg.K1, reg.K1)
	} else {
		ctx.VPCMPEQD(p.isa.mask, p.isa.mask, p.isa.mask)
	}
	ahead := ctx.GP64() // the same place in the rows that will be transposed next
	ctx.MOVQ(width, ahead)
	ctx.IMULQ(stride, ahead)
	for r := range lanes {
		zero(ctx, p.isa, p.isa.regs[r])
	}
	ctx.Label("square")
	ctx.CMPQ(k, operand.U8(lanes))
	ctx.JGE(operand.LabelRef("load"))
	p.loadMask(offLastMask, "load")
	if p.isa.useMask {
		ctx.Label("load")
	}
	row := ctx.GP64()
	ctx.MOVQ(src, row)
	for r := range lanes {
		ctx.PREFETCHT0(operand.Mem{Base: row, Index: ahead, Scale: 1})
		p.maskedLoad(operand.Mem{Base: row}, p.isa.regs[r])
		if r < lanes-1 {
			ctx.CMPQ(width, operand.U8(r+1))
			ctx.JE(operand.LabelRef("shuffle"))
			ctx.ADDQ(stride, row)
		}
	}
	ctx.Label("shuffle")
	columns := p.shuffle()
	for q, column := range columns {
		p.elem.move(ctx, column, operand.Mem{Base: dst})
		ctx.ADDQ(dstStride, dst)
		if q < lanes-1 {
			ctx.CMPQ(k, operand.U8(q+1))
			ctx.JE(operand.LabelRef("done"))
		}
	}
	ctx.ADDQ(operand.U8(p.isa.vecBytes), src)
	ctx.SUBQ(operand.U8(lanes), k)
	ctx.JNZ(operand.LabelRef("square"))
	ctx.Label("done")
	ctx.VZEROUPPER()
	ctx.RET()
}

// shuffle transposes the square in registers and returns the registers of its columns in order.
func (p *packer) shuffle() []reg.VecPhysical {
	switch {
	case p.isa.useMask && p.elem.bytes == 4:
		return p.square16()
	case p.isa.useMask:
		return p.square8x64()
	case p.elem.bytes == 4:
		return p.square8x32()
	default:
		return p.square4()
	}
}

// pairs applies lo and hi to registers i and i+step of each group of 2·step, from one bank of registers to another.
func (p *packer) pairs(from, to []reg.VecPhysical, step int, lo, hi func(a, b, out operand.Op)) {
	for group := 0; group < len(from); group += 2 * step {
		for i := group; i < group+step; i++ {
			lo(from[i], from[i+step], to[i])
			hi(from[i], from[i+step], to[i+step])
		}
	}
}

// immediate makes two-operand functions out of a shuffle controlled by a constant.
func immediate(shuffle op, ctx *build.Context, lo, hi uint8) (l, h func(a, b, out operand.Op)) {
	return func(a, b, out operand.Op) { shuffle(ctx, operand.U8(lo), b, a, out) },
		func(a, b, out operand.Op) { shuffle(ctx, operand.U8(hi), b, a, out) }
}

// exchangeHalves is VPERM2F128 as an op.
func exchangeHalves(ctx *build.Context, ops ...operand.Op) {
	ctx.VPERM2F128(ops[0], ops[1], ops[2], ops[3])
}

// plain makes two-operand functions out of unpack instructions.
func plain(ctx *build.Context, lo, hi op) (l, h func(a, b, out operand.Op)) {
	return func(a, b, out operand.Op) { lo(ctx, b, a, out) }, func(a, b, out operand.Op) { hi(ctx, b, a, out) }
}

// square16 transposes 16×16 single floats: within 128-bit lanes by unpacking, then the lanes among themselves.
func (p *packer) square16() []reg.VecPhysical {
	ctx, x, y := p.ctx, p.isa.regs[:16], p.isa.regs[16:32]
	lo, hi := plain(ctx, (*build.Context).VUNPCKLPS, (*build.Context).VUNPCKHPS)
	p.pairs(x, y, 1, lo, hi)
	lo, hi = plain(ctx, (*build.Context).VUNPCKLPD, (*build.Context).VUNPCKHPD)
	p.pairs(y, x, 2, lo, hi)
	// Register 4g+s now holds, in lane l, rows 4g … 4g+3 of column 4l + [0 2 1 3][s].
	lo, hi = immediate((*build.Context).VSHUFF32X4, ctx, 0x88, 0xdd)
	p.pairs(x, y, 4, lo, hi)
	p.pairs(y, x, 8, lo, hi)
	columns := make([]reg.VecPhysical, 16)
	for i := range 16 {
		columns[p.column(i)] = x[i]
	}
	return columns
}

// column tells which column register i of square16 ends up with.
func (p *packer) column(i int) int {
	// Unpacking leaves column 0, 2, 1, 3 of a lane in registers 0, 1, 2, 3 of a group. The lanes of a column's number
	// come from the two last steps: the first takes even lanes into the lower half, the second the lower ones of those.
	within := [4]int{0, 2, 1, 3}[i%4]
	lane := i/4%2 + i/8*2
	return 4*lane + within
}

// square8x64 transposes 8×8 double floats.
func (p *packer) square8x64() []reg.VecPhysical {
	ctx, x, y := p.ctx, p.isa.regs[:8], p.isa.regs[8:16]
	lo, hi := plain(ctx, (*build.Context).VUNPCKLPD, (*build.Context).VUNPCKHPD)
	p.pairs(x, y, 1, lo, hi)
	lo, hi = immediate((*build.Context).VSHUFF64X2, ctx, 0x88, 0xdd)
	p.pairs(y, x, 2, lo, hi)
	p.pairs(x, y, 4, lo, hi)
	columns := make([]reg.VecPhysical, 8)
	for i := range 8 {
		columns[2*(i/2%2+i/4*2)+i%2] = y[i]
	}
	return columns
}

// square8x32 transposes 8×8 single floats. With fifteen registers free, the upper half of the rows is kept in place.
func (p *packer) square8x32() []reg.VecPhysical {
	ctx, x := p.ctx, p.isa.regs
	free := []reg.VecPhysical{x[8], x[9], x[10], x[11]}
	// Four rows at a time within lanes, through the four free registers.
	for half := 0; half < 8; half += 4 {
		r := x[half : half+4]
		lo, hi := plain(ctx, (*build.Context).VUNPCKLPS, (*build.Context).VUNPCKHPS)
		p.pairs(r, free, 1, lo, hi)
		lo, hi = plain(ctx, (*build.Context).VUNPCKLPD, (*build.Context).VUNPCKHPD)
		p.pairs(free, r, 2, lo, hi)
	}
	columns := make([]reg.VecPhysical, 8)
	for i := range 4 {
		column := [4]int{0, 2, 1, 3}[i]
		lo, hi := immediate(exchangeHalves, ctx, 0x20, 0x31)
		lo(x[i], x[i+4], free[0])
		hi(x[i], x[i+4], x[i+4])
		free[0], x = x[i], replaced(x, i, free[0])
		columns[column], columns[column+4] = x[i], x[i+4]
	}
	return columns
}

// replaced is a copy of list with another register at i.
func replaced(list []reg.VecPhysical, i int, r reg.VecPhysical) []reg.VecPhysical {
	list = append([]reg.VecPhysical(nil), list...)
	list[i] = r
	return list
}

// square4 transposes 4×4 double floats.
func (p *packer) square4() []reg.VecPhysical {
	ctx, x, y := p.ctx, p.isa.regs[:4], p.isa.regs[4:8]
	lo, hi := plain(ctx, (*build.Context).VUNPCKLPD, (*build.Context).VUNPCKHPD)
	p.pairs(x, y, 1, lo, hi)
	lo, hi = immediate(exchangeHalves, ctx, 0x20, 0x31)
	p.pairs(y, x, 2, lo, hi)
	return []reg.VecPhysical{x[0], x[1], x[2], x[3]}
}
