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

func array(data []float64, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

func listOf(t *testing.T, d *tensor.Dense) []float64 {
	list, err := autodiff.Floats(d)
	require.NoError(t, err)
	return list
}

type normed struct {
	Norm *nn.BatchNorm
	Last *nn.Linear
}

func (m normed) Apply(x *graph.Node) *graph.Node { return m.Last.Apply(m.Norm.Apply(x)) }

func newNormed() normed {
	return normed{nn.NewBatchNorm(graph.Float64, 1), &nn.Linear{Weight: nn.NewParam(graph.Float64, 1, 1).Fill(func() float64 { return 2 })}}
}

// step is one of training: the cost, the gradients, and the model after plain gradient descent.
func step(model normed, x *graph.Node) (value *graph.Node, grads, next normed) {
	value, stats, grads := autodiff.ValueAndGradAux(func(m normed) (*graph.Node, nn.Stats) {
		m = nn.Train(m, nil)
		return ops.Sum(ops.Square(ops.Sub(m.Apply(x), 1))), nn.Statistics(m)
	})(model)
	slopes := map[string]*graph.Node{}
	for _, l := range autodiff.Leaves(grads) {
		slopes[l.Path] = l.Node
	}
	next = autodiff.MapTree(model, func(path string, p *graph.Node) *graph.Node {
		if slopes[path] == nil {
			return p
		}
		return ops.Sub(p, ops.Mul(0.1, slopes[path]))
	})
	return value, grads, nn.WithStatistics(next, stats)
}

// The right values are those of PITFALLS' row on the two variances: mean .25, variance 1.0666667, and that the output uses the
// biased one.
func TestBatchNormTrains(t *testing.T) {
	model := newNormed()
	x := array([]float64{1, 2, 3, 4}, 4, 1)
	train := autodiff.Compile(func(m normed, x *graph.Node) (*graph.Node, nn.Stats) {
		m = nn.Train(m, nil)
		return m.Norm.Apply(x), nn.Statistics(m)
	})
	got, err := train.Run(context.Background(), model, x)
	require.NoError(t, err)
	assert.InDelta(t, -1.3416354, listOf(t, got[0])[0], 1e-6)
	require.Len(t, got, 3)
	assert.InDelta(t, .25, listOf(t, got[1])[0], 1e-12)
	assert.InDelta(t, 1.0666667, listOf(t, got[2])[0], 1e-7)

	_, err = train.Run(context.Background(), model, array([]float64{1}, 1, 1))
	assert.ErrorContains(t, err, "no variance")
	assert.Equal(t, []float64{0}, listOf(t, model.Norm.Mean.Value), "an error leaves statistics alone")
}

// With fixed statistics the derivative does not go through the batch's: dx = γ/√var.
func TestBatchNormEvaluates(t *testing.T) {
	l := nn.NewBatchNorm(graph.Float64, 1)
	l.Eps = 0
	l.Weight.Fill(func() float64 { return 2 })
	l.Variance.Value.Float64s()[0] = 4
	for _, c := range []struct {
		mode func(*nn.BatchNorm) *nn.BatchNorm
		dx   float64
	}{
		{nn.Eval[*nn.BatchNorm], 1},
		{func(l *nn.BatchNorm) *nn.BatchNorm { return nn.Train(l, nil) }, 0},
	} {
		f := autodiff.Compile(func(l *nn.BatchNorm, x *graph.Node) *graph.Node {
			return autodiff.Grad(func(x *graph.Node) *graph.Node { return ops.Sum(c.mode(l).Apply(x)) })(x)
		})
		got, err := f.Run(context.Background(), l, array([]float64{1, 3}, 2, 1))
		require.NoError(t, err)
		assert.InDeltaSlice(t, []float64{c.dx, c.dx}, listOf(t, got[0]), 1e-12)
	}
}

// Running statistics have no gradient, move by what the batch has, and stay where a rule would have moved them.
func TestStatisticsBesideGradients(t *testing.T) {
	model := newNormed()
	f := autodiff.Compile(step)
	got, err := f.Run(context.Background(), model, array([]float64{1, 2, 3, 4}, 4, 1))
	require.NoError(t, err)
	// value; gradients of γ, β, W; then γ, β, mean, variance, batches, W
	require.Len(t, got, 1+3+6)
	next := got[4:]
	assert.InDelta(t, .25, listOf(t, next[2])[0], 1e-12)
	assert.InDelta(t, 1.0666667, listOf(t, next[3])[0], 1e-7)
	assert.Equal(t, []float64{0}, listOf(t, next[4]), "batches are counted without momentum alone")
	var w, g = listOf(t, next[5])[0], listOf(t, got[3])[0]
	assert.InDelta(t, 2-0.1*g, w, 1e-12)
	assert.False(t, math.IsNaN(w))
}

// A model that is trained in a loop carries its statistics; so it does through Checkpoint. The oracle is one step after
// another in plain Go.
func TestStatisticsInLoops(t *testing.T) {
	const steps = 3
	xs := []float64{1, 2, 3, 4, 2, 2, 5, 5, 0, 1, 0, 7}
	mean, variance := 0.0, 1.0
	for s := range steps {
		var m, v float64
		for _, x := range xs[4*s : 4*s+4] {
			m += x / 4
		}
		for _, x := range xs[4*s : 4*s+4] {
			v += (x - m) * (x - m) / 3
		}
		mean, variance = 0.9*mean+0.1*m, 0.9*variance+0.1*v
	}
	one := func(l *nn.BatchNorm, x *graph.Node) (*nn.BatchNorm, *graph.Node) {
		m := nn.Train(l, nil)
		y := m.Apply(x)
		return nn.WithStatistics(l, nn.Statistics(m)), y
	}
	type pair struct {
		L *nn.BatchNorm
		X *graph.Node
	}
	bodies := map[string]func(l *nn.BatchNorm, x *graph.Node) (*nn.BatchNorm, *graph.Node){
		"scan": one,
		"scan of checkpoint": func(l *nn.BatchNorm, x *graph.Node) (*nn.BatchNorm, *graph.Node) {
			out := autodiff.Checkpoint(func(p pair) pair {
				l, y := one(p.L, p.X)
				return pair{l, y}
			})(pair{l, x})
			return out.L, out.X
		},
	}
	for name, body := range bodies {
		f := autodiff.Compile(func(l *nn.BatchNorm, xs *graph.Node) (*graph.Node, *graph.Node) {
			l, _ = autodiff.Scan(body, l, xs)
			return l.Mean.Node(), l.Variance.Node()
		})
		got, err := f.Run(context.Background(), nn.NewBatchNorm(graph.Float64, 1), array(xs, steps, 4, 1))
		require.NoError(t, err, name)
		assert.InDelta(t, mean, listOf(t, got[0])[0], 1e-12, name)
		assert.InDelta(t, variance, listOf(t, got[1])[0], 1e-12, name)
	}
}

// A layer that is in the model twice keeps one set of statistics, which each use moves on.
func TestSharedLayers(t *testing.T) {
	l := nn.NewBatchNorm(graph.Float64, 1)
	f := autodiff.Compile(func(m nn.Sequential, x *graph.Node) (*graph.Node, nn.Stats) {
		m = nn.Train(m, nil)
		return m.Apply(x), nn.Statistics(m)
	})
	got, err := f.Run(context.Background(), nn.Sequential{l, l}, array([]float64{1, 2, 3, 4}, 4, 1))
	require.NoError(t, err)
	require.Len(t, got, 3, "the output, a mean and a variance")
	assert.InDelta(t, .9*.25, listOf(t, got[1])[0], 1e-12, "the second batch has the mean 0")
}

// Without a mode the error says how to give one; so it does for a layer that a closure hides.
func TestNoMode(t *testing.T) {
	l := nn.NewBatchNorm(graph.Float64, 1)
	for _, f := range []any{
		func(l *nn.BatchNorm, x *graph.Node) *graph.Node { return l.Apply(x) },
		func(l *nn.BatchNorm, x *graph.Node) *graph.Node { return nn.Train(nn.Func(l.Apply), nil).Apply(x) },
	} {
		_, err := autodiff.Compile(f).Run(context.Background(), l, array([]float64{1, 2}, 2, 1))
		assert.ErrorContains(t, err, "nn.Train(model, key)")
	}
}

// Frozen parameters have no gradient, at once: a program that was compiled before is not used.
func TestFreeze(t *testing.T) {
	model := newNormed()
	f := autodiff.Compile(step)
	x := array([]float64{1, 2, 3, 4}, 4, 1)
	got, err := f.Run(context.Background(), model, x)
	require.NoError(t, err)
	require.Len(t, got, 1+3+6)
	require.NoError(t, nn.Freeze(model, "last"))
	got, err = f.Run(context.Background(), model, x)
	require.NoError(t, err)
	require.Len(t, got, 1+2+6, "no gradient of the weight")
	assert.Equal(t, []float64{2}, listOf(t, got[8]), "it stays")
	require.NoError(t, nn.Unfreeze(model, ""))
	got, err = f.Run(context.Background(), model, x)
	require.NoError(t, err)
	assert.Len(t, got, 1+3+6)
	assert.ErrorContains(t, nn.Freeze(model, "las"), `"las"`)
}
