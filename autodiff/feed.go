package autodiff

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"chainrule/internal/exec"
	"chainrule/internal/tree"
)

// FeedError says which input of a run does not fit, and why.
type FeedError = exec.FeedError

// Errors of values that cannot be fed, wrapped in a FeedError.
var (
	ErrMasked = exec.ErrMasked
	ErrSparse = exec.ErrSparse
	ErrDType  = exec.ErrDType
)

// feedLeaf is a value fed, with the path of its leaf.
type feedLeaf struct {
	path  string
	value any
}

// flatten lists the values fed for the leaves of every argument, and the lengths of the slices and the keys of
// the maps on the way, which with the types of the values decide on the program.
func (fn *Function) flatten(feeds []any) ([]feedLeaf, string, error) {
	if len(feeds) != len(fn.args) {
		return nil, "", fmt.Errorf("autodiff: %d arguments fed, %d wanted", len(feeds), len(fn.args))
	}
	var f flattener
	for i, t := range fn.args {
		if err := f.add(t, reflect.ValueOf(feeds[i]), argName(i, t)); err != nil {
			return nil, "", err
		}
	}
	return f.leaves, strings.Join(f.shape, " "), nil
}

// argName is the path of argument i in messages. A node alone has none: its number is given beside.
func argName(i int, t reflect.Type) string {
	if t == tree.NodeType {
		return ""
	}
	return "argument " + strconv.Itoa(i)
}

type flattener struct {
	leaves []feedLeaf
	shape  []string
}

// add lists what is fed for a tree of type t.
func (f *flattener) add(t reflect.Type, v reflect.Value, path string) error {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if t == tree.NodeType {
		if !v.IsValid() {
			return &exec.FeedError{Index: len(f.leaves), Name: path, Reason: "nothing is fed"}
		}
		f.leaves = append(f.leaves, feedLeaf{path, v.Interface()})
		return nil
	}
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		t = t.Elem()
	}
	if v.IsValid() && v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		v = v.Elem()
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return f.addList(t, v, path)
	case reflect.Struct:
		return f.addStruct(t, v, path)
	case reflect.Map:
		return f.addMap(t, v, path)
	}
	return f.wrong(path, "a %v is no tree of nodes", t)
}

func (f *flattener) addList(t reflect.Type, v reflect.Value, path string) error {
	if !v.IsValid() || v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return f.wrong(path, "want a slice of values, not %s", describe(v))
	}
	if t.Kind() == reflect.Array && v.Len() != t.Len() {
		return f.wrong(path, "%d values fed, %d wanted", v.Len(), t.Len())
	}
	f.shape = append(f.shape, strconv.Itoa(v.Len()))
	for i := range v.Len() {
		if err := f.add(t.Elem(), v.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func (f *flattener) addStruct(t reflect.Type, v reflect.Value, path string) error {
	if err := f.extra(t, v, path); err != nil {
		return err
	}
	for i := range t.NumField() {
		field := t.Field(i)
		if !field.IsExported() || !tree.HoldsNodes(field.Type) {
			continue
		}
		fv, err := fieldOf(v, field.Name)
		if err != nil {
			return f.wrong(tree.Join(path, field.Name), "%v", err)
		}
		if err := f.add(field.Type, fv, tree.Join(path, field.Name)); err != nil {
			return err
		}
	}
	return nil
}

func (f *flattener) addMap(t reflect.Type, v reflect.Value, path string) error {
	if !v.IsValid() || v.Kind() != reflect.Map || t.Key().Kind() != reflect.String {
		return f.wrong(path, "want a map from strings to values, not %s", describe(v))
	}
	f.shape = append(f.shape, strconv.Itoa(v.Len()))
	for _, k := range tree.SortedKeys(v) {
		f.shape = append(f.shape, strconv.Quote(k.String()))
		if err := f.add(t.Elem(), v.MapIndex(k), tree.Join(path, k.String())); err != nil {
			return err
		}
	}
	return nil
}

// wrong is the error of a feed that has not the form of its argument.
func (f *flattener) wrong(path, format string, args ...any) error {
	return &exec.FeedError{Index: len(f.leaves), Name: path, Reason: fmt.Sprintf(format, args...)}
}

// extra refuses what cannot be fed for a struct of type t: neither a struct nor a map, or a map with entries for which
// t has no field.
func (f *flattener) extra(t reflect.Type, v reflect.Value, path string) error {
	switch {
	case v.IsValid() && v.Kind() == reflect.Struct:
		return nil
	case !v.IsValid() || v.Kind() != reflect.Map || v.Type().Key().Kind() != reflect.String:
		return f.wrong(path, "want a struct like %v, or a map from its fields' names, not %s", t, describe(v))
	}
	var unknown []string
	for _, k := range v.MapKeys() {
		if field, ok := t.FieldByName(k.String()); !ok || !field.IsExported() || !tree.HoldsNodes(field.Type) {
			unknown = append(unknown, strconv.Quote(k.String()))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return f.wrong(path, "%v has no nodes called %s", t, strings.Join(unknown, ", "))
}

func describe(v reflect.Value) string {
	if !v.IsValid() {
		return "nil"
	}
	return "a " + v.Type().String()
}

// fieldOf finds a struct's field, or a map's entry, by name.
func fieldOf(v reflect.Value, name string) (reflect.Value, error) {
	switch {
	case v.IsValid() && v.Kind() == reflect.Struct:
		if f := v.FieldByName(name); f.IsValid() {
			return f, nil
		}
	case v.IsValid() && v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		if f := v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key())); f.IsValid() {
			return f, nil
		}
	}
	if v.IsValid() && v.Kind() == reflect.Map {
		return reflect.Value{}, errors.New("the map has no such entry")
	}
	return reflect.Value{}, fmt.Errorf("%s has no such field", describe(v))
}

// fixedShape is the shape of arguments without slices or maps.
func (fn *Function) fixedShape(leaves int) (string, error) {
	var f flattener
	for _, t := range fn.args {
		if !f.fixed(t) {
			return fn.lastShape(leaves)
		}
	}
	if len(f.leaves) != leaves {
		return "", fmt.Errorf("autodiff: %d tensors fed, %d wanted", leaves, len(f.leaves))
	}
	return strings.Join(f.shape, " "), nil
}

// lastShape is that of the last program with as many leaves.
func (fn *Function) lastShape(leaves int) (string, error) {
	fn.mu.Lock()
	defer fn.mu.Unlock()
	for _, p := range fn.cache {
		if len(p.inputs) == leaves {
			return p.shape, nil
		}
	}
	return "", errors.New("autodiff: call Run once before RunInto: the arguments hold slices or maps")
}

// fixed counts the leaves of trees of type t. It is false if the type alone does not tell their number.
func (f *flattener) fixed(t reflect.Type) bool {
	switch {
	case t == tree.NodeType:
		f.leaves = append(f.leaves, feedLeaf{})
		return true
	case t.Kind() == reflect.Pointer:
		return f.fixed(t.Elem())
	case t.Kind() == reflect.Array:
		f.shape = append(f.shape, strconv.Itoa(t.Len()))
		for range t.Len() {
			if !f.fixed(t.Elem()) {
				return false
			}
		}
		return true
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() && tree.HoldsNodes(t.Field(i).Type) && !f.fixed(t.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return false
}
