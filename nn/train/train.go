// Package train runs gradient descent.
//
// Vocabulary: a batch is the samples that one update sees, and the batch size their number; an iteration is one
// update; an epoch is one pass over all samples, ⌈N/m⌉ iterations for N samples in batches of m. Batch gradient
// descent has m = N, stochastic gradient descent m = 1, and mini-batch gradient descent is in between.
package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/data"
	"chainrule/nn/optim"
)

// Trainer updates the parameters of a model in place. One goroutine uses it at a time.
type Trainer struct {
	model  any
	params []nn.Named
	step   *autodiff.Function
	dtype  graph.DType

	steps  int // that were made
	states any // of the rule: [][]*tensor.Dense, some for each parameter
	rate   *tensor.Dense
	result struct {
		Cost   float64
		Model  any
		States [][]*tensor.Dense
	}
}

// New returns a Trainer for the parameters of model: cost gives the average cost, a scalar, of a batch x of shape
// [batch, inputs] with targets y of shape [batch, classes], by a model that it is given. An option is one of programs, such
// as autodiff.DebugNaN.
//
// The parameters are those that the model has now. Their values are read when a step is made: a Value that is replaced by
// another tensor of the same type is trained from then on.
func New[M any](model M, cost func(model M, x, y *graph.Node) *graph.Node, rule optim.Rule,
	opts ...autodiff.ProgramOption) (*Trainer, error) {
	if cost == nil || rule == nil {
		return nil, errors.New("train: there is no cost, or no rule")
	}
	t := &Trainer{model: model, params: nn.Params(model)}
	if len(t.params) == 0 {
		return nil, fmt.Errorf("train: a %T has no parameters", model)
	}
	var all [][]*tensor.Dense
	for _, p := range t.params {
		if p.Param.Frozen {
			continue
		}
		if p.Param.Value == nil {
			return nil, fmt.Errorf("train: parameter %s has no value", p.Path)
		}
		if !t.dtype.Valid() {
			t.dtype = p.Param.DType()
		}
		if p.Param.DType() != t.dtype {
			return nil, fmt.Errorf("train: parameters %s and %s have different element types", t.params[0].Path, p.Path)
		}
		var states []*tensor.Dense
		for range rule.States() {
			states = append(states, nn.NewParam(t.dtype, p.Param.Value.Shape()...).Value)
		}
		all = append(all, states)
	}
	t.rate = nn.NewParam(t.dtype).Value
	t.states, t.result.Model, t.result.States = all, model, all // updated in place
	compile := []autodiff.CompileOption{autodiff.Donate(0, 1), autodiff.Donate(1, 2), autodiff.RequireFinite(0)}
	for _, o := range opts {
		compile = append(compile, o)
	}
	t.step = autodiff.Compile(iteration(cost, rule), compile...)
	return t, nil
}

// iteration is one training step: cost, gradients, updates.
func iteration[M any](cost func(model M, x, y *graph.Node) *graph.Node, rule optim.Rule) any {
	type states = [][]*graph.Node
	return func(model M, old states, x, y, rate *graph.Node) (value *graph.Node, next M, kept states) {
		x, y, rate = graph.Named("x", x), graph.Named("y", y), graph.Named("rate", rate)
		value, grads := autodiff.ValueAndGrad(func(m M) *graph.Node { return cost(m, x, y) })(model)
		slopes := map[string]*graph.Node{}
		for _, l := range autodiff.Leaves(grads) {
			slopes[l.Path] = l.Node
		}
		next = autodiff.MapTree(model, func(path string, p *graph.Node) *graph.Node {
			if slopes[path] == nil {
				return p // it is frozen, or a state
			}
			q, s := rule.Update(p, slopes[path], rate, old[len(kept)])
			kept = append(kept, s)
			return q
		})
		return value, next, kept
	}
}

// Step makes one iteration on a batch with learning rate η and returns its cost before the update. When it fails, ctx is
// done, or the cost is NaN or infinite, which is a *autodiff.NotFiniteError, the parameters are as they were. So they are where
// an element of x is infinite, of which the cost may show nothing, an error that matches data.ErrNotFinite. It allocates
// nothing when there was a batch of these shapes before.
func (t *Trainer) Step(ctx context.Context, x, y *tensor.Dense, rate float64) (float64, error) {
	if set(t.rate, rate); !isFinite(element(t.rate, 0)) {
		return 0, fmt.Errorf("train: the rate %v is not finite in %v", rate, t.dtype)
	}
	if i := infiniteAt(x); i >= 0 {
		return 0, fmt.Errorf("train: step %d: element %d of x is %v: %w", t.steps+1, i, element(x, i), data.ErrNotFinite)
	}
	if err := t.step.RunTo(ctx, &t.result, t.model, t.states, x, y, t.rate); err != nil {
		return 0, t.named(err)
	}
	t.steps++
	return t.result.Cost, nil
}

// named is an error that names the step if that came to no number.
func (t *Trainer) named(err error) error {
	var infinite *autodiff.NotFiniteError
	var born *autodiff.NaNError
	switch {
	case errors.As(err, &infinite):
		return fmt.Errorf("train: the cost of step %d is %v: %w", t.steps+1, infinite.Value, err)
	case errors.As(err, &born):
		return fmt.Errorf("train: step %d: %w", t.steps+1, err)
	}
	return err
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
		for i := range p.Param.Value.Shape().TotalSize() {
			if v := element(p.Param.Value, i); !isFinite(v) {
				return fmt.Errorf("train: parameter %s has the element %v", p.Path, v)
			}
		}
	}
	return nil
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// infiniteAt is the place of the first element of a batch that is infinite, -1 if there is none.
func infiniteAt(x *tensor.Dense) int {
	if x == nil {
		return -1
	}
	switch x.Dtype() {
	case tensor.Float32:
		return infiniteIn(x.Float32s())
	case tensor.Float64:
		return infiniteIn(x.Float64s())
	}
	return -1
}

func infiniteIn[T float32 | float64](x []T) int {
	return slices.IndexFunc(x, func(v T) bool { return v-v != 0 && v == v })
}

func set(scalar *tensor.Dense, v float64) {
	if scalar.Dtype() == tensor.Float32 {
		scalar.Float32s()[0] = float32(v)
		return
	}
	scalar.Float64s()[0] = v
}

func element(t *tensor.Dense, i int) float64 {
	if t.Dtype() == tensor.Float32 {
		return float64(t.Float32s()[i])
	}
	return t.Float64s()[i]
}
