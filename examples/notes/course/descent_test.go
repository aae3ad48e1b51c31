package course

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/nn/data"
)

// On the bowl a step of descent multiplies θ₁ by 1 − η and θ₂ by 1 − 4η; it diverges from η = ½ on.
func TestDescentOnTheBowl(t *testing.T) {
	s := SurfaceNamed("bowl")
	for _, rate := range []float64{0.01, 0.2, 0.45, 0.55} {
		path, err := s.Descend([2]float64{2, -1}, rate, 12)
		require.NoError(t, err)
		for k, step := range path {
			a, b := 2*math.Pow(1-rate, float64(k)), -math.Pow(1-4*rate, float64(k))
			assert.InDelta(t, a, step.Theta[0], 1e-12*math.Max(1, math.Abs(a)))
			assert.InDelta(t, b, step.Theta[1], 1e-12*math.Max(1, math.Abs(b)))
			assert.InDelta(t, 0.5*(a*a+4*b*b), step.Cost, 1e-11*math.Max(1, step.Cost))
			assert.InDelta(t, 4*b, step.Gradient[1], 1e-11*math.Max(1, math.Abs(b)))
		}
	}
	for rate, want := range map[float64]Verdict{0.01: Crawls, 0.2: Arrives, 0.45: Zigzags, 0.55: Diverges} {
		path, err := s.Descend([2]float64{2, -1}, rate, 40)
		require.NoError(t, err)
		assert.Equal(t, want, Judge(path), "η = %v", rate)
	}
}

// The marked least points are where the gradient is none.
func TestLeastPoints(t *testing.T) {
	for _, s := range Surfaces {
		path, err := s.Descend(s.Least, 0, 0)
		require.NoError(t, err)
		assert.Less(t, math.Hypot(path[0].Gradient[0], path[0].Gradient[1]), 2e-3, s.Name)
		grid, err := s.Grid(21)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, slices.Min(grid), path[0].Cost-1e-9, s.Name)
	}
}

func TestNeuronSurface(t *testing.T) {
	path, err := SurfaceNamed("neuron").Descend([2]float64{1.2, -0.3}, 0, 0)
	require.NoError(t, err)
	cost, da, db := 0.0, 0.0, 0.0
	for i, x := range neuronX {
		y := 1 / (1 + math.Exp(-(1.2*x - 0.3)))
		n := float64(len(neuronX))
		cost += 0.5 * (neuronY[i] - y) * (neuronY[i] - y) / n
		da += (y - neuronY[i]) * y * (1 - y) * x / n
		db += (y - neuronY[i]) * y * (1 - y) / n
	}
	assert.InDelta(t, cost, path[0].Cost, 1e-15)
	assert.InDeltaSlice(t, []float64{da, db}, path[0].Gradient[:], 1e-15)
}

// The grid of a surface has its costs row by row, θ₁ along the rows.
func TestGrid(t *testing.T) {
	grid, err := SurfaceNamed("bowl").Grid(3)
	require.NoError(t, err)
	assert.Equal(t, []float64{22.5, 18, 22.5, 4.5, 0, 4.5, 22.5, 18, 22.5}, grid)
}

// on goes on.
func on() error { return nil }

func TestCounts(t *testing.T) {
	assert.Equal(t, Count{2_560_000, 256, 1, 10_000, 10_000}, CountOf(2_560_000, 256, 1))
	assert.Equal(t, Count{1500, 20, 3, 75, 225}, CountOf(1500, 20, 3))
	assert.Equal(t, 4, CountOf(10, 3, 1).PerEpoch)
}

func TestRegimes(t *testing.T) {
	r, err := NewRace(200, 1)
	require.NoError(t, err)
	// Batch descent of a quadratic cost arrives at the least cost.
	full, err := r.Descend(200, 0.9, 200, 1, on)
	require.NoError(t, err)
	assert.InDelta(t, r.Bottom, full.Costs[len(full.Costs)-1], 1e-9)
	assert.InDeltaSlice(t, r.Least[:], []float64{full.W, full.B}, 1e-4)
	assert.Equal(t, 200, full.Iterations[len(full.Iterations)-1])
	// One sample at a time it is near after one epoch, and does not settle.
	single, err := r.Descend(1, 0.1, 5, 1, on)
	require.NoError(t, err)
	assert.Equal(t, 1000, single.Iterations[len(single.Iterations)-1])
	after := func(run *Run, epoch float64) float64 {
		return run.Costs[slices.IndexFunc(run.Epochs, func(e float64) bool { return e >= epoch })]
	}
	assert.Less(t, after(single, 1), after(full, 1))
	assert.Greater(t, single.Costs[len(single.Costs)-1], r.Bottom+1e-6)
	// The first batch step is the one of the formula, w ← w − η(1/N)Σ δx.
	one, err := r.Descend(200, 0.5, 1, 1, on)
	require.NoError(t, err)
	w, b, n := 0.0, 0.0, float64(len(r.X))
	for i, x := range r.X {
		delta := (-1*x + 1.2) - r.Y[i]
		w, b = w+delta*x/n, b+delta/n
	}
	assert.InDeltaSlice(t, []float64{-1 - 0.5*w, 1.2 - 0.5*b}, []float64{one.W, one.B}, 1e-14)
}

// Stochastic and mini-batch descent use their own samples for each step, all of them once an epoch, in an order that is
// another one every epoch.
func TestDescentByBatches(t *testing.T) {
	r, err := NewRace(7, 3)
	require.NoError(t, err)
	for _, size := range []int{1, 3} {
		orders := map[string]bool{}
		w, b := -1.0, 1.2
		batches, err := data.NewBatches(7, size, 5)
		require.NoError(t, err)
		for epoch := range 2 {
			for rows := range batches.Epoch(epoch) {
				dw, db := 0.0, 0.0
				for _, i := range rows {
					delta := w*r.X[i] + b - r.Y[i]
					dw, db = dw+delta*r.X[i]/float64(len(rows)), db+delta/float64(len(rows))
				}
				w, b = w-0.3*dw, b-0.3*db
			}
			orders[fmt.Sprint(slices.Collect(batches.Epoch(epoch)))] = true
		}
		assert.Len(t, orders, 2)
		run, err := r.Descend(size, 0.3, 2, 5, on)
		require.NoError(t, err)
		assert.InDeltaSlice(t, []float64{w, b}, []float64{run.W, run.B}, 1e-14, "batch size %d", size)
		assert.Equal(t, 2.0, run.Epochs[len(run.Epochs)-1])
	}
}

func TestBias(t *testing.T) {
	xs := []float64{-2, 0, 1}
	y, err := Shifted(3, -1.5, xs)
	require.NoError(t, err)
	for i, x := range xs {
		assert.InDelta(t, 1/(1+math.Exp(-(3*x-1.5))), y[i], 1e-15)
	}
}
