package ops

import (
	"slices"

	"chainrule/graph"
)

// MaskedFill returns x with value where the mask, a bool, holds: elementwise with broadcasting.
func MaskedFill[V Operand](x, mask *graph.Node, value V) *graph.Node {
	mustExist("masked_fill", x, mask)
	return Where(mask, value, x)
}

// Nonzero returns where x, a bool or numbers, is true or not 0: an i64 [size, rank of x] of tuples of indices in row-major
// order, and how many there are, which may be more than size. Without a tuple of their own, rows are 0.
func Nonzero(x *graph.Node, size int) (index, count *graph.Node) {
	flat, _, count := chosenPlaces("nonzero", x, size)
	tuples := make([]*graph.Node, x.Rank())
	rest := flat
	for a := x.Rank() - 1; a >= 0; a-- {
		length := max(1, x.Shape()[a])
		tuples[a] = FloorMod(rest, length)
		rest = Div(Sub(rest, tuples[a]), length)
	}
	if len(tuples) == 0 {
		return Zeros(x.Graph(), graph.Int64, size, 0), count
	}
	return Stack(tuples, 1), count
}

// MaskedSelect returns the elements of x where the mask, a bool of x's shape, holds: a vector [size] in row-major order, and
// how many there are, which may be more than size. Behind the last are zeros.
func MaskedSelect(x, mask *graph.Node, size int) (selected, count *graph.Node) {
	mustExist("masked_select", x, mask)
	if !slices.Equal(x.Shape(), mask.Shape()) || mask.DType() != graph.Bool {
		graph.Fail("masked_select", []*graph.Node{x, mask}, "wants a bool of x's shape")
	}
	flat, used, count := chosenPlaces("masked_select", mask, size)
	if x.Type().Size() == 0 {
		return BroadcastTo(zero(x), size), count
	}
	return Where(used, Take(Flatten(x), flat, 0), zero(x)), count
}

// zero is 0 or false of x's element type.
func zero(x *graph.Node) *graph.Node {
	if x.DType() == graph.Bool {
		return Cast(x.Graph().ScalarInt(graph.Int64, 0), graph.Bool)
	}
	return like(x, 0)
}

// chosenPlaces lists the row-major numbers of the first elements of x that are true or not 0, 0 behind the last, says which
// places of the list have one, and counts them all.
func chosenPlaces(op string, x *graph.Node, size int) (flat, used, count *graph.Node) {
	mustExist(op, x)
	if size < 0 {
		graph.Fail(op, []*graph.Node{x}, "the size %d is negative", size)
	}
	chosen := x
	if x.DType() != graph.Bool {
		chosen = Ne(x, 0)
	}
	chosen = Flatten(chosen)
	g, n := x.Graph(), chosen.Shape()[0]
	number := CumSum(Cast(chosen, graph.Int64), false, 0)
	count = Sum(Cast(chosen, graph.Int64))
	place := Where(And(chosen, Le(number, size)), Sub(number, 1), size)
	list := Put(Zeros(g, graph.Int64, size+1), place, Arange(g, n), UpdateSet, 0)
	return Slice(list, Range{Stop: size}), Lt(Arange(g, size), count), count
}

// Unique returns the different elements of x, of any shape, in ascending order: a vector [size], where in it each element
// of x is, an i64 of x's shape, how often each occurs, an i64 [size], and how many different ones there are. If they are
// more than size, the greatest are left out, and have an index that is out of range; if they are less, the last one repeats
// and occurs no times. −0 equals 0, and so do NaNs, which come last. Of equal elements the first in row-major order, from
// which the value is, has the derivative.
func Unique(x *graph.Node, size int) (unique, index, occurs, count *graph.Node) {
	mustExist("unique", x)
	n := x.Type().Size()
	if size < 1 || n == 0 {
		graph.Fail("unique", []*graph.Node{x}, "%d of %d elements", size, n)
	}
	g, flat := x.Graph(), Flatten(x)
	order := ArgSort(flat, 0)
	sorted := Take(flat, order, 0)
	before, behind := Slice(sorted, Range{Stop: n - 1}), Slice(sorted, Range{Start: 1, Stop: End})
	changes := Ne(before, behind)
	if x.DType().IsFloat() {
		changes = And(changes, Not(And(IsNaN(before), IsNaN(behind))))
	}
	number := CumSum(Concat([]*graph.Node{Zeros(g, graph.Int64, 1), Cast(changes, graph.Int64)}, 0), false, 0)
	count = Add(Index(number, n-1), 1)
	place := Minimum(number, size)
	index = Reshape(Put(Zeros(g, graph.Int64, n), order, place, UpdateSet, 0), x.Shape()...)
	occurs = Slice(BinCount(place, size+1), Range{Stop: size})
	first := Put(Full(g, graph.Int64, n, size+1), place, Arange(g, n), UpdateMin, 0)
	at := Minimum(Arange(g, size), Sub(count, 1))
	return Take(sorted, Take(first, at, 0), 0), index, occurs, count
}
