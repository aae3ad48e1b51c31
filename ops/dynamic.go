package ops

import (
	"fmt"
	"slices"

	"chainrule/graph"
)

// dynamicAttrs has the sizes of a window. The first Batch axes of x, start and the window agree, and each example has a
// window of its own.
type dynamicAttrs struct {
	Sizes graph.Ints
	Batch int
}

// DynamicSlice returns a window of x of the given sizes, one for each axis. Where it begins along each is in start, an i64
// vector, which is only known when it runs. As in JAX, a window that would reach over an end is moved until it does not:
// along an axis of length d it begins at min(max(start, 0), d − size). Negative starts do not count from the end.
func DynamicSlice(x, start *graph.Node, sizes ...int) *graph.Node {
	return apply(&dynamicSliceOp, dynamicAttrs{Sizes: graph.MakeInts(sizes...)}, x, start)
}

// DynamicUpdateSlice returns x with a window replaced by update, which has x's rank and is no longer along any axis. Where
// it begins is in start, as for DynamicSlice.
func DynamicUpdateSlice(x, update, start *graph.Node) *graph.Node {
	return apply(&dynamicUpdateSliceOp, dynamicAttrs{}, x, update, start)
}

var dynamicSliceOp, dynamicUpdateSliceOp graph.Op

func init() {
	at := func(data []float64, shape ...int) graph.Arg {
		return graph.Arg{Shape: shape, DType: graph.Int64, Data: data}
	}
	window := func(name string, sizes graph.Ints, batch int, in ...graph.Arg) graph.Case {
		return graph.Case{Name: name, In: in, Attrs: dynamicAttrs{sizes, batch}}
	}
	define(&dynamicSliceOp, graph.Op{
		Name: "dynamic_slice", Doc: "a window of x that begins at indices", Class: graph.Opaque, Arity: 2, Attrs: dynamicAttrs{},
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			a := attrs.(dynamicAttrs)
			shape := slices.Concat(in[0].Shape()[:min(max(a.Batch, 0), in[0].Rank())], a.Sizes.Slice())
			return graph.T(in[0].DType(), shape...), windowFits(in[0], in[1], shape, a.Batch)
		},
		Kernel: byDType{copyWindow[float32], copyWindow[float64], copyWindow[int64], copyWindow[bool]}.ofResult,
		Derivative: Linear{func(n, ct *graph.Node) *graph.Node {
			a := dynamicAttrs{Batch: n.Attrs().(dynamicAttrs).Batch}
			return apply(&dynamicUpdateSliceOp, a, zeros(n.In()[0]), ct, n.In()[1])
		}, nil},
		Batch: func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
			a := n.Attrs().(dynamicAttrs)
			return apply(&dynamicSliceOp, dynamicAttrs{a.Sizes, a.Batch + 1}, allBatched(in, batched)...)
		},
		Cases: []graph.Case{
			window("vector", "3", 0, arg(7), at([]float64{2}, 1)), window("matrix", "2,3", 0, arg(4, 5), at([]float64{1, 2}, 2)),
			window("over the end", "2,3", 0, arg(4, 5), at([]float64{9, -3}, 2)), window("scalar", "", 0, arg(), at(nil, 0)),
			window("own", "2", 1, arg(3, 5), at([]float64{1, 4, 2}, 3, 1)), window("nothing", "0,2", 0, arg(3, 2), at([]float64{1, 0}, 2)),
			window("bool", "2", 0, bools(5), at([]float64{3}, 1)),
		},
		BadCases: []graph.BadCase{
			bad(dynamicAttrs{Sizes: "4"}, "no window of the shape [4]", f64(3), i64(1)),
			bad(dynamicAttrs{Sizes: "-1"}, "no window of the shape [-1]", f64(3), i64(1)),
			bad(dynamicAttrs{Sizes: "2"}, "no window of the shape [2]", f64(3, 3), i64(2)),
			bad(dynamicAttrs{Sizes: "2"}, "wants i64[1] as its start", f64(3), i64(2)),
			bad(dynamicAttrs{Sizes: "2"}, "wants i64[1] as its start", f64(3), f64(1)),
		},
	})
	define(&dynamicUpdateSliceOp, graph.Op{
		Name: "dynamic_update_slice", Doc: "x with a window that begins at indices replaced", Class: graph.Opaque, Arity: 3,
		Attrs: dynamicAttrs{}, InPlace: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			if in[0].DType() != in[1].DType() {
				return graph.Type{}, fmt.Errorf("element types %v and %v differ: convert one with Cast", in[0].DType(), in[1].DType())
			}
			return in[0].Type(), windowFits(in[0], in[2], in[1].Shape(), attrs.(dynamicAttrs).Batch)
		},
		Kernel: byDType{putWindow[float32], putWindow[float64], putWindow[int64], putWindow[bool]}.ofResult,
		Derivative: Linear{
			func(n, ct *graph.Node) *graph.Node {
				return apply(&dynamicUpdateSliceOp, n.Attrs(), ct, zeros(n.In()[1]), n.In()[2])
			},
			func(n, ct *graph.Node) *graph.Node {
				batch := n.Attrs().(dynamicAttrs).Batch
				sizes := graph.MakeInts(n.In()[1].Shape()[batch:]...)
				return apply(&dynamicSliceOp, dynamicAttrs{sizes, batch}, ct, n.In()[2])
			}, nil},
		Batch: func(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
			a := n.Attrs().(dynamicAttrs)
			return apply(&dynamicUpdateSliceOp, dynamicAttrs{Batch: a.Batch + 1}, allBatched(in, batched)...)
		},
		Cases: []graph.Case{
			window("vector", "", 0, arg(7), arg(3), at([]float64{2}, 1)),
			window("matrix", "", 0, arg(4, 5), arg(2, 3), at([]float64{1, 2}, 2)),
			window("over the end", "", 0, arg(4, 5), arg(2, 3), at([]float64{9, -3}, 2)),
			window("own", "", 1, arg(3, 5), arg(3, 2), at([]float64{1, 4, 2}, 3, 1)),
			window("nothing", "", 0, arg(3), arg(0), at([]float64{1}, 1)), window("scalar", "", 0, arg(), arg(), at(nil, 0)),
			window("i64", "", 0, ints(9, 4), ints(9, 2), at([]float64{1}, 1)),
		},
		BadCases: []graph.BadCase{
			bad(dynamicAttrs{}, "no window of the shape [4]", f64(3), f64(4), i64(1)),
			bad(dynamicAttrs{}, "convert one with Cast", f64(3), f32(2), i64(1)),
			bad(dynamicAttrs{}, "wants i64[1] as its start", f64(3), f64(2), i64()),
		},
	})
}

// windowFits refuses windows that are longer than x along an axis, and starts that are not one index for each.
func windowFits(x, start *graph.Node, shape []int, batch int) error {
	if batch < 0 || batch > x.Rank() || len(shape) != x.Rank() || !slices.Equal(shape[:batch], x.Shape()[:batch]) {
		return fmt.Errorf("no window of the shape %v fits", shape)
	}
	for i, size := range shape {
		if size < 0 || size > x.Shape()[i] {
			return fmt.Errorf("no window of the shape %v fits", shape)
		}
	}
	if want := i64(append(slices.Clone(shape[:batch]), x.Rank()-batch)...); !start.Type().Equal(want) {
		return fmt.Errorf("wants %v as its start", want)
	}
	return nil
}

// windows says where the rows of windows lie.
type windows struct{ examples, whole, part, row, rank int }

func windowsOf(x, window *graph.Node, batch int) (w windows, own, size, strides []int) {
	own, size = x.Shape()[batch:], window.Shape()[batch:]
	w = windows{graph.Size(x.Shape()[:batch]), graph.Size(own), graph.Size(size), 1, len(own)}
	if w.rank > 0 {
		w.row = size[w.rank-1]
	}
	return w, own, size, graph.Strides(own)
}

// bindWindows binds a loop over the rows of windows: move gets what a row is in x, and in the window.
func bindWindows[T graph.Element](x, window *graph.Node, batch int, move func(inX, inWindow []T)) func(
	w *graph.Work, x, window []T, start []int64) error {
	v, own, size, strides := windowsOf(x, window, batch)
	return func(w *graph.Work, x, window []T, start []int64) error {
		if v.part == 0 {
			return nil
		}
		for r := 0; r < v.examples*v.part; r += v.row {
			if r%elementsUnstopped < v.row && w.Stopped() {
				return graph.ErrStopped
			}
			e, rest := r/v.part, r/v.row
			at := e * v.whole
			for i := v.rank - 1; i >= 0; i-- {
				begin, inside := start[e*v.rank+i], 0
				if i < v.rank-1 {
					inside = rest % size[i]
					rest /= size[i]
				}
				at += (int(min(max(begin, 0), int64(own[i]-size[i]))) + inside) * strides[i]
			}
			move(x[at:][:v.row], window[r:][:v.row])
		}
		return nil
	}
}

func copyWindow[T graph.Element](n *graph.Node) graph.Kernel {
	rows := bindWindows(n.In()[0], n, n.Attrs().(dynamicAttrs).Batch, func(inX, inWindow []T) { copy(inWindow, inX) })
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		return rows(w, graph.Elements[T](in[0]), graph.Elements[T](out), graph.Elements[int64](in[1]))
	}
}

func putWindow[T graph.Element](n *graph.Node) graph.Kernel {
	rows := bindWindows(n, n.In()[1], n.Attrs().(dynamicAttrs).Batch, func(inX, inWindow []T) { copy(inX, inWindow) })
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst := graph.Elements[T](out)
		if out.Ptr != in[0].Ptr {
			copy(dst, graph.Elements[T](in[0]))
		}
		return rows(w, dst, graph.Elements[T](in[1]), graph.Elements[int64](in[2]))
	}
}
