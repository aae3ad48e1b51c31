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

// The padding row has no gradient, and what is looked up twice counts twice.
func TestEmbeddingGradient(t *testing.T) {
	src := nn.NewSource(graph.Float64, 1)
	l := src.Embedding(3, 2)
	l.Padding = 0
	l.ClearPadding()
	assert.Equal(t, []float64{0, 0}, l.Weight.Value.Float64s()[:2])
	assert.NotZero(t, l.Weight.Value.Float64s()[2])
	f := autodiff.Compile(func(l *nn.Embedding, ids *graph.Node) *nn.Embedding {
		return autodiff.Grad(func(l *nn.Embedding) *graph.Node { return ops.Sum(l.Apply(ids)) })(l)
	})
	ids := tensor.New(tensor.WithShape(4), tensor.WithBacking([]int64{0, 2, 2, 1}))
	got, err := f.Run(context.Background(), l, ids)
	require.NoError(t, err)
	assert.Equal(t, []float64{0, 0, 1, 1, 2, 2}, listOf(t, got[0]))
	_, err = f.Run(context.Background(), l, tensor.New(tensor.WithShape(1), tensor.WithBacking([]int64{3})))
	assert.ErrorIs(t, err, ops.ErrIndex)
}

func TestFansOfGroups(t *testing.T) {
	in, out := nn.Fans([]int{8, 2, 3, 3})
	assert.Equal(t, [2]int{18, 72}, [2]int{in, out})
	assert.Error(t, graph.Try(func() { nn.Fans([]int{3}) }))
}

// A truncated normal has the deviation that is asked for, and its bounds are two of those of the normal that is cut.
func TestTruncatedNormal(t *testing.T) {
	const n, std = 200000, .2
	p := nn.NewSource(graph.Float64, 1).Fill(nn.NewParam(graph.Float64, n, 1), nn.TruncatedNormal(std), false)
	var sum, squares, most float64
	for _, v := range p.Value.Float64s() {
		sum, squares, most = sum+v, squares+v*v, max(most, math.Abs(v))
	}
	assert.InDelta(t, 0, sum/n, 5*std/math.Sqrt(n))
	assert.InDelta(t, std, math.Sqrt(squares/n), 5*std/math.Sqrt(2*n))
	assert.LessOrEqual(t, most, .4547389)
	assert.Greater(t, most, .44)
}

// Orthogonal matrices have orthonormal rows or columns, and signs are even: of 1×1 about half are −1.
func TestOrthogonal(t *testing.T) {
	src := nn.NewSource(graph.Float64, 1)
	for _, shape := range [][2]int{{3, 5}, {5, 3}, {4, 4}} {
		p := src.Orthogonal(nn.NewParam(graph.Float64, shape[0], shape[1]), 2).Value.Float64s()
		rows, k := shape[0], min(shape[0], shape[1])
		for a := range k {
			for b := range k {
				dot := 0.0
				for i := range max(rows, shape[1]) {
					if rows < shape[1] {
						dot += p[a*shape[1]+i] * p[b*shape[1]+i]
					} else {
						dot += p[i*shape[1]+a] * p[i*shape[1]+b]
					}
				}
				want := 0.0
				if a == b {
					want = 4
				}
				assert.InDelta(t, want, dot, 1e-14, "%v", shape)
			}
		}
	}
	negative := 0
	for range 1000 {
		if v := src.Orthogonal(nn.NewParam(graph.Float64, 1, 1), 1).Value.Float64s()[0]; v < 0 {
			negative++
		}
	}
	assert.InDelta(t, 500, negative, 80)
}

// Initial values have the variance that their names say.
func TestVarianceOfInitialisers(t *testing.T) {
	const in, out = 300, 200
	for _, c := range []struct {
		name     string
		init     nn.Initialiser
		variance float64
	}{
		{"Normal", nn.Normal, 1},
		{"Xavier", nn.Xavier, 2. / (in + out)},
		{"XavierUniform", nn.XavierUniform, 2. / (in + out)},
		{"He", nn.He, 2. / in},
		{"HeUniform", nn.HeUniform, 2. / in},
		{"LeCun", nn.LeCun, 1. / in},
		{"LeCunUniform", nn.LeCunUniform, 1. / in},
		{"Scaled", nn.Scaled(3, nn.LeCun), 9. / in},
		{"Constant", nn.Constant(2), 4},
		{"Zeros", nn.Zeros, 0},
	} {
		p := nn.NewSource(graph.Float64, 1).Fill(nn.NewParam(graph.Float64, in, out), c.init, true)
		squares := 0.0
		for _, v := range p.Value.Float64s() {
			squares += v * v
		}
		assert.InDelta(t, c.variance, squares/(in*out), 5*c.variance*math.Sqrt(2./(in*out)), c.name)
	}
	same := func() []float64 { return nn.NewSource(graph.Float64, 5).Linear(3, 4).Weight.Value.Float64s() }
	assert.Equal(t, same(), same(), "a seed is a model")
}
