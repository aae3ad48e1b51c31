package ops_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// row is a batch of one image of one channel, or a kernel of one tap a place.
func row(g *graph.Graph, v ...float64) *graph.Node { return graph.Const(g, v, 1, 1, len(v)) }

// numbers evaluates nodes.
func numbers(t *testing.T, nodes ...*graph.Node) [][]float64 {
	t.Helper()
	ys, err := autodiff.Eval(nodes...)
	require.NoError(t, err)
	var all [][]float64
	for _, y := range ys {
		all = append(all, y.Data().([]float64))
	}
	return all
}

// TestConvSame holds the side on which the odd zero of "same" lies to worked examples.
func TestConvSame(t *testing.T) {
	g := graph.New()
	for _, c := range []struct {
		x, w   *graph.Node
		o      ops.ConvOptions
		result []float64
	}{
		{row(g, 1, 2, 3, 4, 5, 6), row(g, 1, 1, 1), ops.ConvOptions{Stride: []int{2}, Padding: ops.Same}, []float64{6, 12, 11}},
		{row(g, 1, 2, 3, 4, 5), row(g, 1, 1, 1, 1), ops.ConvOptions{Padding: ops.Same}, []float64{6, 10, 14, 12, 9}},
		{row(g, 1, 2, 3, 4, 5), row(g, 1, 1, 1, 1), ops.ConvOptions{Padding: ops.SameLower}, []float64{3, 6, 10, 14, 12}},
		{row(g, 1, 2, 3, 4, 5), row(g, 1, 1, 1, 1), ops.ConvOptions{Padding: ops.PadsLoHi([]int{2}, []int{1})},
			[]float64{3, 6, 10, 14, 12}},
		{row(g, 1, 2, 3), row(g, 1, 1), ops.ConvOptions{Padding: ops.Pads(1), Dilation: []int{2}}, []float64{2, 4, 2}},
	} {
		assert.Equal(t, c.result, numbers(t, ops.Conv(c.x, c.w, c.o))[0])
	}
}

// TestConvTransposeSizes holds sizes with dilation, and what output padding adds, to worked examples.
func TestConvTransposeSizes(t *testing.T) {
	g := graph.New()
	x, w := row(g, 1, 2), row(g, 1, 10, 100)
	with := func(extra int) ops.ConvOptions {
		return ops.ConvOptions{Stride: []int{2}, Padding: ops.Pads(1), OutputPadding: []int{extra}}
	}
	assert.Equal(t, []float64{10, 102, 20, 200}, numbers(t, ops.ConvTranspose(x, w, with(1)))[0])
	assert.Equal(t, []float64{10, 102, 20}, numbers(t, ops.ConvTranspose(x, w, with(0)))[0])
	o := with(1)
	o.Dilation = []int{3}
	assert.Equal(t, []int{1, 1, 10}, ops.ConvTranspose(row(g, 1, 2, 3), w, o).Shape())
	same := ops.ConvOptions{Stride: []int{3}, Padding: ops.Same}
	assert.Equal(t, []float64{1, 10, 0, 2, 20, 0}, numbers(t, ops.ConvTranspose(x, row(g, 1, 10), same))[0])
	assert.Equal(t, []float64{1, 10, 100, 2, 20, 200}, numbers(t, ops.ConvTranspose(x, w, same))[0])
}

// TestConvGroups holds the derivatives of grouped convolutions to a worked example.
func TestConvGroups(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{1, 2, 3, 4, 5, 6, 7, 8}, 1, 4, 2)
	w := graph.Const(g, []float64{1, 2, 3, 4}, 2, 2, 1)
	ct := graph.Const(g, []float64{1, 0, 0, 1}, 1, 2, 2)
	y := ops.Conv(x, w, ops.ConvOptions{Groups: 2})
	grads := autodiff.Gradients(ops.Sum(ops.Mul(y, ct)), x, w)
	got := numbers(t, y, grads[0], grads[1])
	assert.Equal(t, []float64{7, 10, 43, 50}, got[0])
	assert.Equal(t, []float64{1, 0, 2, 0, 0, 3, 0, 4}, got[1])
	assert.Equal(t, []float64{1, 3, 6, 8}, got[2])
}

// TestConvChannelsLast holds images with channels last to the same with channels first.
func TestConvChannelsLast(t *testing.T) {
	g := graph.New()
	x := ops.Reshape(ops.Cast(ops.Arange(g, 2*3*4*5), graph.Float64), 2, 3, 4, 5)
	w := ops.Reshape(ops.Cast(ops.Arange(g, 2*3*2*2), graph.Float64), 2, 3, 2, 2)
	o := ops.ConvOptions{Stride: []int{1, 2}, Padding: ops.Pads(1, 0)}
	first := ops.Conv(x, w, o)
	back := ops.ConvTranspose(first, w, o)
	weight := ops.ConvWeight(x, first, []int{2, 2}, o)
	o.ChannelsLast = true
	xl, yl := ops.MoveAxis(x, 1, -1), ops.MoveAxis(first, 1, -1)
	got := numbers(t, first, ops.MoveAxis(ops.Conv(xl, w, o), -1, 1), back,
		ops.MoveAxis(ops.ConvTranspose(yl, w, o), -1, 1), weight, ops.ConvWeight(xl, yl, []int{2}, o))
	for i := 0; i < len(got); i += 2 {
		assert.Equal(t, got[i], got[i+1])
	}
}

// TestConvMistakes holds options that do not fit to clear errors.
func TestConvMistakes(t *testing.T) {
	g := graph.New()
	x, w := ops.Zeros(g, graph.Float64, 1, 4, 5, 5), ops.Zeros(g, graph.Float64, 2, 4, 3, 3)
	for want, o := range map[string]ops.ConvOptions{
		"stride [1 2 3] for 2 axes":                       {Stride: []int{1, 2, 3}},
		"stride [0] is less than 1":                       {Stride: []int{0}},
		"padding [-1] is less than 0":                     {Padding: ops.Pads(-1)},
		"4 channels where the kernel has 4 for each of 2": {Groups: 2},
		"-1 groups": {Groups: -1},
		"reaches over 7 places where the padded image has 5": {Dilation: []int{3}},
	} {
		assert.ErrorContains(t, graph.Try(func() { ops.Conv(x, w, o) }), want)
	}
	assert.ErrorContains(t, graph.Try(func() {
		ops.ConvTranspose(x, ops.Transpose(w), ops.ConvOptions{OutputPadding: []int{1}})
	}), "output padding 1 is not less")
}
