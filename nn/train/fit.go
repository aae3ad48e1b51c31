package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/data"
	"chainrule/ops"
)

// Progress counts what has been done. Cost is the average over the samples of the epoch at hand so far.
type Progress struct {
	Regime     data.Regime
	BatchSize  int
	Epochs     int // finished
	Iterations int // in all
	PerEpoch   int // iterations in an epoch
	Cost       float64
}

// Plan says how to train.
type Plan struct {
	BatchSize int
	Epochs    int
	Rate      float64
	Seed      uint64
	// Each, if not nil, is called after every iteration; an error ends the training.
	Each func(Progress) error
}

// Fit trains on a data set. When ctx is done it stops after the iteration at hand and returns what has been done
// with the context's error. A cost that is NaN or infinite ends it with an error that names the epoch and the step, an
// *autodiff.NotFiniteError inside, and the parameters are as they were before that step. So does a parameter that is no
// number at the end of an epoch, whose cost may still have been one. A feature that is infinite ends it before its step.
//
// The same model, data and plan give the same parameters to the last bit, for any number of cores, on machines with the
// same instruction set and with the same build; others round differently.
func (t *Trainer) Fit(ctx context.Context, set *data.Set, plan Plan) (Progress, error) {
	switch {
	case set == nil:
		return Progress{}, errors.New("train: there is no data")
	case ctx == nil:
		return Progress{}, errors.New("train: the context is nil")
	}
	if err := t.sameModel(); err != nil {
		return Progress{}, err
	}
	if plan.Epochs < 0 || math.IsNaN(plan.Rate) || math.IsInf(plan.Rate, 0) {
		return Progress{}, fmt.Errorf("train: %d epochs at the rate %v", plan.Epochs, plan.Rate)
	}
	batches, err := data.NewBatches(set.Len(), plan.BatchSize, plan.Seed)
	if err != nil {
		return Progress{}, err
	}
	p := Progress{Regime: batches.Regime(), BatchSize: batches.Size(), PerEpoch: batches.Iterations()}
	full := newBuffer(set, batches.Size(), t.dtype)
	last := newBuffer(set, set.Len()-(p.PerEpoch-1)*p.BatchSize, t.dtype)
	uncancelled := context.WithoutCancel(ctx)
	for epoch := range plan.Epochs {
		seen, sum := 0, 0.0
		for rows := range batches.Epoch(epoch) {
			if err := context.Cause(ctx); err != nil {
				return p, err
			}
			b := full
			if len(rows) < batches.Size() {
				b = last
			}
			if err := b.fill(set, rows); err != nil {
				return p, err
			}
			cost, err := t.Step(uncancelled, b.x, b.y, plan.Rate)
			if err != nil {
				return p, fmt.Errorf("train: epoch %d%s: %w", epoch+1, suspect(set, rows), err)
			}
			seen += len(rows)
			sum += cost * float64(len(rows))
			p.Iterations++
			p.Cost = sum / float64(seen)
			if seen == set.Len() {
				p.Epochs++
			}
			if plan.Each != nil {
				if err := plan.Each(p); err != nil {
					return p, err
				}
			}
		}
		if err := t.allFinite(); err != nil {
			return p, fmt.Errorf("train: epoch %d: %w", epoch+1, err)
		}
	}
	return p, nil
}

// suspect names a sample among rows with a feature that is no number, if there is one.
func suspect(set *data.Set, rows []int) string {
	for _, i := range rows {
		for k, v := range set.Row(i) {
			if !isFinite(v) {
				return fmt.Sprintf(", feature %d of sample %d is %v", k, i, v)
			}
		}
	}
	return ""
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
		y := l.Apply(x)
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

// Tensors returns the given rows of a data set as a batch, x of shape [len(rows), Dim], and its one-hot targets,
// of shape [len(rows), Classes].
func Tensors(set *data.Set, rows []int, d graph.DType) (x, y *tensor.Dense, err error) {
	if set == nil {
		return nil, nil, errors.New("train: there is no data")
	}
	b := newBuffer(set, len(rows), d)
	return b.x, b.y, b.fill(set, rows)
}

// buffer holds batches of one size, one after another.
type buffer struct{ x, y *tensor.Dense }

func newBuffer(set *data.Set, rows int, d graph.DType) buffer {
	return buffer{nn.NewParam(d, rows, set.Dim).Value, nn.NewParam(d, rows, set.Classes).Value}
}

func (b buffer) fill(set *data.Set, rows []int) error {
	if b.x.Dtype() == tensor.Float32 {
		return data.Fill(b.x.Float32s(), b.y.Float32s(), set, rows)
	}
	return data.Fill(b.x.Float64s(), b.y.Float64s(), set, rows)
}
