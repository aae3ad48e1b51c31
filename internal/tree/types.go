package tree

import (
	"reflect"
	"slices"
	"sync"

	"gorgonia.org/tensor"

	"chainrule/graph"
)

// Parameter is a leaf that is a tensor where functions run and a node where they are traced, such as *nn.Param. It is a
// pointer: what holds it twice has one leaf.
type Parameter interface {
	// Held returns the node that it stands for, nil but in a function that is traced, and where its tensor is.
	Held() (*graph.Node, **tensor.Dense)
	// Hold returns a new parameter that stands for n. The receiver may be a zero value.
	Hold(n *graph.Node) Parameter
}

// Fixable is a parameter that derivatives may leave alone, as they do running means and weights that are frozen.
type Fixable interface {
	Parameter
	IsFixed() bool
	// HoldFixed is Hold for one that is fixed.
	HoldFixed(n *graph.Node) Parameter
}

// isFixed reports whether derivatives leave the leaf alone.
func isFixed(v reflect.Value) bool {
	if v.Type() == nodeType || v.IsNil() {
		return false
	}
	p, ok := v.Interface().(Fixable)
	return ok && p.IsFixed()
}

var (
	nodeType      = reflect.TypeFor[*graph.Node]()
	parameterType = reflect.TypeFor[Parameter]()
	fixableType   = reflect.TypeFor[Fixable]()
	errorType     = reflect.TypeFor[error]()
)

// isLeaf reports whether values of type t are leaves.
func isLeaf(t reflect.Type) bool {
	return t == nodeType || t.Kind() == reflect.Pointer && t.NumMethod() > 0 && t.Implements(parameterType)
}

// IsNode reports whether t is the type of nodes.
func IsNode(t reflect.Type) bool { return t == nodeType }

// Holds reports whether a tree of type t can have leaves. An interface promises some if it has methods, as layers do, and is
// no error; what is in others is looked into where there is a value. (Which methods is not asked: a program that asks a type
// for its methods keeps, when it is linked, every exported method of every type.)
func Holds(t reflect.Type) bool { return search(t, 0, nil) }

// How search goes on.
const (
	anything = 1 << iota // every interface promises leaves
	hidden               // fields that are not exported count
)

// search is Holds for a type inside of the outer ones.
func search(t reflect.Type, how int, outer []reflect.Type) bool {
	switch {
	case isLeaf(t):
		return true
	case slices.Contains(outer, t):
		return false
	case t.Kind() == reflect.Interface:
		return how&anything != 0 || t.NumMethod() > 0 && t != errorType
	case t.Kind() != reflect.Struct:
		return isContainer(t) && search(t.Elem(), how, append(outer, t))
	}
	for i := range t.NumField() {
		if (t.Field(i).IsExported() || how&hidden != 0) && search(t.Field(i).Type, how, append(outer, t)) {
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
	case reflect.Map:
		return t.Key().Kind() == reflect.String
	}
	return t.Kind() == reflect.Slice || t.Kind() == reflect.Array
}

// typeInfo is what walks ask of a type again and again.
type typeInfo struct {
	leaf    bool     // is a leaf
	may     bool     // may have leaves, in an any too
	deep    bool     // may have leaves, in fields that are not exported too, but in no any
	sources sync.Map // of *source by the types of the structs that are fed for this one
}

// source says where the fields of a struct come from in another one, or in a map.
type source struct {
	same    bool    // they are of one type,
	carries bool    // and there is more in it than trees
	trees   []field // that may have leaves
	rest    []field // others
}

// field is a struct's, with the index of the one fed for it, none if there is none.
type field struct {
	name string
	to   int
	from []int
}

var infos sync.Map // of *typeInfo by reflect.Type

func infoOf(t reflect.Type) *typeInfo {
	if known, ok := infos.Load(t); ok {
		return known.(*typeInfo)
	}
	info := &typeInfo{leaf: isLeaf(t), may: search(t, anything, nil), deep: search(t, hidden, nil)}
	known, _ := infos.LoadOrStore(t, info)
	return known.(*typeInfo)
}

// sourceOf says where the fields of a struct of type t come from in one of type from.
func (info *typeInfo) sourceOf(t, from reflect.Type) *source {
	if known, ok := info.sources.Load(from); ok {
		return known.(*source)
	}
	s := &source{same: t == from}
	for i := range t.NumField() {
		f := t.Field(i)
		if tree := f.IsExported() && infoOf(f.Type).may; !tree {
			s.carries = true
		}
		if !f.IsExported() {
			continue
		}
		link := field{name: f.Name, to: i}
		var found reflect.StructField
		if from.Kind() == reflect.Struct {
			if match, ok := from.FieldByName(f.Name); ok && match.IsExported() {
				found, link.from = match, match.Index
			}
		}
		switch {
		case infoOf(f.Type).may:
			s.trees = append(s.trees, link)
		case link.from != nil && found.Type.AssignableTo(f.Type):
			s.rest = append(s.rest, link)
		}
	}
	known, _ := info.sources.LoadOrStore(from, s)
	return known.(*source)
}
