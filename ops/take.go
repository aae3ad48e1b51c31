package ops

import (
	"errors"
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// ErrIndex is what running a graph returns, wrapped, when an index or a label is out of range.
var ErrIndex = errors.New("index out of range")

// takeAttrs has the axis of x from which entries are taken. The first Batch axes of x and of index, which then agree,
// are no part of that: each index picks from its own part of x. Vmap makes such nodes.
type takeAttrs struct{ Axis, Batch int }

// Take picks the entries of x with the given indices, an i64 of any shape, along an axis: rows for axis 0. The
// shape of index replaces that axis. Negative indices count from the end, as in NumPy. Running it with an index out of
// range is an error, ErrIndex, that names the index and its position.
func Take(x, index *graph.Node, axis int) *graph.Node {
	mustExist(takeOp.Name, x, index)
	return apply(&takeOp, takeAttrs{Axis: mustBeAxis(takeOp.Name, axis, x)}, x, index)
}

var takeOp graph.Op

func init() {
	pick := func(name string, axis int, x, index graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x, index}, Attrs: takeAttrs{Axis: axis}}
	}
	own := func(name string, a takeAttrs, x, index graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x, index}, Attrs: a}
	}
	define(&takeOp, graph.Op{
		Name: "take", Doc: "the entries of x at indices along an axis", Class: graph.Opaque, Arity: 2, Attrs: takeAttrs{},
		Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			x, index, a := in[0], in[1], attrs.(takeAttrs)
			if index.DType() != graph.Int64 {
				return graph.Type{}, kindError("i64 as its index")
			}
			if a.Axis < 0 || a.Axis >= x.Rank() {
				return graph.Type{}, fmt.Errorf("axis %d is out of range for rank %d", a.Axis, x.Rank())
			}
			if err := batchAgrees(a.Batch, a.Axis, x, index); err != nil {
				return graph.Type{}, err
			}
			shape := slices.Concat(x.Shape()[:a.Axis], index.Shape()[a.Batch:], x.Shape()[a.Axis+1:])
			return graph.T(x.DType(), shape...), nil
		},
		Kernel:  byDType{takeFrom[float32], takeFrom[float64], takeFrom[int64], takeFrom[bool]}.ofResult,
		Depends: takeDepends,
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node {
			a := n.Attrs().(takeAttrs)
			return apply(&scatterAddOp, scatterAttrs{a.Axis, n.In()[0].Shape()[a.Axis], a.Batch}, ct, n.In()[1])
		}, nil},
		Batch: func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
			x, index, a := in[0], in[1], n.Attrs().(takeAttrs)
			switch {
			case !batched[1]: // more to take from, with the same indices
				y := apply(&takeOp, takeAttrs{a.Axis + 1, a.Batch}, MoveAxis(x, 0, a.Batch), index)
				return MoveAxis(y, a.Batch, 0)
			case !batched[0]: // more indices
				return MoveAxis(apply(&takeOp, a, x, MoveAxis(index, 0, a.Batch)), a.Axis, 0)
			}
			return apply(&takeOp, takeAttrs{a.Axis + 1, a.Batch + 1}, x, index)
		},
		Cases: []graph.Case{
			pick("rows", 0, arg(4, 3), ints(4, 5)), pick("columns", 1, arg(3, 4), ints(4, 2)),
			pick("one", 0, arg(4, 3), ints(4)), pick("matrix of indices", 1, arg(2, 3, 2), ints(3, 2, 2)),
			pick("none", 0, arg(4, 3), ints(4, 0)), pick("i64", 0, ints(9, 4), ints(4, 6)),
			pick("repeated", 0, arg(3, 2), graph.Arg{Shape: []int{4}, DType: graph.Int64, Data: []float64{1, 1, 0, 1}}),
			own("own rows", takeAttrs{1, 1}, arg(2, 4, 3), ints(4, 2, 5)),
			own("own columns", takeAttrs{2, 1}, arg(2, 3, 4), ints(4, 2)),
			own("own rows, none", takeAttrs{1, 1}, arg(0, 4), ints(4, 0, 2)),
			pick("from the end", 1, arg(2, 3, 2), graph.Arg{Shape: []int{4}, DType: graph.Int64, Data: []float64{-1, 0, -3, 2}}),
		},
		BadCases: []graph.BadCase{
			bad(takeAttrs{}, "wants i64", f64(3), f64(2)),
			bad(takeAttrs{Axis: 1}, "axis 1 is out of range", f64(3), i64(2)),
			bad(takeAttrs{1, 1}, "do not agree on 1 leading axes", f64(2, 3), i64(3)),
		},
	})
}

// elementsUnstopped is after about how many elements a kernel looks whether it is to stop.
const elementsUnstopped = 1 << 16

// takeFrom binds the loop of take for elements of type T.
func takeFrom[T graph.Element](n *graph.Node) graph.Kernel {
	x, a := n.In()[0], n.Attrs().(takeAttrs)
	outer, length, inner := span(x, []int{a.Axis})
	parts := graph.Size(x.Shape()[:a.Batch])
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, src, index := graph.Elements[T](out), graph.Elements[T](in[0]), graph.Elements[int64](in[1])
		for p := range parts {
			to, from, at := part(dst, p, parts), part(src, p, parts), part(index, p, parts)
			rows := max(1, elementsUnstopped/max(1, len(at)*inner))
			for o := 0; o < outer/parts; o += rows {
				if w.Stopped() {
					return graph.ErrStopped
				}
				n := min(rows, outer/parts-o)
				d, s := to[o*len(at)*inner:][:n*len(at)*inner], from[o*length*inner:][:n*length*inner]
				if !vec.Take(d, s, at, n, length, inner) && !takeWrapped(d, s, at, n, length, inner) {
					return indexError(index, length)
				}
			}
		}
		return nil
	}
}

// takeWrapped is vec.Take with indices that may count from the end, some at a time.
func takeWrapped[T graph.Element](dst, src []T, index []int64, outer, length, inner int) (ok bool) {
	var wrapped [64]int64
	for k := 0; k < len(index); k += len(wrapped) {
		some := wrapped[:min(len(wrapped), len(index)-k)]
		if !vec.Wrap(some, index[k:k+len(some)], length) {
			return false
		}
		for o := range outer {
			to := dst[(o*len(index)+k)*inner:][:len(some)*inner]
			vec.Take(to, src[o*length*inner:][:length*inner], some, 1, length, inner)
		}
	}
	return true
}

// part is part p of n equal ones.
func part[T any](x []T, p, n int) []T {
	size := len(x) / n
	return x[p*size:][:size]
}

// batchAgrees refuses shapes whose leading axes, batch in number and none behind the axis, are not those of the index.
func batchAgrees(batch, axis int, x, index *graph.Node) error {
	if batch < 0 || batch > axis || batch > index.Rank() || !slices.Equal(x.Shape()[:batch], index.Shape()[:batch]) {
		return fmt.Errorf("x and its index do not agree on %d leading axes before axis %d", batch, axis)
	}
	return nil
}

func indexError(index []int64, length int) error {
	for at, i := range index {
		if i < -int64(length) || i >= int64(length) {
			return fmt.Errorf("%w: index %d, at position %d, for an axis of length %d", ErrIndex, i, at, length)
		}
	}
	return ErrIndex
}
