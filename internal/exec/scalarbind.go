package exec

import (
	"slices"
	"unsafe"

	"chainrule/graph"
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
	// operands are the registers that the body loads each place to, carried the places that it overwrites.
	operands map[memoryAt][]uint32
	carried  map[memoryAt]bool
}

func newLoopBinder[T float32 | float64](body *scalars[T], r *Routine) *loopBinder[T] {
	b := &loopBinder[T]{body: body, r: r, loop: &scalarLoop[T]{}}
	b.code.count = body.count
	b.code.calls = slices.Clone(body.calls)
	b.operands, b.carried = body.operands(), map[memoryAt]bool{}
	for _, t := range body.stores {
		b.carried[body.slots[t.base].at()] = true
	}
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
	b.computeInPlace(body, writes)
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
			if operands := b.operands[slot.at()]; len(operands) > 0 && b.carried[slot.at()] {
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

// operands are the registers that places are loaded to.
func (s *scalars[T]) operands() map[memoryAt][]uint32 {
	registers := make(map[memoryAt][]uint32, len(s.loads))
	for _, t := range s.loads {
		at := s.slots[t.base].at()
		registers[at] = append(registers[at], t.register)
	}
	return registers
}

// carry plans the moves of carries from the registers of results to those of operands.
func (b *loopBinder[T]) carry(carries []transfer, cond *scalars[T], name func(uint32) uint32) {
	var asked map[memoryAt][]uint32 // the condition's operands
	if cond != nil {
		asked = cond.operands()
	}
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
		to := slices.Clone(b.operands[slot.at()])
		if cond != nil {
			for _, register := range asked[slot.at()] {
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

// scalarProgram is a scalarCode that is ready to run.
type scalarProgram[T float32 | float64] struct {
	from      *threaded.Instr
	registers []uint64
	bases     []unsafe.Pointer // what moves in loops, see scalarLoop
	calls     []scalarCall
}

// linked returns the code as a program with registers of its own.
func (s *scalarCode[T]) linked() scalarProgram[T] {
	p := scalarProgram[T]{registers: make([]uint64, s.count)}
	var code threaded.Program[T]
	code.Grow(len(s.ops) + 1)
	for _, i := range s.ops {
		code.Append(i.op, i.a, i.b, i.c, i.d)
	}
	code.Append(threaded.Halt, 0, haltEnd, 0, 0)
	p.from = code.Link()
	operands := 0
	for _, c := range s.calls {
		operands += len(c.registers)
	}
	buffers := make([]graph.Buffer, operands)
	p.calls = slices.Clone(s.calls)
	for i := range p.calls {
		c := &p.calls[i]
		n := len(c.registers)
		c.bind(p.registers, buffers[:n:n])
		buffers = buffers[n:]
	}
	return p
}

// run runs the program to its end, or to where a condition does not hold.
func (p *scalarProgram[T]) run(w *graph.Work) (ended bool, failed *graph.Node, err error) {
	i := threaded.Run[T](p.from, p.registers, p.bases)
	for i.B == haltCall {
		c := &p.calls[i.A]
		if err := c.kernel(w, c.out, c.in); err != nil {
			return false, c.node, err
		}
		i = threaded.Run[T](i.Next(), p.registers, p.bases)
	}
	return i.B == haltCondition, nil, nil
}

// registerAt is where the register at an offset lies.
func registerAt(registers []uint64, offset uint32) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(registers)), offset)
}
