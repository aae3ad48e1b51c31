package optim

import (
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Zero is 0 for fields in which 0 stands for a default: the least positive number, which no result shows.
const Zero = math.SmallestNonzeroFloat64

// Param is a parameter in a step.
type Param struct {
	Path  string      // in the model, such as "Layers[0].Weight"
	Value *graph.Node // before the step
	Grad  *graph.Node // ∂loss/∂Value, or what transforms have made of it
}

// Rule is one step of an optimiser: Next returns the next value of each parameter, of the same type.
type Rule interface {
	Next(s *Step, params []Param) []*graph.Node
}

// Input is what a step may know beside parameters and gradients. All of it may be nil.
type Input struct {
	Loss  *graph.Node // the loss before the step, a scalar: for Plateau
	Count *graph.Node // the number of samples that the gradient is the mean of, a float64 scalar: for Accumulate; nil is 1
	Last  *graph.Node // whether Accumulate shall wait for no more gradients, a Bool scalar
}

// Step is one step of a rule: it hands out what the rule remembers.
type Step struct {
	Input
	store *store
	scope string
	only  *graph.Node // slots change only where this is true; nil for always
}

// store has the state of all rules of a step.
type store struct {
	graph   *graph.Graph
	fed     []*graph.Node // nil when the state is made
	names   []string
	at      map[string]int
	now     []*graph.Node // before the step
	next    []*graph.Node
	watched *graph.Node
}

// Graph is the graph that the step is built in.
func (s *Step) Graph() *graph.Graph { return s.store.graph }

// Slot returns what was kept under a name at the last step, and at first what init returns. A name is used for one thing.
func (s *Step) Slot(name string, init func() *graph.Node) *graph.Node {
	name = s.scope + name
	if i, ok := s.store.at[name]; ok {
		return s.store.now[i]
	}
	i := len(s.store.names)
	s.store.at[name] = i
	n := init()
	if s.store.fed != nil {
		if i >= len(s.store.fed) || !s.store.fed[i].Type().Equal(n.Type()) {
			graph.Fail("optim", nil, "the state is of another rule or another model: it has no %v for %s", n.Type(), name)
		}
		n = s.store.fed[i]
	}
	s.store.names = append(s.store.names, name)
	s.store.now = append(s.store.now, n)
	s.store.next = append(s.store.next, n)
	return n
}

// Keep puts a value of the same type into a slot, for the next step.
func (s *Step) Keep(name string, n *graph.Node) {
	i, ok := s.store.at[s.scope+name]
	if !ok || !n.Type().Equal(s.store.now[i].Type()) {
		graph.Fail("optim", []*graph.Node{n}, "there is no slot %s%s of this type", s.scope, name)
	}
	if s.only != nil {
		n = ops.Where(s.only, n, s.store.next[i])
	}
	s.store.next[i] = n
}

// Zeros is Slot for a tensor like a parameter, zeros at first. Its name ends with the parameter's path.
func (s *Step) Zeros(name string, p Param) *graph.Node {
	return s.Slot(name+"/"+p.Path, func() *graph.Node { return ops.FullLike(p.Value, 0) })
}

// Set is Keep for what Zeros returns.
func (s *Step) Set(name string, p Param, n *graph.Node) { s.Keep(name+"/"+p.Path, n) }

// Number is the number of the step, a float64 scalar: 1 for the first.
func (s *Step) Number() *graph.Node {
	done := s.Slot("step", func() *graph.Node { return ops.Full(s.Graph(), graph.Int64, 0) })
	n := ops.Add(done, 1)
	s.Keep("step", n)
	return ops.Cast(n, graph.Float64)
}

// In is the step for a rule inside a rule: names of its slots begin with the given name.
func (s *Step) In(name string) *Step {
	inner := *s
	inner.scope += name + "."
	return &inner
}

// Require makes the step's third result not finite where n, a scalar, is not: a step that must not be made.
func (s *Step) Require(n *graph.Node) {
	nothing := ops.Mul(ops.Cast(n, graph.Float64), 0)
	if s.store.watched != nil {
		nothing = ops.Add(s.store.watched, nothing)
	}
	s.store.watched = nothing
}

// Update makes one step: from a model, its gradients, a tree like it with nil where nothing shall change, and a rule's state to the next model and state. The
// third result is a scalar: 0, or NaN if the rule refuses the step, as clipping by an infinite norm does; see
// autodiff.RequireFinite.
func Update[M any](rule Rule, model, grads M, state []*graph.Node, in Input) (M, []*graph.Node, *graph.Node) {
	next, st := update(rule, model, grads, append([]*graph.Node{}, state...), in)
	if len(st.next) != len(state) {
		graph.Fail("optim", nil, "the state is of another rule or another model: it has %d tensors, not %d",
			len(state), len(st.next))
	}
	if st.watched == nil {
		st.watched = ops.Full(st.graph, graph.Float64, 0)
	}
	return next, st.next, st.watched
}

func update[M any](rule Rule, model, grads M, fed []*graph.Node, in Input) (M, *store) {
	if rule == nil {
		graph.Fail("optim", nil, "there is no rule")
	}
	params := paramsOf(model, grads)
	if len(params) == 0 {
		graph.Fail("optim", nil, "there is no parameter with a gradient")
	}
	st := &store{graph: params[0].Value.Graph(), fed: fed, at: map[string]int{}}
	s := &Step{Input: in, store: st}
	s.Number()
	next := rule.Next(s, params)
	if len(next) != len(params) {
		graph.Fail("optim", nil, "the rule returned %d of %d parameters", len(next), len(params))
	}
	at := map[string]*graph.Node{}
	for i, p := range params {
		at[p.Path] = next[i]
	}
	return autodiff.MapTree(model, func(path string, n *graph.Node) *graph.Node {
		if next, ok := at[path]; ok {
			return next
		}
		return n
	}), st
}

// paramsOf lists the leaves of a model that have a gradient.
func paramsOf[M any](model, grads M) (params []Param) {
	at := map[string]*graph.Node{}
	for _, l := range autodiff.Leaves(model) {
		at[l.Path] = l.Node
	}
	for _, l := range autodiff.Leaves(grads) {
		value, ok := at[l.Path]
		if !ok || !value.Type().Equal(l.Node.Type()) {
			graph.Fail("optim", []*graph.Node{l.Node}, "the model has no parameter for the gradient %s", l)
		}
		params = append(params, Param{l.Path, value, l.Node})
	}
	return params
}

// each is the next value of every parameter, one by one.
func each(params []Param, f func(p Param) *graph.Node) []*graph.Node {
	next := make([]*graph.Node, len(params))
	for i, p := range params {
		next[i] = f(p)
	}
	return next
}

// as is a scalar in the element type of a parameter.
func as(v *graph.Node, p Param) *graph.Node { return ops.Cast(v, p.Value.DType()) }

// or is a field, or its default.
func or(v, otherwise float64) float64 {
	if v == 0 {
		return otherwise
	}
	return v
}

// check refuses numbers that are not in [lo, hi).
func check(rule, what string, v, lo, hi float64) {
	if !(v >= lo && v < hi) {
		graph.Fail(rule, nil, "%s is %v, want %v or more and less than %v", what, v, lo, hi)
	}
}
