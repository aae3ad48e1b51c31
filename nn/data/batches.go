package data

import (
	"fmt"
	"iter"
	"math/rand/v2"
)

// Regime is how much of the data one update of the parameters sees.
type Regime int

// The regimes of gradient descent, for batches of m out of N samples.
const (
	Batch      Regime = iota // m = N: one iteration an epoch, the exact gradient
	Stochastic               // m = 1: N iterations an epoch
	MiniBatch                // 1 < m < N: ⌈N/m⌉ iterations an epoch
)

// String is "batch", "stochastic" or "mini-batch".
func (r Regime) String() string {
	switch r {
	case Batch:
		return "batch"
	case Stochastic:
		return "stochastic"
	case MiniBatch:
		return "mini-batch"
	}
	return fmt.Sprintf("Regime(%d)", int(r))
}

// Iterations is the number of batches of size in an epoch of n samples, ⌈n/size⌉: a last batch that
// is smaller counts. It is 0 if n or size is not positive.
func Iterations(n, size int) int {
	if n <= 0 || size <= 0 {
		return 0
	}
	return (n-1)/size + 1
}

// Batches divides n samples into batches anew for every epoch. It belongs to one goroutine, and to
// one epoch at a time.
type Batches struct {
	n, size int
	seed    uint64
	order   []int // a permutation of 0 … n−1, the one of the epoch at hand
	source  rand.PCG
}

// NewBatches divides n samples into batches of size; the last of an epoch may be smaller. A batch
// larger than the data is an error that matches ErrBatchTooLarge.
func NewBatches(n, size int, seed uint64) (*Batches, error) {
	switch {
	case n <= 0:
		return nil, fmt.Errorf("data: batches of %d from %d samples: %w", size, n, ErrEmpty)
	case size <= 0:
		return nil, fmt.Errorf("data: batches of %d from %d samples: %w", size, n, ErrBatchSize)
	case size > n:
		return nil, fmt.Errorf("data: batches of %d from %d samples: %w", size, n, ErrBatchTooLarge)
	}
	return &Batches{n: n, size: size, seed: seed, order: make([]int, n)}, nil
}

// Regime is Batch when a batch holds all samples, even if that is a single one.
func (b *Batches) Regime() Regime {
	switch b.size {
	case b.n:
		return Batch
	case 1:
		return Stochastic
	}
	return MiniBatch
}

// Size is the number of samples in every batch but perhaps the last.
func (b *Batches) Size() int { return b.size }

// Iterations is the number of batches in an epoch.
func (b *Batches) Iterations() int { return Iterations(b.n, b.size) }

// Epoch yields the batches of one epoch, each a slice of sample indices in shuffled order; together
// they hold every index once. The order depends on the seed and the epoch's number alone, so that
// training can resume at any epoch. A slice is valid until the epoch after it begins and must not
// be written to. No batch allocates.
func (b *Batches) Epoch(epoch int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		b.shuffle(epoch)
		for start := 0; start < b.n; start += b.size {
			end := min(start+b.size, b.n)
			if !yield(b.order[start:end:end]) {
				return
			}
		}
	}
}

// shuffle sets the order of an epoch (Fisher–Yates, from the identity).
func (b *Batches) shuffle(epoch int) {
	for i := range b.order {
		b.order[i] = i
	}
	b.source.Seed(b.seed, uint64(epoch))
	random := rand.New(&b.source)
	for i := b.n - 1; i > 0; i-- {
		j := random.IntN(i + 1)
		b.order[i], b.order[j] = b.order[j], b.order[i]
	}
}
