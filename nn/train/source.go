package train

import "iter"

// Batch is the samples of one iteration.
type Batch struct {
	Feed  any  // a tree of tensors for the loss's batch; fed by its address, a struct costs no allocation
	Count int  // its samples: losses and metrics are weighted by it
	Last  bool // whether it is the last of its epoch
}

// Source gives the batches of epochs. The same epoch has the same batches, whenever it is asked for: their order and
// what chance does to them come of the epoch's number alone, so that training can be resumed anywhere.
type Source interface {
	// Epoch yields the batches of an epoch from number skip on, all counted from 0. A batch is valid until the next one. An
	// error ends the training.
	Epoch(epoch, skip int) iter.Seq2[Batch, error]
	// Len is the number of batches in an epoch, 0 if it is not known.
	Len() int
}

// Batches is a source of the same batches in every epoch.
type Batches []Batch

// Epoch implements Source.
func (b Batches) Epoch(_, skip int) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		for i := skip; i < len(b); i++ {
			batch := b[i]
			batch.Last = i == len(b)-1
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// Len implements Source.
func (b Batches) Len() int { return len(b) }
