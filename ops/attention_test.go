package ops_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

func tensorOf(data []float64, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

func numbersOf(t *testing.T, d *tensor.Dense) []float64 {
	list, err := autodiff.Floats(d)
	require.NoError(t, err)
	return list
}

// attended runs attention with the gradients of Σ ct·y.
func attended(t *testing.T, o func(q *graph.Node) ops.AttentionOptions, q, k, v, ct *tensor.Dense) [][]float64 {
	f := autodiff.Compile(func(in []*graph.Node, ct *graph.Node) (y *graph.Node, grads []*graph.Node) {
		y, pull := autodiff.VJP(func(in []*graph.Node) *graph.Node {
			return ops.Attention(in[0], in[1], in[2], o(in[0]))
		}, in, autodiff.AllowUnreachable())
		return y, pull(ct)
	})
	got, err := f.Run(context.Background(), []*tensor.Dense{q, k, v}, ct)
	require.NoError(t, err)
	var lists [][]float64
	for _, d := range got {
		lists = append(lists, numbersOf(t, d))
	}
	return lists
}

// With fewer queries than keys the last ones are those of a causal mask: one query attends to all.
func TestAttentionCorner(t *testing.T) {
	zeros := func(n int) *tensor.Dense { return tensorOf(make([]float64, n), n, 1) }
	got := attended(t, func(*graph.Node) ops.AttentionOptions { return ops.AttentionOptions{Causal: true} },
		zeros(1), zeros(3), tensorOf([]float64{1, 2, 6}, 3, 1), zeros(1))
	assert.InDelta(t, 3, got[0][0], 1e-15)
	got = attended(t, func(*graph.Node) ops.AttentionOptions { return ops.AttentionOptions{Causal: true} },
		zeros(3), zeros(1), tensorOf([]float64{5}, 1, 1), zeros(3))
	assert.Equal(t, []float64{0, 0, 5}, got[0], "more queries than keys: the first have nothing to attend to")
}

// A query that may attend to nothing gives 0 and takes no part in derivatives, whatever the kind of mask.
func TestAttentionOfNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	random := func(shape ...int) *tensor.Dense {
		data := make([]float64, graph.Size(shape))
		for i := range data {
			data[i] = rng.NormFloat64()
		}
		return tensorOf(data, shape...)
	}
	q, k, v, ct := random(3, 2), random(4, 2), random(4, 3), random(3, 3)
	mask := []bool{true, false, true, true, false, false, false, false, true, true, true, false}
	for _, kind := range []string{"bool", "float"} {
		got := attended(t, func(q *graph.Node) ops.AttentionOptions {
			m := graph.Const(q.Graph(), mask, 3, 4)
			if kind == "float" {
				m = ops.Where(m, ops.Zeros(q.Graph(), graph.Float64, 3, 4), math.Inf(-1))
			}
			return ops.AttentionOptions{Mask: m}
		}, q, k, v, ct)
		assert.Equal(t, []float64{0, 0, 0}, got[0][3:6], kind)
		assert.Equal(t, []float64{0, 0}, got[1][2:4], kind)
		want := naiveAttention(q.Float64s(), k.Float64s(), v.Float64s(), mask, 2, 3)
		assert.InDeltaSlice(t, want, got[0], 1e-14, kind)
		for _, list := range got {
			for _, x := range list {
				assert.False(t, math.IsNaN(x), kind)
			}
		}
	}
}

// naiveAttention is one head by loops over numbers.
func naiveAttention(q, k, v []float64, mask []bool, d, e int) []float64 {
	queries, keys := len(q)/d, len(k)/d
	out := make([]float64, queries*e)
	for i := range queries {
		w, sum := make([]float64, keys), 0.0
		for j := range keys {
			s := 0.0
			for c := range d {
				s += q[i*d+c] * k[j*d+c]
			}
			if mask[i*keys+j] {
				w[j] = math.Exp(s / math.Sqrt(float64(d)))
			}
			sum += w[j]
		}
		for j := range keys {
			for c := range e {
				if sum > 0 {
					out[i*e+c] += w[j] / sum * v[j*e+c]
				}
			}
		}
	}
	return out
}

// Heads that share keys and values give what copies of these would.
func TestAttentionGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(shape ...int) *tensor.Dense {
		data := make([]float64, graph.Size(shape))
		for i := range data {
			data[i] = rng.NormFloat64()
		}
		return tensorOf(data, shape...)
	}
	q, k, v := random(2, 4, 3, 5), random(2, 2, 3, 5), random(2, 2, 3, 2)
	got := attended(t, func(*graph.Node) ops.AttentionOptions { return ops.AttentionOptions{Causal: true} }, q, k, v, random(2, 4, 3, 2))
	causal := []bool{true, false, false, true, true, false, true, true, true}
	for b := range 2 {
		for h := range 4 {
			head := func(x *tensor.Dense, h, size int) []float64 { return x.Float64s()[h*size : (h+1)*size] }
			want := naiveAttention(head(q, b*4+h, 15), head(k, b*2+h/2, 15), head(v, b*2+h/2, 6), causal, 5, 2)
			assert.InDeltaSlice(t, want, got[0][(b*4+h)*6:(b*4+h+1)*6], 1e-14)
		}
	}
}

// Shapes that do not fit are refused.
func TestAttentionRefused(t *testing.T) {
	g := graph.New()
	in := func(shape ...int) *graph.Node { return g.Input("", graph.Float64, shape...) }
	for _, c := range [][3]*graph.Node{
		{in(2, 3), in(4, 2), in(4, 2)},
		{in(2, 3), in(4, 3), in(5, 2)},
		{in(3, 2, 3), in(2, 4, 3), in(2, 4, 3)},
		{in(2, 1, 2, 3), in(3, 1, 4, 3), in(3, 1, 4, 3)},
		{in(3), in(3), in(3)},
	} {
		assert.ErrorContains(t, graph.Try(func() { ops.Attention(c[0], c[1], c[2], ops.AttentionOptions{}) }), "want floats")
	}
}
