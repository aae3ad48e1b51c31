package ops

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

// Update says what becomes of an element x at an index where u is put, and of several that meet in one place.
type Update string

// The ways in which Put, PutAlong and Scatter update.
const (
	UpdateSet      Update = "set"      // u; the last one of equal indices, in row-major order, wins
	UpdateAdd      Update = "add"      // x + Σu
	UpdateMultiply Update = "multiply" // x·Πu
	UpdateMin      Update = "min"      // the least of x and all u, NaN if one is
	UpdateMax      Update = "max"      // the greatest of x and all u, NaN if one is
)

// Put returns x with entries along an axis updated, as Take picks them: the shape of index, an i64, replaces that axis in
// the shape of updates, which broadcast to that. Negative indices count from the end. Running it with one out of range is
// an error, ErrIndex, and changes nothing. Where updates of equal indices set, the derivative goes to the last; where the
// least or the greatest has rivals, they share it. It is index_copy, index_add, index_reduce of PyTorch.
func Put(x, index, updates *graph.Node, how Update, axis int) *graph.Node {
	mustExist(putOp.Name, x, index, updates)
	a := mustBeAxis(putOp.Name, axis, x)
	shape := slices.Concat(x.Shape()[:a], index.Shape(), x.Shape()[a+1:])
	return put(putAttrs{string(how), a, 0}, x, index, stretched(putOp.Name, updates, shape))
}

// PutAlong returns x with elements along an axis updated, as TakeAlong picks them: index, an i64, has x's shape but for its
// length along the axis, and updates broadcast to that. Else it is as Put. It is ScatterElements of ONNX, put_along_axis of
// NumPy, scatter and scatter_reduce of PyTorch.
func PutAlong(x, index, updates *graph.Node, how Update, axis int) *graph.Node {
	mustExist("put_along", x, index, updates)
	a, last := mustBeAxis("put_along", axis, x), x.Rank()-1
	if index.Rank() != x.Rank() {
		graph.Fail("put_along", []*graph.Node{x, index}, "ranks %d and %d differ", x.Rank(), index.Rank())
	}
	updates = stretched("put_along", updates, index.Shape())
	y := put(putAttrs{string(how), last, last}, MoveAxis(x, a, last), MoveAxis(index, a, last), MoveAxis(updates, a, last))
	return MoveAxis(y, last, a)
}

// stretched broadcasts the updates of an op to a shape.
func stretched(op string, updates *graph.Node, shape []int) *graph.Node {
	if wide, err := graph.BroadcastShapes(updates.Shape(), shape); err != nil || !slices.Equal(wide, shape) {
		graph.Fail(op, []*graph.Node{updates}, "the updates' shape %v does not broadcast to %v", updates.Shape(), shape)
	}
	return BroadcastTo(updates, shape...)
}

// putAttrs has the axis and the batch as takeAttrs does.
type putAttrs struct {
	How         string
	Axis, Batch int
}

// put makes the node. Sums are those of scatter_add, which keep their digits.
func put(a putAttrs, x, index, updates *graph.Node) *graph.Node {
	if Update(a.How) == UpdateAdd {
		sum := apply(&scatterAddOp, scatterAttrs{a.Axis, x.Shape()[a.Axis], a.Batch}, updates, index)
		return Add(x, sum)
	}
	return apply(&putOp, a, x, index, updates)
}

var putOp graph.Op

func init() {
	at := func(data ...float64) graph.Arg {
		return graph.Arg{Shape: []int{len(data)}, DType: graph.Int64, Data: data}
	}
	some := func(name, how string, x, index, updates graph.Arg) graph.Case {
		return graph.Case{Name: how + " " + name, In: []graph.Arg{x, index, updates}, Attrs: putAttrs{How: how}}
	}
	own := func(how string, a putAttrs, x, index, updates graph.Arg) graph.Case {
		a.How = how
		return graph.Case{Name: how + " own", In: []graph.Arg{x, index, updates}, Attrs: a}
	}
	var cases []graph.Case
	for _, how := range []string{"set", "multiply", "min", "max"} {
		cases = append(cases,
			some("rows", how, arg(4, 3), at(2, 0, 2, -1, 2), arg(5, 3)),
			some("one", how, arg(3), graph.Arg{DType: graph.Int64, Data: []float64{1}}, arg()),
			some("none", how, arg(3, 2), at(), arg(0, 2)),
			own(how, putAttrs{Axis: 2, Batch: 1}, arg(2, 3, 4), ints(4, 2, 6), arg(2, 3, 6)))
	}
	rivals := []graph.Arg{values([]float64{1, 3, 2}, 3), at(1, 1, 0, 2), values([]float64{3, 3, 1, 5}, 4)}
	zeros := []graph.Arg{values([]float64{0, 3, 2}, 3), at(1, 1, 0, 2, 1), values([]float64{0, 3, 1, 5, 0}, 5)}
	cases = append(cases,
		graph.Case{Name: "rivals", In: rivals, Attrs: putAttrs{How: "max"}, Excuses: kink("the extreme element has rivals")},
		graph.Case{Name: "multiply zeros", In: zeros, Attrs: putAttrs{How: "multiply"}},
		some("i64", "min", ints(9, 4), at(1, 1), ints(9, 2)),
		some("bool", "set", bools(4), at(1, -1), bools(2)))
	define(&putOp, graph.Op{
		Name: "put", Doc: "x with its entries at indices updated", Class: graph.Opaque, Arity: 3, Attrs: putAttrs{},
		Fails: true, InPlace: true, Infer: inferPut, Kernel: putKernel,
		Derivative: putRule{}, Batch: batchPut, Cases: cases,
		BadCases: []graph.BadCase{
			bad(putAttrs{How: "set", Axis: 1}, "axis 1 is out of range", f64(3), i64(2), f64(2)),
			bad(putAttrs{How: "set"}, "wants i64 as its index", f64(3), f64(2), f64(2)),
			bad(putAttrs{How: "set"}, "have the shape [2], not [3]", f64(3), i64(3), f64(2)),
			bad(putAttrs{How: "set"}, "convert one with Cast", f64(3), i64(2), f32(2)),
			bad(putAttrs{How: "min"}, "wants numbers", boolean(3), i64(2), boolean(2)),
			bad(putAttrs{How: "halve"}, `no update is called "halve"`, f64(3), i64(2), f64(2)),
			bad(putAttrs{How: "set", Axis: 1, Batch: 1}, "do not agree on 1 leading axes", f64(2, 3), i64(3, 3), f64(2, 3)),
		},
	})
}

func inferPut(in []*graph.Node, attrs any) (t graph.Type, err error) {
	x, index, updates, a := in[0], in[1], in[2], attrs.(putAttrs)
	switch Update(a.How) {
	case UpdateMultiply, UpdateMin, UpdateMax:
		if !isNumber(x.DType()) {
			return t, kindError("numbers, not bool")
		}
	case UpdateSet:
	default:
		return t, fmt.Errorf("no update is called %q", a.How)
	}
	if index.DType() != graph.Int64 {
		return t, kindError("i64 as its index")
	}
	if updates.DType() != x.DType() {
		return t, fmt.Errorf("element types %v and %v differ: convert one with Cast", x.DType(), updates.DType())
	}
	if a.Axis < 0 || a.Axis >= x.Rank() {
		return t, fmt.Errorf("axis %d is out of range for rank %d", a.Axis, x.Rank())
	}
	if err := batchAgrees(a.Batch, a.Axis, x, index); err != nil {
		return t, err
	}
	want := slices.Concat(x.Shape()[:a.Axis], index.Shape()[a.Batch:], x.Shape()[a.Axis+1:])
	if !slices.Equal(want, updates.Shape()) {
		return t, fmt.Errorf("the updates have the shape %v, not %v", updates.Shape(), want)
	}
	return x.Type(), nil
}

// batchPut makes the examples' axis one more of those that x, updates and the index share.
func batchPut(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	a := n.Attrs().(putAttrs)
	if batched[1] {
		return apply(&putOp, putAttrs{a.How, a.Axis + 1, a.Batch + 1}, allBatched(in, batched)...)
	}
	all := allBatched([]*graph.Node{in[0], in[2]}, []bool{batched[0], batched[2]})
	x, updates := MoveAxis(all[0], 0, a.Batch), MoveAxis(all[1], 0, a.Batch)
	return MoveAxis(apply(&putOp, putAttrs{a.How, a.Axis + 1, a.Batch}, x, in[1], updates), a.Batch, 0)
}

// putKernel chooses the loop: what sets moves elements of any type.
func putKernel(n *graph.Node) graph.Kernel {
	switch Update(n.Attrs().(putAttrs).How) {
	case UpdateMultiply:
		return byDType{f32: putInto(vec.Mul[float32]), f64: putInto(vec.Mul[float64]), i64: putInto(vec.Mul[int64])}.ofResult(n)
	case UpdateMin:
		return byDType{putInto(vec.Minimum[float32]), putInto(vec.Minimum[float64]), putInto(vec.Minimum[int64]), nil}.ofResult(n)
	case UpdateMax:
		return byDType{putInto(vec.Maximum[float32]), putInto(vec.Maximum[float64]), putInto(vec.Maximum[int64]), nil}.ofResult(n)
	}
	return byDType{putInto[float32](nil), putInto[float64](nil), putInto[int64](nil), putInto[bool](nil)}.ofResult(n)
}

// putInto binds the loop of put with a function that combines rows, or none, to set them. It looks at all indices before
// it writes.
func putInto[T graph.Element](f func(dst, x, y []T)) bind {
	return func(n *graph.Node) graph.Kernel {
		a := n.Attrs().(putAttrs)
		outer, length, inner := span(n, []int{a.Axis})
		parts := graph.Size(n.Shape()[:a.Batch])
		return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
			dst, index, updates := graph.Elements[T](out), graph.Elements[int64](in[1]), graph.Elements[T](in[2])
			for _, at := range index {
				if at < -int64(length) || at >= int64(length) {
					return indexError(index, length)
				}
			}
			if out.Ptr != in[0].Ptr {
				copy(dst, graph.Elements[T](in[0]))
			}
			k := len(index) / max(1, parts)
			for o := range outer {
				if o*k*inner%elementsUnstopped < k*inner && w.Stopped() {
					return graph.ErrStopped
				}
				to, from := dst[o*length*inner:][:length*inner], updates[o*k*inner:][:k*inner]
				putRows(f, to, from, part(index, o*parts/outer, parts), length)
			}
			return nil
		}
	}
}

// putRows puts as many rows as there are indices into dst, which has length rows.
func putRows[T graph.Element](f func(dst, x, y []T), dst, src []T, index []int64, length int) {
	if len(index) == 0 {
		return
	}
	inner := len(src) / len(index)
	for i, at := range index {
		if at < 0 {
			at += int64(length)
		}
		row, from := dst[int(at)*inner:][:inner], src[i*inner:][:inner]
		if f == nil {
			copy(row, from)
		} else {
			f(row, row, from)
		}
	}
}
