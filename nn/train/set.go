package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/data"
	"chainrule/ops"
)

// XY is a batch of a data set where a loss is traced: features X, [batch, Dim], and one-hot targets Y, [batch, Classes].
type XY struct{ X, Y *graph.Node }

// Pair is what is fed for an XY.
type Pair struct{ X, Y *tensor.Dense }

// Set is a source of the shuffled samples of a data set, in batches for an XY.
type Set struct {
	set        *data.Set
	batches    *data.Batches
	full, last Pair
}

// NewSet is a Set with batches of the given size, the last of an epoch perhaps smaller, whose order comes of the seed and
// the number of the epoch. A batch that is larger than the set is an error.
func NewSet(set *data.Set, d graph.DType, size int, seed uint64) (*Set, error) {
	if set == nil {
		return nil, errors.New("train: there is no data")
	}
	batches, err := data.NewBatches(set.Len(), size, seed)
	if err != nil {
		return nil, err
	}
	s := &Set{set: set, batches: batches}
	s.full = newPair(set, size, d)
	s.last = newPair(set, set.Len()-(batches.Iterations()-1)*size, d)
	return s, nil
}

// Len implements Source.
func (s *Set) Len() int { return s.batches.Iterations() }

// Regime says how much of the data one update sees.
func (s *Set) Regime() data.Regime { return s.batches.Regime() }

// Epoch implements Source. A feature that is not finite is an error that names it and its sample, and matches
// data.ErrNotFinite.
func (s *Set) Epoch(epoch, skip int) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		i := 0
		for rows := range s.batches.Epoch(epoch) {
			if i++; i <= skip {
				continue
			}
			p := &s.full
			if len(rows) < s.batches.Size() {
				p = &s.last
			}
			err := p.fill(s.set, rows)
			if !yield(Batch{Feed: p, Count: len(rows), Last: i == s.Len()}, err) || err != nil {
				return
			}
		}
	}
}

// Tensors returns the given rows of a data set as a batch, x of shape [len(rows), Dim], and its one-hot targets,
// of shape [len(rows), Classes].
func Tensors(set *data.Set, rows []int, d graph.DType) (x, y *tensor.Dense, err error) {
	if set == nil {
		return nil, nil, errors.New("train: there is no data")
	}
	b := newPair(set, len(rows), d)
	return b.X, b.Y, b.copy(set, rows)
}

func newPair(set *data.Set, rows int, d graph.DType) Pair {
	return Pair{nn.NewParam(d, rows, set.Dim).Value, nn.NewParam(d, rows, set.Classes).Value}
}

func (p *Pair) copy(set *data.Set, rows []int) error {
	if p.X.Dtype() == tensor.Float32 {
		return data.Fill(p.X.Float32s(), p.Y.Float32s(), set, rows)
	}
	return data.Fill(p.X.Float64s(), p.Y.Float64s(), set, rows)
}

// fill copies samples whose features are finite.
func (p *Pair) fill(set *data.Set, rows []int) error {
	if err := p.copy(set, rows); err != nil {
		return err
	}
	if _, found := notFinite(p.X); !found {
		return nil
	}
	for _, i := range rows {
		for k, v := range set.Row(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) || p.X.Dtype() == tensor.Float32 && math.IsInf(float64(float32(v)), 0) {
				return fmt.Errorf("train: feature %d of sample %d is %v: %w", k, i, v, data.ErrNotFinite)
			}
		}
	}
	return nil
}

// Accuracy is the share of a data set's samples whose largest output is at their label. An output that is NaN is an error that
// names the sample and matches data.ErrNotFinite.
func Accuracy(ctx context.Context, model nn.Layer, set *data.Set) (float64, error) {
	params := nn.Params(model)
	if len(params) == 0 {
		return 0, fmt.Errorf("train: a %T has no parameters", model)
	}
	if set == nil || set.Len() == 0 {
		return 0, fmt.Errorf("train: accuracy: %w", data.ErrEmpty)
	}
	classify := autodiff.Compile(func(l nn.Layer, x *graph.Node) *graph.Node {
		y := nn.Eval(l).Apply(x)
		return ops.Where(ops.Any(ops.IsNaN(y), -1), int64(-1), ops.ArgMax(y, -1))
	})
	var classes []int
	const most = 1000 // samples at a time, to bound the memory
	right := 0
	for from := 0; from < set.Len(); from += most {
		rows := make([]int, min(most, set.Len()-from))
		for i := range rows {
			rows[i] = from + i
		}
		x, _, err := Tensors(set, rows, params[0].Param.DType())
		if err != nil {
			return 0, err
		}
		if err := classify.RunTo(ctx, &classes, model, x); err != nil {
			return 0, err
		}
		for i, class := range classes {
			if class < 0 {
				return 0, fmt.Errorf("train: accuracy: an output for sample %d is NaN: %w", rows[i], data.ErrNotFinite)
			}
			if class == set.Labels[rows[i]] {
				right++
			}
		}
	}
	return float64(right) / float64(set.Len()), nil
}
