package nn_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/ops"
)

// Decoding step by step with a cache gives what causal attention gives at once, rotary places and shared heads included.
func TestDecode(t *testing.T) {
	const batch, steps, width = 2, 5, 8
	src := nn.NewSource(graph.Float64, 1)
	b := src.Encoder(nn.TransformerConfig{Width: width, Heads: 4, Hidden: 6, NormFirst: true,
		Attention: nn.AttentionConfig{Groups: 2, Causal: true, Rotary: 100}})
	x := src.Fill(nn.NewParam(graph.Float64, batch, steps, width), nn.Normal, false).Value
	whole := autodiff.Compile(func(b *nn.Encoder, x *graph.Node) *graph.Node { return b.Apply(x) })
	want, err := whole.Run(context.Background(), b, x)
	require.NoError(t, err)
	stepwise := autodiff.Compile(func(b *nn.Encoder, x *graph.Node) *graph.Node {
		_, ys := autodiff.Scan(func(c nn.Cache, x *graph.Node) (nn.Cache, *graph.Node) {
			y, c := b.Decode(ops.ExpandDims(x, 1), c)
			return c, ops.Squeeze(y, 1)
		}, b.Attention.NewCache(x, steps+2), ops.Permute(x, 1, 0, 2))
		return ops.Permute(ys, 1, 0, 2)
	})
	got, err := stepwise.Run(context.Background(), b, x)
	require.NoError(t, err)
	assert.InDeltaSlice(t, listOf(t, want[0]), listOf(t, got[0]), 1e-12)
}

// Turned queries and keys meet by the difference of their places alone.
func TestRotary(t *testing.T) {
	src := nn.NewSource(graph.Float64, 2)
	x := src.Fill(nn.NewParam(graph.Float64, 2, 1, 6), nn.Normal, false).Value
	f := autodiff.Compile(func(x *graph.Node) []*graph.Node {
		q, k := ops.Index(x, 0), ops.Index(x, 1)
		at := func(x *graph.Node, place int) *graph.Node {
			return nn.Rotary(x, ops.Add(ops.Arange(x.Graph(), 1), place), 50)
		}
		dot := func(i, j int) *graph.Node { return ops.Sum(ops.Mul(at(q, i), at(k, j))) }
		return []*graph.Node{dot(7, 3), dot(11, 7), dot(7, 4), ops.Sum(ops.Square(at(q, 9))), ops.Sum(ops.Square(q))}
	})
	got, err := f.Run(context.Background(), x)
	require.NoError(t, err)
	v := func(i int) float64 { return listOf(t, got[i])[0] }
	assert.InDelta(t, v(0), v(1), 1e-12)
	assert.NotEqual(t, v(0), v(2))
	assert.InDelta(t, v(4), v(3), 1e-12, "a rotation keeps lengths")
}

func TestPositions(t *testing.T) {
	got, err := autodiff.Compile(func(x *graph.Node) *graph.Node {
		return nn.Positions(ops.Arange(x.Graph(), 3), 4, graph.Float64)
	}).Run(context.Background(), array([]float64{0}, 1))
	require.NoError(t, err)
	// sines and cosines of 0, 1, 2 and of these over 100
	want := []float64{0, 1, 0, 1, .8414709848, .5403023059, .0099998333, .9999500004, .9092974268, -.4161468365, .0199986667, .9998000067}
	assert.InDeltaSlice(t, want, listOf(t, got[0]), 1e-10)
}
