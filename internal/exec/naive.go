package exec

import (
	"unsafe"

	"chainrule/graph"
)

// naive is the graph.Compiler of Reference. It compiles nothing: its routines compute a function as it was written, node
// by node into fresh memory, and copy the results to where they are wanted.
type naive struct{}

func (naive) Code(f *graph.Func, overwrites ...int) (graph.Code, error) {
	c := naiveCode{f: f, overwrites: make([]int, len(f.Outputs()))}
	for k := range c.overwrites {
		c.overwrites[k] = -1
		if k < len(overwrites) {
			c.overwrites[k] = overwrites[k]
		}
	}
	return c, nil
}

func (naive) Simplified(f *graph.Func) *graph.Func { return f }

func (naive) Memo(f *graph.Func, key any, compute func() any) any {
	type naiveKey struct{ key any }
	return f.Memo(naiveKey{key}, compute)
}

// naiveCode is a function with the inputs that its outputs overwrite, −1 for none.
type naiveCode struct {
	f          *graph.Func
	overwrites []int
}

func (naiveCode) Workspace() int          { return 0 }
func (naiveCode) CopiesTo(int) bool       { return false }
func (naiveCode) Repeats(graph.Code) bool { return false }

func (c naiveCode) Routine() graph.Routine {
	return &naiveRoutine{naiveCode: c, in: make([]moved, len(c.f.Inputs())), out: make([]moved, len(c.f.Outputs()))}
}

// moved is where an operand lies, and by how many bytes it moves from step to step.
type moved struct {
	at     unsafe.Pointer
	stride int
}

func next(list []moved) {
	for i := range list {
		list[i].at = unsafe.Add(list[i].at, list[i].stride)
	}
}

type naiveRoutine struct {
	naiveCode
	work    graph.Work
	in, out []moved
}

func (r *naiveRoutine) InputStride(i, bytes int)  { r.in[i].stride = bytes }
func (r *naiveRoutine) OutputStride(i, bytes int) { r.out[i].stride = bytes }

func (r *naiveRoutine) Bind(w *graph.Work, _ unsafe.Pointer) {
	r.work = graph.Work{Workers: w.Workers, Stop: w.Stop, Context: w.Context, Bad: w.Bad}
}

func (r *naiveRoutine) Release() {
	for i := range r.in {
		r.in[i].at = nil
	}
	for i := range r.out {
		r.out[i].at = nil
	}
}

func (r *naiveRoutine) Input(i int, at unsafe.Pointer)  { r.in[i].at = at }
func (r *naiveRoutine) Output(i int, at unsafe.Pointer) { r.out[i].at = at }

func (r *naiveRoutine) Next() {
	next(r.in)
	next(r.out)
}

// Run looks for the birth of a bad element, if the work asks for that. Those that are fed were born elsewhere.
func (r *naiveRoutine) Run() error {
	feeds := map[*graph.Node]Value{}
	for i, x := range r.f.Inputs() {
		v := NewValue(x.Type())
		copy(v.Bytes(), bytesOf(r.in[i].at, x.Type().Bytes()))
		feeds[x] = v
	}
	if r.work.Bad != nil {
		if e, err := Blame(&r.work, r.f.Outputs(), feeds, r.work.Bad); err != nil {
			return err
		} else if e != nil && !e.fed {
			return e
		}
	}
	results, err := reference(&graph.Work{Workers: 1, Stop: r.work.Stop, Context: r.work.Context}, r.f.Outputs(), feeds)
	if err != nil {
		return err
	}
	for k, v := range results {
		at := r.out[k].at
		if i := r.overwrites[k]; i >= 0 {
			at = r.in[i].at
		}
		copy(bytesOf(at, len(v.Bytes())), v.Bytes())
	}
	return nil
}

func (*naiveRoutine) Repeat(*graph.Work, graph.Routine, int) (steps int, more, ok bool, err error) {
	return 0, false, false, nil
}
