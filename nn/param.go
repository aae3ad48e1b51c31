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

// NewParam returns zeros of the given element type, Float32 or Float64, and shape.
func NewParam(d graph.DType, shape ...int) *Param {
	size := graph.Size(shape)
	if d == graph.Float32 {
		return &Param{tensor.New(tensor.WithShape(shape...), tensor.WithBacking(make([]float32, size)))}
	}
	return &Param{tensor.New(tensor.WithShape(shape...), tensor.WithBacking(make([]float64, size)))}
}

// Fill sets every element to what next gives.
func (p *Param) Fill(next func() float64) *Param {
	if p.Value.Dtype() == tensor.Float32 {
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

// On returns the node that stands for the parameter on x's graph. The first use makes it an input, unless a
// trainer has bound it to one of its own.
func (p *Param) On(x *graph.Node) *graph.Node {
	g := x.Graph()
	if n := g.Bound(p); n != nil {
		return n
	}
	d := graph.Float64
	if p.Value.Dtype() == tensor.Float32 {
		d = graph.Float32
	}
	n := g.Input("param", d, p.Value.Shape()...)
	g.Bind(p, n)
	return n
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
	seen := map[*Param]bool{}
	collect(reflect.ValueOf(model), "", func(path string, p *Param) {
		if !seen[p] {
			seen[p] = true
			found = append(found, Named{path, p})
		}
	})
	return found
}

func collect(v reflect.Value, path string, found func(string, *Param)) {
	if !v.IsValid() {
		return
	}
	if v.Type() == paramType {
		if !v.IsNil() {
			found(path, v.Interface().(*Param))
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collect(v.Elem(), path, found)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				collect(v.Field(i), join(path, strings.ToLower(f.Name)), found)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			collect(v.Index(i), join(path, fmt.Sprint(i)), found)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		for _, k := range keys {
			collect(v.MapIndex(k), join(path, fmt.Sprint(k)), found)
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
