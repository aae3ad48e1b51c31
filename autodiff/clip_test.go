package autodiff_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/rewrite"
)

// Norms and the clipped mean of the gradients of all examples are those of the gradients written out, and take no more
// memory than a batch does.
func TestClippedMean(t *testing.T) {
	const size = 9
	widths := []int{30, 20, 7}
	g := graph.New()
	p := labelledExample{X: g.Input("x", graph.Float64, size, widths[0]), Label: g.Input("labels", graph.Int64, size)}
	labels := make([]int, size)
	for i := range labels {
		labels[i] = max(0, i-5)
	}
	feeds := []any{wave[float64](1, size, widths[0]), labels}
	for i := range widths[1:] {
		p.Layers = append(p.Layers, linear{g.Input("", graph.Float64, widths[i], widths[i+1]),
			g.Input("", graph.Float64, widths[i+1])})
		feeds = append(feeds, wave[float64](0.1, widths[i], widths[i+1]), wave[float64](0.2, widths[i+1]))
	}
	feeds[len(feeds)-1].(*tensor.Dense).Float64s()[0] = 4 // so that the net is sure of label 0, and gradients are short
	leaves := func(layers []linear) (all []node) {
		for _, l := range layers {
			all = append(all, l.W, l.B)
		}
		return all
	}
	each, mean, norms := leaves(perExampleGradients(p)), leaves(clippedMean(p)), gradientNorms(p)
	run := func(outputs ...node) (all [][]float64) {
		fn, err := autodiff.CompileGraph(g.Inputs(), outputs)
		require.NoError(t, err)
		results, err := fn.Run(context.Background(), feeds...)
		require.NoError(t, err)
		for _, r := range results {
			all = append(all, r.Float64s())
		}
		return all
	}

	squares := make([]float64, size)
	written := run(each...)
	for _, values := range written {
		n := len(values) / size
		for k, v := range values {
			squares[k/n] += v * v
		}
	}
	clips := 0
	for _, s := range squares {
		if s > 1 {
			clips++
		}
	}
	require.True(t, 0 < clips && clips < size, "%d of %d gradients are longer than 1", clips, size)

	// An element is a sum of fewer than 2000 positive terms here, so each is known to within 2000 roundings.
	require.InEpsilonSlice(t, squares, run(norms)[0], 2000*0x1p-53)
	for i, got := range run(mean...) {
		want := make([]float64, len(got))
		for k, v := range written[i] {
			want[k%len(got)] += v / max(1, math.Sqrt(squares[k/len(got)])) / size
		}
		require.InDeltaSlice(t, want, got, 2000*0x1p-53, "leaf %d", i)
	}

	plan, err := compile.Plan(rewrite.Unit{Inputs: g.Inputs(), Outputs: append(mean, norms)}, compile.Options{})
	require.NoError(t, err)
	for _, s := range plan.Steps {
		require.LessOrEqual(t, s.Out.Len, widths[0]*widths[1], "%v is larger than a batch's gradient", s.Node)
		for _, m := range s.Members {
			require.LessOrEqual(t, m.Out.Len, widths[0]*widths[1], "%v is larger than a batch's gradient", m.Node)
		}
	}
}
