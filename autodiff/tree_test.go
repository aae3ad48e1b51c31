package autodiff_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

type layer struct {
	W, B  *graph.Node
	Label string
	width int
}

type model struct {
	Layers []layer
	Scales map[string]*graph.Node
	Pair   [2]*graph.Node
	Tail   *layer
	Absent *graph.Node
}

// polynomial gives every leaf a derivative of its own: Σ k·leafₖ² with k = 1, 2, … in the order of the tree.
func polynomial(m model) node {
	var sum node
	k := 0
	add := func(n node) {
		k++
		term := ops.Mul(k, ops.Sum(ops.Square(n)))
		if sum == nil {
			sum = term
		} else {
			sum = ops.Add(sum, term)
		}
	}
	for _, l := range m.Layers {
		add(l.W)
		add(l.B)
	}
	add(m.Scales["alpha"])
	add(m.Scales["beta"])
	add(m.Pair[0])
	add(m.Pair[1])
	add(m.Tail.W)
	add(m.Tail.B)
	return sum
}

func TestGradOfTrees(t *testing.T) {
	g := graph.New()
	scalar := func(v float64) node { return g.Scalar(graph.Float64, v) }
	m := model{
		Layers: []layer{{W: scalar(1), B: scalar(2), Label: "first", width: 3}, {W: scalar(3), B: scalar(4)}},
		Scales: map[string]*graph.Node{"beta": scalar(6), "alpha": scalar(5)},
		Pair:   [2]*graph.Node{scalar(7), scalar(8)},
		Tail:   &layer{W: scalar(9), B: scalar(9)}, // one node, two leaves
	}
	grads := autodiff.Grad(polynomial)(m)
	require.Equal(t, "first", grads.Layers[0].Label, "what is no tree is kept")
	require.Equal(t, 3, grads.Layers[0].width)
	require.Nil(t, grads.Absent)
	require.NotSame(t, m.Tail, grads.Tail)
	out, err := autodiff.Eval(grads.Layers[0].W, grads.Layers[0].B, grads.Layers[1].W, grads.Layers[1].B,
		grads.Scales["alpha"], grads.Scales["beta"], grads.Pair[0], grads.Pair[1], grads.Tail.W, grads.Tail.B)
	require.NoError(t, err)
	for k, v := range floats(out) {
		leaf := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 9}[k]
		require.Equal(t, 2*float64(k+1)*leaf, v[0], "leaf %d", k)
	}
	require.Equal(t, 5.0, scalarOf(t, m.Scales["alpha"]), "the tree given is not changed")
}

func scalarOf(t *testing.T, n node) float64 {
	v, ok := n.ScalarValue()
	require.True(t, ok)
	return v
}

// The same values fed as a mirror of structs, as maps, and as the model's own slices.
func TestFeedTrees(t *testing.T) {
	type mirrorLayer struct{ W, B float64 }
	type mirror struct {
		Layers []mirrorLayer
		Scales map[string]any
		Pair   []float64
		Tail   *mirrorLayer
		Absent any
	}
	type small struct {
		Layers []layer
		Scales map[string]*graph.Node
		Pair   [2]*graph.Node
		Tail   *layer
	}
	f := func(s small) node {
		return polynomial(model{Layers: s.Layers, Scales: s.Scales, Pair: s.Pair, Tail: s.Tail})
	}
	var want float64
	for k, v := range []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10} {
		want += float64(k+1) * v * v
	}
	fn := autodiff.Compile(f, autodiff.Verified())
	for name, feed := range map[string]any{
		"structs": mirror{
			Layers: []mirrorLayer{{1, 2}, {3, 4}}, Scales: map[string]any{"beta": 6.0, "alpha": 5.0},
			Pair: []float64{7, 8}, Tail: &mirrorLayer{9, 10},
		},
		"pointer": &mirror{
			Layers: []mirrorLayer{{1, 2}, {3, 4}}, Scales: map[string]any{"beta": 6.0, "alpha": 5.0},
			Pair: []float64{7, 8}, Tail: &mirrorLayer{9, 10},
		},
		"maps": map[string]any{
			"Layers": []any{map[string]float64{"W": 1, "B": 2}, map[string]any{"W": 3.0, "B": mat.NewVecDense(1, []float64{4})}},
			"Scales": map[string]float64{"beta": 6, "alpha": 5}, "Pair": [2]any{7.0, 8.0}, "Tail": mirrorLayer{9, 10},
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := fn.Run(context.Background(), feed)
			require.NoError(t, err)
			require.Equal(t, want, out[0].Float64s()[0])
		})
	}
	require.Equal(t, 2, fn.Cached(), "a program for scalars alone, and one with a vector")
}

// Slices of other lengths and maps with other keys are other programs.
func TestTreesOfOtherExtent(t *testing.T) {
	fn := autodiff.Compile(func(xs []*graph.Node, named map[string]*graph.Node) (sum node) {
		sum = xs[0]
		for _, x := range xs[1:] {
			sum = ops.Add(sum, x)
		}
		if x := named["twice"]; x != nil {
			sum = ops.Add(sum, ops.Mul(2, x))
		}
		if x := named["a key with spaces"]; x != nil {
			sum = ops.Sub(sum, x)
		}
		return sum
	})
	for _, c := range []struct {
		xs    []float64
		named map[string]float64
		want  float64
	}{
		{[]float64{1}, map[string]float64{"twice": 10}, 21},
		{[]float64{1, 2}, map[string]float64{}, 3},
		{[]float64{1}, map[string]float64{"a key with spaces": 10}, -9},
		{[]float64{1, 2, 3}, map[string]float64{"a key with spaces": 1, "twice": 2}, 9},
		{[]float64{4}, map[string]float64{"twice": 1}, 6},
	} {
		xs := make([]any, len(c.xs))
		for i, x := range c.xs {
			xs[i] = x
		}
		out, err := fn.Run(context.Background(), xs, c.named)
		require.NoError(t, err)
		require.Equal(t, c.want, out[0].Float64s()[0], "%v", c)
	}
	require.Equal(t, 4, fn.Cached())
}
