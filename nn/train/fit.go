package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// Progress counts what has been done.
type Progress struct {
	Epochs     int // finished
	Iterations int // in all
	PerEpoch   int // iterations in an epoch, 0 while it is not known
	Samples    int // of the epoch at hand, so far
	// Loss is the mean over the samples of the epoch at hand so far, each batch's mean weighted by its samples.
	Loss float64
	// Metrics and Validation are of the last epoch that was finished: means over its samples, and what Plan.Validate gave.
	Metrics    map[string]float64
	Validation map[string]float64
	Stopped    bool // by Plan.Stop
}

// loop is a training that runs.
type loop struct {
	*Trainer
	plan    Plan
	source  Source
	done    Progress
	within  int       // iterations of the epoch at hand
	loss    float64   // sums over samples
	sums    []float64 // of metrics
	stop    *stopper
	display *display
}

// Fit trains on the batches of a source, to the end of the plan's epochs. When ctx is done it stops after the iteration at
// hand and returns what has been done with the context's error. A loss that is NaN or infinite ends it with an error that
// names the epoch, the step and the line, and parameters are as they were before that step; see Step. So does a parameter
// that is no number at the end of an epoch, whose loss may still have been one.
//
// The same model, source and plan give the same parameters to the last bit, for any number of cores, on machines with the
// same instruction set and with the same build; others round differently. It is so too if training was interrupted and
// resumed from a checkpoint.
func (t *Trainer) Fit(ctx context.Context, source Source, plan Plan) (Progress, error) {
	switch {
	case source == nil:
		return Progress{}, errors.New("train: there is no data")
	case ctx == nil:
		return Progress{}, errors.New("train: the context is nil")
	case plan.Epochs < 0:
		return Progress{}, fmt.Errorf("train: %d epochs", plan.Epochs)
	}
	if err := t.sameModel(); err != nil {
		return Progress{}, err
	}
	l := &loop{Trainer: t, plan: plan, source: source, display: newDisplay(plan, source.Len())}
	l.done.PerEpoch = source.Len()
	if plan.Stop != nil {
		l.stop = &stopper{EarlyStopping: *plan.Stop}
	}
	if err := l.resume(); err != nil {
		return Progress{}, err
	}
	if plan.Interrupt {
		var restore func()
		ctx, restore = signal.NotifyContext(ctx, os.Interrupt)
		defer restore()
	}
	err := l.epochs(ctx)
	l.display.close()
	if l.stop != nil && err == nil {
		err = l.stop.restore(t.model)
	}
	return l.done, err
}

func (l *loop) epochs(ctx context.Context) error {
	for l.done.Epochs < l.plan.Epochs && !l.done.Stopped {
		if err := l.epoch(ctx); err != nil {
			if ctx.Err() != nil { // what was done is kept
				return errors.Join(err, l.save())
			}
			return err
		}
	}
	return nil
}

// epoch runs an epoch from where it is to its end.
func (l *loop) epoch(ctx context.Context) error {
	number, uncancelled := l.done.Epochs, context.WithoutCancel(ctx)
	for batch, err := range l.source.Epoch(number, l.within) {
		if err != nil {
			return fmt.Errorf("train: epoch %d: %w", number+1, err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := l.iterate(uncancelled, batch); err != nil {
			return err
		}
	}
	if l.within == 0 {
		return fmt.Errorf("train: epoch %d has no batches", number+1)
	}
	if err := l.allFinite(); err != nil {
		return fmt.Errorf("train: epoch %d: %w", number+1, err)
	}
	return l.finish(ctx)
}

// iterate makes one step and counts it.
func (l *loop) iterate(ctx context.Context, batch Batch) error {
	if l.within == 0 {
		l.done.Samples, l.loss = 0, 0
		clear(l.sums)
	}
	value, err := l.StepOf(ctx, batch)
	if err != nil {
		return fmt.Errorf("train: epoch %d: %w", l.done.Epochs+1, err)
	}
	weight := float64(batch.Count)
	l.within++
	l.done.Samples += batch.Count
	l.loss += weight * value
	if l.sums == nil {
		l.sums = make([]float64, len(l.result.Metrics))
	}
	for i, v := range l.result.Metrics {
		l.sums[i] += weight * v
	}
	l.done.Iterations++
	l.done.Loss = l.loss / float64(l.done.Samples)
	l.display.iteration(l.done, l.within)
	if l.plan.Each != nil {
		if err := l.plan.Each(l.done); err != nil {
			return err
		}
	}
	return l.saveStep()
}

// finish ends an epoch: validation, early stopping, curves, checkpoint.
func (l *loop) finish(ctx context.Context) error {
	l.done.PerEpoch = l.within
	l.within = 0
	l.done.Epochs++
	l.done.Metrics = map[string]float64{}
	for i, name := range l.names {
		l.done.Metrics[name] = l.sums[i] / float64(l.done.Samples)
	}
	if l.plan.Validate != nil {
		began := time.Now()
		values, err := l.plan.Validate(ctx)
		if err != nil {
			return fmt.Errorf("train: validation after epoch %d: %w", l.done.Epochs, err)
		}
		l.done.Validation = values
		l.display.pause(time.Since(began))
	}
	if l.stop != nil {
		stopped, err := l.stop.epoch(l.done, l.model)
		if err != nil {
			return err
		}
		l.done.Stopped = stopped
	}
	l.display.epoch(l.done)
	for _, c := range l.plan.Curves {
		if err := c.Record(l.done.Iterations, l.done.values()); err != nil {
			return fmt.Errorf("train: curves: %w", err)
		}
	}
	if l.plan.EachEpoch != nil {
		if err := l.plan.EachEpoch(l.done); err != nil {
			return err
		}
	}
	return l.save()
}

// values are the loss and all metrics by their names in curves.
func (p Progress) values() map[string]float64 {
	all := map[string]float64{"loss": p.Loss}
	for name, v := range p.Metrics {
		all[name] = v
	}
	for name, v := range p.Validation {
		all["validation "+name] = v
	}
	return all
}
