package nn_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/ops"
)

func ofOnes(n int, shape ...int) *tensor.Dense {
	data := make([]float64, n)
	for i := range data {
		data[i] = 1
	}
	return array(data, shape...)
}

// dropped runs a layer in training on ones, and gives the output and its derivative.
func dropped(t *testing.T, l *nn.Dropout, seed int64, x *tensor.Dense) (y, dx []float64) {
	f := autodiff.Compile(func(x *graph.Node) (y, dx *graph.Node) {
		m := nn.Train(l, ops.Key(x.Graph(), seed))
		y, pull := autodiff.VJP(m.Apply, x, autodiff.AllowUnreachable())
		return y, pull(ops.FullLike(x, 1))
	})
	got, err := f.Run(context.Background(), x)
	require.NoError(t, err)
	return listOf(t, got[0]), listOf(t, got[1])
}

// What is kept is multiplied by 1/(1 − p), its share is 1 − p within five standard deviations, and the derivative is the mask.
func TestDropout(t *testing.T) {
	const n = 40000
	for _, p := range []float64{.25, .5, .9} {
		y, dx := dropped(t, &nn.Dropout{P: p}, 3, ofOnes(n, n))
		kept := 0
		for i, v := range y {
			if v != 0 {
				kept++
				require.InDelta(t, 1/(1-p), v, 1e-15, "p = %v", p)
			}
			require.Equal(t, v, dx[i], "the derivative of x scaled is the scale")
		}
		assert.InDelta(t, 1-p, float64(kept)/n, 5*math.Sqrt(p*(1-p)/n), "p = %v", p)
	}
	a, _ := dropped(t, &nn.Dropout{P: .5}, 1, ofOnes(64, 64))
	b, _ := dropped(t, &nn.Dropout{P: .5}, 1, ofOnes(64, 64))
	c, _ := dropped(t, &nn.Dropout{P: .5}, 2, ofOnes(64, 64))
	assert.Equal(t, a, b, "one key, one mask")
	assert.NotEqual(t, a, c)
}

func TestDropoutEdges(t *testing.T) {
	y, dx := dropped(t, &nn.Dropout{P: 1}, 1, array([]float64{1, 2}, 2))
	assert.Equal(t, []float64{0, 0}, y)
	assert.Equal(t, []float64{0, 0}, dx)
	y, _ = dropped(t, &nn.Dropout{}, 1, array([]float64{1, 2}, 2))
	assert.Equal(t, []float64{1, 2}, y)

	y, _ = dropped(t, &nn.Dropout{P: .5, Whole: true}, 1, ofOnes(4*8*9, 4, 8, 3, 3))
	zeros := 0
	for i := 0; i < len(y); i += 9 {
		for _, v := range y[i : i+9] {
			require.Equal(t, y[i], v, "channels go as a whole")
		}
		if y[i] == 0 {
			zeros++
		}
	}
	assert.True(t, zeros > 4 && zeros < 28, "%d of 32 channels are dropped", zeros)

	for _, c := range []struct {
		f    func(l *nn.Dropout, x *graph.Node) *graph.Node
		want string
	}{
		{func(l *nn.Dropout, x *graph.Node) *graph.Node { return l.Apply(x) }, "nn.Train(model, key)"},
		{func(l *nn.Dropout, x *graph.Node) *graph.Node { return nn.Train(l, nil).Apply(x) }, "ops.FoldIn(key, step)"},
		{func(l *nn.Dropout, x *graph.Node) *graph.Node { return nn.Eval(l).Apply(x) }, ""},
	} {
		got, err := autodiff.Compile(func(x *graph.Node) *graph.Node { return c.f(&nn.Dropout{P: .5}, x) }).
			Run(context.Background(), array([]float64{1, 2}, 2))
		if c.want != "" {
			assert.ErrorContains(t, err, c.want)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, []float64{1, 2}, listOf(t, got[0]), "nothing is dropped in evaluation")
	}
	_, err := autodiff.Compile((&nn.Dropout{P: 1.5}).Apply).Run(context.Background(), array([]float64{1}, 1))
	assert.ErrorContains(t, err, "1.5")
}

// Layers and uses of a layer have masks of their own; steps of a loop and examples of a Vmap have, where their keys differ.
func TestDropoutKeys(t *testing.T) {
	type pair struct{ A, B *nn.Dropout }
	p := pair{&nn.Dropout{P: .5}, &nn.Dropout{P: .5}}
	f := autodiff.Compile(func(x *graph.Node) []*graph.Node {
		key := ops.Key(x.Graph(), 7)
		m := nn.Train(p, key)
		_, scanned := autodiff.Scan(func(i, s *graph.Node) (*graph.Node, *graph.Node) {
			return ops.Add(i, 1), nn.Train(p, ops.FoldIn(key, i)).A.Apply(s)
		}, x.Graph().Scalar(graph.Int64, 0), ops.Stack([]*graph.Node{x, x}, 0))
		mapped := autodiff.Vmap(func(key *graph.Node) *graph.Node { return nn.Train(p, key).A.Apply(x) })(ops.SplitKey(key, 2))
		under := autodiff.Checkpoint(func(x *graph.Node) *graph.Node { return nn.Train(p, ops.FoldIn(key, 0)).A.Apply(x) })(x)
		return []*graph.Node{m.A.Apply(x), m.A.Apply(x), m.B.Apply(x), scanned, mapped, under}
	})
	got, err := f.Run(context.Background(), ofOnes(64, 64))
	require.NoError(t, err)
	first, again, other := listOf(t, got[0]), listOf(t, got[1]), listOf(t, got[2])
	assert.NotEqual(t, first, again, "each use")
	assert.NotEqual(t, first, other, "each layer")
	scanned, mapped, under := listOf(t, got[3]), listOf(t, got[4]), listOf(t, got[5])
	assert.NotEqual(t, scanned[:64], scanned[64:], "each step")
	assert.Equal(t, scanned, mapped, "the same keys, the same masks")
	assert.Equal(t, scanned[:64], under)
}
