package autodiff

import (
	"slices"

	"chainrule/graph"
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

// at is derivative v of node n, or the mask over it, of n's shape.
func (r rates) at(v rateOf, n *graph.Node) *graph.Node {
	if v.mask {
		return r.maskOver(v.of, n)
	}
	return orZeros(r.d[v.of], n)
}

// typeOf is the type of what is of a value of type t.
func (r rateOf) typeOf(t graph.Type) graph.Type {
	if r.mask {
		return graph.T(graph.Bool, t.Shape...)
	}
	return t
}

// meant tells which of n are listed, as derivatives or as masks.
func meant(list []rateOf, masks bool, n int) mask {
	m := make(mask, n)
	for _, r := range list {
		if r.mask == masks {
			m[r.of] = true
		}
	}
	return m
}

// maskedPush makes d, the body's tangent, one with masks, if there is use for them, and tells which inputs have one.
func (l loopNode) maskedPush(d derived, moves, needed mask, tangents rates, guard bool) (derived, mask) {
	masked := tangents.masked()[:l.bodyInputs()]
	if !guard && !isRough(l.Body) || masked.count() == 0 && !selects(l.Body) {
		return d, make(mask, len(masked))
	}
	for i := range l.Carries { // what does not move yet is not live
		masked[i] = masked[i] || moves[i] && tangents.d[i] == nil
	}
	for {
		d = pushed(l.Body, moves, masked, needed, true)
		if !masked.addFirst(d.live[:l.Carries]) {
			return d, masked
		}
	}
}

// maskedPull makes d, the body's transposed derivative, one with masks, if there is use for them, and tells which results
// have one.
func (l loopNode) maskedPull(d derived, given, active mask, cts rates, guard mask) (derived, mask) {
	masked := cts.masked()
	for i := range masked {
		masked[i] = masked[i] && given[i]
	}
	if guard.count() == 0 && !isRough(l.Body) || masked.count() == 0 && !selects(l.Body) {
		return d, make(mask, len(masked))
	}
	for i := range l.Carries { // what has no cotangent yet is not live
		masked[i] = masked[i] || given[i] && cts.d[i] == nil
	}
	all := slices.Clone(guard)
	copy(all, active[:l.Carries])
	for {
		d = pulled(l.Body, given, masked, active, all)
		if !masked.addFirst(d.live[:l.Carries]) {
			break
		}
	}
	masked = l.usedMasks(d, given, masked, guard)
	for i := range l.Carries {
		all[i] = masked[i] || guard[i]
	}
	return pulled(l.Body, given, masked, active, all), masked
}

// addFirst adds what is meant by a shorter list, and reports whether anything was new.
func (m mask) addFirst(more mask) bool {
	added := false
	for i, is := range more {
		if is && !m[i] {
			m[i], added = true, true
		}
	}
	return added
}

// usedMasks tells which of the masks given to d make a difference: to a derivative, or to a mask that is asked for.
func (l loopNode) usedMasks(d derived, given, masked, guard mask) mask {
	in := scatter(d.f.Inputs()[l.bodyInputs()+given.count():], masked)
	out := d.results(d.f.Outputs())
	wanted, used := some(out.d), make(mask, len(masked))
	for i, asked := range guard {
		if i < l.Carries {
			used[i] = asked && masked[i]
		}
		if asked && out.live[i] != nil {
			wanted = append(wanted, out.live[i])
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
			if i < l.Carries && out.live[i] != nil {
				wanted = append(wanted, out.live[i])
			}
		}
	}
	return used
}

// selects reports whether a function makes masks: it chooses between values, or branches.
func selects(f *graph.Func) bool {
	return f.Memo("selects", func() any {
		for _, y := range graph.Topo(f.Outputs()...) {
			_, is := y.Op().Derivative.(graph.Selective)
			switch a := y.Attrs().(type) {
			case loopAttrs:
				is = selects(a.Body)
			case gradAttrs:
				is = selects(a.Body) || len(a.LiveMasks.Slice())+len(a.YMasks.Slice()) > 0
			case condAttrs:
				is = true
			case customAttrs:
				is = selects(a.Body)
			}
			if is && isSmooth(y) {
				return true
			}
		}
		return false
	}).(bool)
}
