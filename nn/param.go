package nn

import (
	"fmt"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
)

// Param is a tensor that training changes in place. It is a leaf of the models that hold it: in a function of a model that
// is traced, differentiated or compiled it stands for a node.
type Param struct {
	Value *tensor.Dense
	// Frozen parameters have no gradients: see Freeze.
	Frozen bool
	node   *graph.Node
}

// NewParam returns zeros of the given element type, Float32 or Float64, and shape. It panics with a *graph.Error if they
// are something else.
func NewParam(d graph.DType, shape ...int) *Param {
	return &Param{Value: newTensor("param", "parameter", d, shape)}
}

// newTensor returns zeros.
func newTensor(op, what string, d graph.DType, shape []int) *tensor.Dense {
	if !d.IsFloat() {
		graph.Fail(op, nil, "a %s is f32 or f64, not %v", what, d)
	}
	for _, n := range shape {
		if n < 0 {
			graph.Fail(op, nil, "negative dimension in %v", shape)
		}
	}
	size := graph.Size(shape)
	if d == graph.Float32 {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(make([]float32, size)))
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(make([]float64, size)))
}

// Fill sets every element to what next gives.
func (p *Param) Fill(next func() float64) *Param {
	if p.DType() == graph.Float32 {
		for i := range p.Value.Float32s() {
			p.Value.Float32s()[i] = float32(next())
		}
		return p
	}
	for i := range p.Value.Float64s() {
		p.Value.Float64s()[i] = next()
	}
	return p
}

// Node returns the node that the parameter stands for, in a function that takes its model as an argument. It panics with a
// *graph.Error elsewhere.
func (p *Param) Node() *graph.Node {
	if p == nil {
		graph.Fail("param", nil, "the parameter is nil")
	}
	return autodiff.NodeOf(p)
}

// Held implements autodiff.Parameter.
func (p *Param) Held() (*graph.Node, **tensor.Dense) { return p.node, &p.Value }

// Hold implements autodiff.Parameter.
func (p *Param) Hold(n *graph.Node) autodiff.Parameter { return &Param{node: n} }

// IsFixed implements autodiff.FixedParameter.
func (p *Param) IsFixed() bool { return p.Frozen }

// HoldFixed implements autodiff.FixedParameter.
func (p *Param) HoldFixed(n *graph.Node) autodiff.Parameter { return &Param{node: n, Frozen: true} }

// Freeze keeps the parameters at the paths and below, such as "encoder" and "layers.0.weight", from being trained: they have
// no gradients, and rules leave them as they are. It is an error if a path names none.
func Freeze(model any, paths ...string) error { return setFrozen(model, true, paths) }

// Unfreeze undoes Freeze.
func Unfreeze(model any, paths ...string) error { return setFrozen(model, false, paths) }

func setFrozen(model any, frozen bool, paths []string) error {
	params := Params(model)
	for _, path := range paths {
		found := false
		for _, p := range params {
			if rest, ok := strings.CutPrefix(p.Path, path); ok && (rest == "" || path == "" || rest[0] == '.') {
				p.Param.Frozen, found = frozen, true
			}
		}
		if !found {
			return fmt.Errorf("nn: the model has no parameter at %q", path)
		}
	}
	return nil
}

// DType returns the element type.
func (p *Param) DType() graph.DType {
	if p.Value.Dtype() == tensor.Float32 {
		return graph.Float32
	}
	return graph.Float64
}

// Named is a parameter with its path in the model, such as "layers.0.weight".
type Named struct {
	Path  string
	Param *Param
}

// Params lists the parameters of a model in the order of its fields, each once. Names of fields are in lower case. It panics
// with a *graph.Error if the model contains itself or has parameters in fields that are not exported.
func Params(model any) []Named {
	var found []Named
	for _, p := range autodiff.Parameters(model) {
		if param, ok := p.Parameter.(*Param); ok {
			found = append(found, Named{p.Name, param})
		}
	}
	return found
}
