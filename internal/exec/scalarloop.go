package exec

import (
	"unsafe"

	"chainrule/graph"
)

// A loop whose body and condition are groups of scalars runs without leaving them: what it carries stays in registers,
// and is moved from those of results to those of operands after every step. What every step has for itself, such as its
// slices and its record on a tape, is read and written where the step's place is.

// Repeat runs the body r as long as cond, which may be nil, holds, and at most limit times, if that is not 0. Carries
// are those outputs of r that overwrite inputs, and are the first inputs of cond too; what moves lies where it does in
// the first step. It returns how many steps it made and whether the condition still holds after limit ones. Ok is false,
// and nothing has been done, if the two are not groups of scalars or have other results.
func (r *Routine) Repeat(w *graph.Work, cond *Routine, limit int) (steps int, more, ok bool, err error) {
	if r.bad != nil {
		return 0, false, false, nil
	}
	of := [2]*machine{r.machine}
	if cond != nil {
		of[1] = cond.machine
	}
	if r.loopOf != of {
		r.loop, r.loopOf = newScalarRepeater(r, cond), of
	}
	if r.loop == nil {
		return 0, false, false, nil
	}
	steps, more, failed, err := r.loop.repeat(w, limit)
	if failed != nil {
		err = nodeError(failed, err)
	}
	return steps, more, true, err
}

// scalarRepeater is a scalarLoop.
type scalarRepeater interface {
	repeat(w *graph.Work, limit int) (steps int, more bool, failed *graph.Node, err error)
}

// scalarLoop is a body and a condition, which is nil for a fixed number of steps.
type scalarLoop[T float32 | float64] struct {
	body, cond *scalars[T]
	// once are the body's loads that are the same in all steps. The others are reads, and what is no carry is written.
	once          []transfer
	reads, writes []moved
	// moves take carries from results to operands, in order.
	moves  []registerMove
	ends   []registerEnd
	result *bool // of the condition
}

// registerEnd is a store of the body after the last step.
type registerEnd struct {
	base, size int
	from       *uint64
}

type registerMove struct{ to, from *uint64 }

// moved is an element that every step finds further on in memory, by a stride in bytes.
type moved struct {
	transfer
	stride int
}

func newScalarRepeater(body, cond *Routine) scalarRepeater {
	switch b := onlyGroup(body).(type) {
	case *scalars[float64]:
		return bindLoop(b, body, cond)
	case *scalars[float32]:
		return bindLoop(b, body, cond)
	}
	return nil
}

// onlyGroup is the group that a routine consists of, nil if there is more, or none.
func onlyGroup(r *Routine) scalarRunner {
	if len(r.machine.steps) != 1 {
		return nil
	}
	return r.machine.steps[0].scalar
}

func bindLoop[T float32 | float64](body *scalars[T], r, cond *Routine) scalarRepeater {
	l := &scalarLoop[T]{body: body}
	if cond != nil {
		c, ok := onlyGroup(cond).(*scalars[T])
		if !ok || len(c.stores) != 1 {
			return nil
		}
		l.cond, l.result = c, (*bool)(unsafe.Pointer(c.cell(c.stores[0].register)))
	}
	operand := map[uint32]bool{}
	for _, t := range body.loads {
		operand[t.register] = true
		if from := body.slots[t.base]; from.Space == Input && r.inStrides[from.Index] != 0 {
			l.reads = append(l.reads, moved{t, r.inStrides[from.Index]})
		} else {
			l.once = append(l.once, t)
		}
	}
	var late []registerMove
	for _, t := range body.stores {
		carry := body.slots[t.base]
		if carry.Space == Output {
			l.writes = append(l.writes, moved{t, r.outStrides[carry.Index]})
			continue
		}
		if carry.Space != Input {
			return nil
		}
		from := body.cell(t.register)
		if operand[t.register] { // which another move may overwrite
			saved := new(uint64)
			l.moves, from = append(l.moves, registerMove{saved, from}), saved
		}
		l.ends = append(l.ends, registerEnd{t.base, t.size, from})
		late = append(late, body.intoOperands(carry, from)...)
		if l.cond != nil {
			late = append(late, l.cond.intoOperands(carry, from)...)
		}
	}
	l.moves = append(l.moves, late...)
	return l
}

func (s *scalars[T]) cell(register uint32) *uint64 { return &s.registers[register/8] }

// intoOperands are the moves to all operands that are loaded from a slot.
func (s *scalars[T]) intoOperands(slot Slot, from *uint64) (moves []registerMove) {
	for _, t := range s.loads {
		if s.slots[t.base].meets(slot) {
			moves = append(moves, registerMove{s.cell(t.register), from})
		}
	}
	return moves
}

// stepsUnstopped is how many steps pass before a loop looks whether it has been cancelled.
const stepsUnstopped = 256

func (l *scalarLoop[T]) repeat(w *graph.Work, limit int) (steps int, more bool, failed *graph.Node, err error) {
	l.body.load(l.once)
	if l.cond != nil {
		l.cond.load(l.cond.loads)
	}
	for ; ; steps++ {
		if l.cond != nil {
			if failed, err := l.cond.compute(w); err != nil {
				return steps, false, failed, err
			}
			more = *l.result
		} else {
			more = steps < limit
		}
		if !more || l.cond != nil && limit > 0 && steps == limit {
			break
		}
		if steps%stepsUnstopped == 0 && stopped(w) {
			return steps, false, nil, graph.ErrStopped
		}
		for _, t := range l.reads {
			move(unsafe.Pointer(l.body.cell(t.register)), unsafe.Add(l.body.bases[t.base].Ptr, steps*t.stride), t.size)
		}
		if failed, err := l.body.compute(w); err != nil {
			return steps, false, failed, err
		}
		for _, t := range l.writes {
			move(unsafe.Add(l.body.bases[t.base].Ptr, steps*t.stride), unsafe.Pointer(l.body.cell(t.register)), t.size)
		}
		for _, m := range l.moves {
			*m.to = *m.from
		}
	}
	if steps > 0 {
		for _, e := range l.ends {
			move(l.body.bases[e.base].Ptr, unsafe.Pointer(e.from), e.size)
		}
	}
	return steps, more, nil, nil
}

func stopped(w *graph.Work) bool {
	select {
	case <-w.Stop: // never, if it is nil
		return true
	default:
		return false
	}
}
