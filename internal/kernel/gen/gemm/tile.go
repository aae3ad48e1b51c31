package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of struct tile in package gemm; a test there compares them.
const (
	offA, offB, offC, offAdd                 = 0, 8, 16, 24
	offRowA, offColA, offRowB                = 32, 40, 48
	offRowC, offRowAdd                       = 56, 64
	offStepA, offStepB, offStepC, offStepAdd = 72, 80, 88, 96
	offMask, offK, offCount                  = 104, 112, 120
)

// A tile generates the function that computes count tiles of C, one after the other.
type tile struct {
	ctx        *build.Context
	isa        *isa
	elem       *elem
	rows, vecs int

	args reg.Register
	mask bool // the last vector is partial

	a, c, add, count reg.GPVirtual // of the tile at hand
}

func (t *tile) name() string {
	return fmt.Sprintf("tile%s%s%dx%d", t.elem.name, t.isa.letter, t.rows, t.vecs)
}

// rowsPerBase is how many rows of A one address register reaches: with the strides 1 and 3 in registers, the
// addressing modes give rows 0, 1, 2, 3 and 4.
const rowsPerBase = 5

func (t *tile) generate() {
	ctx := t.ctx
	ctx.Function(t.name())
	ctx.Attributes(attr.NOSPLIT)
	ctx.SignatureExpr("func(t *byte)")
	t.args = ctx.Load(ctx.Param("t"), ctx.GP64())
	if t.isa.useMask {
		ctx.KMOVW(t.field(offMask), t.isa.mask)
		t.body("", true)
		return
	}
	// AVX2 masks are slow to store under, so a full last vector has code of its own.
	full := ctx.GP64()
	ctx.MOVQ(t.field(offMask), full)
	ctx.TESTQ(full, full)
	ctx.JZ(operand.LabelRef("full"))
	t.elem.move(ctx, operand.Mem{Base: full}, t.isa.mask)
	t.body("masked_", true)
	ctx.Label("full")
	t.body("full_", false)
}

// body emits the loop over tiles, prefix telling its labels from another's.
func (t *tile) body(prefix string, masked bool) {
	ctx := t.ctx
	t.mask = masked
	rowA, rowA3, colA, rowB := ctx.GP64(), ctx.GP64(), ctx.GP64(), ctx.GP64()
	ctx.MOVQ(t.field(offRowA), rowA)
	ctx.LEAQ(operand.Mem{Base: rowA, Index: rowA, Scale: 2}, rowA3)
	ctx.MOVQ(t.field(offColA), colA)
	ctx.MOVQ(t.field(offRowB), rowB)

	t.a, t.c, t.add, t.count = ctx.GP64(), ctx.GP64(), ctx.GP64(), ctx.GP64()
	ctx.MOVQ(t.field(offA), t.a)
	ctx.MOVQ(t.field(offC), t.c)
	ctx.MOVQ(t.field(offAdd), t.add)
	ctx.MOVQ(t.field(offCount), t.count)

	ctx.Label(prefix + "tile")
	bases := []reg.GPVirtual{ctx.GP64()}
	ctx.MOVQ(t.a, bases[0])
	for r := rowsPerBase; r < t.rows; r += rowsPerBase {
		last, next := bases[len(bases)-1], ctx.GP64()
		ctx.LEAQ(operand.Mem{Base: last, Index: rowA, Scale: 4}, next)
		ctx.ADDQ(rowA, next)
		bases = append(bases, next)
	}
	t.prefetch(prefix)
	b, k := ctx.GP64(), ctx.GP64()
	ctx.MOVQ(t.field(offB), b)
	ctx.MOVQ(t.field(offK), k)
	for r := range t.rows {
		for v := range t.vecs {
			zero(ctx, t.isa, t.acc(r, v))
		}
	}
	ctx.TESTQ(k, k)
	ctx.JZ(operand.LabelRef(prefix + "sum"))

	ctx.Label(prefix + "inner")
	for v := range t.vecs {
		t.load(operand.Mem{Base: b, Disp: v * t.isa.vecBytes}, t.vecB(v), v)
	}
	for r := range t.rows {
		t.elem.broadcast(ctx, elementA(bases[r/rowsPerBase], rowA, rowA3, r%rowsPerBase), t.scratch(r))
		for v := range t.vecs {
			t.elem.fma(ctx, t.scratch(r), t.vecB(v), t.acc(r, v))
		}
	}
	for _, base := range bases {
		ctx.ADDQ(colA, base)
	}
	ctx.ADDQ(rowB, b)
	ctx.DECQ(k)
	ctx.JNZ(operand.LabelRef(prefix + "inner"))

	ctx.Label(prefix + "sum")
	t.addend(prefix)
	t.store()
	ctx.DECQ(t.count)
	ctx.JZ(operand.LabelRef(prefix + "done")) // before any pointer is moved past the end of its matrix
	step := ctx.GP64()
	ctx.MOVQ(t.field(offStepB), step)
	ctx.ADDQ(step, t.field(offB))
	ctx.ADDQ(t.field(offStepA), t.a)
	ctx.ADDQ(t.field(offStepC), t.c)
	ctx.ADDQ(t.field(offStepAdd), t.add)
	ctx.JMP(operand.LabelRef(prefix + "tile"))
	ctx.Label(prefix + "done")
	ctx.VZEROUPPER()
	ctx.RET()
}

// prefetch asks for the tile of C long before it is needed: its rows are far apart, so the processor cannot foresee
// them. Short sums are not worth it.
func (t *tile) prefetch(prefix string) {
	ctx := t.ctx
	ctx.CMPQ(t.field(offK), operand.U8(shortSum))
	ctx.JL(operand.LabelRef(prefix + "start"))
	c := ctx.GP64()
	ctx.MOVQ(t.c, c)
	for r := range t.rows {
		for offset := 0; offset < t.vecs*t.isa.vecBytes; offset += cacheLine {
			ctx.PREFETCHT0(operand.Mem{Base: c, Disp: offset})
		}
		if r < t.rows-1 {
			ctx.ADDQ(t.field(offRowC), c)
		}
	}
	ctx.Label(prefix + "start")
}

const (
	cacheLine = 64
	shortSum  = 32
)

// addend adds the rows at field add, unless that is nil.
func (t *tile) addend(prefix string) {
	ctx := t.ctx
	ctx.TESTQ(t.add, t.add)
	ctx.JZ(operand.LabelRef(prefix + "store"))
	add, rowAdd := ctx.GP64(), ctx.GP64()
	ctx.MOVQ(t.add, add)
	ctx.MOVQ(t.field(offRowAdd), rowAdd)
	for r := range t.rows {
		for v := range t.vecs {
			mem := operand.Mem{Base: add, Disp: v * t.isa.vecBytes}
			if t.partial(v) {
				t.load(mem, t.scratch(0), v)
				t.elem.sum(ctx, t.scratch(0), t.acc(r, v), t.acc(r, v))
			} else {
				t.elem.sum(ctx, mem, t.acc(r, v), t.acc(r, v))
			}
		}
		if r < t.rows-1 {
			ctx.ADDQ(rowAdd, add)
		}
	}
	ctx.Label(prefix + "store")
}

// store writes the tile.
func (t *tile) store() {
	ctx := t.ctx
	c, rowC := ctx.GP64(), ctx.GP64()
	ctx.MOVQ(t.c, c)
	ctx.MOVQ(t.field(offRowC), rowC)
	for r := range t.rows {
		for v := range t.vecs {
			mem := operand.Mem{Base: c, Disp: v * t.isa.vecBytes}
			switch {
			case !t.partial(v):
				t.elem.move(ctx, t.acc(r, v), mem)
			case t.isa.useMask:
				t.elem.move(ctx, t.acc(r, v), t.isa.mask, mem)
			default:
				t.elem.maskedMove(ctx, t.acc(r, v), t.isa.mask, mem)
			}
		}
		if r < t.rows-1 {
			ctx.ADDQ(rowC, c)
		}
	}
}

// load reads vector v of a row, under the mask if it is the partial one.
func (t *tile) load(mem operand.Mem, to operand.Op, v int) {
	switch {
	case !t.partial(v):
		t.elem.move(t.ctx, mem, to)
	case t.isa.useMask:
		t.elem.maskedMoveZ(t.ctx, mem, t.isa.mask, to)
	default:
		t.elem.maskedMove(t.ctx, mem, t.isa.mask, to)
	}
}

func zero(ctx *build.Context, isa *isa, r reg.VecPhysical) {
	if isa.useMask {
		ctx.VPXORQ(r, r, r)
	} else {
		ctx.VXORPS(r, r, r)
	}
}

func (t *tile) partial(v int) bool { return t.mask && v == t.vecs-1 }

func (t *tile) field(offset int) operand.Mem { return operand.Mem{Base: t.args, Disp: offset} }

func (t *tile) acc(r, v int) reg.VecPhysical { return t.isa.regs[r*t.vecs+v] }

func (t *tile) vecB(v int) reg.VecPhysical { return t.isa.regs[t.rows*t.vecs+v] }

// scratch returns registers in turn from those that hold neither sums nor B.
func (t *tile) scratch(i int) reg.VecPhysical {
	free := t.isa.regs[(t.rows+1)*t.vecs:]
	return free[i%min(2, len(free))]
}

// elementA is row r of A, counted from an address register.
func elementA(base, row, row3 reg.GPVirtual, r int) operand.Mem {
	switch r {
	case 0:
		return operand.Mem{Base: base}
	case 3:
		return operand.Mem{Base: base, Index: row3, Scale: 1}
	default:
		return operand.Mem{Base: base, Index: row, Scale: uint8(r)}
	}
}
