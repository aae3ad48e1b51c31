package autodiff

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/tree"
)

// program is a Function compiled for one combination of input types.
type program struct {
	inputs  []*graph.Node
	shape   string // how many leaves each argument has
	outputs []graph.Type
	donated []int
	code    *exec.Program
	// suspicion is nil unless the program looks for NaNs.
	suspicion *suspicion
}

// trace is what calling f gives.
type trace struct {
	inputs, outputs         []*graph.Node
	argLeaves, resultLeaves [][2]int // where the leaves of each argument and result begin and end
}

func (p *program) accepts(values []exec.Value) bool {
	if len(values) != len(p.inputs) {
		return false
	}
	for i, n := range p.inputs {
		if !values[i].Type.Equal(n.Type()) {
			return false
		}
	}
	return true
}

// program returns the program for values, compiled now if need be.
func (fn *Function) program(values []exec.Value, shape string) (*program, error) {
	if p := fn.find(values, shape); p != nil {
		return p, nil
	}
	if !fn.f.IsValid() {
		return nil, fn.mismatch(values)
	}
	if err := fn.building.lock(); err != nil {
		return nil, err
	}
	defer fn.building.unlock()
	if p := fn.find(values, shape); p != nil {
		return p, nil // built while this goroutine waited
	}
	t, err := fn.trace(values, shape)
	if err != nil {
		return nil, err
	}
	p, err := fn.build(t, shape, nil)
	if err != nil {
		return nil, err
	}
	fn.mu.Lock()
	defer fn.mu.Unlock()
	fn.cache = slices.Insert(fn.cache, 0, p)
	if len(fn.cache) > fn.settings.cacheSize {
		fn.cache = slices.Delete(fn.cache, fn.settings.cacheSize, len(fn.cache))
	}
	fn.last.Store(p)
	return p, nil
}

// programFor is program where only the leaves are known.
func (fn *Function) programFor(values []exec.Value) (*program, error) {
	if p := fn.find(values, ""); p != nil {
		return p, nil
	}
	shape, err := fn.fixedShape(len(values))
	if err != nil {
		return nil, err
	}
	return fn.program(values, shape)
}

// find looks a program up; an empty shape matches any.
func (fn *Function) find(values []exec.Value, shape string) *program {
	if p := fn.last.Load(); p != nil && (shape == "" || p.shape == shape) && p.accepts(values) {
		return p
	}
	fn.mu.Lock()
	defer fn.mu.Unlock()
	for i, p := range fn.cache {
		if (shape == "" || p.shape == shape) && p.accepts(values) {
			copy(fn.cache[1:i+1], fn.cache[:i])
			fn.cache[0] = p
			fn.last.Store(p)
			return p
		}
	}
	return nil
}

// mismatch says which input does not fit a graph built by hand.
func (fn *Function) mismatch(values []exec.Value) error {
	p := fn.cache[0]
	for i, n := range p.inputs {
		if !values[i].Type.Equal(n.Type()) {
			return &exec.FeedError{Index: i, Name: n.Name(),
				Reason: fmt.Sprintf("fed %v, wants %v", values[i].Type, n.Type())}
		}
	}
	return errors.New("autodiff: the inputs do not fit")
}

// trace calls f with inputs of the types of values.
func (fn *Function) trace(values []exec.Value, shape string) (t trace, err error) {
	g := graph.New()
	b := builder{graph: g, values: values, shape: shape}
	args := make([]reflect.Value, len(fn.args))
	for i, at := range fn.args {
		from := len(b.inputs)
		if args[i], err = b.build(at, argName(i, at)); err != nil {
			return t, err
		}
		t.argLeaves = append(t.argLeaves, [2]int{from, len(b.inputs)})
	}
	t.inputs = b.inputs
	err = graph.Try(func() {
		for i, r := range fn.f.Call(args) {
			needLeaves("compile", i, tree.Nil(r))
			from := len(t.outputs)
			tree.Visit(r, "", func(_ string, v reflect.Value) reflect.Value {
				t.outputs = append(t.outputs, v.Interface().(*graph.Node))
				return v
			})
			t.resultLeaves = append(t.resultLeaves, [2]int{from, len(t.outputs)})
		}
	})
	if err != nil {
		return t, err
	}
	if len(t.outputs) == 0 {
		return t, errors.New("autodiff: the function gives no nodes")
	}
	for i, n := range t.outputs {
		if n.Graph() != g {
			return t, fmt.Errorf("autodiff: result %d, %v, lies on another graph than the arguments", i, n)
		}
	}
	return t, nil
}

// build compiles a trace. The record, if it is not nil, is for a dump.
func (fn *Function) build(t trace, shape string, record *compile.Record) (*program, error) {
	p := &program{inputs: t.inputs, shape: shape, donated: make([]int, len(t.outputs))}
	for i, n := range t.outputs {
		p.outputs = append(p.outputs, n.Type())
		p.donated[i] = -1
	}
	for _, d := range fn.settings.donations {
		if err := p.donate(t, d); err != nil {
			return nil, err
		}
	}
	leaves, results := fn.required(t)
	donated, outputs := p.donated, t.outputs
	if fn.settings.bad != nil {
		p.suspicion, donated = &suspicion{fn.settings.bad, t.outputs, leaves, results}, nil
	} else {
		outputs = withFinite(outputs, leaves, results)
	}
	var err error
	p.code, err = compile.Compile(
		compile.Unit{Inputs: t.inputs, Outputs: outputs, Donated: donated},
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
		x, y := t.inputs[in[0]+k], t.outputs[out[0]+k]
		if !x.Type().Equal(y.Type()) {
			return fmt.Errorf("autodiff: donated argument %v, result %v: the types differ", x, y)
		}
		p.donated[out[0]+k] = in[0] + k
	}
	return nil
}

// donor returns the tensor fed for donated input k, which must be updatable in place.
func (p *program) donor(k int, feed any, values []exec.Value) (*tensor.Dense, error) {
	d, ok := feed.(*tensor.Dense)
	if !ok || !exec.Aliases(d, values[k]) {
		return nil, &exec.FeedError{Index: k, Name: p.inputs[k].Name(),
			Reason: "it is donated, so it must be a contiguous row-major *tensor.Dense"}
	}
	if exec.Overlaps(values[k], values[:k], values[k+1:]) {
		return nil, &exec.FeedError{Index: k, Name: p.inputs[k].Name(),
			Reason: "it is donated, but shares memory with another input"}
	}
	return d, nil
}
