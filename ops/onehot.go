package ops

import (
	"fmt"
	"slices"

	"chainrule/graph"
	"chainrule/internal/kernel/vec"
)

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
