package tree

import (
	"reflect"
	"slices"
)

// holdsNodes reports whether a tree of type t can have leaves.
func HoldsNodes(t reflect.Type) bool { return findNodes(t, nil) }

// findNodes is holdsNodes for a type inside of the outer ones.
func findNodes(t reflect.Type, outer []reflect.Type) bool {
	switch {
	case t == NodeType:
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
func IsRecursive(t reflect.Type, outer ...reflect.Type) bool {
	switch {
	case t == NodeType || !HoldsNodes(t):
		return false
	case slices.Contains(outer, t):
		return true
	case t.Kind() != reflect.Struct:
		return IsRecursive(t.Elem(), append(outer, t)...)
	}
	for i := range t.NumField() {
		if t.Field(i).IsExported() && IsRecursive(t.Field(i).Type, append(outer, t)...) {
			return true
		}
	}
	return false
}
