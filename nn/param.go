package nn

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/graph"
)

// Param is a tensor that training changes in place.
type Param struct {
	Value *tensor.Dense
}

// NewParam returns zeros of the given element type, Float32 or Float64, and shape. It panics with a *graph.Error if they
// are something else.
func NewParam(d graph.DType, shape ...int) *Param {
	if !d.IsFloat() {
		graph.Fail("param", nil, "a parameter is f32 or f64, not %v", d)
	}
	for _, n := range shape {
		if n < 0 {
			graph.Fail("param", nil, "negative dimension in %v", shape)
		}
	}
	size := graph.Size(shape)
	if d == graph.Float32 {
		return &Param{tensor.New(tensor.WithShape(shape...), tensor.WithBacking(make([]float32, size)))}
	}
	return &Param{tensor.New(tensor.WithShape(shape...), tensor.WithBacking(make([]float64, size)))}
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

// On returns the node that stands for the parameter on x's graph. The first use makes it an input, unless
// Bind has given it one.
func (p *Param) On(x *graph.Node) *graph.Node {
	if p == nil || p.Value == nil || x == nil {
		graph.Fail("param", nil, "the parameter, its value or the node is nil")
	}
	g := x.Graph()
	if n := g.Bound(p); n != nil {
		return n
	}
	n := g.Input("param", p.DType(), p.Value.Shape()...)
	g.Bind(p, n)
	return n
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

var paramType = reflect.TypeFor[*Param]()

// Params lists the parameters of a model in the order of its fields, each once. Field names are in lower case, and
// exported fields alone count.
func Params(model any) []Named {
	var found []Named
	collect(reflect.ValueOf(model), "", map[any]bool{}, func(path string, p *Param) {
		found = append(found, Named{path, p})
	})
	return found
}

// Bind makes nodes of one graph stand for params, and names them by their paths. It is how functions that are traced
// with a model's parameters as arguments hand them to its layers.
func Bind(params []Named, nodes []*graph.Node) {
	for i, p := range params {
		nodes[i].Graph().Bind(p.Param, graph.Named(p.Path, nodes[i]))
	}
}

// collect follows every pointer once, so that shared layers count once and models may refer to themselves.
func collect(v reflect.Value, path string, seen map[any]bool, found func(string, *Param)) {
	if !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if p := v.Interface(); !v.IsNil() && !seen[p] {
			seen[p] = true
			if v.Type() == paramType {
				found(path, p.(*Param))
				return
			}
			collect(v.Elem(), path, seen, found)
		}
	case reflect.Interface:
		collect(v.Elem(), path, seen, found)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				collect(v.Field(i), join(path, strings.ToLower(f.Name)), seen, found)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			collect(v.Index(i), join(path, fmt.Sprint(i)), seen, found)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		for _, k := range keys {
			collect(v.MapIndex(k), join(path, fmt.Sprint(k)), seen, found)
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
