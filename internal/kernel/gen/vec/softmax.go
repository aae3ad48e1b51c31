package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// softRows is the frame of softmax and its relatives over short rows: up to as many vectors as the tree of Sum has in
// a stripe, each row in registers from beginning to end. There is a loop for each number of vectors.
func softRows(finish func(r *softRow)) func(l *loop) {
	return func(l *loop) {
		l.open("x")
		rows := l.Load(l.Param("rows"), l.GP64())
		l.pin()
		bytes := l.GP64()
		l.MOVQ(l.n, bytes)
		l.SHLQ(operand.U8(2+int(l.elem)), bytes)
		for vectors := 1; vectors <= l.stripe(); vectors++ {
			next := l.label("more")
			if vectors < l.stripe() {
				l.CMPQ(l.n, operand.U8(l.lanes()))
				l.JGT(operand.LabelRef(next))
			}
			mask := l.tailMask()
			again := l.label("row")
			l.Label(again)
			r := l.softRow(vectors, mask)
			r.bytes = bytes
			finish(r)
			l.ADDQ(bytes, l.in[0].base)
			l.DECQ(rows)
			l.JNE(operand.LabelRef(again))
			l.VZEROUPPER()
			l.RET()
			if vectors < l.stripe() {
				l.Label(next)
				l.SUBQ(operand.U32(l.lanes()), l.n)
			}
		}
	}
}

// softRow is a row in registers.
type softRow struct {
	*loop
	tail    lane    // of the last vector
	shifted []value // x - max, -Inf beyond the end
	powers  []value // e^shifted
	top     value   // the maximum, in all lanes
	sum     value   // of the powers, in all lanes
	nans    *nanGather
	bytes   operand.Op // from row to row
}

// softRow reads a row. Where the maximum is infinite or there is a NaN, the sum is NaN.
func (l *loop) softRow(vectors int, mask lane) *softRow {
	r := &softRow{loop: l, tail: mask, nans: l.gatherNaN()}
	var x []value
	for i := range vectors {
		v := value{}
		if i < vectors-1 {
			v = l.read(l.in[0].at(i), all)
		} else {
			v = l.padded(l.read(l.in[0].at(i), mask), mask, math.Inf(-1))
		}
		r.nans.take(v)
		x = append(x, v)
	}
	r.top = l.everywhere(l.fold(l.tree(x, l.greater), l.greater))
	for _, v := range x {
		r.shifted = append(r.shifted, l.sub(v, r.top))
	}
	for _, v := range r.shifted {
		r.powers = append(r.powers, exp(l.machine, v))
	}
	r.sum = l.everywhere(l.fold(l.tree(r.powers, l.add), l.add))
	return r
}

// tree combines vectors as the accumulators of a stripe are, the missing ones zeros.
func (l *loop) tree(x []value, op func(a, b value) value) value {
	x = append([]value(nil), x...)
	for half := l.stripe() / 2; half > 0; half /= 2 {
		for i := half; i < len(x); i++ {
			x[i-half] = op(x[i-half], x[i])
		}
		x = x[:min(half, len(x))]
	}
	return x[0]
}

// everywhere copies lane 0 to all lanes.
func (l *loop) everywhere(v value) value {
	l.use(v)
	d := l.reg()
	if l.elem == f32 {
		l.VBROADCASTSS(v.op, d)
	} else {
		l.VBROADCASTSD(v.op, d)
	}
	return l.born(d)
}

// writeRow stores a row and steps on.
func (r *softRow) writeRow(y func(i int) value) {
	for i := range r.powers {
		w := all
		if i == len(r.powers)-1 {
			w = r.tail
		}
		r.write(y(i), r.dst.at(i), w)
	}
	r.ADDQ(r.bytes, r.dst.base)
}

func softmax(r *softRow) {
	r.writeRow(func(i int) value { return r.div(r.powers[i], r.sum) })
}

func logSoftmax(r *softRow) {
	logSum := log(r.machine, r.sum)
	r.writeRow(func(i int) value { return r.sub(r.shifted[i], logSum) })
}

// logSumExp is max + log Σ, or the maximum itself where that is infinite and there is no NaN.
func logSumExp(r *softRow) {
	y := r.add(r.top, log(r.machine, r.sum))
	y = r.blend(r.cmp(eq, r.abs(r.top), r.k(math.Inf(1))), r.top, y)
	nan := r.everywhere(r.nans.result())
	r.storeLane(r.or(y, nan), operand.Mem{Base: r.dst.base})
	r.ADDQ(operand.U32(r.elem.size()), r.dst.base)
}
