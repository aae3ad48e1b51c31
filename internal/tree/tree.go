package tree

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"chainrule/graph"
)

var NodeType = reflect.TypeFor[*graph.Node]()

// visit copies a tree, giving every leaf to f. Values that are no trees are copied as they are, nil leaves too. It panics
// with a *graph.Error if the tree contains itself.
func Visit(v reflect.Value, path string, f func(string, reflect.Value) reflect.Value) reflect.Value {
	w := walk{f: f, missing: func(string) {}}
	return w.visit(v, path)
}

// walk is a visit to a tree.
type walk struct {
	f       func(path string, leaf reflect.Value) reflect.Value
	missing func(path string) // is told of nil leaves
	outer   []place           // the trees that the one at hand lies in
}

// place is where a tree lies in memory that others may refer to.
type place struct {
	at   uintptr
	size int
	t    reflect.Type
}

// enter goes into a tree that may be found again within itself.
func (w *walk) enter(v reflect.Value, size int, path string) {
	p := place{v.Pointer(), size, v.Type()}
	if size > 0 && slices.Contains(w.outer, p) {
		graph.Fail("tree", nil, "%s contains itself", cmp.Or(path, "it"))
	}
	w.outer = append(w.outer, p)
}

func (w *walk) leave() { w.outer = w.outer[:len(w.outer)-1] }

func (w *walk) visit(v reflect.Value, path string) reflect.Value {
	if v.Type() == NodeType {
		if v.IsNil() {
			w.missing(path)
			return v
		}
		return w.f(path, v)
	}
	switch v.Kind() {
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				out.Field(i).Set(w.visit(v.Field(i), Join(path, field.Name)))
			}
		}
		return out
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		w.enter(v, v.Len(), path)
		defer w.leave()
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(w.visit(v.Index(i), fmt.Sprintf("%s[%d]", path, i)))
		}
		return out
	case reflect.Array:
		out := reflect.New(v.Type()).Elem()
		for i := range v.Len() {
			out.Index(i).Set(w.visit(v.Index(i), fmt.Sprintf("%s[%d]", path, i)))
		}
		return out
	case reflect.Map:
		if v.IsNil() || v.Type().Key().Kind() != reflect.String {
			return v
		}
		w.enter(v, 1, path)
		defer w.leave()
		out := reflect.MakeMap(v.Type())
		for _, k := range SortedKeys(v) {
			out.SetMapIndex(k, w.visit(v.MapIndex(k), Join(path, k.String())))
		}
		return out
	case reflect.Pointer:
		if v.IsNil() || v.Type().Elem().Kind() != reflect.Struct {
			return v
		}
		w.enter(v, 1, path)
		defer w.leave()
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(w.visit(v.Elem(), path))
		return out
	}
	return v
}

func Join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// sortedKeys are the keys of a map from strings, in order.
func SortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
