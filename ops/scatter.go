package ops

import (
	"fmt"
	"slices"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// scatterAttrs has the axis of the result into which entries are added and its length; Batch is that of takeAttrs.
type scatterAttrs struct{ Axis, Length, Batch int }

// ScatterAdd is the transpose of Take: it adds the entries of x, along the axes that index has taken the place
// of, into zeros with the given length along that axis. Negative indices count from the end, one out of range is an
// error, ErrIndex, when it runs. However many entries meet in one place, their sum is as exact as that of Sum.
func ScatterAdd(x, index *graph.Node, length, axis int) *graph.Node {
	return apply(&scatterAddOp, scatterAttrs{Axis: axis, Length: length}, x, index)
}

var scatterAddOp graph.Op

func init() {
	add := func(name string, axis, length int, x, index graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x, index}, Attrs: scatterAttrs{Axis: axis, Length: length}}
	}
	own := func(name string, a scatterAttrs, x, index graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{x, index}, Attrs: a}
	}
	define(&scatterAddOp, graph.Op{
		Name: "scatter_add", Doc: "zeros with x's entries added at indices", Class: graph.Opaque, Arity: 2,
		Attrs: scatterAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			x, index, a := in[0], in[1], attrs.(scatterAttrs)
			if !isNumber(x.DType()) || index.DType() != graph.Int64 {
				return graph.Type{}, kindError("numbers, and i64 as its index")
			}
			if a.Axis < 0 || a.Axis > x.Rank() || a.Length < 0 {
				return graph.Type{}, fmt.Errorf("axis %d with length %d does not fit rank %d", a.Axis, a.Length, x.Rank())
			}
			if err := batchAgrees(a.Batch, a.Axis, x, index); err != nil {
				return graph.Type{}, err
			}
			end := a.Axis + index.Rank() - a.Batch
			if end > x.Rank() || !slices.Equal(x.Shape()[a.Axis:end], index.Shape()[a.Batch:]) {
				return graph.Type{}, fmt.Errorf("the index does not have x's shape from axis %d on", a.Axis)
			}
			shape := slices.Concat(x.Shape()[:a.Axis], []int{a.Length}, x.Shape()[end:])
			return graph.T(x.DType(), shape...), nil
		},
		Kernel:    byDType{f32: scatterInto[float32], f64: scatterInto[float64], i64: scatterInto[int64]}.ofResult,
		Workspace: scatterRoom, Depends: scatterDepends,
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node {
			a := n.Attrs().(scatterAttrs)
			return apply(&takeOp, takeAttrs{a.Axis, a.Batch}, ct, n.In()[1])
		}, nil},
		Batch: func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
			x, index, a := in[0], in[1], n.Attrs().(scatterAttrs)
			if !batched[1] { // more to add, at the same indices
				y := apply(&scatterAddOp, scatterAttrs{a.Axis + 1, a.Length, a.Batch}, MoveAxis(x, 0, a.Batch), index)
				return MoveAxis(y, a.Batch, 0)
			}
			return apply(&scatterAddOp, scatterAttrs{a.Axis + 1, a.Length, a.Batch + 1}, allBatched(in, batched)...)
		},
		Cases: []graph.Case{
			add("rows", 0, 4, arg(5, 3), ints(4, 5)), add("columns", 1, 4, arg(3, 2), ints(4, 2)),
			add("one", 0, 4, arg(3), ints(4)), add("none", 0, 4, arg(0, 3), ints(4, 0)),
			add("repeated", 0, 2, arg(3), graph.Arg{Shape: []int{3}, DType: graph.Int64, Data: []float64{1, 1, 0}}),
			add("i64", 0, 3, ints(9, 4), ints(3, 4)),
			add("from the end", 1, 3, arg(2, 4), graph.Arg{Shape: []int{4}, DType: graph.Int64, Data: []float64{-1, 0, -3, 2}}),
			add("many", 0, 2, arg(40, 3), ints(2, 40)),
			own("own rows", scatterAttrs{1, 4, 1}, arg(2, 5, 3), ints(4, 2, 5)),
			own("own columns", scatterAttrs{2, 4, 1}, arg(2, 3), ints(4, 2)),
			own("own rows, none", scatterAttrs{1, 4, 1}, arg(0, 2), ints(4, 0, 2)),
		},
		BadCases: []graph.BadCase{
			bad(scatterAttrs{Axis: 0, Length: 4}, "does not have x's shape", f64(3), i64(2)),
			bad(scatterAttrs{Axis: 0, Length: 4}, "i64 as its index", f64(3), f64(3)),
			bad(scatterAttrs{1, 4, 1}, "do not agree on 1 leading axes", f64(2, 3), i64(3, 3)),
		},
	})
}

// scatterRoom is the workspace of scatter_add: for the indices, if some count from the end, and for sums of many entries.
func scatterRoom(n *graph.Node) int { return roomOf(n).bytes(n.DType().Size()) }

// scatterSizes are the lengths of the parts of that workspace.
type scatterSizes struct{ index, sums, slots, moved int }

func roomOf(n *graph.Node) scatterSizes {
	a := n.Attrs().(scatterAttrs)
	entries := graph.Size(n.In()[1].Shape()[a.Batch:])
	_, length, inner := span(n, []int{a.Axis})
	if heavy := vec.Heavy(entries); isFloat(n.DType()) && heavy > 0 {
		heavy = min(heavy, length)
		return scatterSizes{entries, heavy * inner, length, heavy}
	}
	return scatterSizes{index: entries}
}

func (s scatterSizes) bytes(size int) int { return 8*s.index + 2*size*s.sums + 4*(s.slots+s.moved) }

// scatterSpace is the workspace as its parts.
type scatterSpace[T vec.Num] struct {
	index []int64
	many  vec.ScatterMany[T]
}

func spaceOf[T vec.Num](s scatterSizes, b graph.Buffer, length, inner int) scatterSpace[T] {
	if s.bytes(1) == 0 {
		return scatterSpace[T]{}
	}
	at, size := b.Ptr, int(unsafe.Sizeof(*new(T)))
	index := unsafe.Slice((*int64)(at), s.index)
	at = unsafe.Add(at, 8*s.index)
	high := unsafe.Slice((*T)(at), s.sums)
	at = unsafe.Add(at, size*s.sums)
	low := unsafe.Slice((*T)(at), s.sums)
	at = unsafe.Add(at, size*s.sums)
	slot := unsafe.Slice((*int32)(at), s.slots)
	moved := unsafe.Slice((*int32)(unsafe.Add(at, 4*s.slots)), s.moved)
	return scatterSpace[T]{index, vec.ScatterMany[T]{Slot: slot, Moved: moved, High: high, Low: low, Axis: length, Inner: inner}}
}

// scatterInto binds the loop of scatter_add for elements of type T.
func scatterInto[T vec.Num](n *graph.Node) graph.Kernel {
	a := n.Attrs().(scatterAttrs)
	outer, length, inner := span(n, []int{a.Axis})
	parts, sizes := graph.Size(n.Shape()[:a.Batch]), roomOf(n)
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst := graph.Elements[T](out)
		clear(dst)
		src, index := graph.Elements[T](in[0]), graph.Elements[int64](in[1])
		space := spaceOf[T](sizes, in[len(in)-1], length, inner)
		for p := range parts {
			to, from, at := part(dst, p, parts), part(src, p, parts), part(index, p, parts)
			if !vec.InRange(at, length) {
				if !vec.Wrap(space.index, at, length) {
					return indexError(index, length)
				}
				at = space.index
			}
			if err := space.add(w, to, from, at, [3]int{outer / parts, length, inner}); err != nil {
				return err
			}
		}
		return w.Err()
	}
}

// add does one part: outer times the entries at the indices.
func (s *scatterSpace[T]) add(w *graph.Work, dst, src []T, at []int64, span [3]int) error {
	outer, length, inner := span[0], span[1], span[2]
	many := len(s.many.Slot) > 0 && s.many.Prepare(at)
	rows, entries := 1, len(at) // that are added before a look at Stop
	switch size := len(at) * inner; {
	case many || size == 0:
	case size <= elementsUnstopped:
		rows = elementsUnstopped / size
	default:
		entries = max(1, elementsUnstopped/inner)
	}
	for o := 0; o < outer; o += rows {
		n := min(rows, outer-o)
		to, from := dst[o*length*inner:][:n*length*inner], src[o*len(at)*inner:][:n*len(at)*inner]
		for k := 0; k < len(at); k += entries {
			if w.Stopped() {
				return graph.ErrStopped
			}
			if many {
				s.many.Add(w.Stop, to, from, at)
				continue
			}
			m := min(entries, len(at)-k)
			vec.ScatterAdd(to, from[k*inner:][:n*m*inner], at[k:k+m], n, length, inner)
		}
	}
	return nil
}
