package control

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/sweep"
)

// augmented is a loop that computes its tangent too.
type augmented struct {
	loopNode
	primal  []int // by input of the loop: which input it is now
	tangent []int // by result of the loop: which result its tangent is now, −1 if it is zero
	live    []int // by result of the loop: which result the mask over its tangent is now, −1 if that is live
	value   []int // by result of the loop: which result it is now
}

// tangents makes the loop and returns the tangents among its results.
func (a augmented) tangents() sweep.Derivatives {
	node, r := a.node(), sweep.NewDerivatives(len(a.tangent))
	for i, p := range a.tangent {
		if p >= 0 {
			r.D[i] = graph.Part(node, p)
		}
		if p := a.live[i]; p >= 0 {
			r.Masks[i] = graph.Part(node, p)
		}
	}
	return r
}

// augment adds the tangents of l that the needed results have to it, and masks over them, given those of its inputs. It is
// false if they all are zero.
func (l loopNode) augment(tangents sweep.Derivatives, needed sweep.Selection, guard bool) (augmented, bool) {
	needed = l.needed(needed)
	tangents = sweep.Derivatives{D: slices.Clone(tangents.D), Masks: tangents.Masks}
	for i, is := range needed[:l.Carries] {
		if !is {
			tangents.D[i] = nil
		}
	}
	moves := sweep.Which(tangents.D[:l.bodyInputs()])
	if moves.Count() == 0 {
		return augmented{}, false
	}
	none := make(sweep.Selection, len(moves))
	d := sweep.JVPOf(l.Body, moves, none, needed, false)
	for moves.AddFirst(d.Has[:l.Carries]) {
		d = sweep.JVPOf(l.Body, moves, none, needed, false)
	}
	d, masked := l.maskedPush(d, moves, needed, tangents, guard)
	a := augmented{loopNode: l}
	a.Body = l.augmentedBody(d, moves, masked)
	a.Cond = l.augmentedCond(moves, masked)
	a.takeInputs(l, tangents, moves, masked)
	a.place(l, slices.Concat(moves[:l.Carries], d.Has[l.Carries:]), slices.Concat(masked[:l.Carries], d.Masked[l.Carries:]))
	a.remember(l.Loop)
	return a, true
}

// takeInputs lists the inputs: carries, xs and constants, each followed by the tangents of those that move and by the masks
// over these, then what the condition takes.
func (a *augmented) takeInputs(l loopNode, tangents sweep.Derivatives, moves, masked sweep.Selection) {
	a.in = nil
	counts := [3]*int{&a.Carries, &a.Xs, &a.Consts}
	from := 0
	for _, count := range counts {
		to := from + *count
		for i := from; i < to; i++ {
			a.primal = append(a.primal, len(a.in)+i-from)
		}
		a.in = append(a.in, l.in[from:to]...)
		for i := from; i < to; i++ {
			if moves[i] {
				a.in = append(a.in, sweep.OrZeros(tangents.D[i], l.in[i]))
				*count++
			}
		}
		for i := from; i < to; i++ {
			if masked[i] {
				a.in = append(a.in, tangents.MaskOver(i, l.in[i]))
				*count++
			}
		}
		from = to
	}
	for i := range l.in[from:] {
		a.primal = append(a.primal, len(a.in)+i)
	}
	a.in = append(a.in, l.in[from:]...)
}

// needed adds to the results that are needed the carries that lead to them in later steps.
func (l loopNode) needed(results sweep.Selection) sweep.Selection {
	results = slices.Clone(results)
	for results.AddFirst(sweep.Senders(l.Body, results)[:l.Carries]) {
	}
	return results
}

// place numbers the results: carries, their tangents and masks over these, then ys and theirs.
func (a *augmented) place(l loopNode, moves, masked sweep.Selection) {
	next := 0
	number := func(meant bool) int {
		if !meant {
			return -1
		}
		next++
		return next - 1
	}
	n := len(moves)
	a.value, a.tangent, a.live = make([]int, n), make([]int, n), make([]int, n)
	for _, group := range [][2]int{{0, l.Carries}, {l.Carries, n}} {
		for i := group[0]; i < group[1]; i++ {
			a.value[i] = number(true)
		}
		for i := group[0]; i < group[1]; i++ {
			a.tangent[i] = number(moves[i])
		}
		for i := group[0]; i < group[1]; i++ {
			a.live[i] = number(masked[i])
		}
	}
}

// augmentedBody puts the inputs and results of a body and its tangent in the order of a loop's.
func (l loopNode) augmentedBody(d sweep.Derived, moves, masked sweep.Selection) *graph.Func {
	return d.F.Memo(fmt.Sprint("augment", l.Carries, l.Xs, l.Consts), func() any {
		s := sweep.Unfold(l.Body)
		ts, masks := s.Twins(s.Inputs, moves), s.Masks(s.Inputs, masked)
		pushes := d.Results(d.F.Inline(s.G, slices.Concat(s.Inputs, sweep.NotNil(ts), sweep.NotNil(masks))))
		for i := range l.Carries {
			if masked[i] && pushes.Masks[i] == nil {
				pushes.Masks[i] = pushes.MaskOver(i, s.Outputs[i])
			}
			if moves[i] {
				pushes.D[i] = sweep.OrZeros(pushes.D[i], s.Outputs[i])
			}
		}
		var in, out []*graph.Node
		from := 0
		for _, count := range []int{l.Carries, l.Xs, l.Consts} {
			to := from + count
			in = slices.Concat(in, s.Inputs[from:to], sweep.NotNil(ts[from:to]), sweep.NotNil(masks[from:to]))
			from = to
		}
		for _, group := range [][2]int{{0, l.Carries}, {l.Carries, len(s.Outputs)}} {
			from, to := group[0], group[1]
			out = slices.Concat(out, s.Outputs[from:to], sweep.NotNil(pushes.D[from:to]), sweep.NotNil(pushes.Masks[from:to]))
		}
		return s.G.Func(in, out)
	}).(*graph.Func)
}

// augmentedCond is the condition with tangents beside the carries, which it does not look at.
func (l loopNode) augmentedCond(moves, masked sweep.Selection) *graph.Func {
	if l.Cond == nil {
		return nil
	}
	s := sweep.Unfold(l.Cond)
	carries := s.Inputs[:l.Carries]
	ts, masks := s.Twins(carries, moves[:l.Carries]), s.Masks(carries, masked[:l.Carries])
	return s.G.Func(slices.Concat(carries, sweep.NotNil(ts), sweep.NotNil(masks), s.Inputs[l.Carries:]), s.Outputs)
}
