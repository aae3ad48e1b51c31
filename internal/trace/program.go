package trace

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
	"chainrule/internal/tree"
)

// Program is a Function compiled for one combination of input types.
type Program struct {
	Trace
	Outputs  []graph.Type
	donated  []int
	Code     *exec.Program
	indirect sync.Pool // of *[]exec.Value, see runIndirect
	// suspicion is nil unless the program looks for NaNs.
	suspicion *suspicion
}

// Trace is what calling f gives.
type Trace struct {
	args, results           tree.Structure
	Inputs, Nodes           []*graph.Node // leaves of the arguments and of the results
	ArgLeaves, resultLeaves [][2]int      // where the leaves of each argument and result begin and end
}

// Accepts reports whether p is for values of these types, in trees of that structure if there is one.
func (p *Program) Accepts(values []exec.Value, s tree.Structure) bool {
	if len(values) != len(p.Inputs) {
		return false
	}
	for i, n := range p.Inputs {
		if !values[i].Type.Equal(n.Type()) {
			return false
		}
	}
	return s == nil || s.Equal(p.args)
}

// program returns the program for what c has read, compiled now if need be.
func (fn *Function) program(c *Call) (*Program, error) {
	if p := fn.find(c.In, c.Reader.Structure); p != nil {
		return p, nil
	}
	if !fn.f.IsValid() {
		return nil, fn.mismatch(c.In)
	}
	if err := fn.building.lock(); err != nil {
		return nil, err
	}
	defer fn.building.unlock()
	if p := fn.find(c.In, c.Reader.Structure); p != nil {
		return p, nil // built while this goroutine waited
	}
	t, err := fn.Trace(c)
	if err != nil {
		return nil, err
	}
	p, err := fn.Build(t, nil)
	if err != nil {
		return nil, err
	}
	fn.cache.Add(p)
	fn.last.Store(p)
	return p, nil
}

// programFor is program where only the leaves are known.
func (fn *Function) programFor(c *Call) (*Program, error) {
	if p := fn.find(c.In, nil); p != nil {
		return p, nil
	}
	fixed := true
	for _, a := range fn.args {
		var ok bool
		c.Reader.Structure, ok = tree.Fixed(c.Reader.Structure, a.typ)
		fixed = fixed && ok
	}
	if wanted := c.Reader.Leaves(); fixed && wanted != len(c.In) {
		return nil, fmt.Errorf("autodiff: %d tensors fed, %d wanted", len(c.In), wanted)
	}
	if !fixed {
		p, ok := fn.cache.Find(func(p *Program) bool { return len(p.Inputs) == len(c.In) })
		if !ok {
			return nil, errors.New("autodiff: call Run once before RunInto: the arguments hold slices or maps")
		}
		c.Reader.Structure = append(c.Reader.Structure[:0], p.args...)
	}
	return fn.program(c)
}

// find looks a program up; no structure matches any.
func (fn *Function) find(values []exec.Value, s tree.Structure) *Program {
	if p := fn.last.Load(); p != nil && p.Accepts(values, s) {
		return p
	}
	p, ok := fn.cache.Find(func(p *Program) bool { return p.Accepts(values, s) })
	if ok {
		fn.last.Store(p)
	}
	return p
}

// mismatch says which input does not fit a graph built by hand.
func (fn *Function) mismatch(values []exec.Value) error {
	for i, n := range fn.traced.Inputs {
		if !values[i].Type.Equal(n.Type()) {
			return &exec.FeedError{Index: i, Name: n.Name(),
				Reason: fmt.Sprintf("fed %v, wants %v", values[i].Type, n.Type())}
		}
	}
	return errors.New("autodiff: the inputs do not fit")
}

// Trace calls f with inputs of the types that c has read.
func (fn *Function) Trace(c *Call) (t Trace, err error) {
	g := graph.New()
	t.args = c.Reader.Keep()
	b := tree.Builder{Structure: c.Reader.Structure, Leaf: func(i int, path string) *graph.Node {
		v := c.In[i].Type
		t.Inputs = append(t.Inputs, g.Input(path, v.DType, slices.Clone(v.Shape)...))
		return t.Inputs[i]
	}}
	args := make([]reflect.Value, len(fn.args))
	for i, a := range fn.args {
		from := len(t.Inputs)
		args[i] = b.Build(a.name)
		t.ArgLeaves = append(t.ArgLeaves, [2]int{from, len(t.Inputs)})
	}
	if err = graph.Try(func() { t.take(fn.f.Call(args)) }); err != nil {
		c.blameInts(t, err)
		return t, err
	}
	if len(t.Nodes) == 0 {
		return t, errors.New("autodiff: the function gives no nodes")
	}
	for i, n := range t.Nodes {
		if n.Graph() != g {
			return t, fmt.Errorf("autodiff: result %d, %v, lies on another graph than the arguments", i, n)
		}
	}
	return t, nil
}

// take lists the leaves of results.
func (t *Trace) take(results []reflect.Value) {
	r := tree.Reader{Leaf: func(v reflect.Value) error {
		t.Nodes = append(t.Nodes, tree.LeafNode(v))
		return nil
	}}
	for i, v := range results {
		from := len(t.Nodes)
		if err := r.Read("", v.Type(), v); err != nil {
			graph.Fail("compile", nil, "result %d: %v", i, err)
		}
		needLeaves("compile", i, r.Absent)
		t.resultLeaves = append(t.resultLeaves, [2]int{from, len(t.Nodes)})
	}
	t.results = r.Keep()
}

// Build compiles a trace. The record, if it is not nil, is for a dump.
func (fn *Function) Build(t Trace, record *compile.Record) (*Program, error) {
	p := &Program{Trace: t, donated: make([]int, len(t.Nodes))}
	for i, n := range t.Nodes {
		p.Outputs = append(p.Outputs, n.Type())
		p.donated[i] = -1
	}
	for _, d := range fn.opts.Donations {
		if err := p.donate(t, d); err != nil {
			return nil, err
		}
	}
	leaves, results := fn.required(t)
	donated, outputs := p.donated, t.Nodes
	if fn.opts.Bad != nil {
		p.suspicion, donated = &suspicion{fn.opts.Bad, t.Nodes, leaves, results}, nil
	} else {
		outputs = withFinite(outputs, leaves, results)
	}
	var err error
	p.Code, err = compile.Compile(
		rewrite.Unit{Inputs: t.Inputs, Outputs: outputs, Donated: donated},
		compile.Options{Off: fn.opts.PassesOff, Verify: fn.opts.Verify, Workers: fn.opts.Workers,
			Record: record})
	return p, err
}

// donate notes, for each leaf of a Donation, which input the output overwrites. Their types must be equal.
func (p *Program) donate(t Trace, d Donation) error {
	in, out := t.ArgLeaves[d.Arg], t.resultLeaves[d.Result]
	if in[1]-in[0] != out[1]-out[0] {
		return fmt.Errorf("autodiff: donated argument %d has %d nodes, result %d has %d",
			d.Arg, in[1]-in[0], d.Result, out[1]-out[0])
	}
	for k := range in[1] - in[0] {
		x, y := t.Inputs[in[0]+k], t.Nodes[out[0]+k]
		if !x.Type().Equal(y.Type()) {
			return fmt.Errorf("autodiff: donated argument %v, result %v: the types differ", x, y)
		}
		p.donated[out[0]+k] = in[0] + k
	}
	return nil
}
