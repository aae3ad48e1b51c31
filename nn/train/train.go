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
	rule   optim.Rule
	cost   func(x, y *graph.Node) *graph.Node
	step   *autodiff.Function
	dtype  graph.DType
	shapes []tensor.Shape // of the parameters

	steps   int             // that were made
	values  []*tensor.Dense // parameters as they are at a step, then states
	in, out []*tensor.Dense // room for the arguments and results of a step
	rate    *tensor.Dense
	ran     [2]batchType // the full batch and the last smaller one, compiled already
}

// batchType is what decides on the program for a batch.
type batchType struct {
	x, y           tensor.Shape
	xDType, yDType tensor.Dtype
}

// New returns a Trainer for the parameters of model, which cost is built from: cost gives the average cost, a
// scalar, of a batch x of shape [batch, inputs] with targets y of shape [batch, classes]. An option is one of
// programs, such as autodiff.DebugNaN.
//
// The parameters are those that the model has now. Their values are read when a step is made: a Value that is replaced by
// another tensor of the same type is trained from then on.
func New(model any, cost func(x, y *graph.Node) *graph.Node, rule optim.Rule, opts ...autodiff.ProgramOption) (*Trainer, error) {
	if cost == nil || rule == nil {
		return nil, errors.New("train: there is no cost, or no rule")
	}
	t := &Trainer{model: model, params: nn.Params(model), rule: rule, cost: cost}
	if len(t.params) == 0 {
		return nil, fmt.Errorf("train: a %T has no parameters", model)
	}
	for _, p := range t.params {
		if p.Param.Value == nil {
			return nil, fmt.Errorf("train: parameter %s has no value", p.Path)
		}
		if !t.dtype.Valid() {
			t.dtype = p.Param.DType()
		}
		if p.Param.DType() != t.dtype {
			return nil, fmt.Errorf("train: parameters %s and %s have different element types", t.params[0].Path, p.Path)
		}
		t.shapes = append(t.shapes, p.Param.Value.Shape().Clone())
		t.values = append(t.values, p.Param.Value)
	}
	for _, p := range t.params {
		for range rule.States() {
			t.values = append(t.values, nn.NewParam(t.dtype, p.Param.Value.Shape()...).Value)
		}
	}
	t.rate = nn.NewParam(t.dtype).Value
	t.in = append(slices.Clone(t.values), nil, nil, t.rate)
	t.out = make([]*tensor.Dense, 1+len(t.values)) // values are updated in place
	t.out[0] = nn.NewParam(t.dtype).Value
	compile := []autodiff.CompileOption{autodiff.Donate(0, 1), autodiff.RequireFinite(0)}
	for _, o := range opts {
		compile = append(compile, o)
	}
	t.step = autodiff.Compile(t.build, compile...)
	return t, nil
}

// build is one training step: cost, gradients, updates.
func (t *Trainer) build(values []*graph.Node, x, y, rate *graph.Node) (*graph.Node, []*graph.Node) {
	params, states := values[:len(t.params)], values[len(t.params):]
	nn.Bind(t.params, params)
	cost := t.cost(graph.Named("x", x), graph.Named("y", y))
	grads := autodiff.Gradients(cost, params...)
	var next, nextStates []*graph.Node
	per := t.rule.States()
	for i, p := range params {
		q, s := t.rule.Update(p, grads[i], graph.Named("rate", rate), states[i*per:(i+1)*per])
		next, nextStates = append(next, q), append(nextStates, s...)
	}
	return cost, append(next, nextStates...)
}

// Step makes one iteration on a batch with learning rate η and returns its cost before the update. When it fails, ctx is
// done, or the cost is NaN or infinite, which is a *autodiff.NotFiniteError, the parameters are as they were. So they are where
// an element of x is infinite, of which the cost may show nothing, an error that matches data.ErrNotFinite. It allocates
// nothing when the shapes are those of the batch before, or of the one that had another shape last.
func (t *Trainer) Step(ctx context.Context, x, y *tensor.Dense, rate float64) (float64, error) {
	if set(t.rate, rate); !isFinite(scalar(t.rate)) {
		return 0, fmt.Errorf("train: the rate %v is not finite in %v", rate, t.dtype)
	}
	if err := t.readValues(); err != nil {
		return 0, err
	}
	if i := infiniteAt(x); i >= 0 {
		return 0, fmt.Errorf("train: step %d: element %d of x is %v: %w", t.steps+1, i, element(x, i), data.ErrNotFinite)
	}
	cost, err := t.iterate(ctx, x, y)
	if err != nil {
		return 0, t.named(err)
	}
	t.steps++
	return cost, nil
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

// iterate makes a step that is known to be one.
func (t *Trainer) iterate(ctx context.Context, x, y *tensor.Dense) (float64, error) {
	if t.hasRun(x, y) {
		n := len(t.values)
		t.in[n], t.in[n+1] = x, y
		err := t.step.RunInto(ctx, t.out, t.in)
		t.in[n], t.in[n+1] = nil, nil
		if err != nil {
			return 0, err
		}
		return scalar(t.out[0]), nil
	}
	out, err := t.step.Run(ctx, t.values, x, y, t.rate)
	if err != nil {
		return 0, err
	}
	t.ran[1] = t.ran[0]
	t.ran[0] = batchType{x.Shape().Clone(), y.Shape().Clone(), x.Dtype(), y.Dtype()}
	return scalar(out[0]), nil
}

// readValues takes the tensors that the parameters have now, which must be of the types that they had.
func (t *Trainer) readValues() error {
	for i, p := range t.params {
		v := p.Param.Value
		if v == nil {
			return fmt.Errorf("train: parameter %s has no value", p.Path)
		}
		if v == t.values[i] {
			continue
		}
		if p.Param.DType() != t.dtype || !slices.Equal(v.Shape(), t.shapes[i]) {
			return fmt.Errorf("train: parameter %s is %v%v now, and was %v%v", p.Path, v.Dtype(), v.Shape(), t.dtype, t.shapes[i])
		}
		t.values[i], t.in[i] = v, v
	}
	return nil
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

// hasRun reports whether a batch of this type is compiled, and puts its type first.
func (t *Trainer) hasRun(x, y *tensor.Dense) bool {
	if x == nil || y == nil {
		return false
	}
	for i, b := range t.ran {
		if b.xDType == x.Dtype() && slices.Equal(b.x, x.Shape()) &&
			b.yDType == y.Dtype() && slices.Equal(b.y, y.Shape()) {
			t.ran[0], t.ran[i] = t.ran[i], t.ran[0]
			return true
		}
	}
	return false
}

func set(scalar *tensor.Dense, v float64) {
	if scalar.Dtype() == tensor.Float32 {
		scalar.Float32s()[0] = float32(v)
		return
	}
	scalar.Float64s()[0] = v
}

func scalar(t *tensor.Dense) float64 { return element(t, 0) }

func element(t *tensor.Dense, i int) float64 {
	if t.Dtype() == tensor.Float32 {
		return float64(t.Float32s()[i])
	}
	return t.Float64s()[i]
}
