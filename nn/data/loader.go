package data

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
)

// Source gives samples by their numbers, 0 … Len−1, as batches: trees of tensors whose first axis is that of the samples.
// Rows is called by several goroutines at once where a Loader has workers.
type Source[T any] interface {
	Len() int
	Rows(rows []int) (T, error)
}

// Memory is a Source of the samples in a tree of tensors, or of slices, with a common first axis: structs, slices and maps
// from strings of them. The tree is not copied.
func Memory[T any](tree T) (Source[T], error) {
	n, err := Len(tree)
	return memory[T]{tree, n}, err
}

type memory[T any] struct {
	tree T
	n    int
}

func (m memory[T]) Len() int                   { return m.n }
func (m memory[T]) Rows(rows []int) (T, error) { return Take(m.tree, rows) }

// Subset is a Source of some samples of another, such as a part of Divide or a fold.
func Subset[T any](of Source[T], rows []int) Source[T] { return subset[T]{of, rows} }

type subset[T any] struct {
	of   Source[T]
	rows []int
}

func (s subset[T]) Len() int { return len(s.rows) }

func (s subset[T]) Rows(rows []int) (batch T, err error) {
	those := make([]int, len(rows))
	for at, i := range rows {
		if i < 0 || i >= len(s.rows) {
			return batch, fmt.Errorf("data: row %d of a subset of %d: %w", i, len(s.rows), ErrShape)
		}
		those[at] = s.rows[i]
	}
	return s.of.Rows(those)
}

// Loader hands out a Source in batches. The order, and what Change draws, come from Seed, the number of the epoch and those of the
// samples alone: an epoch can begin in its middle, and one worker and many give the same.
type Loader[T any] struct {
	Source   Source[T]
	Size     int    // samples in a batch
	Seed     uint64 // of the order
	InOrder  bool   // not shuffled
	DropLast bool   // leave a last batch out that is smaller
	Workers  int    // goroutines that read batches ahead; 0 reads each when it is asked for
	// Change, if not nil, makes another batch of one, such as one with noise. Random(i) is the generator of sample i
	// of this batch, anew in each epoch. With workers it is called by several goroutines at once.
	Change func(batch T, random func(i int) *rand.Rand) (T, error)
}

// Iterations is the number of batches in an epoch.
func (l *Loader[T]) Iterations() int {
	if l.Source == nil || l.Size <= 0 {
		return 0
	}
	if l.DropLast {
		return l.Source.Len() / l.Size
	}
	return Iterations(l.Source.Len(), l.Size)
}

// Epoch yields the batches of an epoch. An error is the last that it yields.
func (l *Loader[T]) Epoch(epoch int) iter.Seq2[T, error] { return l.From(epoch, 0) }

// From is Epoch without its first batches, which are not read: how training goes on that was stopped in an epoch.
func (l *Loader[T]) From(epoch, batch int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if l.Source == nil || l.Source.Len() == 0 {
			yield(none, fmt.Errorf("data: batches of %d: %w", l.Size, ErrEmpty))
			return
		}
		if l.Size <= 0 || batch < 0 {
			yield(none, fmt.Errorf("data: batches of %d from the %d-th: %w", l.Size, batch, ErrBatchSize))
			return
		}
		order := l.order(epoch)
		read := func(k int) (T, error) {
			return l.batch(epoch, order[k*l.Size:min((k+1)*l.Size, len(order))])
		}
		if l.Workers > 0 {
			ahead(batch, l.Iterations(), l.Workers, read, yield)
			return
		}
		for k := batch; k < l.Iterations(); k++ {
			b, err := read(k)
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// order is the order of an epoch, that of Batches.
func (l *Loader[T]) order(epoch int) []int {
	b := Batches{n: l.Source.Len(), seed: l.Seed, order: make([]int, l.Source.Len())}
	if l.InOrder {
		for i := range b.order {
			b.order[i] = i
		}
		return b.order
	}
	b.shuffle(epoch)
	return b.order
}

func (l *Loader[T]) batch(epoch int, rows []int) (T, error) {
	b, err := l.Source.Rows(rows)
	if err != nil || l.Change == nil {
		return b, err
	}
	return l.Change(b, func(i int) *rand.Rand {
		var key [32]byte
		for at, v := range []uint64{l.Seed, uint64(epoch), uint64(rows[i]), 0x6368616e6765} { // no other generator here
			binary.LittleEndian.PutUint64(key[8*at:], v)
		}
		return rand.New(rand.NewChaCha8(key))
	})
}

// ahead reads values number from … to−1 on goroutines and yields them in order. None of its goroutines outlives it.
func ahead[T any](from, to, workers int, read func(k int) (T, error), yield func(T, error) bool) {
	type result struct {
		value T
		err   error
	}
	stop := make(chan struct{})
	turns := make(chan chan result, workers)
	var running sync.WaitGroup
	defer running.Wait()
	defer close(stop)
	running.Go(func() {
		defer close(turns)
		for k := from; k < to; k++ {
			turn := make(chan result, 1)
			select {
			case <-stop:
				return
			case turns <- turn:
			}
			running.Go(func() {
				v, err := read(k)
				turn <- result{v, err}
			})
		}
	})
	for turn := range turns {
		r := <-turn
		if !yield(r.value, r.err) || r.err != nil {
			return
		}
	}
}
