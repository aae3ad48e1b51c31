package nn

import (
	"maps"
	"slices"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
)

// State is a tensor of a model that training changes and derivatives leave alone, such as a running mean. In a function of
// a model that is traced it stands for a node, and takes a new one, which [Statistics] hands out.
type State struct {
	Value *tensor.Dense
	node  *graph.Node
	next  *graph.Node
}

// NewState returns zeros of the given element type and shape. It panics with a *graph.Error as NewParam does.
func NewState(d graph.DType, shape ...int) *State {
	return &State{Value: newTensor("state", "state", d, shape)}
}

// Node returns the node that the state stands for now, which is the new value once there is one. It panics with a
// *graph.Error outside of a function that takes its model as an argument.
func (s *State) Node() *graph.Node {
	switch {
	case s == nil:
		graph.Fail("state", nil, "the state is nil")
	case s.next != nil:
		return s.next
	}
	return autodiff.NodeOf(s)
}

// Set gives the state a new value of the same type, in a model that [Train] gave. It panics with a *graph.Error if it is
// not of that type.
func (s *State) Set(n *graph.Node) {
	if old := s.Node(); n == nil || !n.Type().Equal(old.Type()) {
		graph.Fail("state", []*graph.Node{old}, "the new value is not of its type")
	}
	s.next = n
}

// Held implements autodiff.Parameter.
func (s *State) Held() (*graph.Node, **tensor.Dense) {
	if s.next != nil {
		return s.next, &s.Value
	}
	return s.node, &s.Value
}

// Hold implements autodiff.Parameter.
func (s *State) Hold(n *graph.Node) autodiff.Parameter { return &State{node: n} }

// IsFixed implements autodiff.FixedParameter.
func (s *State) IsFixed() bool { return true }

// HoldFixed implements autodiff.FixedParameter.
func (s *State) HoldFixed(n *graph.Node) autodiff.Parameter { return s.Hold(n) }

// Stats are new values of states by their names in the model, such as "layers.1.mean". They are a tree, and so a result of
// functions that are traced.
type Stats map[string]*graph.Node

// Statistics returns the new values that the states of a model took since [Train] gave it.
func Statistics(model any) Stats {
	out := Stats{}
	for _, p := range autodiff.Parameters(model) {
		if s, ok := p.Parameter.(*State); ok && s.next != nil {
			out[p.Name] = s.next
		}
	}
	return out
}

// WithStatistics returns the model with new values of states: parameters are as they were. It panics with a *graph.Error if
// the model has no state of a name.
func WithStatistics[M any](model M, stats Stats) M {
	left := maps.Clone(stats)
	next := map[string]*graph.Node{} // by path
	for _, p := range autodiff.Parameters(model) {
		if n := left[p.Name]; n != nil {
			next[p.Path] = n
			delete(left, p.Name)
		}
	}
	if len(left) > 0 {
		graph.Fail("statistics", nil, "the model has no state %q", slices.Sorted(maps.Keys(left))[0])
	}
	return autodiff.MapTree(model, func(path string, old *graph.Node) *graph.Node {
		if n := next[path]; n != nil {
			return n
		}
		return old
	})
}

// States lists the states of a model in the order of its fields, each once.
func States(model any) []autodiff.NamedParameter {
	return slices.DeleteFunc(autodiff.Parameters(model), func(p autodiff.NamedParameter) bool {
		_, ok := p.Parameter.(*State)
		return !ok
	})
}
