package ops

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// searchAttrs: Right finds the place behind equal elements.
type searchAttrs struct{ Right bool }

// SearchSorted returns where each of values would go in a sorted vector, or along the last axis of sorted, so that the order
// holds: the first such place, an i64, or with right the last, behind equal elements. sorted has one axis, or as many as
// values, and the two agree on all but the last. −0 equals 0, and NaNs are above all numbers, as Sort has them. Where sorted
// is not sorted, results are of no use, but in range.
func SearchSorted(sorted, values *graph.Node, right bool) *graph.Node {
	return apply(&searchSortedOp, searchAttrs{right}, sorted, values)
}

var searchSortedOp graph.Op

func init() {
	of := func(name string, right bool, in ...graph.Arg) graph.Case {
		return graph.Case{Name: name, In: in, Attrs: searchAttrs{right}}
	}
	steps := values([]float64{-1, 0, 0, 0.5, 1.5}, 5)
	define(&searchSortedOp, graph.Op{
		Name: "search_sorted", Doc: "where values would go in a sorted vector", Class: graph.Opaque, Arity: 2,
		Attrs: searchAttrs{},
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			s, v := in[0], in[1]
			switch {
			case !isNumber(s.DType()):
				return graph.Type{}, kindError("numbers, not bool")
			case s.DType() != v.DType():
				return graph.Type{}, fmt.Errorf("element types %v and %v differ: convert one with Cast", s.DType(), v.DType())
			case s.Rank() == 0:
				return graph.Type{}, kindError("an axis to search along")
			}
			if last := s.Rank() - 1; last > 0 && (v.Rank() != s.Rank() || !slices.Equal(s.Shape()[:last], v.Shape()[:last])) {
				return graph.Type{}, fmt.Errorf("values of the shape %v, of which all axes but the last are not those of %v", v.Shape(), s.Shape())
			}
			return i64(v.Shape()...), nil
		},
		Kernel:     byDType{f32: search[float32], f64: search[float64], i64: search[int64]}.ofInput,
		Derivative: NonDiff("its result is an index"), Batch: batchSearch,
		Cases: []graph.Case{
			of("left", false, steps, values([]float64{0, -2, 0.25, 3, -1}, 5)),
			of("right", true, steps, values([]float64{0, -2, 0.25, 3, -1, 1.5}, 2, 3)),
			of("scalar", false, steps, arg()), of("rows", true, values([]float64{0, 1, 1, 0, 0.5, 2}, 2, 3), arg(2, 4)),
			of("nothing", false, arg(0), arg(3)), of("i64", true, graph.Arg{Shape: []int{3}, DType: graph.Int64, Data: []float64{1, 4, 6}}, ints(9, 4)),
		},
		BadCases: []graph.BadCase{
			bad(searchAttrs{}, "wants numbers", boolean(3), boolean(2)), bad(searchAttrs{}, "convert one with Cast", f64(3), f32(2)),
			bad(searchAttrs{}, "wants an axis", f64(), f64(2)), bad(searchAttrs{}, "are not those of [2 3]", f64(2, 3), f64(3)),
		},
	})
}

// batchSearch has one vector for all examples, or makes examples rows.
func batchSearch(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	sorted, v := in[0], in[1]
	if !batched[0] && sorted.Rank() == 1 {
		return apply(n.Op(), n.Attrs(), sorted, v)
	}
	args := allBatched(in, batched)
	if sorted, v = args[0], args[1]; v.Rank() == sorted.Rank() {
		return apply(n.Op(), n.Attrs(), sorted, v)
	}
	flat := Reshape(v, v.Shape()[0], graph.Size(v.Shape()[1:]))
	return Reshape(apply(n.Op(), n.Attrs(), sorted, flat), v.Shape()...)
}

func search[T vec.Num](n *graph.Node) graph.Kernel {
	sorted, right := n.In()[0], n.Attrs().(searchAttrs).Right
	length := sorted.Shape()[sorted.Rank()-1]
	rows := graph.Size(sorted.Shape()[:sorted.Rank()-1])
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, s, v := graph.Elements[int64](out), graph.Elements[T](in[0]), graph.Elements[T](in[1])
		each := len(v) / max(1, rows)
		for i, x := range v {
			if i%(elementsUnstopped/64) == 0 && w.Stopped() {
				return graph.ErrStopped
			}
			row := s[i/each*length:][:length]
			lo, hi := 0, length
			for lo < hi {
				mid := int(uint(lo+hi) / 2)
				if c := compare(row[mid], x); c < 0 || right && c == 0 {
					lo = mid + 1
				} else {
					hi = mid
				}
			}
			dst[i] = int64(lo)
		}
		return nil
	}
}

// BinCount counts how often each of the numbers 0 … length−1 occurs among those of x, an i64 of any shape: an i64 vector.
// Running it with another number is an error, ErrIndex.
func BinCount(x *graph.Node, length int) *graph.Node {
	at := strictIndex("bincount", x, length)
	return ScatterAdd(BroadcastTo(x.Graph().ScalarInt(graph.Int64, 1), at.Shape()...), at, length, 0)
}

// Histogram counts the elements of x, of any shape, between neighbours of edges, an ascending vector of n+1: an i64 vector
// [n]. As in NumPy a bin has its lower edge, and the last one its upper edge too; what is outside of all, NaNs too, counts
// nowhere. Linspace makes edges at equal distances.
func Histogram(x, edges *graph.Node) *graph.Node {
	mustExist("histogram", x, edges)
	if edges.Rank() != 1 || edges.Shape()[0] < 2 {
		graph.Fail("histogram", []*graph.Node{x, edges}, "wants a vector of two edges or more")
	}
	bins := edges.Shape()[0] - 1
	last := Index(edges, bins)
	place := Sub(SearchSorted(edges, x, true), 1)
	place = Where(Eq(x, last), bins-1, place)
	outside := Or(Lt(place, 0), Ge(place, bins))
	return Slice(BinCount(Where(outside, bins, place), bins+1), Range{Stop: bins})
}
