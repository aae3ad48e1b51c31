package control

import (
	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// steps puts the axis of examples, the first, behind that of steps.
func behindSteps(n *graph.Node) *graph.Node { return ops.MoveAxis(n, 0, 1) }

// spreadLoop is a loop over many examples at once.
type spreadLoop struct {
	loopNode
	has sweep.Selection // by result: whether it differs between examples
}

// result gives a result the axis of examples first.
func (s spreadLoop) result(i int, part *graph.Node) *graph.Node {
	if i < s.Carries {
		return part
	}
	return ops.MoveAxis(part, 1, 0)
}

// spread makes l a loop for size examples. The carries that all says differ between them in any case.
func (l loopNode) spread(in []*graph.Node, batched []bool, all sweep.Selection, size int) spreadLoop {
	differ := append(sweep.Selection(nil), batched[:l.bodyInputs()]...)
	for i := range l.Carries {
		differ[i] = differ[i] || all[i]
	}
	free := batched[l.bodyInputs():] // constants of the condition
	condDiffers := false
	outAll := make(sweep.Selection, len(l.Body.Outputs()))
	for again := true; again; {
		again = false
		if l.Cond != nil {
			condDiffers = sweep.BatchOf(l.Cond, append(append(sweep.Selection(nil), differ[:l.Carries]...), free...), sweep.Selection{false}, size).Has[0]
		}
		copy(outAll, differ[:l.Carries])
		d := sweep.BatchOf(l.Body, differ, outAll, size)
		for i := range l.Carries {
			if !differ[i] && (d.Has[i] || condDiffers) {
				differ[i], again = true, true
			}
		}
	}
	s := spreadLoop{loopNode: l, has: sweep.BatchOf(l.Body, differ, outAll, size).Has}
	s.Body = sweep.BatchOf(l.Body, differ, outAll, size).F
	s.in = append([]*graph.Node(nil), in...)
	for i := range l.Carries {
		if differ[i] && !batched[i] {
			s.in[i] = sweep.Repeated(in[i], size)
		}
	}
	for i := range s.in {
		if l.isX(i) && batched[i] {
			s.in[i] = behindSteps(in[i])
		}
	}
	if l.Cond != nil {
		s.Cond = sweep.BatchOf(l.Cond, append(append(sweep.Selection(nil), differ[:l.Carries]...), free...), sweep.Selection{false}, size).F
		if condDiffers {
			s.loopNode = s.loopNode.untilAllEnd(differ)
		}
	}
	return s
}

// untilAllEnd takes a condition on examples, which all of the carries differ between, and goes on while it holds for
// any: examples for which it does not keep their carries. Differ says
// which inputs of the body are different for each of them.
func (l loopNode) untilAllEnd(differ sweep.Selection) loopNode {
	cond, body := l.Cond, l.Body
	c := sweep.Unfold(cond)
	l.Cond = c.G.Func(c.Inputs, []*graph.Node{ops.Any(c.Outputs[0])})
	b := sweep.Unfold(body)
	extra := make([]*graph.Node, len(cond.Inputs())-l.Carries)
	for i := range extra {
		extra[i] = b.Input(cond.Inputs()[l.Carries+i])
	}
	goesOn := cond.Inline(b.G, append(append([]*graph.Node(nil), b.Inputs[:l.Carries]...), extra...))[0]
	out := append([]*graph.Node(nil), b.Outputs...)
	if mayFail(body) {
		out = body.Inline(b.G, guarded(goesOn, b.Inputs, differ))
	}
	for i := range l.Carries {
		out[i] = ops.Where(alongFirst(goesOn, out[i].Rank()), out[i], b.Inputs[i])
	}
	l.Body = b.G.Func(append(b.Inputs, extra...), out)
	given := l.in[l.bodyInputs():]
	l.in = append(append([]*graph.Node(nil), l.in...), given...)
	l.Consts += len(extra)
	return l
}

// Under Vmap a branch or a body is computed for all examples at once, those too that do not want it: that have ended, or
// take the other branch. What it makes of them is dropped, but it must not fail, or go on for ever, for their sake. So
// if it can, they are given the values of an example that wants it.

// guarded returns inputs of which those that are batched have, for the examples that wanted does not hold for, the
// values of one that it holds for. There must be one.
func guarded(wanted *graph.Node, inputs []*graph.Node, batched []bool) []*graph.Node {
	if wanted.Shape()[0] == 0 {
		return inputs
	}
	first := ops.ArgMax(ops.Cast(wanted, graph.Int64))
	out := make([]*graph.Node, len(inputs))
	for i, x := range inputs {
		out[i] = x
		if batched[i] {
			out[i] = ops.Where(alongFirst(wanted, x.Rank()), x, ops.StopGradient(ops.Take(x, first, 0)))
		}
	}
	return out
}
