package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/nn"
)

// Step makes one iteration on a batch, a tree of tensors for the loss's B, and returns its loss before the update. When it
// fails, ctx is done, the loss is NaN or infinite, or the rule refuses the step, parameters and state are as they were. The
// error for a loss that is no number is a *autodiff.NotFiniteError, with a *autodiff.NaNError that says which op at which line
// lost it, as far as running the step again shows it. Step allocates nothing when there was a batch of these shapes before.
func (t *Trainer) Step(ctx context.Context, batch any) (float64, error) {
	return t.StepOf(ctx, Batch{Feed: batch, Count: 1})
}

// StepOf is Step for rules that ask for the number of samples, or for the last batch of an epoch, as optim.Accumulate does.
func (t *Trainer) StepOf(ctx context.Context, b Batch) (float64, error) {
	setScalar(t.count, float64(b.Count))
	setScalar(t.last, b.Last)
	if err := t.step.RunTo(ctx, &t.result, t.model, t.states, b.Feed, t.count, t.last); err != nil {
		return 0, t.named(ctx, b, err)
	}
	t.steps++
	return t.result.Loss, nil
}

func setScalar[T float64 | bool](d *tensor.Dense, v T) {
	switch v := any(v).(type) {
	case float64:
		d.Float64s()[0] = v
	case bool:
		d.Bools()[0] = v
	}
}

// named is an error that names the step if that came to no number, and where the number was lost.
func (t *Trainer) named(ctx context.Context, b Batch, err error) error {
	var infinite *autodiff.NotFiniteError
	var born *autodiff.NaNError
	switch {
	case errors.As(err, &born):
		return fmt.Errorf("train: step %d: %w", t.steps+1, err)
	case !errors.As(err, &infinite):
		return err
	case infinite.Result != 0:
		return fmt.Errorf("train: the rule refuses step %d, a norm is not finite: %w", t.steps+1, err)
	}
	option := autodiff.CompileOption(autodiff.DebugNaN())
	if math.IsInf(infinite.Value, 0) {
		option = autodiff.DebugInf()
	}
	_, where := t.debug(option).Run(ctx, t.model, t.states, b.Feed, t.count, t.last)
	if errors.As(where, &born) {
		return fmt.Errorf("train: the loss of step %d is %v: %w: %w", t.steps+1, infinite.Value, err, born)
	}
	return fmt.Errorf("train: the loss of step %d is %v: %w", t.steps+1, infinite.Value, err)
}

// sameModel refuses a model that has other parameters than it had.
func (t *Trainer) sameModel() error {
	now := nn.Params(t.model)
	if !slices.EqualFunc(now, t.params, func(a, b nn.Named) bool { return a.Param == b.Param }) {
		return fmt.Errorf("train: the %T has other parameters than it had: make a new Trainer for it", t.model)
	}
	return nil
}

// allFinite refuses parameters that are not finite.
func (t *Trainer) allFinite() error {
	for _, p := range t.params {
		if v, found := notFinite(p.Param.Value); found {
			return fmt.Errorf("train: parameter %s has the element %v", p.Path, v)
		}
	}
	return nil
}

// notFinite is the first element of a tensor that is NaN or infinite.
func notFinite(d *tensor.Dense) (float64, bool) {
	if d.Shape().TotalSize() == 0 {
		return 0, false
	}
	if d.Dtype() == tensor.Float32 {
		return firstNotFinite(d.Float32s())
	}
	return firstNotFinite(d.Float64s())
}

func firstNotFinite[T float32 | float64](v []T) (float64, bool) {
	for _, x := range v {
		if x-x != 0 {
			return float64(x), true
		}
	}
	return 0, false
}
