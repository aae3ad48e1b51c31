package main

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestClustersFarFromTheOrigin compares costs and directions, by definition, of points that lie far from the origin, far
// from each other, or far apart in some coordinates only.
func TestClustersFarFromTheOrigin(t *testing.T) {
	const n, k, d = 300, 12, 4
	p := newTool(t)
	for name, shift := range map[string]func(i, j int) float64{
		"at the origin":      func(i, j int) float64 { return 0 },
		"1e7":                func(i, j int) float64 { return 1e7 },
		"1e8":                func(i, j int) float64 { return 1e8 },
		"-1e10":              func(i, j int) float64 { return -1e10 },
		"two groups":         func(i, j int) float64 { return 1e8 * float64(i%2*2-1) },
		"one far coordinate": func(i, j int) float64 { return 1e9 * float64(j/3) },
		"an outlier":         func(i, j int) float64 { return 1e12 * float64((i+1)/n) },
		"tiny":               func(i, j int) float64 { return 1e-9 },
	} {
		g := newGenerator(7)
		i := -1
		points := rowsBy(n, func() []float64 {
			i++
			row := g.uniform(d)
			for j := range row {
				row[j] += shift(i, j)
			}
			return row
		})
		centroids := points[n-k:]
		cost, direction := clustersByHand(points, centroids)
		input, err := json.Marshal(kmeansInput{Points: points, Centroids: centroids})
		require.NoError(t, err)
		require.InEpsilon(t, cost, p.evaluate("kmeans", "cost", input), 1e-12, name)
		got := numbers(p.evaluate("kmeans", "dir", input))
		for at, want := range direction {
			require.InDelta(t, want, got[at], 1e-12, "%s: %d", name, at)
		}
	}
}

// clustersByHand is the cost, and c less the mean of its points for every centroid c.
func clustersByHand(points, centroids [][]float64) (cost float64, direction []float64) {
	d := len(points[0])
	count := make([]float64, len(centroids))
	direction = make([]float64, len(centroids)*d)
	for _, p := range points {
		nearest, least := 0, math.Inf(1)
		for k, c := range centroids {
			square := 0.0
			for j := range p {
				square += (p[j] - c[j]) * (p[j] - c[j])
			}
			if square < least {
				nearest, least = k, square
			}
		}
		cost += least
		count[nearest]++
		for j := range p {
			direction[nearest*d+j] += centroids[nearest][j] - p[j]
		}
	}
	for i := range direction {
		direction[i] /= count[i/d]
	}
	return cost, direction
}

// TestMixtureFarFromTheOrigin moves points and means together, which changes nothing. The numbers are such that the sums
// are exact.
func TestMixtureFarFromTheOrigin(t *testing.T) {
	p := newTool(t)
	in := newGenerator(3).gmm(3, 2, 40).input.(gmmInput)
	moved := func(by float64) gmmInput {
		m := in
		shifted := func(rows [][]float64) [][]float64 {
			return rowsOf(rows, func(v float64) float64 { return by + math.Round(v*1024)/1024 })
		}
		m.X, m.Mu = shifted(in.X), shifted(in.Mu)
		return m
	}
	want := gmmCase(moved(0))
	got := gmmCase(moved(1 << 30))
	near, far := numbers(p.evaluate("gmm", "jacobian", want.text())), numbers(p.evaluate("gmm", "jacobian", got.text()))
	for i := range near {
		require.InDelta(t, near[i], far[i], 1e-9*(1+math.Abs(near[i])), i)
	}
	require.InEpsilon(t, p.evaluate("gmm", "objective", want.text()), p.evaluate("gmm", "objective", got.text()), 1e-12)
}

func rowsOf(rows [][]float64, f func(float64) float64) [][]float64 {
	out := make([][]float64, len(rows))
	for i, row := range rows {
		for _, v := range row {
			out[i] = append(out[i], f(v))
		}
	}
	return out
}

// TestFitOfOnePoint is ½(sign t − x₀ − x₁t)² at t = −1.
func TestFitOfOnePoint(t *testing.T) {
	p, in := newTool(t), []byte(`{"x":[1,0.5],"n":1}`)
	require.Equal(t, 1.125, p.evaluate("llsq", "primal", in))
	require.Equal(t, []any{1.5, -1.5}, p.evaluate("llsq", "gradient", in))
}
