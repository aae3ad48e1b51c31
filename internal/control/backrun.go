package control

import (
	"slices"
	"unsafe"

	"chainrule/graph"
)

// unwinding is the second half of a loop's gradient compiled: the steps back.
type unwinding struct {
	Loop
	*split
	code   graph.Code
	given  []rateOf // what is given, by result of the loop
	wrt    []rateOf // what results, by input of the loop
	live   []rateOf // what is carried: carries' cotangents, the first of those given
	record record
	out    block
	cts    block // of live carries
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

// newUnwinding compiles the steps back. The loop's inputs are in.
func newUnwinding(a gradAttrs, s *split, in []*graph.Node, by graph.Compiler) (u unwinding, err error) {
	u = unwinding{Loop: a.loop(), split: s, given: a.given(), wrt: a.wrt(), live: a.carried()}
	u.record = newRecord(s.record)
	u.out = newBlock(a.parts(in)...)
	var cts []graph.Type
	for _, r := range u.live {
		cts = append(cts, r.typeOf(a.Body.Inputs()[r.of].Type()))
	}
	u.cts = newBlock(cts...)
	u.code, err = by.Code(s.backward, u.overwrites()...)
	return u, err
}

// overwrites says which input of backward each of its outputs overwrites: cotangents of carries their own, sums their
// own, and slices nothing.
func (u *unwinding) overwrites() []int {
	first := len(u.split.record) + len(u.takes)
	list := inPlace(len(u.live), first)
	for range u.xs {
		list = append(list, -1)
	}
	return append(list, inPlace(len(u.consts), first+len(u.given))...)
}

// unwinder is an unwinding with a routine of its own. The buffers in are the loop's inputs and, from number first on,
// what is given.
type unwinder struct {
	unwinding
	steps graph.Routine
	first int // of the buffers given
}

func newUnwinder(u unwinding, first int) unwinder { return unwinder{u, newStepsBack(&u), first} }

// newStepsBack returns a routine for the steps back.
func newStepsBack(u *unwinding) graph.Routine {
	steps := u.code.Routine()
	first := len(u.record.offsets)
	for k := range first {
		steps.InputStride(k, -u.record.size)
	}
	for k, i := range u.takes {
		if u.isX(i) {
			steps.InputStride(first+k, -u.stride(u.Body.Inputs()[i].Type()))
		}
	}
	first += len(u.takes)
	for k := len(u.live); k < len(u.given); k++ {
		r := u.given[k]
		steps.InputStride(first+k, -u.stride(r.typeOf(u.Body.Outputs()[r.of].Type())))
	}
	for k, r := range u.xs {
		steps.OutputStride(len(u.live)+k, -u.stride(r.typeOf(u.Body.Inputs()[r.of].Type())))
	}
	return steps
}

// resultOf is which result r is, −1 if it is none.
func (u *unwinding) resultOf(r rateOf) int { return slices.Index(u.wrt, r) }

// begin gives the cotangents their first values and places what stays where it is for all steps. Cotangents of carries
// that are no result lie at scratch.
func (u *unwinder) begin(scratch unsafe.Pointer, out graph.Buffer, in []graph.Buffer) {
	first := len(u.record.offsets)
	for k, i := range u.takes {
		if !u.isX(i) {
			u.steps.Input(first+k, in[i].Ptr)
		}
	}
	first += len(u.takes)
	for k, r := range u.live {
		at := u.cts.at(scratch, k)
		if p := u.resultOf(r); p >= 0 {
			at = u.out.at(out.Ptr, p)
		}
		copyBytes(at, in[u.first+k].Ptr, u.cts.bytes[k])
		u.steps.Input(first+k, at)
	}
	for k, r := range u.consts {
		p := u.resultOf(r)
		at := u.out.at(out.Ptr, p)
		clear(unsafe.Slice((*byte)(at), u.out.bytes[p]))
		u.steps.Input(first+len(u.given)+k, at)
	}
}

// goBack applies the chain rule to the n steps before step end, the last one first. Their records lie behind each other
// on a tape.
func (u *unwinder) goBack(w *graph.Work, end, n int, tape unsafe.Pointer, out graph.Buffer, in []graph.Buffer) error {
	if n == 0 {
		return nil
	}
	record := func(k int) unsafe.Pointer { return unsafe.Add(tape, k*u.record.size) }
	u.place(end-1, record(n-1), out, in)
	if _, _, done, err := u.steps.Repeat(w, nil, n); done {
		return err
	}
	for k := n - 1; k >= 0; k-- {
		if err := stopped(w); err != nil {
			return err
		}
		u.place(end-n+k, record(k), out, in)
		if err := u.steps.Run(); err != nil {
			return err
		}
	}
	return nil
}

// place says where lies what step t has for itself, such as its record.
func (u *unwinder) place(t int, record unsafe.Pointer, out graph.Buffer, in []graph.Buffer) {
	for k, offset := range u.record.offsets {
		u.steps.Input(k, unsafe.Add(record, offset))
	}
	first, slot := len(u.record.offsets), u.slot(t)
	for k, i := range u.takes {
		if u.isX(i) {
			u.steps.Input(first+k, u.sliceOf(i, slot, in))
		}
	}
	first += len(u.takes)
	for k := len(u.live); k < len(u.given); k++ {
		r := u.given[k]
		bytes := r.typeOf(u.Body.Outputs()[r.of].Type()).Bytes()
		u.steps.Input(first+k, unsafe.Add(in[u.first+k].Ptr, slot*bytes))
	}
	for k, r := range u.xs {
		bytes := r.typeOf(u.Body.Inputs()[r.of].Type()).Bytes()
		u.steps.Output(len(u.live)+k, unsafe.Add(u.out.at(out.Ptr, u.resultOf(r)), slot*bytes))
	}
}

// sliceOf returns where a slice of input i lies.
func (a Loop) sliceOf(i, slot int, in []graph.Buffer) unsafe.Pointer {
	return unsafe.Add(in[i].Ptr, slot*a.Body.Inputs()[i].Type().Bytes())
}
