//go:build !race

package train_test

import (
	"context"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/nn/optim"
	"chainrule/nn/train"
)

// The race detector makes every sync.Pool forget things now and then, so these tests hold without it.

// An iteration allocates nothing once both shapes of batches are known, the last smaller one too.
func TestStepAllocatesNothing(t *testing.T) {
	for _, d := range []graph.DType{graph.Float64, graph.Float32} {
		_, trainer := small(t, d, optim.SGD{Momentum: .9})
		x, y := batch(t, blobs(9), []int{0, 1, 2, 3}, d)
		lastX, lastY := batch(t, blobs(9), []int{8}, d)
		ctx := context.Background()
		var failed error
		iterate := func() {
			for _, b := range [][2]*tensor.Dense{{x, y}, {x, y}, {lastX, lastY}} {
				if _, err := trainer.Step(ctx, b[0], b[1], .1); err != nil {
					failed = err
				}
			}
		}
		if n := testing.AllocsPerRun(100, iterate); n != 0 || failed != nil {
			t.Errorf("%v: %v allocations in three steps, error %v", d, n, failed)
		}
	}
}

// What Fit allocates does not grow with the number of iterations, but for a word or two an epoch.
func TestFitAllocatesNothingPerIteration(t *testing.T) {
	_, trainer := small(t, graph.Float32, optim.SGD{})
	set := blobs(101)
	count := func(epochs int) float64 {
		return testing.AllocsPerRun(5, func() {
			plan := train.Plan{BatchSize: 2, Epochs: epochs, Rate: .1}
			if _, err := trainer.Fit(context.Background(), set, plan); err != nil {
				t.Error(err)
			}
		})
	}
	few, many := count(1), count(11)
	if grown := many - few; grown > 2*10 { // 510 iterations more
		t.Errorf("%v allocations for 1 epoch, %v for 11", few, many)
	}
}
