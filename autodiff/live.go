package autodiff

import (
	"chainrule/graph"
	"chainrule/ops"
)

// live is a table of derivatives, cotangents or tangents, that also knows where they are live: see graph.Masked. A zero
// that comes from a value that where did not choose annihilates the partial derivative that it meets: 0·∞ is 0 there,
// as it is for the function, which does not depend on that value. Other zeros are numbers like any other.
//
// Masks are nodes only on the way from a where; elsewhere this is a table. What they guard is guarded by a where, so
// that derivatives of derivatives need nothing new.
type live struct {
	table
	masks table // empty as long as all is live
}

func newLive(order []*graph.Node) live { return live{table: newTable(order)} }

// mask says where the derivative of n is live.
func (l *live) mask(n *graph.Node) *graph.Node {
	if l.masks.of == nil {
		return nil
	}
	return l.masks.at(n)
}

func (l *live) setMask(n, mask *graph.Node) {
	if l.masks.of == nil {
		if mask == nil {
			return
		}
		l.masks = table{l.low, make([]*graph.Node, len(l.of))}
	}
	l.masks.set(n, mask)
}

// add adds v, live everywhere, to what n has so far.
func (l *live) add(n, v *graph.Node) {
	if v != nil {
		l.table.add(n, v)
		l.setMask(n, nil)
	}
}

// pull applies the VJP of y by its input i, dz/dy · dy/dx, and adds what comes out to that input's cotangent.
func (l *live) pull(y *graph.Node, i int) {
	dzdx, mask := maskedVJP(y, i, l.at(y), l.mask(y))
	x := y.In()[i]
	l.addLive(x, ops.SumTo(dzdx, x.Shape()...), mask)
}

// addLive adds v, live where the mask holds, to what n has so far.
func (l *live) addLive(n, v, mask *graph.Node) {
	if mask != nil && l.at(n) != nil {
		mask = ops.EitherMask(mask, l.mask(n))
	}
	l.table.add(n, v)
	l.setMask(n, mask)
}

// part gives an op with several results, of which y is one, the first with a cotangent or not, a mask of one element:
// whether any of them is live anywhere.
func (l *live) part(y *graph.Node, first bool) {
	if l.at(y) == nil {
		return
	}
	mask := l.mask(y)
	if mask != nil {
		mask = anywhere(mask)
	}
	if !first {
		mask = ops.EitherMask(mask, l.mask(y.In()[0]))
	}
	l.setMask(y.In()[0], mask)
}

// addAll adds v, what an op y with several results passes on to its input x, if it passes anything on.
func (l *live) addAll(y, x, v *graph.Node) {
	mask := l.mask(y)
	switch {
	case v == nil:
	case mask == nil:
		l.add(x, v)
	default:
		l.addLive(x, ops.Where(mask, v, 0), mask)
	}
}

func maskedVJP(y *graph.Node, i int, ct, live *graph.Node) (dzdx, mask *graph.Node) {
	rule := y.Op().Derivative
	_, selects := rule.(graph.Selective)
	switch {
	case live == nil && !selects:
		return rule.VJP(y, i, ct), nil
	case y.IsAlias():
		return ct, live
	}
	if rule, ok := rule.(graph.Masked); ok {
		if dzdx, mask = rule.MaskedVJP(y, i, ct, live); dzdx != nil {
			return dzdx, mask
		}
	}
	// If nothing is known of the op, everything may depend on everything.
	mask = anywhere(live)
	return ops.Where(mask, rule.VJP(y, i, ct), 0), mask
}

func anywhere(mask *graph.Node) *graph.Node {
	all := make([]int, mask.Rank())
	for i := range all {
		all[i] = i
	}
	return ops.Reshape(ops.Anywhere(mask, all...))
}

// push applies the JVP of y to the tangents t of its inputs, nil where they are zero, and sets y's.
func (l *live) push(y *graph.Node, t []*graph.Node) {
	tangent, mask := l.maskedJVP(y, t)
	if tangent == nil {
		if tangent = y.Op().Derivative.JVP(y, t); tangent == nil {
			tangent = transposed(y, t)
		}
	}
	l.set(y, ops.BroadcastTo(tangent, y.Shape()...))
	l.setMask(y, mask)
}

// maskedJVP returns nil if nothing is known, or is to be known, of masks.
func (l *live) maskedJVP(y *graph.Node, t []*graph.Node) (tangent, mask *graph.Node) {
	rule := y.Op().Derivative
	_, known := rule.(graph.Selective)
	if !known && l.masks.of == nil {
		return nil, nil
	}
	masks := make([]*graph.Node, len(t))
	for i, x := range y.In() {
		if t[i] != nil {
			masks[i] = l.mask(x)
			known = known || masks[i] != nil
		}
	}
	switch rule, ok := rule.(graph.Masked); {
	case known && y.IsAlias():
		return t[0], masks[0]
	case known && ok:
		return rule.MaskedJVP(y, t, masks)
	}
	return nil, nil
}
