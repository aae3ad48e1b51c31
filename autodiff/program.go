package autodiff

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

// program is a Function compiled for one combination of input types.
type program struct {
	trace
	outputs  []graph.Type
	donated  []int
	code     *exec.Program
	indirect sync.Pool // of *[]exec.Value, see runIndirect
	// suspicion is nil unless the program looks for NaNs.
	suspicion *suspicion
}

// trace is what calling f gives.
type trace struct {
	args, results           tree.Structure
	inputs, nodes           []*graph.Node // leaves of the arguments and of the results
	argLeaves, resultLeaves [][2]int      // where the leaves of each argument and result begin and end
}

// accepts reports whether p is for values of these types, in trees of that structure if there is one.
func (p *program) accepts(values []exec.Value, s tree.Structure) bool {
	if len(values) != len(p.inputs) {
		return false
	}
	for i, n := range p.inputs {
		if !values[i].Type.Equal(n.Type()) {
			return false
		}
	}
	return s == nil || s.Equal(p.args)
}

// program returns the program for what c has read, compiled now if need be.
func (fn *Function) program(c *call) (*program, error) {
	if p := fn.find(c.in, c.reader.Structure); p != nil {
		return p, nil
	}
	if !fn.f.IsValid() {
		return nil, fn.mismatch(c.in)
	}
	if err := fn.building.lock(); err != nil {
		return nil, err
	}
	defer fn.building.unlock()
	if p := fn.find(c.in, c.reader.Structure); p != nil {
		return p, nil // built while this goroutine waited
	}
	t, err := fn.trace(c)
	if err != nil {
		return nil, err
	}
	p, err := fn.build(t, nil)
	if err != nil {
		return nil, err
	}
	fn.cache.add(p)
	fn.last.Store(p)
	return p, nil
}

// programFor is program where only the leaves are known.
func (fn *Function) programFor(c *call) (*program, error) {
	if p := fn.find(c.in, nil); p != nil {
		return p, nil
	}
	fixed := true
	for _, a := range fn.args {
		var ok bool
		c.reader.Structure, ok = tree.Fixed(c.reader.Structure, a.typ)
		fixed = fixed && ok
	}
	if wanted := c.reader.Leaves(); fixed && wanted != len(c.in) {
		return nil, fmt.Errorf("autodiff: %d tensors fed, %d wanted", len(c.in), wanted)
	}
	if !fixed {
		p, ok := fn.cache.find(func(p *program) bool { return len(p.inputs) == len(c.in) })
		if !ok {
			return nil, errors.New("autodiff: call Run once before RunInto: the arguments hold slices or maps")
		}
		c.reader.Structure = append(c.reader.Structure[:0], p.args...)
	}
	return fn.program(c)
}

// find looks a program up; no structure matches any.
func (fn *Function) find(values []exec.Value, s tree.Structure) *program {
	if p := fn.last.Load(); p != nil && p.accepts(values, s) {
		return p
	}
	p, ok := fn.cache.find(func(p *program) bool { return p.accepts(values, s) })
	if ok {
		fn.last.Store(p)
	}
	return p
}

// mismatch says which input does not fit a graph built by hand.
func (fn *Function) mismatch(values []exec.Value) error {
	for i, n := range fn.traced.inputs {
		if !values[i].Type.Equal(n.Type()) {
			return &exec.FeedError{Index: i, Name: n.Name(),
				Reason: fmt.Sprintf("fed %v, wants %v", values[i].Type, n.Type())}
		}
	}
	return errors.New("autodiff: the inputs do not fit")
}

// trace calls f with inputs of the types that c has read.
func (fn *Function) trace(c *call) (t trace, err error) {
	g := graph.New()
	t.args = c.reader.Keep()
	b := tree.Builder{Structure: c.reader.Structure, Leaf: func(i int, path string) *graph.Node {
		v := c.in[i].Type
		t.inputs = append(t.inputs, g.Input(path, v.DType, slices.Clone(v.Shape)...))
		return t.inputs[i]
	}}
	args := make([]reflect.Value, len(fn.args))
	for i, a := range fn.args {
		from := len(t.inputs)
		args[i] = b.Build(a.name)
		t.argLeaves = append(t.argLeaves, [2]int{from, len(t.inputs)})
	}
	if err = graph.Try(func() { t.take(fn.f.Call(args)) }); err != nil {
		c.blameInts(t, err)
		return t, err
	}
	if len(t.nodes) == 0 {
		return t, errors.New("autodiff: the function gives no nodes")
	}
	for i, n := range t.nodes {
		if n.Graph() != g {
			return t, fmt.Errorf("autodiff: result %d, %v, lies on another graph than the arguments", i, n)
		}
	}
	return t, nil
}

// take lists the leaves of results.
func (t *trace) take(results []reflect.Value) {
	r := tree.Reader{Leaf: func(v reflect.Value) error {
		t.nodes = append(t.nodes, tree.LeafNode(v))
		return nil
	}}
	for i, v := range results {
		from := len(t.nodes)
		if err := r.Read("", v.Type(), v); err != nil {
			graph.Fail("compile", nil, "result %d: %v", i, err)
		}
		needLeaves("compile", i, r.Absent)
		t.resultLeaves = append(t.resultLeaves, [2]int{from, len(t.nodes)})
	}
	t.results = r.Keep()
}

// build compiles a trace. The record, if it is not nil, is for a dump.
func (fn *Function) build(t trace, record *compile.Record) (*program, error) {
	p := &program{trace: t, donated: make([]int, len(t.nodes))}
	for i, n := range t.nodes {
		p.outputs = append(p.outputs, n.Type())
		p.donated[i] = -1
	}
	for _, d := range fn.settings.donations {
		if err := p.donate(t, d); err != nil {
			return nil, err
		}
	}
	leaves, results := fn.required(t)
	donated, outputs := p.donated, t.nodes
	if fn.settings.bad != nil {
		p.suspicion, donated = &suspicion{fn.settings.bad, t.nodes, leaves, results}, nil
	} else {
		outputs = withFinite(outputs, leaves, results)
	}
	var err error
	p.code, err = compile.Compile(
		rewrite.Unit{Inputs: t.inputs, Outputs: outputs, Donated: donated},
		compile.Options{Off: fn.settings.passesOff, Verify: fn.settings.verify, Workers: fn.settings.workers,
			Record: record})
	return p, err
}

// donate notes, for each leaf of a donation, which input the output overwrites. Their types must be equal.
func (p *program) donate(t trace, d donation) error {
	in, out := t.argLeaves[d.arg], t.resultLeaves[d.result]
	if in[1]-in[0] != out[1]-out[0] {
		return fmt.Errorf("autodiff: donated argument %d has %d nodes, result %d has %d",
			d.arg, in[1]-in[0], d.result, out[1]-out[0])
	}
	for k := range in[1] - in[0] {
		x, y := t.inputs[in[0]+k], t.nodes[out[0]+k]
		if !x.Type().Equal(y.Type()) {
			return fmt.Errorf("autodiff: donated argument %v, result %v: the types differ", x, y)
		}
		p.donated[out[0]+k] = in[0] + k
	}
	return nil
}
