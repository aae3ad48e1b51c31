package optim

import (
	"context"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// State is what a rule remembers between steps: tensors, and a name for each.
type State struct {
	Names  []string
	Values []*tensor.Dense
}

// NewState is the state before the first step of a rule on a model: M is its type where the step is traced, and model what is
// fed for it. Options are those of the program that makes it.
func NewState[M any](rule Rule, model any, opts ...autodiff.ProgramOption) (*State, error) {
	var names []string
	var compile []autodiff.CompileOption
	for _, o := range opts {
		compile = append(compile, o)
	}
	values, err := autodiff.Compile(func(m M) []*graph.Node {
		_, st := update(rule, m, autodiff.Grad(total[M])(m), nil, Input{})
		names = st.names
		return st.now
	}, compile...).Run(context.Background(), model)
	if err != nil {
		return nil, err
	}
	return &State{names, values}, nil
}

// total depends on all that has a derivative: its gradient is a tree like those of any loss.
func total[M any](m M) *graph.Node {
	var sum *graph.Node
	for _, l := range autodiff.Leaves(m) {
		if !l.Node.DType().IsFloat() {
			continue
		}
		part := ops.Cast(ops.Sum(l.Node), graph.Float64)
		if sum == nil {
			sum = part
			continue
		}
		sum = ops.Add(sum, part)
	}
	if sum == nil {
		graph.Fail("optim", nil, "the model has no parameters")
	}
	return sum
}

// Slot is the tensor of a name, nil if there is none.
func (s *State) Slot(name string) *tensor.Dense {
	if i := slices.Index(s.Names, name); i >= 0 {
		return s.Values[i]
	}
	return nil
}

// Swap exchanges the values of a model's parameters with what a rule keeps for them under a name, such as the averages "ema" of
// [EMA]; a second call puts them back. What has no slot of the name, such as running statistics, stays. It is an error if
// nothing has.
func (s *State) Swap(name string, model any) error {
	swapped := 0
	for _, p := range autodiff.Parameters(model) {
		if i := slices.Index(s.Names, name+"/"+p.Path); i >= 0 {
			_, value := p.Parameter.Held()
			*value, s.Values[i] = s.Values[i], *value
			swapped++
		}
	}
	if swapped == 0 {
		return fmt.Errorf("optim: the state has no slots %q for this model", name)
	}
	return nil
}
