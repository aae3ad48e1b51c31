package train

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/ops"
)

// Evaluator computes means of a loss and of metrics over a source, and changes nothing.
type Evaluator struct {
	model  any
	fn     *autodiff.Function
	names  []string
	result []float64
}

// NewEvaluator is an Evaluator for a model, with a loss of its own: the model that it is given is in evaluation mode.
func NewEvaluator[M, B any](model M, loss func(model M, batch B) (*graph.Node, Metrics), opts ...autodiff.ProgramOption) (*Evaluator, error) {
	if loss == nil {
		return nil, errors.New("train: there is no loss")
	}
	e := &Evaluator{model: model}
	var compile []autodiff.CompileOption
	for _, o := range opts {
		compile = append(compile, o)
	}
	e.fn = autodiff.Compile(func(m M, b B) []*graph.Node {
		value, beside := loss(nn.Eval(m), b)
		e.names = slices.Sorted(maps.Keys(beside))
		return append([]*graph.Node{ops.Cast(value, graph.Float64)}, beside.sorted()...)
	}, compile...)
	return e, nil
}

// Run returns the means over an epoch of a source, its first, each batch weighted by its samples: the loss is called "loss". It
// can be a Plan's Validate:
//
//	Validate: func(ctx context.Context) (map[string]float64, error) { return evaluator.Run(ctx, source) }
func (e *Evaluator) Run(ctx context.Context, source Source) (map[string]float64, error) {
	var sums []float64
	samples := 0
	for b, err := range source.Epoch(0, 0) {
		if err != nil {
			return nil, err
		}
		if err := e.fn.RunTo(ctx, &e.result, e.model, b.Feed); err != nil {
			return nil, err
		}
		if sums == nil {
			sums = make([]float64, len(e.result))
		}
		for i, v := range e.result {
			sums[i] += v * float64(b.Count)
		}
		samples += b.Count
	}
	if samples == 0 {
		return nil, errors.New("train: there are no samples to evaluate")
	}
	means := map[string]float64{"loss": sums[0] / float64(samples)}
	for i, name := range e.names {
		if _, ok := means[name]; ok {
			return nil, fmt.Errorf("train: a metric is called %s", name)
		}
		means[name] = sums[i+1] / float64(samples)
	}
	return means, nil
}
