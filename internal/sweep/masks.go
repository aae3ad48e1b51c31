package sweep

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
	if l.masks.isNil() {
		return nil
	}
	return l.masks.at(n)
}

func (l *live) setMask(n, mask *graph.Node) {
	if l.masks.isNil() {
		if mask == nil {
			return
		}
		l.masks = l.table.twin()
	}
	l.masks.set(n, mask)
}

// pull applies the VJP of y by its input i, dz/dy · dy/dx, and adds what comes out to that input's cotangent.
func (l *live) pull(y *graph.Node, i int) {
	dzdx, mask := maskedVJP(y, i, l.at(y), l.mask(y))
	x := y.In()[i]
	l.addLive(x, ops.SumTo(dzdx, x.Shape()...), mask)
}

// addLive adds v, live where the mask holds, to what n has so far, if there is v.
func (l *live) addLive(n, v, mask *graph.Node) {
	if v == nil {
		return
	}
	if mask != nil && l.at(n) != nil {
		mask = ops.EitherMask(mask, l.mask(n))
	}
	l.table.add(n, v)
	l.setMask(n, mask)
}

func maskedVJP(y *graph.Node, i int, ct, live *graph.Node) (dzdx, mask *graph.Node) {
	rule := y.Op().Derivative
	_, selects := rule.(graph.Selective)
	switch {
	case live == nil && !selects:
		return vjp(y, i, ct), nil
	case y.IsAlias():
		return ct, live
	}
	if rule, ok := rule.(graph.Masked); ok {
		if dzdx, mask = rule.MaskedVJP(y, i, ct, live); dzdx != nil {
			return dzdx, mask
		}
	}
	// If nothing is known of the op, everything may depend on everything.
	mask = Anywhere(live)
	return ops.Where(mask, vjp(y, i, ct), 0), mask
}

func vjp(y *graph.Node, i int, ct *graph.Node) *graph.Node {
	if rule, ok := y.Op().Derivative.(graph.Confluent); ok {
		return rule.ConfluentVJP(y, i, ct, func(y, x, t *graph.Node) *graph.Node {
			return Forward([]*graph.Node{y}, []*graph.Node{x}, []*graph.Node{t})[0]
		})
	}
	return y.Op().Derivative.VJP(y, i, ct)
}

func Anywhere(mask *graph.Node) *graph.Node {
	all := make([]int, mask.Rank())
	for i := range all {
		all[i] = i
	}
	return ops.Reshape(ops.Anywhere(mask, all...))
}

// push applies the JVP of y to the tangents t of its inputs, nil where they are zero, and sets y's.
func (l *live) push(y *graph.Node, t Derivatives) {
	tangent, mask := maskedJVP(y, t)
	if tangent == nil {
		if tangent = y.Op().Derivative.JVP(y, t.D); tangent == nil {
			tangent = transposed(y, t.D)
		}
	}
	l.set(y, ops.BroadcastTo(tangent, y.Shape()...))
	l.setMask(y, mask)
}

// maskedJVP returns nil if nothing is known, or is to be known, of masks.
func maskedJVP(y *graph.Node, t Derivatives) (tangent, mask *graph.Node) {
	rule := y.Op().Derivative
	_, known := rule.(graph.Selective)
	known = known || Which(t.Masks).Count() > 0
	switch rule, ok := rule.(graph.Masked); {
	case known && y.IsAlias():
		return t.D[0], t.Masks[0]
	case known && ok:
		return rule.MaskedJVP(y, t.D, t.Masks)
	}
	return nil, nil
}
