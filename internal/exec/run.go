package exec

import (
	"context"
	"errors"
	"fmt"

	"chainrule/graph"
)

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
