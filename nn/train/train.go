// Package train runs gradient descent.
//
// Vocabulary: a batch is the samples that one update sees, and the batch size their number; an iteration is one
// update; an epoch is one pass over all samples, ⌈N/m⌉ iterations for N samples in batches of m. Batch gradient
// descent has m = N, stochastic gradient descent m = 1, and mini-batch gradient descent is in between.
package train

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/data"
	"chainrule/nn/optim"
)

// Trainer updates the parameters of a model in place. One goroutine uses it at a time.
type Trainer struct {
	params []nn.Named
	rule   optim.Rule
	cost   func(x, y *graph.Node) *graph.Node
	step   *autodiff.Function
	values []*tensor.Dense // parameters, then states
	dtype  graph.DType
}

// New returns a Trainer for the parameters of model, which cost is built from: cost gives the average cost, a
// scalar, of a batch x of shape [batch, inputs] with targets y of shape [batch, classes].
func New(model any, cost func(x, y *graph.Node) *graph.Node, rule optim.Rule) (*Trainer, error) {
	t := &Trainer{params: nn.Params(model), rule: rule, cost: cost, dtype: graph.Float64}
	if len(t.params) == 0 {
		return nil, fmt.Errorf("train: a %T has no parameters", model)
	}
	for i, p := range t.params {
		t.values = append(t.values, p.Param.Value)
		if p.Param.Value.Dtype() == tensor.Float32 {
			t.dtype = graph.Float32
		}
		if p.Param.Value.Dtype() != t.params[0].Param.Value.Dtype() {
			return nil, fmt.Errorf("train: parameters %s and %s have different element types",
				t.params[0].Path, t.params[i].Path)
		}
	}
	for _, p := range t.params {
		for range rule.States() {
			t.values = append(t.values, nn.NewParam(t.dtype, p.Param.Value.Shape()...).Value)
		}
	}
	t.step = autodiff.Compile(t.build, autodiff.Donate(0, 1))
	return t, nil
}

// build is one training step: cost, gradients, updates.
func (t *Trainer) build(values []*graph.Node, x, y, rate *graph.Node) (*graph.Node, []*graph.Node) {
	params, states := values[:len(t.params)], values[len(t.params):]
	for i, p := range t.params {
		x.Graph().Bind(p.Param, graph.Named(p.Path, params[i]))
	}
	cost := t.cost(x, y)
	grads := autodiff.Gradients(cost, params...)
	var next, nextStates []*graph.Node
	per := t.rule.States()
	for i, p := range params {
		q, s := t.rule.Update(p, grads[i], rate, states[i*per:(i+1)*per])
		next, nextStates = append(next, q), append(nextStates, s...)
	}
	return cost, append(next, nextStates...)
}

// Step makes one iteration on a batch with learning rate η and returns its cost before the update. When it fails or
// ctx is done, the parameters are as they were.
func (t *Trainer) Step(ctx context.Context, x, y *tensor.Dense, rate float64) (float64, error) {
	var eta any = rate
	if t.dtype == graph.Float32 {
		eta = float32(rate)
	}
	out, err := t.step.Run(ctx, t.values, x, y, eta)
	if err != nil {
		return 0, err
	}
	if t.dtype == graph.Float32 {
		return float64(out[0].Float32s()[0]), nil
	}
	return out[0].Float64s()[0], nil
}

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
// with the context's error.
func (t *Trainer) Fit(ctx context.Context, set *data.Set, plan Plan) (Progress, error) {
	batches, err := data.NewBatches(set.Len(), plan.BatchSize, plan.Seed)
	if err != nil {
		return Progress{}, err
	}
	p := Progress{Regime: batches.Regime(), BatchSize: batches.Size(), PerEpoch: batches.Iterations()}
	for epoch := range plan.Epochs {
		seen, sum := 0, 0.0
		for rows := range batches.Epoch(epoch) {
			if err := context.Cause(ctx); err != nil {
				return p, err
			}
			x, y, err := Tensors(set, rows, t.dtype)
			if err != nil {
				return p, err
			}
			cost, err := t.Step(context.WithoutCancel(ctx), x, y, plan.Rate)
			if err != nil {
				return p, err
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
	}
	return p, nil
}

// Tensors returns the given rows of a data set as a batch, x of shape [len(rows), Dim], and its one-hot targets,
// of shape [len(rows), Classes].
func Tensors(set *data.Set, rows []int, d graph.DType) (x, y *tensor.Dense, err error) {
	x = nn.NewParam(d, len(rows), set.Dim).Value
	y = nn.NewParam(d, len(rows), set.Classes).Value
	if d == graph.Float32 {
		return x, y, data.Fill(x.Float32s(), y.Float32s(), set, rows)
	}
	return x, y, data.Fill(x.Float64s(), y.Float64s(), set, rows)
}
