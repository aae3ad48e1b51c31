package exec

import (
	"slices"

	"chainrule/graph"
)

// A loop whose body and condition are groups of scalars runs without leaving them: what it carries stays in registers,
// and is moved from those of results to those of operands after every step. What every step has for itself, such as its
// slices and its record on a tape, is read and written where the step's place is.

// Repeat implements graph.Routine.
func (r *Routine) Repeat(w *graph.Work, cond graph.Routine, limit int) (steps int, more, ok bool, err error) {
	of, c := [2]*machine{r.machine}, (*Routine)(nil)
	if cond != nil {
		c = cond.(*Routine)
		of[1] = c.machine
	}
	if r.loopOf != of {
		r.loop, r.loopOf = newScalarRepeater(r, c), of
	}
	if r.loop == nil {
		return 0, false, false, nil
	}
	steps, more, failed, err := r.loop.repeat(w, limit)
	if failed != nil {
		err = NodeError(failed, err)
	}
	return steps, more, true, err
}

// scalarRepeater is a scalarLoop.
type scalarRepeater interface {
	repeat(w *graph.Work, limit int) (steps int, more bool, failed *graph.Node, err error)
}

// scalarLoop is a body and a condition, if there is one, in one program:
//
//	      go to the condition
//	step: load what moves; the body; store what moves; carries from results to operands
//	      the condition; end unless it holds
//	      go to step while the count is not zero
type scalarLoop[T float32 | float64] struct {
	program scalarProgram[T]
	// loads are done once, and ends after the last step.
	loads, ends []loopTransfer
	moving      []movingBase
	count       uint32 // the register of the steps to make, and one
	length      int    // of the program
	conditional bool
}

// loopTransfer moves an element between memory and a register.
type loopTransfer struct {
	memory   *graph.Buffer
	register uint32
	size     int
}

// movingBase is what a program's base of the same number points to in the first step. How far it has moved is in a register.
type movingBase struct {
	memory *graph.Buffer
	moved  uint32
}

// Repeats implements graph.Code: body and condition are one group of scalars, computed in one float type, whose results
// overwrite inputs or are outputs.
func (p *Plan) Repeats(cond graph.Code) bool {
	if cond == nil {
		return repeats(p, nil)
	}
	return repeats(p, cond.(*Plan))
}

func repeats(body, cond *Plan) bool {
	if !body.isOneGroup() || slices.ContainsFunc(body.Steps[0].results(), isInArena) {
		return false
	}
	return cond == nil || cond.isOneGroup() && len(cond.Steps[0].results()) == 1 &&
		cond.Steps[0].isFloat32() == body.Steps[0].isFloat32()
}

// isOneGroup reports whether a plan consists of a group of scalars.
func (p *Plan) isOneGroup() bool {
	return len(p.Steps) == 1 && p.Steps[0].Members != nil && p.Steps[0].ofOne()
}

func isInArena(s Slot) bool { return s.Space == Arena }

func newScalarRepeater(body, cond *Routine) scalarRepeater {
	var planned *Plan
	if cond != nil {
		planned = cond.plan
	}
	if !repeats(body.plan, planned) {
		return nil
	}
	switch b := body.group().(type) {
	case *scalars[float64]:
		return bindLoop(b, body, cond)
	case *scalars[float32]:
		return bindLoop(b, body, cond)
	}
	return nil
}

// group is the group of scalars that a routine consists of.
func (r *Routine) group() scalarRunner { return r.machine.steps[0].scalar }

func bindLoop[T float32 | float64](body *scalars[T], r, cond *Routine) scalarRepeater {
	var c *scalars[T]
	if cond != nil {
		c = cond.group().(*scalars[T])
	}
	return newLoopBinder(body, r).bind(c)
}

// operationsUnstopped is after about how many operations a loop looks whether it has been cancelled.
const operationsUnstopped = 1 << 15

func (l *scalarLoop[T]) repeat(w *graph.Work, limit int) (steps int, more bool, failed *graph.Node, err error) {
	registers := l.program.registers
	for _, t := range l.loads {
		move(registerAt(registers, t.register), t.memory.Ptr, t.size)
	}
	for i, m := range l.moving {
		l.program.bases[i] = m.memory.Ptr
		registers[m.moved/8] = 0
	}
	defer clear(l.program.bases)
	bounded := limit > 0 || !l.conditional
	for ended := false; !ended && (!bounded || steps < limit); {
		n := max(1, operationsUnstopped/(l.length+1))
		if bounded {
			n = min(n, limit-steps)
		}
		if w.Stopped() {
			return steps, false, nil, graph.ErrStopped
		}
		registers[l.count/8] = uint64(n + 1)
		if ended, failed, err = l.program.run(w); err != nil {
			return steps, false, failed, err
		}
		if ended {
			n -= int(registers[l.count/8]) - 1
		}
		steps += n
		more = l.conditional && !ended
	}
	if steps > 0 {
		for _, t := range l.ends {
			move(t.memory.Ptr, registerAt(registers, t.register), t.size)
		}
	}
	return steps, more, nil, nil
}
