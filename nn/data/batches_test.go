package data_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"chainrule/nn/data"
)

func TestIterations(t *testing.T) {
	for _, c := range []struct{ n, size, want int }{
		{2_560_000, 256, 10_000},
		{1000, 256, 4},
		{1024, 256, 4},
		{1025, 256, 5},
		{60_000, 60_000, 1},
		{60_000, 1, 60_000},
		{1, 1, 1},
		{3, 8, 1},
		{0, 8, 0},
		{8, 0, 0},
		{8, -1, 0},
		{-8, 1, 0},
		{math.MaxInt, 2, math.MaxInt/2 + 1},
	} {
		if got := data.Iterations(c.n, c.size); got != c.want {
			t.Errorf("Iterations(%d, %d) = %d, want %d", c.n, c.size, got, c.want)
		}
	}
}

func TestEpoch(t *testing.T) {
	for _, c := range []struct {
		n, size int
		regime  data.Regime
		sizes   []int
	}{
		{10, 10, data.Batch, []int{10}},
		{10, 1, data.Stochastic, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{10, 5, data.MiniBatch, []int{5, 5}},
		{10, 4, data.MiniBatch, []int{4, 4, 2}},
		{1, 1, data.Batch, []int{1}},
	} {
		b, err := data.NewBatches(c.n, c.size, 5)
		if err != nil {
			t.Fatal(err)
		}
		if b.Regime() != c.regime || b.Iterations() != len(c.sizes) || b.Size() != c.size {
			t.Errorf("%d of %d: %v, %d iterations", c.size, c.n, b.Regime(), b.Iterations())
		}
		var sizes, seen []int
		for batch := range b.Epoch(0) {
			sizes = append(sizes, len(batch))
			seen = append(seen, batch...)
		}
		slices.Sort(seen)
		for i, sample := range seen {
			if i != sample {
				t.Fatalf("%d of %d: samples %v", c.size, c.n, seen)
			}
		}
		if !slices.Equal(sizes, c.sizes) || len(seen) != c.n {
			t.Errorf("%d of %d: batches of %v, want %v", c.size, c.n, sizes, c.sizes)
		}
	}
}

func order(t *testing.T, seed uint64, epochs ...int) (seen []int) {
	t.Helper()
	b, err := data.NewBatches(50, 8, seed)
	if err != nil {
		t.Fatal(err)
	}
	for _, epoch := range epochs {
		seen = seen[:0]
		for batch := range b.Epoch(epoch) {
			seen = append(seen, batch...)
		}
	}
	return seen
}

func TestEpochOrder(t *testing.T) {
	third := order(t, 1, 0, 1, 2)
	if !slices.Equal(third, order(t, 1, 2)) {
		t.Error("the order of an epoch depends on the epochs before it")
	}
	if slices.Equal(third, order(t, 1, 1)) || slices.Equal(third, order(t, 2, 2)) {
		t.Error("two epochs or two seeds have the same order")
	}
}

// Every permutation of three samples turns up about equally often.
func TestEpochIsUniform(t *testing.T) {
	const epochs, seed = 6000, 3
	b, err := data.NewBatches(3, 3, seed)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for epoch := range epochs {
		for batch := range b.Epoch(epoch) {
			counts[fmt.Sprint(batch)]++
		}
	}
	for permutation, count := range counts {
		if count < 850 || count > 1150 { // 1000 expected, standard deviation √(6000·1/6·5/6) = 29: five of them
			t.Errorf("seed %d: %s %d times in %d epochs", seed, permutation, count, epochs)
		}
	}
	if len(counts) != 6 {
		t.Errorf("seed %d: %d of 6 permutations", seed, len(counts))
	}
}

func TestEpochStopsEarly(t *testing.T) {
	b, err := data.NewBatches(10, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	iterations := 0
	for range b.Epoch(0) {
		iterations++
		break
	}
	if iterations != 1 {
		t.Errorf("%d iterations after break", iterations)
	}
}

func TestEpochAllocatesNothingPerBatch(t *testing.T) {
	perEpoch := func(n int) float64 {
		b, err := data.NewBatches(n, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		return testing.AllocsPerRun(10, func() {
			for batch := range b.Epoch(3) {
				sum += batch[0]
			}
		})
	}
	if few, many := perEpoch(1), perEpoch(10_000); few != many || many > 2 {
		t.Errorf("%v allocations in an epoch of 1 batch, %v in one of 10000", few, many)
	}
}

func TestRegimeNames(t *testing.T) {
	got := fmt.Sprint(data.Batch, data.Stochastic, data.MiniBatch, data.Regime(7))
	if want := "batch stochastic mini-batch Regime(7)"; got != want {
		t.Errorf("regimes %s, want %s", got, want)
	}
}

func TestNewBatchesBad(t *testing.T) {
	for _, c := range []struct {
		n, size int
		want    error
		text    string
	}{
		{8, 9, data.ErrBatchTooLarge, "data: batches of 9 from 8 samples: batch is larger than the data"},
		{8, 0, data.ErrBatchSize, "data: batches of 0 from 8 samples: batch size is not positive"},
		{8, -4, data.ErrBatchSize, "data: batches of -4 from 8 samples: batch size is not positive"},
		{0, 1, data.ErrEmpty, "data: batches of 1 from 0 samples: no data"},
		{-1, 1, data.ErrEmpty, "data: batches of 1 from -1 samples: no data"},
	} {
		b, err := data.NewBatches(c.n, c.size, 1)
		if b != nil || !errors.Is(err, c.want) || err.Error() != c.text {
			t.Errorf("NewBatches(%d, %d): error %v, want %v", c.n, c.size, err, c.text)
		}
	}
}

func ExampleBatches() {
	set := data.Digits()
	train, test, err := set.Split(1500, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	batches, err := data.NewBatches(train.Len(), 64, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	x, y := make([]float32, 64*train.Dim), make([]float32, 64*train.Classes)
	samples := 0
	for rows := range batches.Epoch(0) {
		n := len(rows) // 64, and 28 in the last batch
		if err := data.Fill(x[:n*train.Dim], y[:n*train.Classes], train, rows); err != nil {
			fmt.Println(err)
			return
		}
		samples += n
	}
	fmt.Println(batches.Regime(), batches.Iterations(), samples, test.Len())
	// Output: mini-batch 24 1500 297
}
