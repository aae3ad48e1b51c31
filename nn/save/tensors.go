package save

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
)

// slot is a tensor in a value: its name, and where it is kept, if that can be set.
type slot struct {
	name  string
	value *tensor.Dense
	place **tensor.Dense
}

// Tensors is the tensors in a value by their names: parameters and states of models, and each *tensor.Dense, in fields that are
// exported, slices, arrays, maps from strings, pointers and interfaces. Names are those of autodiff.Parameters: fields in lower case, indices
// and keys, such as "layers.0.weight". What is held twice has its first name. It shares the memory of the value. Two tensors
// of one name, and a value that contains itself, are errors.
func Tensors(value any) (map[string]*tensor.Dense, error) {
	slots, err := slotsOf(value)
	if err != nil {
		return nil, err
	}
	all := make(map[string]*tensor.Dense, len(slots))
	for _, s := range slots {
		if s.value == nil {
			return nil, fmt.Errorf("save: %s has no value", s.name)
		}
		if all[s.name] != nil {
			return nil, fmt.Errorf("save: two tensors are called %s", s.name)
		}
		all[s.name] = s.value
	}
	return all, nil
}

// walk lists the tensors in a value.
type walk struct {
	slots []slot
	seen  map[any]bool
	outer []any // pointers and maps on the way to here
}

func slotsOf(value any) ([]slot, error) {
	w := &walk{seen: map[any]bool{}}
	err := w.visit(reflect.ValueOf(value), "")
	return w.slots, err
}

func (w *walk) visit(v reflect.Value, name string) error {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return nil
	}
	if leaf, err := w.leaf(v, name); leaf || err != nil {
		return err
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() || v.Kind() == reflect.Slice && v.Len() == 0 {
			return nil
		}
		at := [3]any{v.Type(), v.UnsafePointer(), v.Kind() == reflect.Slice && v.Len() > 0}
		if slices.Contains(w.outer, any(at)) {
			return fmt.Errorf("save: %s contains itself", orValue(name))
		}
		w.outer = append(w.outer, at)
		defer func() { w.outer = w.outer[:len(w.outer)-1] }()
	}
	return w.inside(v, name)
}

// leaf takes a tensor, or what holds one.
func (w *walk) leaf(v reflect.Value, name string) (bool, error) {
	if !v.CanInterface() || v.Kind() != reflect.Pointer {
		return false, nil
	}
	switch x := v.Interface().(type) {
	case *tensor.Dense:
		s := slot{name: name, value: x}
		if v.CanAddr() {
			s.place = v.Addr().Interface().(**tensor.Dense)
		}
		w.add(s, x, x == nil)
		return true, nil
	case autodiff.Parameter:
		if v.IsNil() {
			return true, nil
		}
		node, place := x.Held()
		if node != nil {
			return true, fmt.Errorf("save: %s stands for a node: a function is being traced", orValue(name))
		}
		w.add(slot{name, *place, place}, x, false)
		return true, nil
	}
	return false, nil
}

func (w *walk) add(s slot, key any, absent bool) {
	if absent || w.seen[key] {
		return
	}
	w.seen[key] = true
	w.slots = append(w.slots, s)
}

// inside visits what a value holds.
func (w *walk) inside(v reflect.Value, name string) error {
	behind := func(s string) string { return strings.TrimPrefix(name+"."+s, ".") }
	switch v.Kind() {
	case reflect.Pointer:
		if v.Elem().Kind() == reflect.Struct {
			return w.visit(v.Elem(), name)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				if err := w.visit(v.Field(i), behind(strings.ToLower(f.Name))); err != nil {
					return err
				}
			}
		}
	case reflect.Slice, reflect.Array:
		if isNumber(v.Type().Elem().Kind()) {
			return nil
		}
		for i := range v.Len() {
			if err := w.visit(v.Index(i), behind(strconv.Itoa(i))); err != nil {
				return err
			}
		}
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			return nil
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			if err := w.visit(v.MapIndex(k), behind(k.String())); err != nil {
				return err
			}
		}
	}
	return nil
}

// isNumber is true of elements that hold no tensor.
func isNumber(k reflect.Kind) bool {
	return k >= reflect.Bool && k <= reflect.Complex128 || k == reflect.String || k == reflect.Func
}

func orValue(name string) string {
	if name == "" {
		return "the value"
	}
	return name
}
