package ops

import (
	"math"

	"chainrule/graph"
)

// SortBy returns x in the order of a key along an axis, ascending or descending; where keys are equal, in x's own order. The
// key is numbers of x's shape, or a vector as long as the axis, by which x's entries are sorted whole. NaNs are above all
// numbers. SortBy(x, x, true, axis) sorts x itself, the greatest first. Derivatives go where the elements went.
func SortBy(x, key *graph.Node, descending bool, axis int) *graph.Node {
	mustExist("sort_by", x, key)
	a := mustBeAxis("sort_by", axis, x)
	switch {
	case key.Type().Equal(graph.T(key.DType(), x.Shape()...)):
		return TakeAlong(x, order("sort_by", key, a, argsortAttrs{descending}), a)
	case key.Rank() != 1 || key.Shape()[0] != x.Shape()[a]:
		graph.Fail("sort_by", []*graph.Node{x, key}, "the key has neither x's shape nor is it a vector of %d", x.Shape()[a])
	}
	return Take(x, order("sort_by", key, 0, argsortAttrs{descending}), a)
}

// Interpolation says what a quantile between two elements is.
type Interpolation int

// The interpolations of Quantile, as NumPy and PyTorch name them: a straight line, the one below or above, their mean, the
// nearer one, or, in the middle, that with the even place in the order.
const (
	QuantileLinear Interpolation = iota
	QuantileLower
	QuantileHigher
	QuantileMidpoint
	QuantileNearest
)

// Quantile returns the element at place q·(n−1) of the n elements along an axis, in ascending order, which it drops: q = 0 is
// the least, q = 1 the greatest. Between two places it interpolates. It is NaN if any element is.
func Quantile(x *graph.Node, q float64, how Interpolation, axis int) *graph.Node {
	a := sortable("quantile", x, axis)
	if !(q >= 0 && q <= 1) || how < QuantileLinear || how > QuantileNearest {
		graph.Fail("quantile", []*graph.Node{x}, "no quantile %v with interpolation %d", q, int(how))
	}
	n := x.Shape()[a]
	place := q * float64(n-1)
	low := int(place)
	weight := place - float64(low)
	switch how {
	case QuantileLower:
		weight = 0
	case QuantileHigher:
		weight = math.Ceil(weight)
	case QuantileMidpoint:
		weight = math.Ceil(weight) / 2
	case QuantileNearest:
		weight = math.RoundToEven(place) - float64(low)
	}
	sorted := Sort(x, a)
	at := func(i int) *graph.Node { return Squeeze(Slice(sorted, along(a, At(i))...), a) }
	y := at(low)
	switch weight {
	case 0:
	case 0.5:
		y = midpoint(y, at(low+1))
	case 1:
		y = at(low + 1)
	default:
		y = Add(Mul(y, 1-weight), Mul(at(low+1), weight))
	}
	last := at(n - 1)
	return Where(IsNaN(last), last, y)
}

// sortable checks what has an order along an axis, with one element or more.
func sortable(op string, x *graph.Node, axis int) int {
	mustExist(op, x)
	a := mustBeAxis(op, axis, x)
	switch {
	case x.Shape()[a] == 0:
		graph.Fail(op, []*graph.Node{x}, "axis %d has no elements", a)
	case !x.DType().IsFloat():
		graph.Fail(op, []*graph.Node{x}, "wants f32 or f64")
	}
	return a
}

// Mode returns the most frequent element along an axis, which it drops, and how often it occurs, an i64: the least of those
// that occur as often. NaNs are equal to each other, and come last. The derivative goes to the last of the equal elements.
func Mode(x *graph.Node, axis int) (mode, count *graph.Node) {
	mustExist("mode", x)
	a := mustBeAxis("mode", axis, x)
	n := x.Shape()[a]
	if n == 0 {
		graph.Fail("mode", []*graph.Node{x}, "axis %d has no elements", a)
	}
	sorted := MoveAxis(Sort(x, a), a, -1)
	last := sorted.Rank() - 1
	before, behind := Slice(sorted, along(last, Range{Stop: n - 1})...), Slice(sorted, along(last, Range{Start: 1, Stop: End})...)
	changes := Ne(before, behind)
	if x.DType().IsFloat() {
		changes = And(changes, Not(And(IsNaN(before), IsNaN(behind))))
	}
	places := Arange(x.Graph(), n)
	starts := Pad(Mul(Cast(changes, graph.Int64), Slice(places, Range{Start: 1, Stop: End})), oneAt(last, 1), make([]int, last+1), make([]int, last+1))
	length := Add(Sub(places, CumMax(starts, false, last)), 1)
	at := ArgMax(length, last)
	return Squeeze(TakeAlong(sorted, ExpandDims(at, -1), last), last), Max(length, last)
}

// oneAt has v at an axis, the last one, and zeros before it.
func oneAt(axis, v int) []int {
	list := make([]int, axis+1)
	list[axis] = v
	return list
}
