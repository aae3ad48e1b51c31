//go:build !race

package train_test

import (
	"context"
	"testing"

	"chainrule/graph"
	"chainrule/nn/train"
)

// The race detector makes every sync.Pool forget things now and then, so these tests hold without it.

// An iteration allocates nothing once both shapes of batches are known, the last smaller one too.
func TestStepAllocatesNothing(t *testing.T) {
	for _, d := range []graph.DType{graph.Float64, graph.Float32} {
		_, trainer := small(t, d, sgd(.9))
		x, y := batch(t, blobs(9), []int{0, 1, 2, 3}, d)
		lastX, lastY := batch(t, blobs(9), []int{8}, d)
		ctx := context.Background()
		var failed error
		full, last := &train.Pair{X: x, Y: y}, &train.Pair{X: lastX, Y: lastY}
		iterate := func() {
			for _, b := range []*train.Pair{full, full, last} {
				if _, err := trainer.Step(ctx, b); err != nil {
					failed = err
				}
			}
		}
		if n := testing.AllocsPerRun(100, iterate); n != 0 || failed != nil {
			t.Errorf("%v: %v allocations in three steps, error %v", d, n, failed)
		}
	}
}

// What Fit allocates does not grow with the number of iterations, but for some words an epoch.
func TestFitAllocatesNothingPerIteration(t *testing.T) {
	_, trainer := small(t, graph.Float32, sgd(0))
	set := source(t, blobs(101), 2, 0, graph.Float32)
	count := func(epochs int) float64 {
		return testing.AllocsPerRun(5, func() {
			plan := train.Plan{Epochs: epochs}
			if _, err := trainer.Fit(context.Background(), set, plan); err != nil {
				t.Error(err)
			}
		})
	}
	few, many := count(1), count(11)
	if grown := many - few; grown > 12*10 { // 510 iterations more
		t.Errorf("%v allocations for 1 epoch, %v for 11", few, many)
	}
}
