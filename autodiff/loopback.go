package autodiff

import (
	"slices"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// gradCode is a loop_grad compiled.
type gradCode struct {
	loopCode // body is the forward function of split, space what a gradient needs too
	*split
	back    *exec.Plan
	results []int // by cotangent given: which result of the loop it belongs to
	wrt     []int // by result: which input of the loop it belongs to
	record  record
	out     block
	carries block
	cts     block // of live carries whose cotangent is no result
	live    []int
}

// record is how a step's record lies on the tape.
type record struct {
	offsets []int
	size    int
}

func newRecord(types []graph.Type) record {
	var r record
	for _, t := range types {
		r.offsets = append(r.offsets, r.size)
		r.size += (t.Bytes() + 7) &^ 7
	}
	return r
}

// The values of gradCode.space beside those of loopCode.space.
const (
	spaceCarries = iota + 3
	spaceCts
	spaceTape
	spaceKept
)

func gradCodeOf(n *graph.Node) *gradCode {
	a := n.Attrs().(gradAttrs)
	return a.Body.Memo(a, func() any { return newGradCode(a, n.In()) }).(*gradCode)
}

func newGradCode(a gradAttrs, in []*graph.Node) *gradCode {
	c := &gradCode{loopCode: loopCode{loopAttrs: a.loop()}, split: a.split(false)}
	c.results, c.wrt, c.live = a.results(), a.Wrt.Slice(), a.Live.Slice()
	c.body = planFunc(c.forward, inPlace(c.Carries, 0)...)
	c.back = planFunc(c.backward, c.overwrites()...)
	c.record = newRecord(c.split.record)
	c.out = newBlock(a.parts(in)...)
	c.carries = newBlock(typesOf(a.Body.Inputs()[:c.Carries])...)
	var cts []graph.Type
	for _, i := range c.live {
		cts = append(cts, a.Body.Inputs()[i].Type())
	}
	c.cts = newBlock(cts...)
	condArena := 0
	if c.Cond != nil {
		c.cond = planFunc(c.Cond)
		condArena = c.cond.Arena
	}
	steps, kept := c.Steps, 0
	if c.Every > 0 && c.Steps > 0 {
		steps, kept = min(c.Every, c.Steps), (c.Steps+c.Every-1)/c.Every*c.carries.size()
	}
	sizes := []int{max(c.body.Arena, c.back.Arena), condArena, 1, c.carries.size(), c.cts.size(), steps * c.record.size, kept}
	types := make([]graph.Type, len(sizes))
	for i, n := range sizes {
		types[i] = graph.T(graph.Packed, n)
	}
	c.space = newBlock(types...)
	return c
}

// overwrites says which input of backward each of its outputs overwrites: cotangents of carries their own, sums their
// own, and slices nothing.
func (c *gradCode) overwrites() []int {
	first := len(c.split.record) + len(c.takes)
	list := inPlace(len(c.live), first)
	for range c.xs {
		list = append(list, -1)
	}
	return append(list, inPlace(len(c.consts), first+len(c.results))...)
}

// gradRun is a loop_grad's code with its own routines, and its tape if that has no limit.
type gradRun struct {
	*gradCode
	ahead, behind *exec.Routine
	cond          *condition
	chunks        [][]byte
}

func newGradRun(n *graph.Node) *gradRun {
	c := gradCodeOf(n)
	return &gradRun{gradCode: c, ahead: exec.NewRoutine(c.body), behind: exec.NewRoutine(c.back), cond: newCondition(&c.loopCode)}
}

// kernel is the graph.Kernel of loop_grad. The last operand is scratch memory.
func (r *gradRun) kernel(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
	scratch := in[len(in)-1].Ptr
	r.bind(w, scratch, in)
	defer r.ahead.Release()
	defer r.behind.Release()
	defer r.cond.release()
	carries := r.space.at(scratch, spaceCarries)
	for i := range r.Carries {
		copyBytes(r.carries.at(carries, i), in[i].Ptr, r.carries.bytes[i])
	}
	r.begin(scratch, out, in)
	if r.Every > 0 && r.Steps > 0 {
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
		if err := r.stepBack(w, t, t, scratch, out, in); err != nil {
			return err
		}
	}
	return nil
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
		copyBytes(carries, unsafe.Add(kept, begin/r.Every*size), size)
		for t := begin; t < end; t++ {
			if err := r.stepAhead(w, t, t-begin, scratch, in); err != nil {
				return err
			}
		}
		for t := end - 1; t >= begin; t-- {
			if err := r.stepBack(w, t, t-begin, scratch, out, in); err != nil {
				return err
			}
		}
		end = begin
	}
	return nil
}

// bind places what stays where it is for all steps of the forward function and the condition.
func (r *gradRun) bind(w *graph.Work, scratch unsafe.Pointer, in []graph.Buffer) {
	r.ahead.Bind(w, r.space.at(scratch, 0))
	r.behind.Bind(w, r.space.at(scratch, 0))
	carries := r.space.at(scratch, spaceCarries)
	for i := range r.bodyInputs() {
		switch {
		case i < r.Carries:
			r.ahead.Input(i, r.carries.at(carries, i))
		case !r.isX(i):
			r.ahead.Input(i, in[i].Ptr)
		}
	}
	r.cond.bind(w, scratch, carries, r.carries, in)
}

// begin gives the cotangents their first values and places what stays where it is for all backward steps.
func (r *gradRun) begin(scratch unsafe.Pointer, out graph.Buffer, in []graph.Buffer) {
	first := len(r.split.record)
	for k, i := range r.takes {
		if !r.isX(i) {
			r.behind.Input(first+k, in[i].Ptr)
		}
	}
	first += len(r.takes)
	given := len(in) - 1 - len(r.results)
	for k, i := range r.live {
		at := r.cts.at(r.space.at(scratch, spaceCts), k)
		if p := slices.Index(r.wrt, i); p >= 0 {
			at = r.out.at(out.Ptr, p)
		}
		copyBytes(at, in[given+k].Ptr, r.cts.bytes[k])
		r.behind.Input(first+k, at)
	}
	for k, i := range r.consts {
		p := slices.Index(r.wrt, i)
		at := r.out.at(out.Ptr, p)
		clear(unsafe.Slice((*byte)(at), r.out.bytes[p]))
		r.behind.Input(first+len(r.results)+k, at)
	}
}

// stepAhead makes step t and writes its record to a place on the tape.
func (r *gradRun) stepAhead(w *graph.Work, t, place int, scratch unsafe.Pointer, in []graph.Buffer) error {
	if err := stopped(w); err != nil {
		return err
	}
	for i := r.Carries; i < r.Carries+r.Xs; i++ {
		r.ahead.Input(i, r.sliceOf(i, t, in))
	}
	at := r.tape(place, scratch)
	for k, offset := range r.record.offsets {
		r.ahead.Output(r.Carries+k, unsafe.Add(at, offset))
	}
	return r.ahead.Run()
}

// stepBack applies the chain rule to step t.
func (r *gradRun) stepBack(w *graph.Work, t, place int, scratch unsafe.Pointer, out graph.Buffer, in []graph.Buffer) error {
	if err := stopped(w); err != nil {
		return err
	}
	at := r.tape(place, scratch)
	for k, offset := range r.record.offsets {
		r.behind.Input(k, unsafe.Add(at, offset))
	}
	first := len(r.record.offsets)
	for k, i := range r.takes {
		if r.isX(i) {
			r.behind.Input(first+k, r.sliceOf(i, t, in))
		}
	}
	first += len(r.takes)
	slot, given := r.slot(t), len(in)-1-len(r.results)
	for k := len(r.live); k < len(r.results); k++ {
		bytes := r.Body.Outputs()[r.results[k]].Type().Bytes()
		r.behind.Input(first+k, unsafe.Add(in[given+k].Ptr, slot*bytes))
	}
	for k, i := range r.xs {
		bytes := r.Body.Inputs()[i].Type().Bytes()
		r.behind.Output(len(r.live)+k, unsafe.Add(r.out.at(out.Ptr, slices.Index(r.wrt, i)), slot*bytes))
	}
	return r.behind.Run()
}

func (r *gradRun) sliceOf(i, t int, in []graph.Buffer) unsafe.Pointer {
	return unsafe.Add(in[i].Ptr, r.slot(t)*r.Body.Inputs()[i].Type().Bytes())
}

// chunkBytes is how much an unlimited tape grows at once.
const chunkBytes = 1 << 18

// tape returns where a record lies.
func (r *gradRun) tape(place int, scratch unsafe.Pointer) unsafe.Pointer {
	if r.Steps > 0 || r.Cond == nil {
		return unsafe.Add(r.space.at(scratch, spaceTape), place*r.record.size)
	}
	each := max(1, chunkBytes/max(1, r.record.size))
	if place/each == len(r.chunks) {
		words := make([]uint64, each*max(1, (r.record.size+7)/8))
		r.chunks = append(r.chunks, unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words)))
	}
	return unsafe.Add(unsafe.Pointer(&r.chunks[place/each][0]), place%each*r.record.size)
}
