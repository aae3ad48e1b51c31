package autodiff

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/tree"
)

// builder makes a function's argument trees of inputs, one for each value fed.
type builder struct {
	graph  *graph.Graph
	values []exec.Value
	shape  string
	inputs []*graph.Node
}

// next takes the next word of the shape.
func (b *builder) next() string {
	word, rest, _ := strings.Cut(b.shape, " ")
	if quoted, err := strconv.QuotedPrefix(b.shape); err == nil {
		word, rest = quoted, strings.TrimPrefix(b.shape[len(quoted):], " ")
	}
	b.shape = rest
	return word
}

// build makes a tree of type t with an input for each leaf. path is that of the tree in the argument.
func (b *builder) build(t reflect.Type, path string) (reflect.Value, error) {
	if t == tree.NodeType {
		v := b.values[len(b.inputs)].Type
		n := b.graph.Input(path, v.DType, v.Shape...)
		b.inputs = append(b.inputs, n)
		return reflect.ValueOf(n), nil
	}
	out := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Pointer:
		v, err := b.build(t.Elem(), path)
		if err == nil {
			out.Set(reflect.New(t.Elem()))
			out.Elem().Set(v)
		}
		return out, err
	case reflect.Slice, reflect.Array:
		n, err := strconv.Atoi(b.next())
		if err != nil {
			return out, err
		}
		if t.Kind() == reflect.Slice {
			out.Set(reflect.MakeSlice(t, n, n))
		}
		for i := range n {
			v, err := b.build(t.Elem(), fmt.Sprintf("%s[%d]", path, i))
			if err != nil {
				return out, err
			}
			out.Index(i).Set(v)
		}
	case reflect.Struct:
		for i := range t.NumField() {
			field := t.Field(i)
			if !field.IsExported() || !tree.HoldsNodes(field.Type) {
				continue
			}
			v, err := b.build(field.Type, tree.Join(path, field.Name))
			if err != nil {
				return out, err
			}
			out.Field(i).Set(v)
		}
	case reflect.Map:
		n, err := strconv.Atoi(b.next())
		if err != nil {
			return out, err
		}
		out.Set(reflect.MakeMap(t))
		for range n {
			key, err := strconv.Unquote(b.next())
			if err != nil {
				return out, err
			}
			v, err := b.build(t.Elem(), tree.Join(path, key))
			if err != nil {
				return out, err
			}
			out.SetMapIndex(reflect.ValueOf(key).Convert(t.Key()), v)
		}
	default:
		return out, fmt.Errorf("autodiff: %s: a %v is no tree of nodes", path, t)
	}
	return out, nil
}
