package ops

import (
	"math"
	"slices"

	"chainrule/graph"
)

// The families of derivative rules for cotangents and tangents that are zero, where a mask does not hold, because
// nothing depends on the value there: see graph.Masked. A mask is a bool that broadcasts to the shape of what it masks,
// and nil holds everywhere.

// keep returns x where the mask holds and 0 elsewhere, whatever x is there.
func keep(mask, x *graph.Node) *graph.Node {
	if mask == nil {
		return x
	}
	return Where(mask, x, 0)
}

// both is where two masks hold.
func both(a, b *graph.Node) *graph.Node {
	switch {
	case a == nil:
		return b
	case b == nil || a == b:
		return a
	}
	return And(a, b)
}

// EitherMask is where one of two masks holds.
func EitherMask(a, b *graph.Node) *graph.Node {
	switch {
	case a == nil || b == nil || a.Op() == &notOp && a.In()[0] == b || b.Op() == &notOp && b.In()[0] == a:
		return nil
	case a == b:
		return a
	}
	return Or(a, b)
}

// maskTo is where a mask holds for anything that an element of the given shape is broadcast to: the form of SumTo for
// masks. The mask need not have all axes that it broadcasts over, and neither has the result.
func maskTo(mask *graph.Node, shape []int) *graph.Node {
	var over []int
	lead := mask.Rank() - len(shape)
	for i := range mask.Rank() {
		if i < lead || shape[i-lead] == 1 {
			over = append(over, i)
		}
	}
	mask = Anywhere(mask, over...)
	if lead > 0 {
		mask = Reshape(mask, mask.Shape()[lead:]...)
	}
	return mask
}

// Anywhere is whether a bool holds anywhere along the given axes, which are kept with length 1.
func Anywhere(mask *graph.Node, axes ...int) *graph.Node {
	var over []int
	for _, a := range axes {
		if mask.Shape()[a] != 1 {
			over = append(over, a)
		}
	}
	if len(over) == 0 {
		return mask
	}
	count := Sum(Cast(mask, graph.Float32), over...) // large ones are rounded, and none to 0
	return KeepDims(Gt(count, 0), mask, over...)
}

// ranked gives a mask the leading axes of length 1 that it lacks for the given rank.
func ranked(mask *graph.Node, rank int) *graph.Node {
	shape := make([]int, rank)
	for i := range shape {
		shape[i] = 1
	}
	copy(shape[rank-mask.Rank():], mask.Shape())
	return Reshape(mask, shape...)
}

// isOne reports whether a mask has a single element.
func isOne(mask *graph.Node) bool { return mask.Type().Size() == 1 }

// isFinite reports whether p is a constant number, which takes zero to zero.
func isFinite(p *graph.Node) bool {
	c, ok := p.ScalarValue()
	return ok && !math.IsNaN(c) && !math.IsInf(c, 0)
}

// MaskedVJP implements graph.Masked.
func (s Scalar) MaskedVJP(n *graph.Node, i int, ct, live *graph.Node) (dzdx, mask *graph.Node) {
	p := s[i](n.In(), n)
	dzdx, mask = scale(ct, p), maskTo(live, n.In()[i].Shape())
	if isFinite(p) {
		return dzdx, mask
	}
	return keep(live, dzdx), mask
}

// MaskedJVP implements graph.Masked.
func (s Scalar) MaskedJVP(n *graph.Node, t, live []*graph.Node) (sum, mask *graph.Node) {
	for i, ti := range t {
		if ti == nil || s[i] == nil {
			continue
		}
		p := s[i](n.In(), n)
		term := scale(ti, p)
		if !isFinite(p) {
			term = keep(live[i], term)
		}
		if sum == nil {
			sum, mask = term, live[i]
		} else {
			sum, mask = Add(sum, term), EitherMask(mask, live[i])
		}
	}
	return fill(sum, n), mask
}

// MaskedVJP implements graph.Masked: transposes only move and add, so zero stays zero.
func (l Linear) MaskedVJP(n *graph.Node, i int, ct, live *graph.Node) (dzdx, mask *graph.Node) {
	return l[i](n, ct), transposedMask(n, i, live, func(ct *graph.Node) *graph.Node { return l[i](n, ct) })
}

// MaskedJVP implements graph.Masked.
func (l Linear) MaskedJVP(n *graph.Node, t, live []*graph.Node) (tangent, mask *graph.Node) {
	return l.JVP(n, t), movedMask(n, t, live)
}

// MaskedVJP implements graph.Masked.
func (l LinearEach) MaskedVJP(n *graph.Node, i int, ct, live *graph.Node) (dzdx, mask *graph.Node) {
	return l(n, i, ct), transposedMask(n, i, live, func(ct *graph.Node) *graph.Node { return l(n, i, ct) })
}

// MaskedJVP implements graph.Masked.
func (l LinearEach) MaskedJVP(n *graph.Node, t, live []*graph.Node) (tangent, mask *graph.Node) {
	return l.JVP(n, t), movedMask(n, t, live)
}

// transposedMask is the mask of a transpose's result: wherever what it makes of ones, where live holds, is not zero.
// The factors of a linear op have one sign, so that they do not cancel.
func transposedMask(
	n *graph.Node, i int, live *graph.Node, transpose func(ct *graph.Node) *graph.Node,
) *graph.Node {
	x := n.In()[i]
	folds, isFold := n.Attrs().(reduceAttrs)
	switch {
	case n.Op().Class == graph.Map:
		return maskTo(live, x.Shape())
	case isOne(live):
		return Reshape(live)
	case n.Op().Class == graph.Reduce && isFold:
		return unfoldMask(n, live, folds)
	case isReshape(n):
		return Reshape(BroadcastTo(live, n.Shape()...), x.Shape()...)
	}
	return Ne(transpose(Cast(BroadcastTo(live, n.Shape()...), n.DType())), 0)
}

// isReshape reports whether n is a view of all its input's elements in their order.
func isReshape(n *graph.Node) bool {
	return n.Op().Class == graph.View && n.Type().Size() == n.In()[0].Type().Size() &&
		n.Op().Layout(n).Contiguous(n.Shape())
}

// movedMask is the mask of what a linear op makes of tangents with masks.
func movedMask(n *graph.Node, t, live []*graph.Node) *graph.Node {
	in := slices.Clone(n.In())
	switch n.Op().Class {
	case graph.Map:
		return eitherOf(t, live)
	case graph.View:
		if isOne(live[0]) {
			return Reshape(live[0])
		}
		return n.Graph().Apply(n.Op(), n.Attrs(), BroadcastTo(live[0], in[0].Shape()...))
	}
	for i, x := range in {
		switch {
		case !x.DType().IsFloat():
		case t[i] == nil:
			in[i] = zeros(x)
		case live[i] == nil:
			in[i] = BroadcastTo(like(x, 1), x.Shape()...)
		default:
			in[i] = Cast(BroadcastTo(live[i], x.Shape()...), x.DType())
		}
	}
	return Ne(n.Graph().Apply(n.Op(), n.Attrs(), in...), 0)
}

// eitherOf is where one of the tangents is live.
func eitherOf(t, live []*graph.Node) (mask *graph.Node) {
	first := true
	for i := range t {
		switch {
		case t[i] == nil:
		case first:
			mask, first = live[i], false
		default:
			mask = EitherMask(mask, live[i])
		}
	}
	return mask
}

// unfoldMask gives a mask over a reduction the axes that were folded, with length 1.
func unfoldMask(n, live *graph.Node, folds reduceAttrs) *graph.Node {
	shape := append([]int(nil), ranked(live, n.Rank()).Shape()...)
	for _, a := range folds.Axes.Slice() {
		shape = append(shape[:a], append([]int{1}, shape[a:]...)...)
	}
	return Reshape(live, shape...)
}

// MaskedVJP implements graph.Masked for reductions, and for ops whose results depend on all elements along some axes
// and on none beside these, such as softmax.
func (e Explicit) MaskedVJP(n *graph.Node, i int, ct, live *graph.Node) (dzdx, mask *graph.Node) {
	folds, isFold := n.Attrs().(reduceAttrs)
	switch {
	case !isFold:
		return nil, nil
	case n.Op().Class == graph.Reduce:
		mask = unfoldMask(n, live, folds)
	default:
		mask = Anywhere(ranked(live, n.Rank()), folds.Axes.Slice()...)
	}
	return keep(mask, e.Reverse(n, ct)), mask
}

// MaskedJVP implements graph.Masked: it does not know.
func (Explicit) MaskedJVP(*graph.Node, []*graph.Node, []*graph.Node) (tangent, mask *graph.Node) {
	return nil, nil
}
