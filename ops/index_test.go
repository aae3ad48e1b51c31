package ops_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestIndexOutOfRange: a bad index or label fails the run with ops.ErrIndex and its position; donated tensors keep
// their values, and the function runs again.
func TestIndexOutOfRange(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		f         func(x, index *graph.Node) *graph.Node
		good, bad []int64
		want      string
	}{
		"take over":          {takeRows, []int64{0, 2, 1}, []int64{0, 3, 1}, "index 3, at position 1, for an axis"},
		"take negative":      {takeRows, []int64{2, 2, 2}, []int64{0, 1, -1}, "index -1, at position 2, for an axis"},
		"scatter_add over":   {scatterRows, []int64{0, 2, 1}, []int64{0, 1, 7}, "index 7, at position 2, for an axis"},
		"one_hot over":       {oneHotRows, []int64{0, 2, 1}, []int64{5, 1, 2}, "label 5, at position 0, for 3 classes"},
		"one_hot negative":   {oneHotRows, []int64{0, 2, 1}, []int64{1, -2, 2}, "label -2, at position 1, for 3 classes"},
		"gradient of a take": {takeGrad, []int64{0, 2, 1}, []int64{0, 9, 1}, "index 9, at position 1, for an axis"},
	} {
		t.Run(name, func(t *testing.T) {
			fn := autodiff.Compile(func(x, index *graph.Node) (*graph.Node, *graph.Node) {
				return ops.Mul(x, 2), c.f(x, index)
			}, autodiff.Donate(0, 0))
			x := tensor.New(tensor.WithShape(3, 3), tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9}))
			before := elements(x)
			if _, err := fn.Run(ctx, x, c.bad); !errors.Is(err, ops.ErrIndex) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want ErrIndex with %q", err, c.want)
			}
			if got := elements(x); !slices.Equal(got, before) {
				t.Errorf("the failed run left the donated tensor at %v", got)
			}
			out, err := fn.Run(ctx, x, c.good)
			if err != nil {
				t.Fatalf("after a failed run: %v", err)
			}
			g := graph.New()
			want := eval(t, c.f(graph.Const(g, before, 3, 3), graph.Const(g, c.good, 3)))[0]
			if got := elements(out[1]); !slices.Equal(got, want) {
				t.Errorf("after a failed run: %v, want %v", got, want)
			}
			if got := elements(x); got[8] != 18 {
				t.Errorf("after a failed run: the donated tensor is %v", got)
			}
		})
	}
}

func takeRows(x, index *graph.Node) *graph.Node    { return ops.Take(x, index, 0) }
func scatterRows(x, index *graph.Node) *graph.Node { return ops.ScatterAdd(x, index, 3, 0) }
func oneHotRows(x, index *graph.Node) *graph.Node {
	return ops.Add(x, ops.OneHot(index, 3, graph.Float64))
}
func takeGrad(x, index *graph.Node) *graph.Node {
	return autodiff.Grad(func(x *graph.Node) *graph.Node {
		return ops.Sum(ops.Square(ops.Take(x, index, -2)))
	})(x)
}

// TestRepeatedIndices: what is picked twice gets both derivatives.
func TestRepeatedIndices(t *testing.T) {
	g := graph.New()
	x, index := graph.Const(g, []float64{1, 2, 3}, 3), graph.Const(g, []int64{2, 2, 0}, 3)
	expect(t, ops.Take(x, index, -1), []int{3}, []float64{3, 3, 1})
	pick := func(x []*graph.Node) *graph.Node { return ops.Take(x[0], index, 0) }
	expect(t, grad(pick, x)[0], []int{3}, []float64{1, 0, 2})
	expect(t, ops.ScatterAdd(x, index, 4, 0), []int{4}, []float64{3, 0, 3, 0})
	refused(t, "axis 1 is out of range", func() { ops.Take(x, index, 1) })
	refused(t, "wants i64", func() { ops.Take(x, x, 0) })
}
