package ops

import (
	"cmp"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// ArgSort returns, as i64, the order in which the elements of x along an axis ascend: element k is the index of the
// k-th smallest. Equal ones stay in their order, −0 equals 0, and NaNs come last.
func ArgSort(x *graph.Node, axis int) *graph.Node {
	mustExist(argsortOp.Name, x)
	a := mustBeAxis("argsort", axis, x)
	return MoveAxis(apply(&argsortOp, nil, MoveAxis(x, a, -1)), -1, a)
}

// Sort returns the elements of x along an axis in ascending order, NaNs last. Derivatives go where the elements went.
func Sort(x *graph.Node, axis int) *graph.Node { return TakeAlong(x, ArgSort(x, axis), axis) }

// TopK returns the k largest elements of x along an axis, largest first, and their indices.
func TopK(x *graph.Node, k, axis int) (largest, index *graph.Node) {
	mustExist("topk", x)
	a := mustBeAxis("topk", axis, x)
	n := x.Shape()[a]
	if k < 0 || k > n {
		graph.Fail("topk", []*graph.Node{x}, "%d elements of an axis of length %d", k, n)
	}
	index = Slice(ArgSort(Neg(x), a), along(a, Range{Stop: k})...)
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

// Median returns the middle element along an axis, which it drops, or the mean of the two middle ones.
func Median(x *graph.Node, axis int) *graph.Node {
	mustExist("median", x)
	a := mustBeAxis("median", axis, x)
	n := x.Shape()[a]
	if n == 0 {
		graph.Fail("median", []*graph.Node{x}, "axis %d has no elements", a)
	}
	middle := Slice(Sort(x, a), along(a, Range{Start: (n - 1) / 2, Stop: n/2 + 1})...)
	return Mean(middle, a)
}

var argsortOp graph.Op

func init() {
	define(&argsortOp, graph.Op{
		Name: "argsort", Doc: "ascending order of the last axis, as indices", Class: graph.Opaque, Arity: 1,
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
			{Name: "vector", In: []graph.Arg{arg(40)}}, {Name: "rows", In: []graph.Arg{arg(3, 5)}},
			{Name: "ties", In: []graph.Arg{values([]float64{2, 1, 2, 1, 0, 2}, 2, 3)}},
			{Name: "i64", In: []graph.Arg{ints(9, 4)}},
			{Name: "nothing", In: []graph.Arg{arg(3, 0)}},
		},
		BadCases: []graph.BadCase{
			bad(nil, "wants numbers", boolean(3)),
			bad(nil, "wants an axis", f64()),
		},
	})
}

func orderOf[T vec.Num](n *graph.Node) graph.Kernel {
	length := n.Shape()[n.Rank()-1]
	return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, x := graph.Elements[int64](out), graph.Elements[T](in[0])
		for ; len(dst) > 0; dst, x = dst[length:], x[length:] {
			order, row := dst[:length], x[:length]
			for i := range order {
				order[i] = int64(i)
			}
			slices.SortFunc(order, func(i, j int64) int { return ascending(row, i, j) })
		}
		return nil
	}
}

// ascending compares two elements of a row, NaNs last, and equal ones by place.
func ascending[T vec.Num](row []T, i, j int64) int {
	a, b := row[i], row[j]
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b || a != a && b != b:
		return cmp.Compare(i, j)
	case a != a:
		return 1
	}
	return -1
}
