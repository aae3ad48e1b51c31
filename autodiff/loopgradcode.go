package autodiff

import (
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// gradCode is a loop_grad compiled: the steps ahead, which write a tape, and the steps back.
type gradCode struct {
	loopCode // body is the forward function of split
	back     unwinding
	carries  block
}

// The values of gradCode.space beside those of loopCode.space.
const (
	spaceCarries = iota + 3
	spaceCts
	spaceTape
	spaceKept
	spaceStacks
)

func gradCodeOf(n *graph.Node) *gradCode {
	a := n.Attrs().(gradAttrs)
	return a.Body.Memo(a, func() any { return newGradCode(a, n.In()) }).(*gradCode)
}

func newGradCode(a gradAttrs, in []*graph.Node) *gradCode {
	c := &gradCode{loopCode: loopCode{loopAttrs: a.loop()}}
	c.back = newUnwinding(a, a.split(false), in)
	c.body = planFunc(c.back.forward, inPlace(c.Carries, 0)...)
	c.carries = newBlock(typesOf(a.Body.Inputs()[:c.Carries])...)
	condArena := 0
	if c.Cond != nil {
		c.cond = planFunc(c.Cond)
		condArena = c.cond.Arena
	}
	tape, kept := c.Steps, 0
	switch {
	case c.segmented():
		tape, kept = min(c.Every, c.Steps), (c.Steps+c.Every-1)/c.Every*c.carries.size()
	case c.grows():
		tape = 0
	}
	c.space = spaceOf(max(c.body.Arena, c.back.arena()), condArena, 1,
		c.carries.size(), c.back.cts.size(), tape*c.back.record.size, kept, c.back.stacks.size())
	return c
}

// spaceOf is a block of values of the given sizes.
func spaceOf(bytes ...int) block {
	types := make([]graph.Type, len(bytes))
	for i, n := range bytes {
		types[i] = graph.T(graph.Packed, n)
	}
	return newBlock(types...)
}

// segmented reports whether the tape has room for some steps only, and is written again for each segment of them.
func (a loopAttrs) segmented() bool { return a.Every > 0 && a.Steps > 0 }

// grows reports whether the tape gets longer as the loop goes on: the number of steps is not known.
func (a loopAttrs) grows() bool { return a.Cond != nil && !a.segmented() }

// gradRun is a loop_grad's code with its own routines, and its tape if that grows.
type gradRun struct {
	*gradCode
	ahead  *exec.Routine
	behind unwinder
	cond   *condition
	chunks [][]byte
}

func newGradRun(n *graph.Node) *gradRun {
	c := gradCodeOf(n)
	return &gradRun{gradCode: c, ahead: exec.NewRoutine(c.body), cond: newCondition(&c.loopCode),
		behind: newUnwinder(c.back, n.Attrs().(gradAttrs).loopInputs())}
}

// kernel is the graph.Kernel of loop_grad. The last operand is scratch memory.
func (r *gradRun) kernel(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
	scratch := in[len(in)-1].Ptr
	r.bind(w, scratch, in)
	defer r.ahead.Release()
	defer r.behind.release()
	defer r.cond.release()
	r.behind.begin(r.space.at(scratch, spaceCts), out, in)
	if r.segmented() {
		return r.inSegments(w, scratch, out, in)
	}
	count := 0
	for ; ; count++ {
		if goesOn, err := r.goesOn(r.cond, count); err != nil {
			return err
		} else if !goesOn {
			break
		}
		if err := r.stepAhead(w, count, count, scratch, in); err != nil {
			return err
		}
	}
	for t := count - 1; t >= 0; t-- {
		if err := r.behind.step(w, t, r.tape(t, scratch), out, in); err != nil {
			return err
		}
	}
	return r.behind.finish(out)
}

// inSegments goes ahead without a record, but for the carries at the beginning of every segment, and then makes the
// record of one segment after the other, the last one first.
func (r *gradRun) inSegments(w *graph.Work, scratch unsafe.Pointer, out graph.Buffer, in []graph.Buffer) error {
	carries, kept := r.space.at(scratch, spaceCarries), r.space.at(scratch, spaceKept)
	size := r.carries.size()
	count := 0
	for ; ; count++ {
		if goesOn, err := r.goesOn(r.cond, count); err != nil {
			return err
		} else if !goesOn {
			break
		}
		if count%r.Every == 0 {
			copyBytes(unsafe.Add(kept, count/r.Every*size), carries, size)
		}
		if err := r.stepAhead(w, count, count%r.Every, scratch, in); err != nil {
			return err
		}
	}
	for end := count; end > 0; {
		begin := (end - 1) / r.Every * r.Every
		if end < count { // the record of the last segment is there
			copyBytes(carries, unsafe.Add(kept, begin/r.Every*size), size)
			for t := begin; t < end; t++ {
				if err := r.stepAhead(w, t, t-begin, scratch, in); err != nil {
					return err
				}
			}
		}
		for t := end - 1; t >= begin; t-- {
			if err := r.behind.step(w, t, r.tape(t-begin, scratch), out, in); err != nil {
				return err
			}
		}
		end = begin
	}
	return nil
}

// bind places what stays where it is for all steps ahead.
func (r *gradRun) bind(w *graph.Work, scratch unsafe.Pointer, in []graph.Buffer) {
	r.ahead.Bind(w, r.space.at(scratch, 0))
	r.behind.bind(w, r.space.at(scratch, 0), r.space.at(scratch, spaceStacks))
	carries := r.space.at(scratch, spaceCarries)
	for i := range r.bodyInputs() {
		switch {
		case i < r.Carries:
			at := r.carries.at(carries, i)
			copyBytes(at, in[i].Ptr, r.carries.bytes[i])
			r.ahead.Input(i, at)
		case !r.isX(i):
			r.ahead.Input(i, in[i].Ptr)
		}
	}
	r.cond.bind(w, scratch, carries, r.carries, in)
}

// stepAhead makes step t and writes its record to a place on the tape.
func (r *gradRun) stepAhead(w *graph.Work, t, place int, scratch unsafe.Pointer, in []graph.Buffer) error {
	if err := stopped(w); err != nil {
		return err
	}
	for i := r.Carries; i < r.Carries+r.Xs; i++ {
		r.ahead.Input(i, r.sliceOf(i, r.slot(t), in))
	}
	at := r.tape(place, scratch)
	for k, offset := range r.back.record.offsets {
		r.ahead.Output(r.Carries+k, unsafe.Add(at, offset))
	}
	return r.ahead.Run()
}

// chunkBytes is how much a tape without limit grows at once.
const chunkBytes = 1 << 16

// tape returns where a record lies.
func (r *gradRun) tape(place int, scratch unsafe.Pointer) unsafe.Pointer {
	size := r.back.record.size
	if !r.grows() {
		return unsafe.Add(r.space.at(scratch, spaceTape), place*size)
	}
	each := max(1, chunkBytes/max(1, size))
	if place/each == len(r.chunks) {
		words := make([]uint64, each*max(1, size/8))
		r.chunks = append(r.chunks, unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words)))
	}
	return unsafe.Add(unsafe.Pointer(&r.chunks[place/each][0]), place%each*size)
}
