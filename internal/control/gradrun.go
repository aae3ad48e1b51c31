package control

import (
	"math"
	"unsafe"

	"chainrule/graph"
)

// gradCode is a loop_grad compiled: the steps ahead, which write a tape, and the steps back.
type gradCode struct {
	loopCode // body is the forward function of split
	back     unwinding
	carries  block
	first    int // of the inputs that are given beside the loop's
}

// The values of gradCode.space beside those of loopCode.space.
const (
	spaceCarries = iota + 3
	spaceCts
	spaceTape
	spaceKept
)

func gradCodeOf(n *graph.Node, by graph.Compiler) (*gradCode, error) {
	a := n.Attrs().(gradAttrs)
	return once(by, a.Body, a, func() (*gradCode, error) { return newGradCode(a, n.In(), by) })
}

func newGradCode(a gradAttrs, in []*graph.Node, by graph.Compiler) (c *gradCode, err error) {
	c = &gradCode{loopCode: loopCode{Loop: a.loop()}, first: a.loopInputs()}
	if c.back, err = newUnwinding(a, a.split(by), in, by); err != nil {
		return nil, err
	}
	if c.body, err = by.Code(c.back.forward, inPlace(c.Carries, 0)...); err != nil {
		return nil, err
	}
	if err := c.compileCond(by); err != nil {
		return nil, err
	}
	c.carries = newBlock(typesOf(a.Body.Inputs()[:c.Carries])...)
	tape, kept := c.Steps, 0
	switch {
	case c.segmented():
		tape, kept = min(c.Every, c.Steps), times((c.Steps-1)/c.Every+1, c.carries.size())
	case c.grows():
		tape = 0
	}
	c.space = spaceOf(max(c.body.Workspace(), c.back.code.Workspace()), c.condWorkspace(), 1,
		c.carries.size(), c.back.cts.size(), times(tape, c.back.record.size), kept)
	return c, nil
}

// times is a product of sizes, or negative, for no size, where an int does not hold it.
func times(n, size int) int {
	if size > 0 && n > math.MaxInt/2/size {
		return -1
	}
	return n * size
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
func (a Loop) segmented() bool { return a.Every > 0 && a.Steps > 0 }

// grows reports whether the tape gets longer as the loop goes on: the number of steps is not known.
func (a Loop) grows() bool { return a.Cond != nil && !a.segmented() }

// gradRun is a loop_grad's code with its own routines, and its tape if that grows.
type gradRun struct {
	*gradCode
	ahead  graph.Routine
	behind unwinder
	cond   *condition
	chunks [][]byte
}

// Kernel implements graph.Program.
func (c *gradCode) Kernel() graph.Kernel {
	ahead := newSteps(c.Loop, c.body, c.back.record, inPlace(c.Carries, 0))
	r := &gradRun{gradCode: c, ahead: ahead, cond: newCondition(&c.loopCode), behind: newUnwinder(c.back, c.first)}
	return r.kernel
}

// kernel is the graph.Kernel of loop_grad. The last operand is scratch memory.
func (r *gradRun) kernel(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
	scratch := in[len(in)-1].Ptr
	r.bind(w, scratch, in)
	defer r.ahead.Release()
	defer r.behind.steps.Release()
	defer r.cond.release()
	r.behind.begin(r.space.at(scratch, spaceCts), out, in)
	if r.segmented() {
		return r.inSegments(w, scratch, out, in)
	}
	count := 0
	for ended := false; !ended; {
		var err error
		if count, ended, err = r.goAhead(w, count, scratch, in); err != nil {
			return err
		}
	}
	for end := count; end > 0; {
		n := (end-1)%r.room() + 1 // those in one piece
		if err := r.behind.goBack(w, end, n, r.tape(end-n, scratch), out, in); err != nil {
			return err
		}
		end -= n
	}
	return nil
}

// inSegments goes ahead without a record, but for the carries at the beginning of every segment, and then makes the
// record of one segment after the other, the last one first.
func (r *gradRun) inSegments(w *graph.Work, scratch unsafe.Pointer, out graph.Buffer, in []graph.Buffer) error {
	carries, kept := r.space.at(scratch, spaceCarries), r.space.at(scratch, spaceKept)
	size := r.carries.size()
	count := 0
	for ended := false; !ended; {
		if count < r.Steps {
			copyBytes(unsafe.Add(kept, count/r.Every*size), carries, size)
		}
		var err error
		if count, ended, err = r.goAhead(w, count, scratch, in); err != nil {
			return err
		}
	}
	for end := count; end > 0; {
		begin := (end - 1) / r.Every * r.Every
		if end < count { // the record of the last segment is there
			copyBytes(carries, unsafe.Add(kept, begin/r.Every*size), size)
			if _, _, err := r.goAhead(w, begin, scratch, in); err != nil {
				return err
			}
		}
		if err := r.behind.goBack(w, end, end-begin, r.tape(0, scratch), out, in); err != nil {
			return err
		}
		end = begin
	}
	return nil
}

// bind places what stays where it is for all steps ahead.
func (r *gradRun) bind(w *graph.Work, scratch unsafe.Pointer, in []graph.Buffer) {
	r.ahead.Bind(w, r.space.at(scratch, 0))
	r.behind.steps.Bind(w, r.space.at(scratch, 0))
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

// room is how many records lie in one piece.
func (r *gradRun) room() int {
	switch {
	case r.segmented():
		return r.Every
	case r.grows():
		return max(1, chunkBytes/max(1, r.back.record.size))
	}
	return max(1, r.Steps)
}

// goAhead makes steps, from number t on, up to the next one that is a multiple of room or to the loop's end, and writes
// their records. It returns how many steps have been made then, and whether the loop has ended.
func (r *gradRun) goAhead(w *graph.Work, t int, scratch unsafe.Pointer, in []graph.Buffer) (int, bool, error) {
	end := t - t%r.room() + r.room()
	if r.Steps > 0 || r.Cond == nil {
		end = min(end, r.Steps)
	}
	if t == end {
		_, err := r.goesOn(r.cond, t)
		return t, true, err
	}
	r.place(t, scratch, in)
	if steps, _, done, err := r.ahead.Repeat(w, r.cond.repeated(), end-t); done {
		return t + steps, t+steps < end, err
	}
	for ; t < end; t++ {
		if goesOn, err := r.goesOn(r.cond, t); !goesOn {
			return t, true, err
		}
		if err := stopped(w); err != nil {
			return t, true, err
		}
		r.place(t, scratch, in)
		if err := r.ahead.Run(); err != nil {
			return t, true, err
		}
	}
	return t, false, nil
}

// place says where the slices of step t lie and where its record goes.
func (r *gradRun) place(t int, scratch unsafe.Pointer, in []graph.Buffer) {
	for i := r.Carries; i < r.Carries+r.Xs; i++ {
		r.ahead.Input(i, r.sliceOf(i, r.slot(t), in))
	}
	at := r.tape(t, scratch)
	for k, offset := range r.back.record.offsets {
		r.ahead.Output(r.Carries+k, unsafe.Add(at, offset))
	}
}

// chunkBytes is how much a tape without limit grows at once.
const chunkBytes = 1 << 16

// tape returns where the record of step t lies.
func (r *gradRun) tape(t int, scratch unsafe.Pointer) unsafe.Pointer {
	size, place := r.back.record.size, t%r.room()
	if !r.grows() {
		return unsafe.Add(r.space.at(scratch, spaceTape), place*size)
	}
	chunk := t / r.room()
	if chunk == len(r.chunks) {
		words := make([]uint64, max(1, r.room()*size/8))
		r.chunks = append(r.chunks, unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words)))
	}
	return unsafe.Add(unsafe.Pointer(&r.chunks[chunk][0]), place*size)
}
