package train

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/optim"
	"chainrule/ops"
)

// Metrics are scalars beside a loss, by their names: their means over an epoch are reported.
type Metrics map[string]*graph.Node

// Trainer updates the parameters of a model in place. One goroutine uses it at a time.
type Trainer struct {
	model any
	state *optim.State
	step  *autodiff.Function
	debug func(autodiff.CompileOption) *autodiff.Function // the step, to find out where a number was lost
	names []string                                        // of metrics, sorted

	params      []nn.Named
	steps       int // that were made
	states      any // the state's values: a slice that becomes an any is allocated
	count, last *tensor.Dense
	result      struct {
		Loss    float64
		Model   any
		State   []*tensor.Dense
		Refused float64
		Metrics []float64
	}
}

// New returns a Trainer for the parameters of model. The loss is a scalar, the mean over the samples of a batch: a tree of
// nodes of any type B. The model that the loss is given is in training mode, with a key for dropout made of the step's
// number, and the statistics that its layers take are kept. An option is one of programs, such as autodiff.DebugNaN.
//
// The parameters are those that the model has now. Their values are read when a step is made: a Value that is replaced by
// another tensor of the same type is trained from then on.
func New[M, B any](model M, loss func(model M, batch B) *graph.Node, rule optim.Rule, opts ...autodiff.ProgramOption) (*Trainer, error) {
	if loss == nil {
		return nil, errors.New("train: there is no loss")
	}
	return NewWithMetrics(model, func(m M, b B) (*graph.Node, Metrics) { return loss(m, b), nil }, rule, opts...)
}

// NewWithMetrics is New for a loss with metrics beside it, such as the accuracy.
func NewWithMetrics[M, B any](model M, loss func(model M, batch B) (*graph.Node, Metrics), rule optim.Rule,
	opts ...autodiff.ProgramOption) (*Trainer, error) {
	if loss == nil || rule == nil {
		return nil, errors.New("train: there is no loss, or no rule")
	}
	t := &Trainer{model: model, params: nn.Params(model)}
	if len(t.params) == 0 {
		return nil, fmt.Errorf("train: a %T has no parameters", model)
	}
	for _, p := range t.params {
		if p.Param.Value == nil {
			return nil, fmt.Errorf("train: parameter %s has no value", p.Path)
		}
	}
	state, err := optim.NewState[M](rule, model, opts...)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	t.state, t.states = state, state.Values
	t.count, t.last = tensor.New(tensor.FromScalar(0.0)), tensor.New(tensor.FromScalar(false))
	t.result.Model, t.result.State = t.model, state.Values // updated in place
	step := iteration(loss, rule, &t.names)
	compile := []autodiff.CompileOption{autodiff.Donate(0, 1), autodiff.Donate(1, 2), autodiff.RequireFinite(0),
		autodiff.RequireFinite(3)}
	for _, o := range opts {
		compile = append(compile, o)
	}
	t.step = autodiff.Compile(step, compile...)
	t.debug = func(o autodiff.CompileOption) *autodiff.Function { return autodiff.Compile(step, o) }
	return t, nil
}

// iteration is one training step: loss, gradients, updates. It writes down the names of the metrics.
func iteration[M, B any](loss func(M, B) (*graph.Node, Metrics), rule optim.Rule, names *[]string) any {
	type aux struct {
		Stats   nn.Stats
		Metrics []*graph.Node
	}
	return func(model M, old []*graph.Node, batch B, count, last *graph.Node) (value *graph.Node, next M,
		kept []*graph.Node, refused *graph.Node, metrics []*graph.Node) {
		batch = autodiff.MapTree(batch, func(path string, n *graph.Node) *graph.Node {
			return graph.Named(cmp.Or(strings.ToLower(path), "batch"), n)
		})
		step := old[0] // the first slot of every state
		key := ops.FoldIn(ops.Key(step.Graph(), keySeed), step)
		value, a, grads := autodiff.ValueAndGradAux(func(m M) (*graph.Node, aux) {
			m = nn.Train(m, key)
			v, beside := loss(m, batch)
			*names = slices.Sorted(maps.Keys(beside))
			return v, aux{nn.Statistics(m), beside.sorted()}
		})(model)
		next, kept, refused = optim.Update(rule, model, grads, old, optim.Input{Loss: value, Count: count, Last: last})
		return value, nn.WithStatistics(next, a.Stats), kept, refused, a.Metrics
	}
}

// keySeed makes the keys of all steps, each with the step's number.
const keySeed = 0

// sorted has the metrics in the order of their names, as float64.
func (m Metrics) sorted() []*graph.Node {
	list := []*graph.Node{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if n := m[name]; n == nil || n.Rank() != 0 {
			graph.Fail("train", nil, "the metric %s is no scalar", name)
		}
		list = append(list, ops.Cast(m[name], graph.Float64))
	}
	return list
}

// State is what the rule remembers: it is updated in place.
func (t *Trainer) State() *optim.State { return t.state }

// Steps is the number of steps that were made.
func (t *Trainer) Steps() int { return t.steps }

// Program is the compiled step, a function of the model, the rule's state, a batch, the number of its samples as a
// float64, and whether it is the last of an epoch. It is for looking at: see autodiff.Function.Dump, and Feeds.
func (t *Trainer) Program() *autodiff.Function { return t.step }

// Feeds are the arguments of Program for a batch.
func (t *Trainer) Feeds(batch any) []any {
	return []any{t.model, t.states, batch, t.count, t.last}
}

// Metric is the value of a metric at the last step.
func (t *Trainer) Metric(name string) (float64, bool) {
	i, ok := slices.BinarySearch(t.names, name)
	if !ok || i >= len(t.result.Metrics) {
		return 0, false
	}
	return t.result.Metrics[i], true
}
