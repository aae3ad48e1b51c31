package train

import (
	"fmt"
	"maps"
	"math"

	"gorgonia.org/tensor"

	"chainrule/nn/save"
)

// EarlyStopping ends the training when a value has not become better for Patience epochs, and puts the model back as it was
// when the value was best: also when the epochs just end.
type EarlyStopping struct {
	Patience int     // 0 stands for 1
	MinDelta float64 // what is better by less does not count
	Value    string  // of Progress.Validation or Metrics; "" stands for the validation's "loss", or the training's without one
	Largest  bool    // larger is better
}

// stopper is early stopping at work.
type stopper struct {
	EarlyStopping
	best  *float64
	since int // epochs
	model map[string]*tensor.Dense
}

// epoch looks at an epoch's value, and says whether it was the last.
func (s *stopper) epoch(p Progress, model any) (bool, error) {
	v, err := s.value(p)
	if err != nil {
		return false, err
	}
	if math.IsNaN(v) {
		return false, fmt.Errorf("train: early stopping: the value after epoch %d is NaN", p.Epochs)
	}
	better := s.best == nil || !s.Largest && v < *s.best-s.MinDelta || s.Largest && v > *s.best+s.MinDelta
	if better {
		s.best, s.since = &v, 0
		return false, s.keep(model)
	}
	s.since++
	return s.since >= max(s.Patience, 1), nil
}

func (s *stopper) value(p Progress) (float64, error) {
	if s.Value == "" {
		if v, ok := p.Validation["loss"]; ok {
			return v, nil
		}
		return p.Loss, nil
	}
	for _, values := range []map[string]float64{p.Validation, p.Metrics} {
		if v, ok := values[s.Value]; ok {
			return v, nil
		}
	}
	return 0, fmt.Errorf("train: early stopping: there is no value %q", s.Value)
}

// keep copies a model.
func (s *stopper) keep(model any) error {
	now, err := save.Tensors(model)
	if err != nil {
		return err
	}
	if s.model == nil {
		s.model = maps.Clone(now)
		for name, d := range now {
			s.model[name] = d.Clone().(*tensor.Dense)
		}
		return nil
	}
	return save.Assign(s.model, now)
}

// restore puts the best model back.
func (s *stopper) restore(model any) error {
	if s.model == nil {
		return nil
	}
	return save.Assign(model, s.model)
}
