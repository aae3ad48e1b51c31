package ops

import (
	"errors"
	"fmt"
	"slices"

	"chainrule/graph"
)

// Gather picks entries of x by tuples of indices: the last axis of index, an i64, has one for each of as many axes of x,
// the first that follow batch leading ones, along which x and index agree. With x [B.., D₁ … Dₖ, rest..] and index
// [B.., n.., k] the result is [B.., n.., rest..]. Negative indices count from the end; running it with one out of range is
// an error, ErrIndex. It is GatherND of ONNX, and x[i, j] of NumPy with arrays of indices.
func Gather(x, index *graph.Node, batch int) *graph.Node {
	x, flat := byTuples("gather", x, index, batch)
	return apply(&takeOp, takeAttrs{batch, batch}, x, flat)
}

// Scatter returns x with the entries that Gather would pick updated, by updates that broadcast to the shape of its result:
// see Put. It is ScatterND of ONNX, and index_put of PyTorch.
func Scatter(x, index, updates *graph.Node, how Update, batch int) *graph.Node {
	mustExist("scatter", updates)
	rows, flat := byTuples("scatter", x, index, batch)
	shape := slices.Concat(flat.Shape(), rows.Shape()[batch+1:])
	return Reshape(put(putAttrs{string(how), batch, batch}, rows, flat, stretched("scatter", updates, shape)), x.Shape()...)
}

// byTuples makes one axis of those of x that tuples of indices are for, and numbers of the tuples.
func byTuples(op string, x, index *graph.Node, batch int) (rows, flat *graph.Node) {
	mustExist(op, x, index)
	pair := []*graph.Node{x, index}
	if batch < 0 || batch >= index.Rank() || batch > x.Rank() || !slices.Equal(x.Shape()[:batch], index.Shape()[:batch]) {
		graph.Fail(op, pair, "x and its index do not agree on %d leading axes", batch)
	}
	k := index.Shape()[index.Rank()-1]
	if batch+k > x.Rank() {
		graph.Fail(op, pair, "tuples of %d indices for %d axes", k, x.Rank()-batch)
	}
	lengths, rest := x.Shape()[batch:batch+k], x.Shape()[batch+k:]
	rows = Reshape(x, slices.Concat(x.Shape()[:batch], []int{graph.Size(lengths)}, rest)...)
	return rows, RavelIndex(index, lengths...)
}

// ravelAttrs: Strict refuses negative indices.
type ravelAttrs struct {
	Shape  graph.Ints
	Strict bool
}

// RavelIndex numbers the elements of a tensor of the given shape in row-major order: the last axis of index, an i64, has
// tuples of indices, and the result their elements' numbers. Negative indices count from the end; running it with one out
// of range is an error, ErrIndex.
func RavelIndex(index *graph.Node, shape ...int) *graph.Node {
	return apply(&ravelIndexOp, ravelAttrs{Shape: graph.MakeInts(shape...)}, index)
}

// strictIndex is an index along an axis that may not be negative.
func strictIndex(op string, index *graph.Node, length int) *graph.Node {
	mustExist(op, index)
	if index.DType() != graph.Int64 || length < 0 {
		graph.Fail(op, []*graph.Node{index}, "wants i64 as its index and a length of 0 or more, not %d", length)
	}
	return apply(&ravelIndexOp, ravelAttrs{graph.MakeInts(length), true}, ExpandDims(index, -1))
}

var ravelIndexOp graph.Op

func init() {
	tuples := func(data []float64, shape ...int) graph.Arg {
		return graph.Arg{Shape: shape, DType: graph.Int64, Data: data}
	}
	of := func(name string, index graph.Arg, a ravelAttrs) graph.Case {
		return graph.Case{Name: name, In: []graph.Arg{index}, Attrs: a}
	}
	define(&ravelIndexOp, graph.Op{
		Name: "ravel_index", Doc: "numbers of elements in row-major order, by tuples of indices", Class: graph.Opaque,
		Arity: 1, Attrs: ravelAttrs{}, Fails: true,
		Infer: func(in []*graph.Node, attrs any) (graph.Type, error) {
			index, shape := in[0], attrs.(ravelAttrs).Shape.Slice()
			last := index.Rank() - 1
			switch {
			case index.DType() != graph.Int64 || last < 0:
				return graph.Type{}, kindError("tuples of i64")
			case index.Shape()[last] != len(shape):
				return graph.Type{}, fmt.Errorf("tuples of %d indices for %d axes", index.Shape()[last], len(shape))
			case len(shape) > 0 && slices.Min(shape) < 0:
				return graph.Type{}, errors.New("a length is negative")
			}
			return i64(index.Shape()[:last]...), nil
		},
		Kernel: ravel, Derivative: NonDiff("its result is an index"), Batch: batchSame,
		Cases: []graph.Case{
			of("pairs", tuples([]float64{0, 2, 1, -1, -2, 0}, 3, 2), ravelAttrs{Shape: "2,3"}),
			of("any", ints(2, 4, 2), ravelAttrs{Shape: "2,2"}),
			of("one", tuples([]float64{1, 0, 1}, 3), ravelAttrs{Shape: "2,3,4"}),
			of("strict", tuples([]float64{1, 0, 1}, 3, 1), ravelAttrs{"2", true}),
			of("no axes", tuples(nil, 3, 0), ravelAttrs{}), of("none", tuples(nil, 0, 2), ravelAttrs{Shape: "2,3"}),
		},
		BadCases: []graph.BadCase{
			bad(ravelAttrs{Shape: "2"}, "tuples of 2 indices for 1 axes", i64(3, 2)),
			bad(ravelAttrs{Shape: "2"}, "wants tuples of i64", f64(3, 1)),
			bad(ravelAttrs{Shape: "-2"}, "a length is negative", i64(3, 1)),
		},
	})
}

func ravel(n *graph.Node) graph.Kernel {
	a := n.Attrs().(ravelAttrs)
	shape := a.Shape.Slice()
	return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
		dst, index := graph.Elements[int64](out), graph.Elements[int64](in[0])
		for i := range dst {
			if i%elementsUnstopped == 0 && w.Stopped() {
				return graph.ErrStopped
			}
			at := int64(0)
			for k, length := range shape {
				v := index[i*len(shape)+k]
				if v < 0 && !a.Strict {
					v += int64(length)
				}
				if v < 0 || v >= int64(length) {
					v = index[i*len(shape)+k]
					return fmt.Errorf("%w: index %d, at position %d, for axis %d of length %d", ErrIndex, v, i, k, length)
				}
				at = at*int64(length) + v
			}
			dst[i] = at
		}
		return nil
	}
}
