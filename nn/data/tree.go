package data

import (
	"fmt"
	"reflect"

	"gorgonia.org/tensor"

	"chainrule/internal/raw"
)

// change is what a walk makes of a leaf, a *tensor.Dense or a slice of numbers.
type change func(path string, leaf reflect.Value) (reflect.Value, error)

var denseType = reflect.TypeFor[*tensor.Dense]()

// mapTree copies a tree with other leaves. What is no tree is carried along.
func mapTree[T any](tree T, f change) (T, error) {
	var out T
	v, err := mapValue(reflect.ValueOf(&tree).Elem(), "", f)
	if err == nil {
		reflect.ValueOf(&out).Elem().Set(v)
	}
	return out, err
}

func mapValue(v reflect.Value, path string, f change) (reflect.Value, error) {
	if v.Type() == denseType || isVector(v.Type()) {
		if v.IsNil() {
			return v, nil
		}
		return f(path, v)
	}
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return v, nil
		}
		inner, err := mapValue(v.Elem(), path, f)
		if err != nil {
			return v, err
		}
		if v.Kind() == reflect.Pointer {
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(inner)
			inner = p
		}
		out.Set(inner)
		return out, nil
	case reflect.Struct:
		out.Set(v)
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				inner, err := mapValue(v.Field(i), pathOf(path, field.Name), f)
				if err != nil {
					return v, err
				}
				out.Field(i).Set(inner)
			}
		}
		return out, nil
	case reflect.Slice, reflect.Array:
		return mapList(v, out, path, f)
	case reflect.Map:
		return mapMap(v, path, f)
	}
	return v, nil
}

func mapList(v, out reflect.Value, path string, f change) (reflect.Value, error) {
	if v.Kind() == reflect.Slice {
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
	}
	for i := range v.Len() {
		inner, err := mapValue(v.Index(i), fmt.Sprintf("%s[%d]", path, i), f)
		if err != nil {
			return v, err
		}
		out.Index(i).Set(inner)
	}
	return out, nil
}

func mapMap(v reflect.Value, path string, f change) (reflect.Value, error) {
	if v.IsNil() {
		return v, nil
	}
	out := reflect.MakeMapWithSize(v.Type(), v.Len())
	for entries := v.MapRange(); entries.Next(); {
		inner, err := mapValue(entries.Value(), pathOf(path, fmt.Sprint(entries.Key())), f)
		if err != nil {
			return v, err
		}
		out.SetMapIndex(entries.Key(), inner)
	}
	return out, nil
}

func pathOf(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// isVector is true of slices of numbers, conditions and texts.
func isVector(t reflect.Type) bool {
	if t.Kind() != reflect.Slice {
		return false
	}
	k := t.Elem().Kind()
	return k >= reflect.Bool && k <= reflect.Complex128 || k == reflect.String
}

// rowsOf is a leaf as a slice in row-major order, and its shape.
func rowsOf(path string, leaf reflect.Value) (elements reflect.Value, shape []int, err error) {
	if leaf.Type() != denseType {
		return leaf, []int{leaf.Len()}, nil
	}
	d := leaf.Interface().(*tensor.Dense)
	slice, err := raw.RowMajor(d)
	if err != nil {
		return leaf, nil, fmt.Errorf("data: %s: %w", orTree(path), err)
	}
	return reflect.ValueOf(slice), d.Shape(), nil
}

func orTree(path string) string {
	if path == "" {
		return "the tree"
	}
	return path
}

// rebuilt is a slice as a leaf of the type that it came from.
func rebuilt(like, elements reflect.Value, shape []int) reflect.Value {
	if like.Type() != denseType {
		return elements
	}
	return reflect.ValueOf(raw.Dense(elements.Interface(), shape))
}

// Len is the number of samples in a tree: the length of the first axis of its tensors and of its slices of numbers, which is the same
// for all. A tree without either has no samples, which is an error that matches ErrEmpty; another length is one that
// names both places and matches ErrCount.
func Len(tree any) (int, error) {
	n, first := -1, ""
	_, err := mapTree(tree, func(path string, leaf reflect.Value) (reflect.Value, error) {
		_, shape, err := rowsOf(path, leaf)
		switch {
		case err != nil:
			return leaf, err
		case len(shape) == 0:
			return leaf, fmt.Errorf("data: %s is a scalar and has no samples: %w", orTree(path), ErrShape)
		case n >= 0 && n != shape[0]:
			return leaf, fmt.Errorf("data: %d samples in %s, %d in %s: %w", n, orTree(first), shape[0], orTree(path), ErrCount)
		}
		n, first = shape[0], path
		return leaf, nil
	})
	if err == nil && n < 0 {
		err = fmt.Errorf("data: a %T has no tensors: %w", tree, ErrEmpty)
	}
	return n, err
}

// Take is a tree of copies of the given samples, in that order.
func Take[T any](tree T, rows []int) (T, error) {
	return mapTree(tree, func(path string, leaf reflect.Value) (reflect.Value, error) {
		elements, shape, err := rowsOf(path, leaf)
		if err != nil {
			return leaf, err
		}
		if len(shape) == 0 {
			return leaf, fmt.Errorf("data: %s is a scalar and has no samples: %w", orTree(path), ErrShape)
		}
		size := 1
		for _, n := range shape[1:] {
			size *= n
		}
		out := reflect.MakeSlice(elements.Type(), len(rows)*size, len(rows)*size)
		for at, i := range rows {
			if i < 0 || i >= shape[0] {
				return leaf, fmt.Errorf("data: %s: row %d of %d: %w", orTree(path), i, shape[0], ErrShape)
			}
			reflect.Copy(out.Slice(at*size, (at+1)*size), elements.Slice(i*size, (i+1)*size))
		}
		return rebuilt(leaf, out, append([]int{len(rows)}, shape[1:]...)), nil
	})
}

// Stack joins samples to a batch: their tensors, of one shape, along a new first axis. Other leaves than tensors are
// an error.
func Stack[T any](samples []T) (batch T, err error) {
	if len(samples) == 0 {
		return batch, fmt.Errorf("data: a batch of no samples: %w", ErrEmpty)
	}
	all := make([][]reflect.Value, len(samples))
	for i, s := range samples {
		_, err := mapTree(s, func(path string, leaf reflect.Value) (reflect.Value, error) {
			if leaf.Type() != denseType {
				return leaf, fmt.Errorf("data: %s is a %v, not a tensor: %w", orTree(path), leaf.Type(), ErrShape)
			}
			all[i] = append(all[i], leaf)
			return leaf, nil
		})
		if err != nil {
			return batch, err
		}
		if len(all[i]) != len(all[0]) {
			return batch, fmt.Errorf("data: sample %d has %d tensors, the first %d: %w", i, len(all[i]), len(all[0]), ErrCount)
		}
	}
	at := 0
	return mapTree(samples[0], func(path string, leaf reflect.Value) (reflect.Value, error) {
		first, shape, err := rowsOf(path, leaf)
		if err != nil {
			return leaf, err
		}
		out := reflect.MakeSlice(first.Type(), 0, len(samples)*first.Len())
		for i := range samples {
			one, other, err := rowsOf(path, all[i][at])
			if err != nil {
				return leaf, err
			}
			if one.Type() != first.Type() || fmt.Sprint(other) != fmt.Sprint(shape) {
				return leaf, fmt.Errorf("data: %s of sample %d is %v%v, of the first %v%v: %w",
					orTree(path), i, one.Type(), other, first.Type(), shape, ErrShape)
			}
			out = reflect.AppendSlice(out, one)
		}
		at++
		return rebuilt(leaf, out, append([]int{len(samples)}, shape...)), nil
	})
}
