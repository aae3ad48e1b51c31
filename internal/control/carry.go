package control

import (
	"slices"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/sweep"
)

// Where a carry lies from step to step saves copies. A y that is the carry as a step finds it, or as a step leaves it,
// is a stack of all its values: each step reads one slice and writes the next. Other small carries lie in two places in
// turns. A large one, if it can be, and one whose loop may end at any step lies where the result is to be, and each step
// overwrites it.

type carryPlace uint8

const (
	overwritten carryPlace = iota
	inTurns
	stackedAsFound
	stackedAsLeft
)

// carried is where a carry lies, and which y, if any, is its stack.
type carried struct {
	place carryPlace
	y     int
}

// planBody chooses places for the carries and compiles the body. If it turns out to be nothing but numbers, all of which
// can stay in registers, its carries are overwritten.
func (c *loopCode) planBody(by graph.Compiler) error {
	c.carried = make([]carried, c.Carries)
	if c.givesNumbers() {
		if err := c.planOutputs(by); err != nil {
			return err
		}
		if c.inRegisters = c.body.Repeats(c.cond); c.inRegisters {
			return nil
		}
	}
	if c.Cond == nil {
		for i := range c.carried {
			c.carried[i] = c.carriedBy(i)
		}
	}
	if err := c.planOutputs(by); err != nil {
		return err
	}
	again := false
	for i := range c.carried {
		if c.Cond == nil && c.carried[i].place == overwritten && c.body.CopiesTo(i) {
			c.carried[i].place, again = inTurns, true
		}
	}
	if again {
		return c.planOutputs(by)
	}
	return nil
}

// givesNumbers reports whether all results have one element, without which there is no use in trying registers.
func (c *loopCode) givesNumbers() bool {
	return !slices.ContainsFunc(c.Body.Outputs(), func(y *graph.Node) bool { return y.Type().Size() != 1 })
}

// carriedBy is the place of carry i of a loop with a known number of steps.
func (c *loopCode) carriedBy(i int) carried {
	in, out := c.Body.Inputs()[i], c.Body.Outputs()
	if y := slices.Index(out[c.Carries:], in); y >= 0 {
		return carried{stackedAsFound, c.Carries + y}
	}
	if y := slices.Index(out[c.Carries:], out[i]); y >= 0 {
		return carried{stackedAsLeft, c.Carries + y}
	}
	if in.Type().Size() <= mostElements {
		return carried{place: inTurns}
	}
	return carried{}
}

// planOutputs compiles the body without the results that places give.
func (c *loopCode) planOutputs(by graph.Compiler) (err error) {
	s := sweep.Unfold(c.Body)
	var nodes []*graph.Node
	var overwrites []int
	c.outputs = nil
	for k, n := range s.Outputs {
		over := -1
		if k < c.Carries {
			if c.carried[k].place == stackedAsLeft {
				continue
			}
			if c.carried[k].place == overwritten {
				over = k
			}
		} else if slices.Contains(c.carried, carried{stackedAsFound, k}) {
			continue
		}
		nodes, overwrites, c.outputs = append(nodes, n), append(overwrites, over), append(c.outputs, k)
	}
	body := c.Body
	if len(nodes) < len(s.Outputs) {
		body = s.G.Func(s.Inputs, nodes)
	}
	c.body, err = by.Code(body, overwrites...)
	return err
}

// beginCarries puts the carries where the first step finds them, and places those that stay there.
func (r *loopRun) beginCarries(out graph.Buffer, in []graph.Buffer) {
	for i, c := range r.carried {
		at := r.parts.at(out.Ptr, i)
		switch {
		case r.Steps == 0 && r.Cond == nil:
		case c.place == overwritten:
			r.steps.Input(i, at)
		case c.place == stackedAsFound:
			at = r.slice(c.y, 0, out)
		default:
			continue
		}
		copyBytes(at, in[i].Ptr, r.parts.bytes[i])
	}
}

// slice is where a step has its slice of a y.
func (r *loopRun) slice(y, t int, out graph.Buffer) unsafe.Pointer {
	return unsafe.Add(r.parts.at(out.Ptr, y), r.slot(t)*r.Body.Outputs()[y].Type().Bytes())
}

// found is where step t finds a carry that moves.
func (r *loopRun) found(i, t int, scratch unsafe.Pointer, out graph.Buffer, in []graph.Buffer) unsafe.Pointer {
	switch c := r.carried[i]; {
	case c.place == stackedAsFound && t < r.Steps:
		return r.slice(c.y, t, out)
	case c.place == stackedAsFound:
		return r.parts.at(out.Ptr, i)
	case t == 0:
		return in[i].Ptr
	case c.place == inTurns && (r.Steps-t)%2 == 0:
		return r.parts.at(out.Ptr, i)
	case c.place == stackedAsLeft:
		return r.slice(c.y, t-1, out)
	default:
		return r.turns.at(r.space.at(scratch, spaceTurns), i)
	}
}

// strideCarries lets the routine move carries on stacks, and lists those that lie in turns.
func (r *loopRun) strideCarries() {
	for i, c := range r.carried {
		stride, output := r.stride(r.Body.Inputs()[i].Type()), slices.Index(r.outputs, i)
		switch c.place {
		case inTurns:
			r.turning = append(r.turning, [2]int{i, output})
		case stackedAsFound:
			r.steps.InputStride(i, stride)
			r.steps.OutputStride(output, stride)
		case stackedAsLeft:
			r.steps.InputStride(i, stride)
		}
	}
}

// next places what moves for step t, after step t − 1 and before the last one.
func (r *loopRun) next(t int, scratch unsafe.Pointer, out graph.Buffer, in []graph.Buffer) {
	r.steps.Next()
	for _, c := range r.turning {
		r.steps.Input(c[0], r.found(c[0], t, scratch, out, in))
		r.steps.Output(c[1], r.found(c[0], t+1, scratch, out, in))
	}
}

// endCarries gives the results that are stacks' last slices.
func (r *loopRun) endCarries(out graph.Buffer) {
	for i, c := range r.carried {
		if c.place == stackedAsLeft && r.Steps > 0 {
			copyBytes(r.parts.at(out.Ptr, i), r.slice(c.y, r.Steps-1, out), r.parts.bytes[i])
		}
	}
}
