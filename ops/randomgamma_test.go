package ops_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	specials "chainrule/internal/kernel/special"
	"chainrule/ops"
)

// TestGammaNumbers holds gamma numbers and their logarithms against the distribution function, for shapes below and above 1,
// by the test of Kolmogorov and Smirnov.
func TestGammaNumbers(t *testing.T) {
	const n = 1 << 14
	for i, alpha := range []float64{0.02, 0.5, 1, 3.5, 200} {
		g := graph.New()
		key, shape := ops.Key(g, 40+i), ops.Full(g, graph.Float64, alpha, n)
		out := eval(t, ops.Gamma(key, shape), ops.LogGamma(key, shape))
		u := make([]float64, n)
		for k, x := range out[0] {
			u[k] = specials.GammaP(alpha, x)
			if x > 1e-300 {
				assert.InDelta(t, math.Log(x), out[1][k], 1e-11*max(1, math.Abs(out[1][k])))
			}
		}
		slices.Sort(u)
		assert.Less(t, distance(u)*math.Sqrt(n), 1.95, "shape %v", alpha)
	}
}

// TestGammaGradient: the mean of gamma numbers is alpha and that of their squares alpha(alpha+1), so that the means of the
// derivatives are 1 and 2·alpha+1, and second derivatives 0 and 2; of the logarithms the mean is ψ(alpha), its derivative ψ′.
func TestGammaGradient(t *testing.T) {
	const n = 1 << 16
	for _, alpha := range []float64{0.4, 2.5} {
		g := graph.New()
		key, shape := ops.Key(g, 17), constant(g, graph.Float64, []float64{alpha})
		mean := func(f func(x *graph.Node) *graph.Node) func(a *graph.Node) *graph.Node {
			return func(a *graph.Node) *graph.Node { return ops.Mean(f(ops.Gamma(key, ops.BroadcastTo(a, n)))) }
		}
		first := mean(func(x *graph.Node) *graph.Node { return x })
		square := mean(ops.Square)
		logs := func(a *graph.Node) *graph.Node { return ops.Mean(ops.LogGamma(key, ops.BroadcastTo(a, n))) }
		out := eval(t, autodiff.Grad(first)(shape), autodiff.Grad(square)(shape), autodiff.Grad(logs)(shape),
			ops.Polygamma(1, shape), autodiff.Grad(autodiff.Grad(square))(shape), autodiff.Grad(autodiff.Grad(first))(shape))
		assert.InDelta(t, 1, out[0][0], 0.03)
		assert.InEpsilon(t, 2*alpha+1, out[1][0], 0.05)
		assert.InEpsilon(t, out[3][0], out[2][0], 0.03)
		assert.InDelta(t, 2, out[4][0], 0.2)
		assert.InDelta(t, 0, out[5][0], 0.05)
	}
}

// TestBetaAndDirichlet: means and variances, and gradients of the mean a/(a+b).
func TestBetaAndDirichlet(t *testing.T) {
	const n = 1 << 15
	g := graph.New()
	key := ops.Key(g, 23)
	a, b := constant(g, graph.Float64, []float64{0.5}), constant(g, graph.Float64, []float64{2})
	beta := func(x []*graph.Node) *graph.Node { return ops.Beta(key, ops.BroadcastTo(x[0], n), x[1]) }
	grads := grad(func(x []*graph.Node) *graph.Node { return ops.Mean(beta(x)) }, a, b)
	alpha := constant(g, graph.Float64, []float64{0.001, 1, 3}, 3)
	out := eval(t, beta([]*graph.Node{a, b}), grads[0], grads[1], ops.Dirichlet(key, ops.BroadcastTo(alpha, n, 3), 1))
	mean, square := 0.0, 0.0
	for _, x := range out[0] {
		mean, square = mean+x/n, square+x*x/n
	}
	assert.InDelta(t, 0.2, mean, 4*0.2138/math.Sqrt(n))
	assert.InDelta(t, 0.5*2/(2.5*2.5*3.5), square-mean*mean, 0.002)
	assert.InDelta(t, 2/6.25, out[1][0], 0.02)
	assert.InDelta(t, -0.5/6.25, out[2][0], 0.005)
	means := [3]float64{}
	for i, x := range out[3] {
		require.False(t, math.IsNaN(x))
		means[i%3] += x / n
	}
	assert.InDeltaSlice(t, []float64{0.001 / 4.001, 1 / 4.001, 3 / 4.001}, means[:], 0.005)
}

// TestPoissonNumbers holds counts against probabilities below and above where the method changes, and refuses what is no rate.
func TestPoissonNumbers(t *testing.T) {
	const n = 40000
	for i, rate := range []float64{0.3, 9.9, 10, 60} {
		g := graph.New()
		x := eval(t, ops.Poisson(ops.Key(g, 60+i), ops.Full(g, graph.Float64, rate, n)))[0]
		lo, hi := int(max(0, rate-2.5*math.Sqrt(rate))), int(rate+2.5*math.Sqrt(rate)+1)
		counts, want := make([]int, hi-lo+2), make([]float64, hi-lo+2) // the last is the rest
		rest := 1.0
		for k := lo; k <= hi; k++ {
			l, _ := math.Lgamma(float64(k + 1))
			p := math.Exp(float64(k)*math.Log(rate) - rate - l)
			want[k-lo], rest = n*p, rest-p
		}
		want[len(want)-1] = n * rest
		for _, v := range x {
			if k := int(v); k >= lo && k <= hi {
				counts[k-lo]++
			} else {
				counts[len(counts)-1]++
			}
		}
		assert.Less(t, chiSquare(counts, want), 4.0, "rate %v", rate)
	}
	for _, rate := range []float64{-1, nan, inf} {
		_, err := autodiff.Compile(func(key, rate *graph.Node) *graph.Node { return ops.Poisson(key, rate) }).Run(t.Context(),
			tensor.New(tensor.WithShape(2), tensor.WithBacking([]int64{1, 2})),
			tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{rate})))
		assert.ErrorIs(t, err, ops.ErrRate)
	}
}
