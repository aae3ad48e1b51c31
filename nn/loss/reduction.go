package loss

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Reduction is what is made of a loss's terms.
type Reduction int

// The reductions.
const (
	Mean      Reduction = iota // the mean of all terms
	Sum                        // their sum
	None                       // the terms as they are
	BatchMean                  // their sum, divided by the length of the first axis
)

// reduce applies the reduction to terms.
func (r Reduction) reduce(name string, terms *graph.Node) *graph.Node {
	switch r {
	case Mean:
		return ops.Mean(terms)
	case Sum:
		return ops.Sum(terms)
	case None:
		return terms
	case BatchMean:
		if terms.Rank() == 0 {
			return terms
		}
		return ops.Div(ops.Sum(terms), terms.Shape()[0])
	}
	graph.Fail(name, []*graph.Node{terms}, "there is no reduction %d", int(r))
	return nil
}

// reduceWeighted is reduce for terms that have weights in them: their mean is Σ terms / Σ weights, and 0 if no weight is
// left.
func (r Reduction) reduceWeighted(name string, terms, weights *graph.Node) *graph.Node {
	if r != Mean {
		return r.reduce(name, terms)
	}
	total := ops.Sum(weights)
	return ops.Div(ops.Sum(terms), ops.Where(ops.Eq(total, 0), 1, total))
}

// only is the one option that was given, or the zero value.
func only[T any](name string, opts []T) T {
	var zero T
	switch len(opts) {
	case 0:
		return zero
	case 1:
		return opts[0]
	}
	graph.Fail(name, nil, "%d options are given, want one at most", len(opts))
	return zero
}

// present refuses inputs that are nil.
func present(name string, in ...*graph.Node) {
	for _, n := range in {
		if n == nil {
			graph.Fail(name, nil, "an input is nil")
		}
	}
}

// alike refuses inputs of other shapes or element types than the first, and what is no float.
func alike(name string, in ...*graph.Node) {
	present(name, in...)
	for _, n := range in {
		if !in[0].DType().IsFloat() || !n.Type().Equal(in[0].Type()) {
			graph.Fail(name, in, "the inputs must be floats of one shape and element type")
		}
	}
}

// labels refuses labels that are no i64 of the shape of x without the given axis.
func labelled(name string, x, y *graph.Node, axis int) {
	want := append(append([]int{}, x.Shape()[:axis]...), x.Shape()[axis+1:]...)
	if y.DType() != graph.Int64 || !y.Type().Equal(graph.T(graph.Int64, want...)) {
		graph.Fail(name, []*graph.Node{x, y}, "the labels must be i64%s", graph.FormatShape(want))
	}
}

// weighted multiplies terms with weights that broadcast to them; nil stands for ones.
func weighted(terms, w *graph.Node) *graph.Node {
	if w == nil {
		return terms
	}
	return ops.XMulY(w, terms)
}
