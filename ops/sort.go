package ops

import (
	"cmp"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// One order holds for sorting and choosing: numbers by size, −0 equal to 0, and NaNs, equal to each other, above +Inf.
// Equal elements stay in the order of their places, however they are sorted.

// ArgSort returns, as i64, the order in which the elements of x along an axis ascend: element k is the index of the
// k-th smallest. Equal ones stay in their order, −0 equals 0, and NaNs come last.
func ArgSort(x *graph.Node, axis int) *graph.Node { return order("argsort", x, axis, argsortAttrs{}) }

func order(name string, x *graph.Node, axis int, attrs argsortAttrs) *graph.Node {
	mustExist(name, x)
	a := mustBeAxis(name, axis, x)
	return MoveAxis(apply(&argsortOp, attrs, MoveAxis(x, a, -1)), -1, a)
}

// Sort returns the elements of x along an axis in ascending order, NaNs last. Derivatives go where the elements went.
func Sort(x *graph.Node, axis int) *graph.Node { return TakeAlong(x, ArgSort(x, axis), axis) }

// TopK returns the k largest elements of x along an axis, largest first, and their indices. As Max does, it takes NaNs
// for the largest; of equal elements those with lower indices come first.
func TopK(x *graph.Node, k, axis int) (largest, index *graph.Node) {
	mustExist("topk", x)
	a := mustBeAxis("topk", axis, x)
	n := x.Shape()[a]
	if k < 0 || k > n {
		graph.Fail("topk", []*graph.Node{x}, "%d elements of an axis of length %d", k, n)
	}
	index = Slice(order("topk", x, a, argsortAttrs{Descending: true}), along(a, Range{Stop: k})...)
	return TakeAlong(x, index, a), index
}

// TakeAlong picks, for each index along an axis, the element of x in the same place but for that axis: index has x's
// shape but for its length there. Running it with an index out of range is an error, ErrIndex.
func TakeAlong(x, index *graph.Node, axis int) *graph.Node {
	mustExist("take_along", x, index)
	a := mustBeAxis("take_along", axis, x)
	if index.Rank() != x.Rank() {
		graph.Fail("take_along", []*graph.Node{x, index}, "ranks %d and %d differ", x.Rank(), index.Rank())
	}
	last := x.Rank() - 1
	y := apply(&takeOp, takeAttrs{Axis: last, Batch: last}, MoveAxis(x, a, last), MoveAxis(index, a, last))
	return MoveAxis(y, last, a)
}

// Median returns the middle element along an axis, which it drops, or the mean of the two middle ones, NaN if any
// element is.
func Median(x *graph.Node, axis int) *graph.Node {
	a := sortable("median", x, axis)
	n := x.Shape()[a]
	sorted := Sort(x, a)
	at := func(i int) *graph.Node { return Squeeze(Slice(sorted, along(a, Range{Start: i, Stop: i + 1})...), a) }
	low, high, last := at((n-1)/2), at(n/2), at(n-1)
	middle := low
	if n%2 == 0 {
		middle = midpoint(low, high)
	}
	return Where(IsNaN(last), last, middle)
}

// midpoint is (a + b)/2 where that does not overflow. Halves alone would lose the last bit of what is below the normal
// numbers.
func midpoint(a, b *graph.Node) *graph.Node {
	half := like(a, 0.5)
	large := Gt(Maximum(Abs(a), Abs(b)), 1)
	scale := Where(large, half, like(a, 1))
	return Mul(Add(Mul(a, scale), Mul(b, scale)), Where(large, like(a, 1), half))
}

// argsortAttrs: with Descending, the largest come first.
type argsortAttrs struct{ Descending bool }

var argsortOp graph.Op

func init() {
	define(&argsortOp, graph.Op{
		Name: "argsort", Doc: "order of the last axis, as indices", Class: graph.Opaque, Arity: 1,
		Attrs: argsortAttrs{},
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) {
			switch x := in[0]; {
			case !isNumber(x.DType()):
				return graph.Type{}, kindError("numbers, not bool")
			case x.Rank() == 0:
				return graph.Type{}, kindError("an axis to sort along")
			}
			return i64(in[0].Shape()...), nil
		},
		Kernel:     byDType{f32: orderOf[float32], f64: orderOf[float64], i64: orderOf[int64]}.ofInput,
		Derivative: NonDiff("its result is an index"), Batch: batchSame,
		Cases: []graph.Case{
			{Name: "vector", In: []graph.Arg{arg(40)}, Attrs: argsortAttrs{}},
			{Name: "rows", In: []graph.Arg{arg(3, 5)}, Attrs: argsortAttrs{}},
			{Name: "ties", In: []graph.Arg{values([]float64{2, 1, 2, 1, 0, 2}, 2, 3)}, Attrs: argsortAttrs{}},
			{Name: "descending", In: []graph.Arg{values([]float64{2, 1, 2, 1, 0, 2}, 2, 3)}, Attrs: argsortAttrs{true}},
			{Name: "i64", In: []graph.Arg{ints(9, 4)}, Attrs: argsortAttrs{}},
			{Name: "nothing", In: []graph.Arg{arg(3, 0)}, Attrs: argsortAttrs{}},
		},
		BadCases: []graph.BadCase{
			bad(argsortAttrs{}, "wants numbers", boolean(3)),
			bad(argsortAttrs{}, "wants an axis", f64()),
		},
	})
}

// comparisonsUnstopped is after how many comparisons a sort looks whether it is to stop.
const comparisonsUnstopped = 1 << 14

func orderOf[T vec.Num](n *graph.Node) graph.Kernel {
	length := n.Shape()[n.Rank()-1]
	sign := 1
	if n.Attrs().(argsortAttrs).Descending {
		sign = -1
	}
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, x := graph.Elements[int64](out), graph.Elements[T](in[0])
		rows := 0
		for ; len(dst) > 0; dst, x = dst[length:], x[length:] {
			if rows++; rows*length > comparisonsUnstopped {
				if rows = 0; w.Stopped() {
					return graph.ErrStopped
				}
			}
			order, row := dst[:length], x[:length]
			for i := range order {
				order[i] = int64(i)
			}
			compared, stopped := 0, false
			slices.SortFunc(order, func(i, j int64) int {
				if compared++; compared%comparisonsUnstopped == 0 {
					stopped = w.Stopped()
				}
				if stopped {
					return 0 // so that it soon ends
				}
				if c := compare(row[i], row[j]); c != 0 {
					return sign * c
				}
				return cmp.Compare(i, j)
			})
		}
		return w.Err()
	}
}

// compare is the one order: numbers by size, and NaNs above them.
func compare[T vec.Num](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b || a != a && b != b:
		return 0
	case a != a:
		return 1
	}
	return -1
}
