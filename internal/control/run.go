package control

import (
	"errors"
	"fmt"
	"unsafe"

	"chainrule/graph"
)

func copyBytes(to, from unsafe.Pointer, n int) {
	copy(unsafe.Slice((*byte)(to), n), unsafe.Slice((*byte)(from), n))
}

// stopped returns an error if the run has been cancelled.
func stopped(w *graph.Work) error {
	if w.Stop == nil {
		return nil
	}
	select {
	case <-w.Stop:
		return graph.ErrStopped
	default:
		return nil
	}
}

// loopCode is a loop compiled.
type loopCode struct {
	Loop
	body, cond graph.Code
	parts      block
	space      block // scratch: the arenas of body and condition, the condition's result, places for carries in turns
	turns      block // by carry
	carried    []carried
	// outputs lists the results of the body that the plan gives.
	outputs []int
	// inRegisters says that the steps are made at once, by Repeat, with all carries overwritten.
	inRegisters bool
}

// spaceTurns is the last value of loopCode.space.
const spaceTurns = 3

func loopCodeOf(n *graph.Node, by graph.Compiler) (*loopCode, error) {
	a := n.Attrs().(Loop)
	return once(by, a.Body, a, func() (*loopCode, error) {
		c := &loopCode{Loop: a, parts: newBlock(a.parts()...)}
		if err := c.compileCond(by); err != nil {
			return nil, err
		}
		if err := c.planBody(by); err != nil {
			return nil, err
		}
		turns := make([]int, a.Carries)
		for i, carried := range c.carried {
			if carried.place == inTurns {
				turns[i] = c.parts.bytes[i]
			}
		}
		c.turns = spaceOf(turns...)
		c.space = spaceOf(c.body.Workspace(), c.condWorkspace(), 1, c.turns.size())
		return c, nil
	})
}

func (c *loopCode) compileCond(by graph.Compiler) (err error) {
	if c.Cond != nil {
		c.cond, err = by.Code(c.Cond)
	}
	return err
}

func (c *loopCode) condWorkspace() int {
	if c.cond == nil {
		return 0
	}
	return c.cond.Workspace()
}

// Workspace implements graph.Program.
func (c *loopCode) Workspace() int { return c.space.size() }

// loopRun is a loop's code with its own routines.
type loopRun struct {
	*loopCode
	steps graph.Routine
	cond  *condition
	// turning lists carries that lie in turns, and the outputs that are their new values.
	turning [][2]int
}

// Kernel implements graph.Program.
func (c *loopCode) Kernel() graph.Kernel {
	r := &loopRun{loopCode: c, steps: newSteps(c.Loop, c.body, record{}, c.outputs), cond: newCondition(c)}
	r.strideCarries()
	return r.kernel
}

// newSteps returns a routine for the steps ahead of a loop, whose plan has outputs that are results of the body, and then
// records, if there are any.
func newSteps(a Loop, body graph.Code, r record, outputs []int) graph.Routine {
	steps := body.Routine()
	for i := a.Carries; i < a.Carries+a.Xs; i++ {
		steps.InputStride(i, a.stride(a.Body.Inputs()[i].Type()))
	}
	for k, y := range outputs {
		if y >= a.Carries {
			steps.OutputStride(k, a.stride(a.Body.Outputs()[y].Type()))
		}
	}
	for k := range r.offsets {
		steps.OutputStride(len(outputs)+k, r.size)
	}
	return steps
}

// stride is how far apart in memory the slices x or y of a step and the next one lie.
func (a Loop) stride(t graph.Type) int {
	if a.Back {
		return -t.Bytes()
	}
	return t.Bytes()
}

// kernel is the loop's graph.Kernel. The last operand is scratch memory.
func (r *loopRun) kernel(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
	scratch := in[len(in)-1].Ptr
	r.steps.Bind(w, r.space.at(scratch, 0))
	defer r.steps.Release()
	r.beginCarries(out, in)
	for i := r.Carries + r.Xs; i < r.bodyInputs(); i++ {
		r.steps.Input(i, in[i].Ptr)
	}
	r.cond.bind(w, scratch, out.Ptr, r.parts, in)
	defer r.cond.release()
	if done, err := r.repeat(w, scratch, out, in); done {
		return err
	}
	for t := 0; ; t++ {
		if goesOn, err := r.goesOn(r.cond, t); err != nil {
			return err
		} else if !goesOn {
			break
		}
		if err := stopped(w); err != nil {
			return err
		}
		if t < 2 || t == r.Steps-1 { // carries may come from elsewhere, and go elsewhere
			r.place(t, scratch, out, in)
		} else {
			r.next(t, scratch, out, in)
		}
		if err := r.steps.Run(); err != nil {
			return err
		}
	}
	r.endCarries(out)
	return nil
}

// place says where the slices of step t lie, and the carries that move.
func (r *loopRun) place(t int, scratch unsafe.Pointer, out graph.Buffer, in []graph.Buffer) {
	slot := r.slot(t)
	for i := range r.carried {
		if r.carried[i].place != overwritten {
			r.steps.Input(i, r.found(i, t, scratch, out, in))
		}
	}
	for i := r.Carries; i < r.Carries+r.Xs; i++ {
		r.steps.Input(i, r.sliceOf(i, slot, in))
	}
	for k, y := range r.outputs {
		switch {
		case y >= r.Carries:
			r.steps.Output(k, r.slice(y, t, out))
		case r.carried[y].place != overwritten:
			r.steps.Output(k, r.found(y, t+1, scratch, out, in))
		}
	}
}

// repeat makes all steps at once if there is nothing but numbers. It is false if it made none.
func (r *loopRun) repeat(
	w *graph.Work, scratch unsafe.Pointer, out graph.Buffer, in []graph.Buffer,
) (done bool, err error) {
	if r.Steps == 0 && r.cond == nil {
		return true, nil
	}
	if !r.inRegisters {
		return false, nil
	}
	r.place(0, scratch, out, in)
	_, more, done, err := r.steps.Repeat(w, r.cond.repeated(), r.Steps)
	if err == nil && more {
		err = r.tooMany()
	}
	return done, err
}

// ErrSteps is matched by the error of a run in which a loop would make more steps than it may.
var ErrSteps = errors.New("too many steps")

func (a Loop) tooMany() error {
	return fmt.Errorf("%w: it goes on after %d, the most that it may make", ErrSteps, a.Steps)
}

// slot is which slice step t takes.
func (a Loop) slot(t int) int {
	if a.Back {
		return a.Steps - 1 - t
	}
	return t
}

// goesOn reports whether there is a step t, counted from 0.
func (a Loop) goesOn(c *condition, t int) (bool, error) {
	if c == nil {
		return t < a.Steps, nil
	}
	more, err := c.holds()
	if err == nil && more && a.Steps > 0 && t == a.Steps {
		return false, a.tooMany()
	}
	return more && err == nil, err
}

// condition is a loop's condition with its own routine, nil if the loop has none.
type condition struct {
	*loopCode
	routine graph.Routine
	result  *bool
}

func newCondition(c *loopCode) *condition {
	if c.cond == nil {
		return nil
	}
	return &condition{loopCode: c, routine: c.cond.Routine()}
}

// bind places the condition's operands: the carries begin a block, the constants come after the body's inputs.
func (c *condition) bind(w *graph.Work, scratch, carries unsafe.Pointer, in block, inputs []graph.Buffer) {
	if c == nil {
		return
	}
	c.routine.Bind(w, c.space.at(scratch, 1))
	for i := range c.Cond.Inputs() {
		if i < c.Carries {
			c.routine.Input(i, in.at(carries, i))
		} else {
			c.routine.Input(i, inputs[c.bodyInputs()+i-c.Carries].Ptr)
		}
	}
	at := c.space.at(scratch, 2)
	c.routine.Output(0, at)
	c.result = (*bool)(at)
}

// repeated is the condition's routine.
func (c *condition) repeated() graph.Routine {
	if c == nil {
		return nil
	}
	return c.routine
}

func (c *condition) release() {
	if c != nil {
		c.routine.Release()
	}
}

func (c *condition) holds() (bool, error) {
	err := c.routine.Run()
	return *c.result, err
}
