package autodiff

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"chainrule/graph"
)

var nodeType = reflect.TypeFor[*graph.Node]()

// leaf is a node of a tree with its path, such as "Layers[0].W".
type leaf struct {
	path string
	node *graph.Node
}

// String names the leaf in messages, as in "Layers[0].W (w f32[3,4])".
func (l leaf) String() string {
	if l.path == "" {
		return l.node.String()
	}
	return l.path + " (" + l.node.String() + ")"
}

// leavesOf lists the leaves of a tree in the order of fields, indices and sorted keys.
func leavesOf[T any](tree T) []leaf {
	var leaves []leaf
	visit(reflect.ValueOf(&tree).Elem(), "", func(path string, v reflect.Value) reflect.Value {
		leaves = append(leaves, leaf{path, v.Interface().(*graph.Node)})
		return v
	})
	return leaves
}

// mapLeaves returns a copy of a tree with other leaves.
func mapLeaves[T any](tree T, f func(i int, n *graph.Node) *graph.Node) T {
	i := -1
	v := visit(reflect.ValueOf(&tree).Elem(), "", func(_ string, v reflect.Value) reflect.Value {
		i++
		return reflect.ValueOf(f(i, v.Interface().(*graph.Node)))
	})
	return v.Interface().(T)
}

// nilLeaves lists the paths of the leaves that are nil.
func nilLeaves(tree reflect.Value) (paths []string) {
	w := walk{f: func(_ string, v reflect.Value) reflect.Value { return v }, missing: func(path string) { paths = append(paths, path) }}
	w.visit(tree, "")
	return paths
}

// visit copies a tree, giving every leaf to f. Values that are no trees are copied as they are, nil leaves too. It panics
// with a *graph.Error if the tree contains itself.
func visit(v reflect.Value, path string, f func(string, reflect.Value) reflect.Value) reflect.Value {
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
	if v.Type() == nodeType {
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
				out.Field(i).Set(w.visit(v.Field(i), join(path, field.Name)))
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
		for _, k := range sortedKeys(v) {
			out.SetMapIndex(k, w.visit(v.MapIndex(k), join(path, k.String())))
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

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// sortedKeys are the keys of a map from strings, in order.
func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

// holdsNodes reports whether a tree of type t can have leaves.
func holdsNodes(t reflect.Type) bool { return findNodes(t, nil) }

// findNodes is holdsNodes for a type inside of the outer ones.
func findNodes(t reflect.Type, outer []reflect.Type) bool {
	switch {
	case t == nodeType:
		return true
	case slices.Contains(outer, t):
		return false
	case t.Kind() != reflect.Struct:
		return isContainer(t) && findNodes(t.Elem(), append(outer, t))
	}
	for i := range t.NumField() {
		if t.Field(i).IsExported() && findNodes(t.Field(i).Type, append(outer, t)) {
			return true
		}
	}
	return false
}

// isContainer reports whether trees of type t consist of trees of its element type.
func isContainer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer:
		return t.Elem().Kind() == reflect.Struct
	case reflect.Slice, reflect.Array, reflect.Map:
		return true
	}
	return false
}

// isRecursive reports whether trees of type t, inside of the outer ones, contain trees of their own type, so that
// the type alone does not tell how deep they are.
func isRecursive(t reflect.Type, outer ...reflect.Type) bool {
	switch {
	case t == nodeType || !holdsNodes(t):
		return false
	case slices.Contains(outer, t):
		return true
	case t.Kind() != reflect.Struct:
		return isRecursive(t.Elem(), append(outer, t)...)
	}
	for i := range t.NumField() {
		if t.Field(i).IsExported() && isRecursive(t.Field(i).Type, append(outer, t)...) {
			return true
		}
	}
	return false
}
