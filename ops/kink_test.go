package ops_test

import (
	"testing"

	"chainrule/graph"
	"chainrule/internal/optest"
	"chainrule/ops"
)

// TestKinks sweeps functions that are made of several ops, where they have kinks: elements that tie or are zero. Their
// derivatives lie between those about the point there, and the order of second derivatives does not matter.
func TestKinks(t *testing.T) {
	type f = func(x *graph.Node) *graph.Node
	const kink, cone = "another element takes the place on the other side", "a cone, with the mean of its slopes"
	ties, zeros, none := []float64{2, 1, 2, 1, 3, 1}, []float64{0, 0, 0, 3, 4, 0}, make([]float64, 6)
	both := map[string]string{"differences": kink, "second differences": kink}
	second := map[string]string{"second differences": cone}
	for _, c := range []struct {
		name    string
		f       f
		data    []float64
		excuses map[string]string
	}{
		{"sort", func(x *graph.Node) *graph.Node { return ops.Sort(x, 1) }, ties, both},
		{"topk", func(x *graph.Node) *graph.Node { y, _ := ops.TopK(x, 2, 1); return y }, ties, both},
		{"median of three", func(x *graph.Node) *graph.Node { return ops.Median(x, 1) }, ties, both},
		{"median of two", func(x *graph.Node) *graph.Node { return ops.Median(x, 0) }, []float64{2, 1, 2, 2, 1, 3}, nil},
		{"median of six", func(x *graph.Node) *graph.Node { return ops.Median(ops.Reshape(x, -1), 0) },
			[]float64{1, 2, 2, 2, 2, 3}, both},
		{"max over both axes", func(x *graph.Node) *graph.Node { return ops.Max(x) }, []float64{2, 3, 1, 3, 3, 0}, both},
		{"min of columns", func(x *graph.Node) *graph.Node { return ops.Min(x, 0) }, []float64{2, 3, 1, 2, 3, 0}, second},
		{"range", func(x *graph.Node) *graph.Node { return ops.Sub(ops.Max(x, 1), ops.Min(x, 1)) }, ties, second},
		{"std", func(x *graph.Node) *graph.Node { return ops.Std(x, 1, 1) }, []float64{2, 2, 2, 1, 2, 3}, second},
		{"norms of rows", func(x *graph.Node) *graph.Node { return ops.Norm(x, 1) }, zeros, second},
		{"norm over both axes", func(x *graph.Node) *graph.Node { return ops.Norm(x) }, none, second},
		{"sum of distances", func(x *graph.Node) *graph.Node { return ops.Sum(ops.Abs(x), 0) }, zeros, second},
		{"product", func(x *graph.Node) *graph.Node { return ops.Prod(x, 1) }, zeros, nil},
		{"running product", func(x *graph.Node) *graph.Node { return ops.CumProd(x, true, 1) }, zeros, nil},
		{"cubes of equal eigenvalues", func(x *graph.Node) *graph.Node {
			square := ops.Slice(x, ops.All, ops.Range{Stop: 2})
			w, _ := ops.Eigh(ops.Add(square, ops.Transpose(square)))
			return ops.Sum(ops.Pow(w, 3))
		}, []float64{1, 0, 0, 0, 1, 0}, nil},
	} {
		optest.Composed(t, c.name, graph.Case{Name: "kink", Excuses: c.excuses, In: []graph.Arg{{Shape: []int{2, 3}, Data: c.data}},
			Build: func(in ...*graph.Node) *graph.Node { return c.f(in[0]) }})
	}
}
