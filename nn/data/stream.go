package data

import (
	"fmt"
	"iter"
	"math/rand/v2"
)

// Stream hands out samples in batches that nobody counts or keeps: a file larger than memory, or a simulation without
// an end. Shuffling is that of a buffer, so that samples come at most about so far from where they were.
type Stream[T any] struct {
	Samples func(epoch int) iter.Seq2[T, error] // trees of tensors, of one shape for all samples
	Size    int                                 // samples in a batch; the last may be smaller
	Buffer  int                                 // samples that are kept to shuffle; 0 or 1 keeps the order
	Seed    uint64
}

// Epoch yields the batches of an epoch. An error is the last that it yields.
func (s *Stream[T]) Epoch(epoch int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if s.Samples == nil || s.Size <= 0 {
			yield(none, fmt.Errorf("data: a stream in batches of %d: %w", s.Size, ErrBatchSize))
			return
		}
		var batch []T
		for sample, err := range s.shuffled(epoch) {
			if err != nil {
				yield(none, err)
				return
			}
			if batch = append(batch, sample); len(batch) < s.Size {
				continue
			}
			stacked, err := Stack(batch)
			if batch = batch[:0]; !yield(stacked, err) || err != nil {
				return
			}
		}
		if len(batch) > 0 {
			yield(Stack(batch))
		}
	}
}

// shuffled yields the samples of an epoch, each in the place of a random one of the buffer, the rest at the end.
func (s *Stream[T]) shuffled(epoch int) iter.Seq2[T, error] {
	if s.Buffer <= 1 {
		return s.Samples(epoch)
	}
	return func(yield func(T, error) bool) {
		random := rand.New(rand.NewPCG(s.Seed, uint64(epoch)))
		var buffer []T
		for sample, err := range s.Samples(epoch) {
			if err != nil {
				yield(sample, err)
				return
			}
			if len(buffer) < s.Buffer {
				buffer = append(buffer, sample)
				continue
			}
			i := random.IntN(len(buffer))
			out := buffer[i]
			if buffer[i] = sample; !yield(out, nil) {
				return
			}
		}
		random.Shuffle(len(buffer), func(i, j int) { buffer[i], buffer[j] = buffer[j], buffer[i] })
		for _, sample := range buffer {
			if !yield(sample, nil) {
				return
			}
		}
	}
}

// Prefetch runs an iterator on a goroutine, up to n values ahead of the loop over it. The goroutine ends with the loop.
func Prefetch[T any](values iter.Seq2[T, error], n int) iter.Seq2[T, error] {
	type result struct {
		value T
		err   error
	}
	return func(yield func(T, error) bool) {
		stop, ended, queue := make(chan struct{}), make(chan struct{}), make(chan result, max(0, n-1))
		go func() {
			defer close(ended)
			defer close(queue)
			for v, err := range values {
				select {
				case <-stop:
					return
				case queue <- result{v, err}:
				}
			}
		}()
		defer func() { <-ended }()
		defer close(stop)
		for r := range queue {
			if !yield(r.value, r.err) {
				return
			}
		}
	}
}
