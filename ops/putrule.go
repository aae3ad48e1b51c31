package ops

import (
	"slices"

	"chainrule/graph"
)

// putRule is the derivative of put by x and by the updates.
//
//	set        linear: what x had is lost, and of updates with equal indices all but the last
//	multiply   ∂y/∂x = Πu, ∂y/∂uₖ = x·Π_{j≠k} uⱼ over the updates of the same place
//	min, max   those that are equal to y share its derivative
type putRule struct{}

// Wrt implements graph.Derivative.
func (putRule) Wrt(i int) bool { return i != 1 }

// VJP implements graph.Derivative.
func (putRule) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	index, updates, a := n.In()[1], n.In()[2], n.Attrs().(putAttrs)
	switch {
	case Update(a.How) == UpdateMultiply && i == 0:
		return put(a, ct, index, updates)
	case Update(a.How) == UpdateMultiply:
		return TimesSlope(picks(a, ct, index), productSlope(n))
	case Update(a.How) != UpdateSet:
		mask, put, count := equalTo(n)
		if share := Div(ct, count); i == 0 {
			return Mul(mask, share)
		} else {
			return Mul(put, picks(a, share, index))
		}
	case i == 0:
		return put(a, ct, index, zeros(updates))
	}
	return keep(lastPut(n), picks(a, ct, index))
}

// JVP implements graph.Derivative.
func (putRule) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	x, index, updates, a := n.In()[0], n.In()[1], n.In()[2], n.Attrs().(putAttrs)
	sum := func(u *graph.Node) *graph.Node {
		return apply(&scatterAddOp, scatterAttrs{a.Axis, x.Shape()[a.Axis], a.Batch}, u, index)
	}
	switch Update(a.How) {
	case UpdateSet:
		return put(a, orZeros(t[0], x), index, orZeros(t[2], updates))
	case UpdateMultiply:
		switch {
		case t[2] == nil:
			return put(a, t[0], index, updates)
		case t[0] == nil:
			return sum(TimesSlope(t[2], productSlope(n)))
		}
		return Add(put(a, t[0], index, updates), sum(TimesSlope(t[2], productSlope(n))))
	}
	mask, put, count := equalTo(n)
	var total *graph.Node
	if t[0] != nil {
		total = Mul(t[0], mask)
	}
	if t[2] != nil {
		moved := sum(Mul(t[2], put))
		if total != nil {
			moved = Add(total, moved)
		}
		total = moved
	}
	return Div(total, count)
}

// picks takes the entries of v that are updated.
func picks(a putAttrs, v, index *graph.Node) *graph.Node {
	return apply(&takeOp, takeAttrs{a.Axis, a.Batch}, v, index)
}

// equalTo is 1 for each element of x and of the updates that is equal to the result in its place, and how many are.
func equalTo(n *graph.Node) (x, updates, count *graph.Node) {
	index, a, d := n.In()[1], n.Attrs().(putAttrs), n.DType()
	x = Cast(Eq(n.In()[0], n), d)
	updates = Cast(Eq(n.In()[2], picks(a, n, index)), d)
	return x, updates, put(putAttrs{string(UpdateAdd), a.Axis, a.Batch}, x, index, updates)
}

// lastPut is where an update is the last one for its place: of the numbers of all updates, set likewise, it finds its own.
func lastPut(n *graph.Node) *graph.Node {
	index, a := n.In()[1], n.Attrs().(putAttrs)
	own := index.Shape()[a.Batch:]
	if graph.Size(own) <= 1 {
		return nil
	}
	numbers := BroadcastTo(Reshape(Arange(n.Graph(), graph.Size(own)), own...), index.Shape()...)
	places := slices.Concat(n.Shape()[:a.Batch], []int{n.Shape()[a.Axis]})
	flat := putAttrs{a.How, a.Batch, a.Batch}
	last := put(flat, Zeros(n.Graph(), graph.Int64, places...), index, numbers)
	won := Eq(picks(flat, last, index), numbers)
	inner := n.Rank() - a.Axis - 1
	ones := func(k int) []int { return slices.Repeat([]int{1}, k) }
	return Reshape(won, slices.Concat(n.Shape()[:a.Batch], ones(a.Axis-a.Batch), own, ones(inner))...)
}

// productSlope is the derivative of a product by each update: x in its place, times the other updates there.
func productSlope(n *graph.Node) *graph.Node {
	x, index, updates, a := n.In()[0], n.In()[1], n.In()[2], n.Attrs().(putAttrs)
	outer, length, inner := span(n, []int{a.Axis})
	parts := graph.Size(n.Shape()[:a.Batch])
	if updates.Type().Size() == 0 {
		return updates
	}
	count := graph.Size(index.Shape()[a.Batch:])
	flat := Reshape(index, parts, count)
	flat = Where(Lt(flat, 0), Add(flat, length), flat)
	order := ArgSort(flat, 1)
	along := takeAttrs{Axis: 2, Batch: 1}
	sorted := apply(&takeOp, along, Reshape(updates, parts, outer/parts, count, inner), order)
	place := Reshape(TakeAlong(flat, order, 1), parts, 1, count, 1)
	before := exclusiveRuns(sorted, place)
	behind := Flip(exclusiveRuns(Flip(sorted, 2), Flip(place, 2)), 2)
	others := apply(&takeOp, along, Mul(before, behind), ArgSort(order, 1))
	return Mul(picks(a, x, index), Reshape(others, updates.Shape()...))
}

// exclusiveRuns multiplies, along axis 2, the elements before each one in its run of equal places. By doubling: after the
// step of s, an element has the product of the last 2·s.
func exclusiveRuns(x, place *graph.Node) *graph.Node {
	n := x.Shape()[2]
	from := func(v *graph.Node, lo, hi int) *graph.Node { return Slice(v, All, All, Range{Start: lo, Stop: hi}) }
	join := func(head, tail *graph.Node) *graph.Node { return Concat([]*graph.Node{head, tail}, 2) }
	one := like(x, 1)
	head := BroadcastTo(one, from(x, 0, 1).Shape()...)
	if n == 1 {
		return head
	}
	y := join(head, Where(Eq(from(place, 1, n), from(place, 0, n-1)), from(x, 0, n-1), one))
	for s := 1; s < n; s *= 2 {
		tail := from(y, s, n)
		y = join(from(y, 0, s), Where(Eq(from(place, s, n), from(place, 0, n-s)), Mul(tail, from(y, 0, n-s)), tail))
	}
	return y
}
