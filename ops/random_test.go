package ops_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestKeysAreJAXs has what JAX's documentation prints (threefry2x32, partitionable): key(42) split in two, and the first
// uniform numbers of key(0) and of its second child, of 23 bits there and 24 here.
func TestKeysAreJAXs(t *testing.T) {
	g := graph.New()
	out := eval(t, ops.SplitKey(ops.Key(g, 42), 2), ops.Uniform(ops.Key(g, 0), graph.Float32),
		ops.Uniform(ops.FoldIn(ops.Key(g, 0), 1), graph.Float32))
	assert.Equal(t, []float64{1832780943, 270669613, 64467757, 2916123636}, out[0])
	assert.InDelta(t, 0.947667, out[1][0], 0x1p-23+5e-7)
	assert.InDelta(t, 0.00729382, out[2][0], 0x1p-23+5e-9)
}

// TestSeeds: no bit of a seed is lost, and −1 is the same seed in every type.
func TestSeeds(t *testing.T) {
	g := graph.New()
	out := eval(t, ops.Key(g, 1), ops.Key(g, int64(1+1<<40)), ops.Key(g, int32(-1)), ops.Key(g, int64(-1)),
		ops.Key(g, uint64(math.MaxUint64)), ops.FoldIn(ops.Key(g, 0), 5), ops.FoldIn(ops.Key(g, 0), int64(5+1<<40)))
	assert.Equal(t, []float64{0, 1}, out[0])
	assert.Equal(t, []float64{256, 1}, out[1])
	for _, k := range out[2:5] {
		assert.Equal(t, []float64{math.MaxUint32, math.MaxUint32}, k)
	}
	assert.NotEqual(t, out[5], out[6])
}

// draws are the ops that take a key and a shape.
var draws = map[string]func(key *graph.Node, shape ...int) *graph.Node{
	"uniform":     of(ops.Uniform),
	"normal":      of(ops.Normal),
	"exponential": of(ops.Exponential),
	"gumbel":      of(ops.Gumbel),
	"laplace":     of(ops.Laplace),
	"truncated": func(key *graph.Node, shape ...int) *graph.Node {
		return ops.TruncatedNormal(key, -1, 3, graph.Float64, shape...)
	},
	"bits":     ops.RandomBits,
	"integers": func(key *graph.Node, shape ...int) *graph.Node { return ops.RandomInt(key, -5, 1000, shape...) },
}

func of(draw func(key *graph.Node, d graph.DType, shape ...int) *graph.Node) func(*graph.Node, ...int) *graph.Node {
	return func(key *graph.Node, shape ...int) *graph.Node { return draw(key, graph.Float64, shape...) }
}

// TestDrawsAreByPosition: a draw begins with every shorter one, whatever its shape; each of many keys draws what it draws
// alone; child i of a key is the same in every split.
func TestDrawsAreByPosition(t *testing.T) {
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			g := graph.New()
			key := ops.Key(g, 7)
			keys := ops.SplitKey(key, 3)
			out := eval(t, draw(key, 3), draw(key, 4), draw(key, 5, 4), draw(keys, 4), draw(ops.FoldIn(key, 2), 4),
				autodiff.Vmap(func(k *graph.Node) *graph.Node { return draw(k, 4) })(keys))
			assert.Equal(t, out[0], out[1][:3])
			assert.Equal(t, out[1], out[2][:4])
			assert.Equal(t, out[4], out[3][8:])
			assert.Equal(t, out[3], out[5])
			assert.NotEqual(t, out[1], out[4])
		})
	}
	g := graph.New()
	out := eval(t, ops.SplitKey(ops.Key(g, 7), 2), ops.SplitKey(ops.Key(g, 7), 5))
	assert.Equal(t, out[0], out[1][:4])
}

// TestDrawsByWorkers: the same bits for any number of workers, of a draw of many parts by several keys.
func TestDrawsByWorkers(t *testing.T) {
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			var first []float64
			for _, workers := range []int{1, 2, 5} {
				f := func(key *graph.Node) *graph.Node { return draw(ops.SplitKey(key, 3), 21845) }
				out, err := autodiff.Compile(f, autodiff.Workers(workers)).
					Run(t.Context(), tensor.New(tensor.WithShape(2), tensor.WithBacking([]int64{1, 2})))
				require.NoError(t, err)
				got := elements(out[0])
				if first == nil {
					first = got
				}
				assert.True(t, slices.Equal(first, got), "%d workers", workers)
			}
		})
	}
}

// TestDistributions holds 2¹⁶ numbers of each of three keys against their distribution functions, by the test of Kolmogorov
// and Smirnov, D·√n < 1.95 (1 in 1000), and numbers of neighbouring keys and positions against each other: the correlation
// of independent ones is within 4/√n but for 1 in 16000.
func TestDistributions(t *testing.T) {
	const n = 1 << 16
	normal := func(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
	a, b := normal(-1), normal(3)
	for name, cdf := range map[string]func(x float64) float64{
		"uniform":     func(x float64) float64 { return x },
		"normal":      normal,
		"exponential": func(x float64) float64 { return -math.Expm1(-x) },
		"gumbel":      func(x float64) float64 { return math.Exp(-math.Exp(-x)) },
		"laplace": func(x float64) float64 {
			return 0.5 + math.Copysign(0.5, x)*-math.Expm1(-math.Abs(x))
		},
		"truncated": func(x float64) float64 { return (normal(x) - a) / (b - a) },
		"bits":      func(x float64) float64 { return x*0x1p-64 + 0.5 },
	} {
		t.Run(name, func(t *testing.T) {
			g := graph.New()
			rows := eval(t, draws[name](ops.SplitKey(ops.Key(g, 2024), 3), n))[0]
			for k := range 3 {
				u := make([]float64, n)
				for i, x := range rows[k*n:][:n] {
					u[i] = cdf(x)
				}
				assert.Less(t, math.Abs(correlation(u[1:], u[:n-1])), 4/math.Sqrt(n), "from one to the next")
				next := make([]float64, n)
				for i, x := range rows[(k+1)%3*n:][:n] {
					next[i] = cdf(x)
				}
				assert.Less(t, math.Abs(correlation(u, next)), 4/math.Sqrt(n), "from key to key")
				slices.Sort(u)
				assert.Less(t, distance(u)*math.Sqrt(n), 1.95, "key %d", k)
			}
		})
	}
}

// distance is the statistic of Kolmogorov and Smirnov of sorted probabilities.
func distance(u []float64) float64 {
	d := 0.0
	for i, p := range u {
		d = max(d, float64(i+1)/float64(len(u))-p, p-float64(i)/float64(len(u)))
	}
	return d
}

// correlation is that of uniform numbers, of mean ½ and variance 1/12.
func correlation(x, y []float64) float64 {
	sum := 0.0
	for i := range x {
		sum += (x[i] - 0.5) * (y[i] - 0.5)
	}
	return sum / float64(len(x)) * 12
}

// chiSquare is the statistic of counts against what is expected, in deviations from its mean.
func chiSquare(counts []int, want []float64) float64 {
	sum := 0.0
	for i, c := range counts {
		sum += (float64(c) - want[i]) * (float64(c) - want[i]) / want[i]
	}
	k := float64(len(counts) - 1)
	return (sum - k) / math.Sqrt(2*k)
}

// TestDiscreteDraws holds counts against probabilities.
func TestDiscreteDraws(t *testing.T) {
	const n = 60000
	g := graph.New()
	keys := ops.Unstack(ops.SplitKey(ops.Key(g, 5), 4), 0)
	p := []float64{0.5, 0.25, 0.2, 0.05}
	logits := ops.Add(ops.BroadcastTo(ops.Log(graph.Const(g, p, 4)), n, 4), 3)
	share := ops.Full(g, graph.Float64, 0.3, n)
	out := eval(t, ops.RandomInt(keys[0], -3, 4, n), ops.Categorical(keys[1], logits, 1), ops.Bernoulli(keys[2], share))
	counts := func(x []float64, lo, size int) []int {
		c := make([]int, size)
		for _, v := range x {
			c[int(v)-lo]++
		}
		return c
	}
	scaled := func(p ...float64) []float64 {
		for i := range p {
			p[i] *= n
		}
		return p
	}
	seventh := 1.0 / 7
	assert.Less(t, chiSquare(counts(out[0], -3, 7), scaled(slices.Repeat([]float64{seventh}, 7)...)), 4.0)
	assert.Less(t, chiSquare(counts(out[1], 0, 4), scaled(slices.Clone(p)...)), 4.0)
	assert.Less(t, chiSquare(counts(out[2], 0, 2), scaled(0.7, 0.3)), 4.0)

	never := eval(t, ops.Categorical(keys[3], constant(g, graph.Float64, []float64{-inf, 0, -inf}, 3), 0),
		ops.Bernoulli(keys[3], constant(g, graph.Float64, []float64{0, 1, 0, 1}, 4)))
	assert.Equal(t, []float64{1}, never[0])
	assert.Equal(t, []float64{0, 1, 0, 1}, never[1])
}

// TestRandomPermutations: orders of three are equally frequent, choices without replacement differ, those with it need not.
func TestRandomPermutations(t *testing.T) {
	const n = 6000
	g := graph.New()
	orders := eval(t, autodiff.Vmap(func(k *graph.Node) *graph.Node { return ops.Permutation(k, 3) })(
		ops.SplitKey(ops.Key(g, 11), n)))[0]
	seen := map[string]int{}
	for i := range n {
		seen[fmt.Sprint(orders[3*i:][:3])]++
	}
	var counts []int
	for _, c := range seen {
		counts = append(counts, c)
	}
	require.Len(t, counts, 6)
	assert.Less(t, chiSquare(counts, slices.Repeat([]float64{n / 6}, 6)), 4.0)

	out := eval(t, ops.Choice(ops.Key(g, 1), 50, 20, false), ops.Choice(ops.Key(g, 1), 3, 20, true))
	slices.Sort(out[0])
	assert.Len(t, slices.Compact(out[0]), 20)
	assert.True(t, out[0][0] >= 0 && out[0][19] < 50)
	slices.Sort(out[1])
	assert.Len(t, slices.Compact(out[1]), 3)
}

// TestTruncatedNormal: the deviation of what is cut at ±2, all within the bounds, far out and on both sides of 0, where the
// mean is that of an exponential number of rate 8.
func TestTruncatedNormal(t *testing.T) {
	const n = 1 << 16
	g := graph.New()
	key := ops.Key(g, 3)
	out := eval(t, ops.TruncatedNormal(key, -2, 2, graph.Float64, n), ops.TruncatedNormal(key, 8, inf, graph.Float64, n),
		ops.TruncatedNormal(key, -inf, -8, graph.Float32, n), ops.TruncatedNormal(key, 30, 31, graph.Float64, n))
	moments := func(x []float64) (mean, deviation, least, greatest float64) {
		for _, v := range x {
			mean += v / n
		}
		for _, v := range x {
			deviation += (v - mean) * (v - mean) / n
		}
		return mean, math.Sqrt(deviation), slices.Min(x), slices.Max(x)
	}
	mean, deviation, least, greatest := moments(out[0])
	assert.InDelta(t, 0, mean, 4*0.88/256)
	assert.InDelta(t, 0.87962566103423978, deviation, 0.01)
	assert.True(t, least >= -2 && least < -1.99 && greatest > 1.99 && greatest <= 2)
	want := math.Exp(-32) / math.Sqrt(2*math.Pi) / (0.5 * math.Erfc(8/math.Sqrt2)) // φ(8)/Q(8)
	mean, _, least, _ = moments(out[1])
	assert.InDelta(t, want, mean, 4*0.125/256)
	assert.GreaterOrEqual(t, least, 8.0)
	mean, _, _, greatest = moments(out[2])
	assert.InDelta(t, -want, mean, 4*0.125/256)
	assert.LessOrEqual(t, greatest, -8.0)
	_, _, least, greatest = moments(out[3])
	assert.True(t, least >= 30 && greatest <= 31)
}

// TestReparameterised: derivatives go through mean and scale; the key and the draw have none.
func TestReparameterised(t *testing.T) {
	g := graph.New()
	key := ops.Key(g, 9)
	sample := func(x []*graph.Node) *graph.Node {
		return ops.Add(x[0], ops.Mul(x[1], ops.Normal(key, graph.Float64, 5)))
	}
	grads := grad(sample, constant(g, graph.Float64, []float64{1}), constant(g, graph.Float64, []float64{2}))
	out := eval(t, grads[0], grads[1], ops.Sum(ops.Normal(key, graph.Float64, 5)))
	assert.Equal(t, []float64{5}, out[0])
	assert.InDelta(t, out[2][0], out[1][0], 1e-14)
}

func TestRandomRefused(t *testing.T) {
	g := graph.New()
	key := ops.Key(g, 1)
	refused(t, "wants a key", func() { ops.SplitKey(ops.Arange(g, 3), 2) })
	refused(t, "3 elements", func() { ops.SplitKey(key, -3) })
	refused(t, "is negative", func() { ops.Normal(key, graph.Float64, 3, -2) })
	refused(t, "7 of 5 without replacement", func() { ops.Choice(key, 5, 7, false) })
	refused(t, "do not broadcast", func() { ops.FoldIn(ops.SplitKey(key, 3), ops.Arange(g, 2)) })
}
