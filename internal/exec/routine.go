package exec

import (
	"slices"
	"unsafe"

	"chainrule/graph"
)

// Routine is a Plan as a part of another one's step, such as the body of a loop. It runs in memory that the step
// provides, and remembers where its operands lie from one run to the next. One goroutine uses it at a time.
type Routine struct {
	plan    *Plan
	machine *machine
	arena   unsafe.Pointer
	loop    scalarRepeater // nil if it is none, or not bound yet
	loopOf  [2]*machine
	// inStrides and outStrides are by how many bytes inputs and outputs move from step to step.
	inStrides, outStrides []int
	strides               []stride
}

// stride is an operand with a stride in bytes.
type stride struct {
	buf   *graph.Buffer
	bytes int
}

// Workspace, CopiesTo and Routine make a Plan a graph.Code.
func (p *Plan) Workspace() int { return p.Arena }

func (p *Plan) CopiesTo(i int) bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool {
		return s.Node == nil && s.Members == nil && s.Out.Space == Input && s.Out.Index == i
	})
}

func (p *Plan) Routine() graph.Routine { return NewRoutine(p) }

// NewRoutine returns a Routine that follows a plan, which other routines may follow too.
func NewRoutine(plan *Plan) *Routine {
	return &Routine{plan: plan, inStrides: make([]int, len(plan.Inputs)), outStrides: make([]int, len(plan.Outputs))}
}

// InputStride says that from one step to the next input i moves by some bytes. It is called before Bind.
func (r *Routine) InputStride(i, bytes int) { r.inStrides[i] = bytes }

// OutputStride says that from one step to the next output i moves by some bytes.
func (r *Routine) OutputStride(i, bytes int) { r.outStrides[i] = bytes }

// Bind gives the routine its memory. Binding the same again costs nothing.
func (r *Routine) Bind(w *graph.Work, arena unsafe.Pointer) {
	if r.machine == nil || r.arena != arena || r.machine.work.Workers != w.Workers {
		plan := *r.plan
		plan.Workers = w.Workers
		r.machine, r.arena = newMachineIn(&plan, arena), arena
		r.strides = appendStrides(appendStrides(nil, r.machine.inputs, r.inStrides), r.machine.outputs, r.outStrides)
	}
	r.machine.work.Stop, r.machine.work.Context = w.Stop, w.Context
}

func appendStrides(list []stride, patches [][]patch, bytes []int) []stride {
	for i, uses := range patches {
		for _, p := range uses {
			if bytes[i] != 0 {
				list = append(list, stride{p.buf, bytes[i]})
			}
		}
	}
	return list
}

// Next moves inputs and outputs by their strides. There must be a next step.
func (r *Routine) Next() {
	for i := range r.strides {
		s := &r.strides[i]
		s.buf.Ptr = unsafe.Add(s.buf.Ptr, s.bytes)
	}
}

// Input says where input i lies from now on. An output that overwrites a donated input lies there too.
func (r *Routine) Input(i int, at unsafe.Pointer) { point(r.machine.inputs[i], at) }

// Output says where output i goes from now on.
func (r *Routine) Output(i int, at unsafe.Pointer) { point(r.machine.outputs[i], at) }

func point(patches []patch, at unsafe.Pointer) {
	for _, p := range patches {
		p.buf.Ptr = unsafe.Add(at, p.offset)
	}
}

// Run computes the outputs, unless it is stopped. What its inputs then hold is not known: the loop around it gives up too.
func (r *Routine) Run() error { return r.machine.run(len(r.machine.steps)) }

// Release forgets where operands lie, so that their memory can be freed.
func (r *Routine) Release() {
	detach(r.machine.inputs)
	detach(r.machine.outputs)
}
