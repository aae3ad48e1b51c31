package nn

import (
	"reflect"
	"slices"
	"strings"

	"chainrule/graph"
	"chainrule/ops"
)

// Mode is what a layer that trains otherwise than it predicts knows of the trace that it is in: a field of such a layer.
// [Train] and [Eval] set it in a copy of the model, so it travels with the model, through Scan, Vmap and Checkpoint too.
type Mode struct {
	kind  modeKind
	key   *graph.Node // nil for none
	layer int64       // number of the layer, for a key of its own
	uses  *int64      // how often it was applied, for another key each time
}

type modeKind uint8

const (
	noMode modeKind = iota
	training
	evaluating
)

// IsTraining reports whether the layer trains. Without a mode it panics with a *graph.Error that says how to give one.
func (m Mode) IsTraining(layer string, x *graph.Node) bool {
	if m.kind == noMode {
		graph.Fail(layer, []*graph.Node{x}, "training or evaluation? Where the model is applied, take m := nn.Train(model, key) or "+
			"m := nn.Eval(model), and apply m (layers in fields that are not exported and in closures are not found)")
	}
	return m.kind == training
}

// bernoulli draws truth values of a shape, true with probability p, from the layer's key, another one each time.
func (m Mode) bernoulli(layer string, x *graph.Node, p float64, shape []int) *graph.Node {
	if m.key == nil {
		graph.Fail(layer, []*graph.Node{x}, "there is no key to draw from: give nn.Train one, as in "+
			"nn.Train(model, ops.FoldIn(key, step))")
	}
	key := ops.FoldIn(ops.FoldIn(m.key, m.layer), *m.uses)
	*m.uses++
	return ops.Lt(ops.Uniform(key, x.DType(), shape...), p)
}

// setMode makes layers whose field Mode has this method known to Train and Eval.
func (m *Mode) setMode(to Mode) { *m = to }

type moded interface{ setMode(to Mode) }

// Train returns the model for one application in training: dropout draws from key, a node as ops.Key gives it, batch
// normalisation takes the statistics of the batch, and states take new values, which [Statistics] has afterwards. The key is
// nil where nothing draws. Call it in the function that is traced, with the model that it is given:
//
//	func(model Net, b Batch) (*graph.Node, nn.Stats) {
//		m := nn.Train(model, b.Key)
//		return cost(m.Apply(b.X), b.Y), nn.Statistics(m)
//	}
//
// Every layer, and every use of it, has a key of its own made of this one. In the body of a loop call Train there, with a key
// folded with the step, or all steps draw the same; return the statistics from the body. Under Vmap examples that are to
// differ need keys along the mapped axis.
func Train[M any](model M, key *graph.Node) M {
	return rebind(model, Mode{kind: training, key: key})
}

// Eval returns the model for predictions: nothing is dropped, batch normalisation takes its running statistics.
func Eval[M any](model M) M { return rebind(model, Mode{kind: evaluating}) }

// rebind copies what has modes and states in it, and leaves parameters as they are.
func rebind[M any](model M, mode Mode) M {
	r := rebinder{mode: mode, made: map[made]reflect.Value{}}
	var out M
	reflect.ValueOf(&out).Elem().Set(r.copy(reflect.ValueOf(&model).Elem()))
	return out
}

// made is a pointer that was met: layers that are shared stay shared.
type made struct {
	at uintptr
	t  reflect.Type
}

type rebinder struct {
	mode   Mode
	layers int64
	made   map[made]reflect.Value
}

var (
	nodeType  = reflect.TypeFor[*graph.Node]()
	paramType = reflect.TypeFor[*Param]()
	stateType = reflect.TypeFor[*State]()
	modeType  = reflect.TypeFor[Mode]()
)

// copy returns a copy of v in which layers have the mode.
func (r *rebinder) copy(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		out := reflect.New(v.Type()).Elem()
		out.Set(r.copy(v.Elem()))
		return out
	case reflect.Pointer:
		return r.pointer(v)
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		r.fields(out)
		return out
	case reflect.Slice:
		if v.IsNil() || !holdsLayers(v.Type().Elem()) {
			return v
		}
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(r.copy(v.Index(i)))
		}
		return out
	case reflect.Array:
		out := reflect.New(v.Type()).Elem()
		for i := range v.Len() {
			out.Index(i).Set(r.copy(v.Index(i)))
		}
		return out
	case reflect.Map:
		return r.table(v)
	}
	return v
}

func (r *rebinder) pointer(v reflect.Value) reflect.Value {
	switch t := v.Type(); {
	case v.IsNil() || t == nodeType || t == paramType || t.Elem().Kind() != reflect.Struct:
		return v
	case t == stateType:
		key := made{v.Pointer(), t}
		if _, ok := r.made[key]; !ok {
			s := v.Interface().(*State)
			n, _ := s.Held()
			r.made[key] = reflect.ValueOf(&State{Value: s.Value, node: n})
		}
		return r.made[key]
	}
	key := made{v.Pointer(), v.Type()}
	if known, ok := r.made[key]; ok {
		return known
	}
	out := reflect.New(v.Type().Elem())
	r.made[key] = out
	out.Elem().Set(v.Elem())
	r.fields(out.Elem())
	return out
}

// fields gives the layers in a struct's fields the mode, and the struct itself if it is such a layer.
func (r *rebinder) fields(s reflect.Value) {
	for i := range s.NumField() {
		f := s.Field(i)
		switch {
		case f.Type() == modeType && f.CanSet():
			m := r.mode
			m.layer, m.uses = r.layers, new(int64)
			r.layers++
			f.Addr().Interface().(moded).setMode(m)
		case f.CanSet() && holdsLayers(f.Type()):
			f.Set(r.copy(f))
		}
	}
}

func (r *rebinder) table(v reflect.Value) reflect.Value {
	if v.IsNil() || !holdsLayers(v.Type().Elem()) {
		return v
	}
	out := reflect.MakeMap(v.Type())
	for _, k := range sortedKeys(v) {
		out.SetMapIndex(k, r.copy(v.MapIndex(k)))
	}
	return out
}

// holdsLayers reports whether values of the type can hold layers: the kinds that a tree consists of.
func holdsLayers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface, reflect.Struct:
		return true
	case reflect.Pointer:
		return t.Elem().Kind() == reflect.Struct
	case reflect.Slice, reflect.Array, reflect.Map:
		return holdsLayers(t.Elem())
	}
	return false
}

func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
