package ops

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// ErrIndex is what running a graph returns, wrapped, when an index or a label is out of range.
var ErrIndex = errors.New("index out of range")

// takeAttrs has the axis of x from which entries are taken. The first Batch axes of x and of index, which then agree,
// are no part of that: each index picks from its own part of x. Vmap makes such nodes.
type takeAttrs struct{ Axis, Batch int }

// Take picks the entries of x with the given indices, an i64 of any shape, along an axis: rows for axis 0. The
// shape of index replaces that axis. Running it with an index out of range is an error.
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
				if !vec.Take(to[o*len(at)*inner:][:n*len(at)*inner], from[o*length*inner:][:n*length*inner], at, n, length, inner) {
					return indexError(index, length)
				}
			}
		}
		return nil
	}
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
		if i < 0 || i >= int64(length) {
			return fmt.Errorf("%w: index %d, at position %d, for an axis of length %d", ErrIndex, i, at, length)
		}
	}
	return ErrIndex
}

// scatterAttrs has the axis of the result into which entries are added and its length; Batch is that of takeAttrs.
type scatterAttrs struct{ Axis, Length, Batch int }

// ScatterAdd is the transpose of Take: it adds the entries of x, along the axes that index has taken the place
// of, into zeros with the given length along that axis.
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

// scatterRoom is the workspace of scatter_add: of floats, where there are many for each place, it adds up blocks of them.
func scatterRoom(n *graph.Node) int {
	a := n.Attrs().(scatterAttrs)
	entries := graph.Size(n.In()[1].Shape()[a.Batch:])
	if !isFloat(n.DType()) || entries <= 2*vec.ScatterBlock(a.Length) {
		return 0
	}
	_, length, inner := span(n, []int{a.Axis})
	return 2 * length * inner * n.DType().Size()
}

// scatterInto binds the loop of scatter_add for elements of type T.
func scatterInto[T vec.Num](n *graph.Node) graph.Kernel {
	a := n.Attrs().(scatterAttrs)
	outer, length, inner := span(n, []int{a.Axis})
	parts, room := graph.Size(n.Shape()[:a.Batch]), scatterRoom(n)
	add := func(in []graph.Buffer, dst, src []T, at []int64, n int) (ok bool) {
		if room == 0 {
			return vec.ScatterAdd(dst, src, at, n, length, inner)
		}
		return vec.ScatterAddLong(dst, unsafe.Slice((*T)(in[2].Ptr), 2*length*inner), src, at, length, inner)
	}
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst := graph.Elements[T](out)
		clear(dst)
		src, index := graph.Elements[T](in[0]), graph.Elements[int64](in[1])
		for p := range parts {
			to, from, at := part(dst, p, parts), part(src, p, parts), part(index, p, parts)
			rows := max(1, elementsUnstopped/max(1, len(at)*inner))
			if room > 0 {
				rows = 1
			}
			for o := 0; o < outer/parts; o += rows {
				if w.Stopped() {
					return graph.ErrStopped
				}
				n := min(rows, outer/parts-o)
				if !add(in, to[o*length*inner:][:n*length*inner], from[o*len(at)*inner:][:n*len(at)*inner], at, n) {
					return indexError(index, length)
				}
			}
		}
		return nil
	}
}

type oneHotAttrs struct {
	Classes int
	To      graph.DType
}

// OneHot turns labels, an i64 of any shape, into vectors of the given length along a new last axis, 1 at the
// label and 0 elsewhere, of element type d. Running it with a label out of range is an error.
func OneHot(labels *graph.Node, classes int, d graph.DType) *graph.Node {
	return apply(&oneHotOp, oneHotAttrs{classes, d}, labels)
}

var oneHotOp graph.Op

func init() {
	of := func(name string, classes int, to graph.DType, labels graph.Arg) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{labels}, Attrs: oneHotAttrs{classes, to}}
	}
	define(&oneHotOp, graph.Op{
		Name: "one_hot", Doc: "1 at the label, 0 elsewhere", Class: graph.Opaque, Arity: 1, Attrs: oneHotAttrs{},
		Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(oneHotAttrs)
			if in[0].DType() != graph.Int64 || !a.To.Valid() || a.To == graph.Bool || a.Classes < 0 {
				return graph.Type{}, kindError("i64 labels, a number of classes and a number type")
			}
			return graph.T(a.To, slices.Concat(in[0].Shape(), []int{a.Classes})...), nil
		},
		Kernel:     byDType{f32: oneHot[float32], f64: oneHot[float64], i64: oneHot[int64]}.ofResult,
		Derivative: NonDiff("its input is a label"),
		Batch:      batchSame,
		Cases: []graph.Case{
			of("vector", 4, graph.Float64, ints(4, 5)), of("matrix", 3, graph.Float32, ints(3, 2, 2)),
			of("scalar", 3, graph.Int64, ints(3)), of("none", 3, graph.Float64, ints(3, 0)),
		},
		BadCases: []graph.BadCase{bad(oneHotAttrs{3, graph.Float64}, "wants i64 labels", f64(3))},
	})
}

func oneHot[T vec.Num](n *graph.Node) graph.Kernel {
	classes := n.Attrs().(oneHotAttrs).Classes
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, labels := graph.Elements[T](out), graph.Elements[int64](in[0])
		for i := 0; i < len(dst); i += elementsUnstopped {
			if w.Stopped() {
				return graph.ErrStopped
			}
			clear(dst[i:min(i+elementsUnstopped, len(dst))])
		}
		for i, l := range labels {
			if l < 0 || l >= int64(classes) {
				return fmt.Errorf("%w: label %d, at position %d, for %d classes", ErrIndex, l, i, classes)
			}
			dst[i*classes+int(l)] = 1
		}
		return nil
	}
}
