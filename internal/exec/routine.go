package exec

import (
	"context"
	"errors"
	"fmt"
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

// Run computes the outputs into dst from in. Both are the caller's; dst[i] has the type of output i, or shares
// its memory with the donated input that output i overwrites. Values of dst must not overlap inputs otherwise, nor
// each other. A run that fails or is cancelled leaves donated inputs as they were.
func (p *Program) Run(ctx context.Context, dst, in []Value) error {
	if err := p.check(dst, in); err != nil {
		return err
	}
	m := p.acquire()
	attach(m.inputs, in)
	attach(m.outputs, dst)
	err := m.execute(ctx, p.plan.Commit)
	detach(m.inputs)
	detach(m.outputs)
	p.release(m)
	return err
}

func (m *machine) execute(ctx context.Context, commit int) error {
	m.work.Stop, m.work.Context = ctx.Done(), ctx
	err := m.run(commit)
	m.work.Stop, m.work.Context = nil, nil
	if errors.Is(err, graph.ErrStopped) {
		return context.Cause(ctx)
	}
	return err
}

// run runs the steps. It may be stopped until those from number commit on begin, which overwrite donated inputs: they are
// all done or none. Without them it may be stopped to the end.
func (m *machine) run(commit int) error {
	for i := range m.steps {
		if i <= commit {
			if m.work.Stopped() {
				return graph.ErrStopped
			}
			if i == commit {
				m.work.Stop, m.work.Context = nil, nil
			}
		}
		s := &m.steps[i]
		var err error
		failed := s.node
		switch {
		case s.group != nil:
			failed, err = s.group.do()
		case s.scalar != nil:
			failed, err = s.scalar.do(&m.work)
		case s.loop != nil:
			err = s.loop.do(s.kernel, &m.work, s.out, s.in)
		default:
			err = s.kernel(&m.work, s.out, s.in)
		}
		if err != nil {
			return NodeError(failed, err)
		}
	}
	return m.work.Err()
}

// check refuses values of other types than the plan was made for.
func (p *Program) check(dst, in []Value) error {
	plan := &p.plan
	if len(in) != len(plan.Inputs) {
		return fmt.Errorf("%d inputs fed, %d wanted", len(in), len(plan.Inputs))
	}
	if len(dst) != len(plan.Outputs) {
		return fmt.Errorf("%d outputs given, %d wanted", len(dst), len(plan.Outputs))
	}
	for i, n := range plan.Inputs {
		if !in[i].Type.Equal(n.Type()) {
			return &FeedError{Index: i, Name: n.Name(),
				Reason: fmt.Sprintf("fed %v, wants %v", in[i].Type, n.Type())}
		}
	}
	for i, t := range plan.Outputs {
		if !dst[i].Type.Equal(t) {
			return fmt.Errorf("output %d: given %v, wants %v", i, dst[i].Type, t)
		}
	}
	return nil
}
