package control

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/sweep"
)

// A loop carries masks beside the derivatives that it carries, if there is a choice in its body or a mask over what it is
// given: see graph.Masked. Which derivatives need one follows from the body, as which have one at all does: a mask that
// may come out of a step must be able to go into the next.

// rateOf is the cotangent of a numbered input or result, or the mask over it.
type rateOf struct {
	of   int
	mask bool
}

// carried lists what the way back carries from step to step, by input of the body.
func (a gradAttrs) carried() []rateOf { return ratesOf(a.Live, a.LiveMasks, 0) }

// given lists what a node takes behind the loop's inputs, by result of the loop.
func (a gradAttrs) given() []rateOf {
	return append(a.carried(), ratesOf(a.Ys, a.YMasks, a.Carries)...)
}

// wrt lists the node's results, by input of the loop.
func (a gradAttrs) wrt() []rateOf { return ratesOf(a.Wrt, a.WrtMasks, 0) }

func ratesOf(list, masks graph.Ints, first int) []rateOf {
	var all []rateOf
	for _, i := range list.Slice() {
		all = append(all, rateOf{first + i, false})
	}
	for _, i := range masks.Slice() {
		all = append(all, rateOf{first + i, true})
	}
	return all
}

// in is what v means among the derivatives r, for node n: its derivative, or the mask over that, of n's shape.
func (v rateOf) in(r sweep.Derivatives, n *graph.Node) *graph.Node {
	if v.mask {
		return r.MaskOver(v.of, n)
	}
	return sweep.OrZeros(r.D[v.of], n)
}

// typeOf is the type of what is of a value of type t.
func (r rateOf) typeOf(t graph.Type) graph.Type {
	if r.mask {
		return graph.T(graph.Bool, t.Shape...)
	}
	return t
}

// meant tells which of n are listed, as derivatives or as masks.
func meant(list []rateOf, masks bool, n int) sweep.Selection {
	m := make(sweep.Selection, n)
	for _, r := range list {
		if r.mask == masks {
			m[r.of] = true
		}
	}
	return m
}

// maskedPush makes d, the body's tangent, one with masks, if there is use for them, and tells which inputs have one.
func (l loopNode) maskedPush(d sweep.Derived, moves, needed sweep.Selection, tangents sweep.Derivatives, guard bool) (sweep.Derived, sweep.Selection) {
	masked := tangents.Masked()[:l.bodyInputs()]
	if !guard && !sweep.MayAmplifyZero(l.Body) || masked.Count() == 0 && !selects(l.Body) {
		return d, make(sweep.Selection, len(masked))
	}
	for i := range l.Carries { // what does not move yet is not live
		masked[i] = masked[i] || moves[i] && tangents.D[i] == nil
	}
	for {
		d = sweep.JVPOf(l.Body, moves, masked, needed, true)
		if !masked.AddFirst(d.Masked[:l.Carries]) {
			return d, masked
		}
	}
}

// maskedPull makes d, the body's transposed derivative, one with masks, if there is use for them, and tells which results
// have one.
func (l loopNode) maskedPull(d sweep.Derived, given, active sweep.Selection, cts sweep.Derivatives, guard sweep.Selection) (sweep.Derived, sweep.Selection) {
	masked := cts.Masked()
	for i := range masked {
		masked[i] = masked[i] && given[i]
	}
	if guard.Count() == 0 && !sweep.MayAmplifyZero(l.Body) || masked.Count() == 0 && !selects(l.Body) {
		return d, make(sweep.Selection, len(masked))
	}
	for i := range l.Carries { // what has no cotangent yet is not live
		masked[i] = masked[i] || given[i] && cts.D[i] == nil
	}
	all := slices.Clone(guard)
	copy(all, active[:l.Carries])
	for {
		d = sweep.VJPOf(l.Body, given, masked, active, all)
		if !masked.AddFirst(d.Masked[:l.Carries]) {
			break
		}
	}
	masked = l.usedMasks(d, given, masked, guard)
	for i := range l.Carries {
		all[i] = masked[i] || guard[i]
	}
	return sweep.VJPOf(l.Body, given, masked, active, all), masked
}

// usedMasks tells which of the masks given to d make a difference: to a derivative, or to a mask that is asked for.
func (l loopNode) usedMasks(d sweep.Derived, given, masked, guard sweep.Selection) sweep.Selection {
	in := sweep.Scatter(d.F.Inputs()[l.bodyInputs()+given.Count():], masked)
	out := d.Results(d.F.Outputs())
	wanted, used := sweep.NotNil(out.D), make(sweep.Selection, len(masked))
	for i, asked := range guard {
		if i < l.Carries {
			used[i] = asked && masked[i]
		}
		if asked && out.Masks[i] != nil {
			wanted = append(wanted, out.Masks[i])
		}
	}
	for again := true; again && len(wanted) > 0; {
		again = false
		reached := map[*graph.Node]bool{}
		for _, n := range graph.Topo(wanted...) {
			reached[n] = true
		}
		for i, n := range in {
			if n == nil || used[i] || !reached[n] {
				continue
			}
			used[i], again = true, true
			if i < l.Carries && out.Masks[i] != nil {
				wanted = append(wanted, out.Masks[i])
			}
		}
	}
	return used
}
