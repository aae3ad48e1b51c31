package ops_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// withSlope is f(x) and the gradient of its sum.
func withSlope(t *testing.T, x *graph.Node, f func(x *graph.Node) *graph.Node) (y, slope []float64) {
	t.Helper()
	r := f(x)
	got := numbers(t, r, autodiff.Gradients(ops.Sum(r), x)[0])
	return got[0], got[1]
}

// TestAvgPoolCeil holds the divisors of windows that reach over the padding to worked examples.
func TestAvgPoolCeil(t *testing.T) {
	x := row(graph.New(), 2, 4, 6, 8, 10, 12)
	o := ops.PoolOptions{Size: []int{3}, Stride: []int{2}, Padding: ops.Pads(1), Ceil: true}
	y, slope := withSlope(t, x, func(x *graph.Node) *graph.Node { return ops.AvgPool(x, o) })
	assert.Equal(t, []float64{2, 6, 10, 6}, y)
	assert.InDeltaSlice(t, []float64{1. / 3, 2. / 3, 1. / 3, 2. / 3, 1. / 3, 5. / 6}, slope, 1e-15)
	o.ExcludePadding = true
	assert.Equal(t, []float64{3, 6, 10, 12}, numbers(t, ops.AvgPool(x, o))[0])
}

// TestMaxPoolBorders holds padding, infinities and NaN to worked examples.
func TestMaxPoolBorders(t *testing.T) {
	g := graph.New()
	three := ops.PoolOptions{Size: []int{3}, Stride: []int{1}, Padding: ops.Pads(1)}
	assert.Equal(t, []float64{-3, -3, -3}, numbers(t, ops.MaxPool(row(g, -5, -3, -9), three))[0])
	pair := ops.PoolOptions{Size: []int{2}}
	least := math.Inf(-1)
	y, slope := withSlope(t, row(g, least, least), func(x *graph.Node) *graph.Node { return ops.MaxPool(x, pair) })
	assert.Equal(t, []float64{least}, y)
	assert.Equal(t, []float64{1, 0}, slope)
	y, slope = withSlope(t, row(g, 1, math.NaN(), 2, math.NaN()), func(x *graph.Node) *graph.Node { return ops.MaxPool(x, pair) })
	assert.True(t, math.IsNaN(y[0]) && math.IsNaN(y[1]))
	assert.Equal(t, []float64{0, 1, 0, 1}, slope)
	three.Padding = ops.Pads(2)
	assert.ErrorContains(t, graph.Try(func() { ops.MaxPool(row(g, 1, 2, 3), three) }), "padding 2 is more than half of the window")
	assert.ErrorContains(t, graph.Try(func() { ops.MaxPool(row(g, 1), pair) }), "reaches over 2 places where the padded image has 1")
}

// TestMaxUnpool puts elements back where they were found.
func TestMaxUnpool(t *testing.T) {
	x := graph.Const(graph.New(), []float64{1, 5, 2, 3, 4, 0, 9, 8}, 1, 1, 2, 4)
	y, index := ops.MaxPoolIndices(x, ops.PoolOptions{Size: []int{2}})
	back, slope := withSlope(t, y, func(y *graph.Node) *graph.Node { return ops.MaxUnpool(y, index, []int{2, 4}, false) })
	assert.Equal(t, []float64{0, 5, 0, 0, 0, 0, 9, 0}, back)
	assert.Equal(t, []float64{1, 1}, slope)
}

// TestAdaptivePool holds the bins to a worked example.
func TestAdaptivePool(t *testing.T) {
	x := row(graph.New(), 1, 2, 3, 4, 5)
	y, slope := withSlope(t, x, func(x *graph.Node) *graph.Node { return ops.AdaptiveAvgPool(x, []int{3}, false) })
	assert.Equal(t, []float64{1.5, 3, 4.5}, y)
	assert.InDeltaSlice(t, []float64{.5, 5. / 6, 1. / 3, 5. / 6, .5}, slope, 1e-15)
	y, slope = withSlope(t, x, func(x *graph.Node) *graph.Node { return ops.AdaptiveMaxPool(x, []int{3}, false) })
	assert.Equal(t, []float64{2, 4, 5}, y)
	assert.Equal(t, []float64{0, 1, 0, 1, 1}, slope)
}

// TestLPPool holds norms of windows to the formula.
func TestLPPool(t *testing.T) {
	x := row(graph.New(), 3, -4, 6, 8)
	y, slope := withSlope(t, x, func(x *graph.Node) *graph.Node { return ops.LPPool(x, 2, ops.PoolOptions{Size: []int{2}}) })
	assert.InDeltaSlice(t, []float64{5, 10}, y, 1e-14)
	assert.InDeltaSlice(t, []float64{.6, -.8, .6, .8}, slope, 1e-15)
}

// TestPoolChannelsLast holds pooling with channels last to the same with channels first.
func TestPoolChannelsLast(t *testing.T) {
	g := graph.New()
	x := ops.Sin(ops.Reshape(ops.Cast(ops.Arange(g, 2*3*4*5), graph.Float64), 2, 3, 4, 5))
	o := ops.PoolOptions{Size: []int{2, 3}, Stride: []int{2, 1}}
	l := o
	l.ChannelsLast = true
	last := ops.MoveAxis(x, 1, -1)
	got := numbers(t, ops.MaxPool(x, o), ops.MoveAxis(ops.MaxPool(last, l), -1, 1), ops.AvgPool(x, o), ops.MoveAxis(ops.AvgPool(last, l), -1, 1))
	assert.Equal(t, got[0], got[1])
	assert.Equal(t, got[2], got[3])
}

// TestPadMode holds borders and their gradients to worked examples.
func TestPadMode(t *testing.T) {
	x := graph.Const(graph.New(), []float64{1, 2, 3}, 3)
	for kind, want := range map[ops.PadKind][2][]float64{
		ops.Reflect:   {{3, 2, 1, 2, 3, 2, 1}, {2, 3, 2}},
		ops.Edge:      {{1, 1, 1, 2, 3, 3, 3}, {3, 1, 3}},
		ops.Symmetric: {{2, 1, 1, 2, 3, 3, 2}, {2, 3, 2}},
		ops.Wrap:      {{2, 3, 1, 2, 3, 1, 2}, {2, 3, 2}},
	} {
		y, slope := withSlope(t, x, func(x *graph.Node) *graph.Node { return ops.PadMode(x, kind, []int{2}, []int{2}) })
		assert.Equal(t, want, [2][]float64{y, slope}, kind)
	}
	pad := func(lo, hi int) func() { return func() { ops.PadMode(x, ops.Reflect, []int{lo}, []int{hi}) } }
	assert.ErrorContains(t, graph.Try(pad(3, 0)), "padding 3 of axis 0, which has the length 3")
	assert.ErrorContains(t, graph.Try(pad(-2, -2)), "takes off more")
	assert.Equal(t, []float64{2, 3, 7}, numbers(t, ops.PadConstant(x, 7, []int{-1}, []int{1}))[0])
}

// TestFold adds up the columns of Unfold: every element comes back as often as there are windows on it.
func TestFold(t *testing.T) {
	x := row(graph.New(), 1, 2, 3, 4)
	o := ops.PoolOptions{Size: []int{3}, Padding: ops.Pads(1)}
	columns := ops.Unfold(x, o)
	got := numbers(t, columns, ops.Fold(columns, []int{4}, o))
	assert.Equal(t, []float64{0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 0}, got[0])
	assert.Equal(t, []float64{2, 6, 9, 8}, got[1])
}

// TestInterpolateEdges holds lengths of 1, scales and antialiasing to worked examples.
func TestInterpolateEdges(t *testing.T) {
	g := graph.New()
	linear := func(x *graph.Node, o ops.InterpolateOptions) []float64 {
		o.Mode = ops.InterpolateLinear
		return numbers(t, ops.Interpolate(x, o))[0]
	}
	x := row(g, 10, 20, 30)
	assert.Equal(t, []float64{10}, linear(x, ops.InterpolateOptions{Size: []int{1}, AlignCorners: true}))
	assert.Equal(t, []float64{20}, linear(x, ops.InterpolateOptions{Size: []int{1}}))
	five := row(g, 0, 1, 2, 3, 4)
	assert.InDeltaSlice(t, []float64{0, .653846, 1.423077, 2.192308, 2.961538, 3.730769},
		linear(five, ops.InterpolateOptions{Scale: []float64{1.3}}), 1e-6)
	assert.InDeltaSlice(t, []float64{0, .75, 1.583333, 2.416667, 3.25, 4},
		linear(five, ops.InterpolateOptions{Scale: []float64{1.3}, Ratio: true}), 1e-6)
	eleven := ops.Zeros(g, graph.Float64, 1, 1, 11)
	assert.Equal(t, 15, ops.Interpolate(eleven, ops.InterpolateOptions{Scale: []float64{15. / 11}}).Shape()[2])
	// Antialias: triangles twice as wide, over 0 to 2 and 1 to 3, cut at the edge: (3·0 + 3·1 + 1·2)/7 and (1·1 + 3·2 + 3·3)/7
	assert.InDeltaSlice(t, []float64{5. / 7, 16. / 7},
		linear(row(g, 0, 1, 2, 3), ops.InterpolateOptions{Size: []int{2}, Antialias: true}), 1e-15)
}
