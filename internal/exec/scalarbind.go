package exec

import (
	"slices"
	"unsafe"

	"chainrule/internal/kernel/threaded"
)

// loopBinder makes the program of a scalarLoop. The registers of the body keep their names, those of the condition come
// behind them.
type loopBinder[T float32 | float64] struct {
	body  *scalars[T]
	r     *Routine
	loop  *scalarLoop[T]
	code  scalarCode[T]
	saves []scalarOp // moves from operands that are results too, before another move overwrites them
	moves []scalarOp
}

func newLoopBinder[T float32 | float64](body *scalars[T], r *Routine) *loopBinder[T] {
	b := &loopBinder[T]{body: body, r: r, loop: &scalarLoop[T]{}}
	b.code.count = body.count
	b.code.calls = slices.Clone(body.calls)
	return b
}

// take returns a new register.
func (b *loopBinder[T]) take() uint32 {
	b.code.count++
	return bytesTo(b.code.count - 1)
}

func (b *loopBinder[T]) emit(ops ...scalarOp) { b.code.ops = append(b.code.ops, ops...) }

func (b *loopBinder[T]) bind(cond *scalars[T]) *scalarLoop[T] {
	b.emit(scalarOp{op: threaded.Recall}, scalarOp{op: threaded.Jump})
	const jump, step = 1, 2
	b.reads()
	var writes []scalarOp
	var carries []transfer
	for _, t := range b.body.stores {
		to := b.body.slots[t.base]
		if to.Space == Output {
			writes = append(writes, b.moving(t, b.r.outStrides[to.Index], threaded.Store8, threaded.Store4, threaded.Store1))
		} else {
			carries = append(carries, t)
		}
	}
	name := b.condition(cond)
	b.carry(carries, cond, name)
	body := slices.Clone(b.body.ops)
	b.moves = slices.DeleteFunc(b.moves, func(m scalarOp) bool { return b.computedInPlace(m, body, writes) })
	b.emit(body...)
	b.emit(writes...)
	b.emit(b.saves...)
	b.emit(b.moves...)
	b.code.ops[jump].b = uint32(len(b.code.ops))
	b.evaluate(cond, name)
	b.loop.count = b.take()
	b.emit(scalarOp{op: threaded.Again, a: b.loop.count, b: step})
	b.loop.program, b.loop.length = b.code.linked(), len(b.code.ops)
	b.loop.program.bases = make([]unsafe.Pointer, len(b.loop.moving))
	return b.loop
}

// reads loads what the body takes: once, or in every step where it moves.
func (b *loopBinder[T]) reads() {
	for _, t := range b.body.loads {
		stride := 0
		if from := b.body.slots[t.base]; from.Space == Input {
			stride = b.r.inStrides[from.Index]
		}
		if stride != 0 {
			b.emit(b.moving(t, stride, threaded.Load8, threaded.Load4, threaded.Load1))
		} else {
			b.loop.loads = append(b.loop.loads, loopTransfer{&b.body.bases[t.base], t.register, t.size})
		}
	}
}

// moving is the instruction that moves an element between a register and memory that moves.
func (b *loopBinder[T]) moving(t transfer, stride int, of8, of4, of1 threaded.Op) scalarOp {
	base := uint32(len(b.loop.moving))
	m := movingBase{&b.body.bases[t.base], b.take()}
	b.loop.moving = append(b.loop.moving, m)
	op := of8
	switch t.size {
	case 4:
		op = of4
	case 1:
		op = of1
	}
	return scalarOp{op: op, a: base, b: m.moved, c: uint32(int32(stride)), d: t.register}
}

// condition returns the names of the condition's registers. Carries that the body loads too share its registers.
func (b *loopBinder[T]) condition(cond *scalars[T]) (name func(uint32) uint32) {
	if cond == nil {
		return nil
	}
	first := bytesTo(b.code.count)
	b.code.count += cond.count
	shared := map[uint32]uint32{}
	for _, t := range cond.loads {
		if slot := cond.slots[t.base]; slot.Space == Input {
			if operands := b.body.operands(slot); len(operands) > 0 && b.carries(slot) {
				shared[t.register] = operands[0]
				continue
			}
		}
		b.loop.loads = append(b.loop.loads, loopTransfer{&cond.bases[t.base], first + t.register, t.size})
	}
	return func(register uint32) uint32 {
		if same, ok := shared[register]; ok {
			return same
		}
		return first + register
	}
}

// carries reports whether the body overwrites a slot.
func (b *loopBinder[T]) carries(slot Slot) bool {
	return slices.ContainsFunc(b.body.stores, func(t transfer) bool { return b.body.slots[t.base].meets(slot) })
}

// operands are the registers that a slot is loaded to.
func (s *scalars[T]) operands(slot Slot) (registers []uint32) {
	for _, t := range s.loads {
		if s.slots[t.base].meets(slot) {
			registers = append(registers, t.register)
		}
	}
	return registers
}

// carry plans the moves of carries from the registers of results to those of operands.
func (b *loopBinder[T]) carry(carries []transfer, cond *scalars[T], name func(uint32) uint32) {
	operand := map[uint32]bool{}
	for _, t := range b.body.loads {
		operand[t.register] = true
	}
	for _, t := range carries {
		slot, from := b.body.slots[t.base], t.register
		if operand[from] { // which another move may overwrite
			saved := b.take()
			b.saves, from = append(b.saves, scalarOp{op: threaded.Move, a: from, d: saved}), saved
		}
		b.loop.ends = append(b.loop.ends, loopTransfer{&b.body.bases[t.base], from, t.size})
		to := b.body.operands(slot)
		if cond != nil {
			for _, register := range cond.operands(slot) {
				if register = name(register); !slices.Contains(to, register) {
					to = append(to, register)
				}
			}
		}
		for _, register := range to {
			b.moves = append(b.moves, scalarOp{op: threaded.Move, a: from, d: register})
		}
	}
}

// computedInPlace lets the body compute the result that m moves where m moves it to, unless the operand that lies there is
// read afterwards. Then there is nothing left for m to do.
func (b *loopBinder[T]) computedInPlace(m scalarOp, body, writes []scalarOp) bool {
	from, to := m.a, m.d
	if slices.ContainsFunc(b.body.loads, func(t transfer) bool { return t.register == from }) {
		return false // computed in place of another operand
	}
	made := -1
	for k, i := range body {
		switch {
		case i.op != threaded.Halt && i.d == from:
			made = k
		case i.op == threaded.Halt && slices.Contains(b.code.calls[i.a].registers, from):
			return false // kernels' operands stay where they are
		}
	}
	if made < 0 {
		return false
	}
	reads := func(i scalarOp) bool {
		if i.op == threaded.Halt {
			return slices.Contains(b.code.calls[i.a].registers, to)
		}
		return i.a == to || i.b == to || i.c == to
	}
	if slices.ContainsFunc(body[made+1:], reads) ||
		slices.ContainsFunc(writes, func(i scalarOp) bool { return i.d == to }) ||
		slices.ContainsFunc(b.saves, func(i scalarOp) bool { return i.a == to }) {
		return false
	}
	rename := func(register *uint32) {
		if *register == from {
			*register = to
		}
	}
	body[made].d = to
	for k := made + 1; k < len(body); k++ {
		if i := &body[k]; i.op != threaded.Halt {
			rename(&i.a)
			rename(&i.b)
			rename(&i.c)
		}
	}
	for k := range writes {
		rename(&writes[k].d)
	}
	for k := range b.moves {
		rename(&b.moves[k].a)
	}
	for k := range b.loop.ends {
		rename(&b.loop.ends[k].register)
	}
	return true
}

// evaluate computes the condition and ends the loop unless it holds.
func (b *loopBinder[T]) evaluate(cond *scalars[T], name func(uint32) uint32) {
	if cond == nil {
		return
	}
	calls := uint32(len(b.code.calls))
	for i := range cond.calls {
		b.code.calls = append(b.code.calls, cond.calls[i].renamed(name))
	}
	for _, i := range cond.ops {
		if i.op == threaded.Halt {
			i.a += calls
		} else {
			i.a, i.b, i.c, i.d = name(i.a), name(i.b), name(i.c), name(i.d)
		}
		b.emit(i)
	}
	b.loop.conditional = true
	b.emit(scalarOp{op: threaded.Unless, a: name(cond.stores[0].register), b: haltCondition})
}
