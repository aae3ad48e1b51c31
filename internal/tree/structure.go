package tree

import (
	"math"
	"reflect"
	"slices"
	"unsafe"

	"chainrule/graph"
)

// Structure is what trees are made of, but for their leaves: lengths, keys, the types in interfaces, and what is carried
// along. It lists a tree from the root on, each part before what it has inside.
type Structure []item

// item is a part of a tree.
type item struct {
	kind kind
	typ  reflect.Type // that it has, or that which is built has
	// n is the number of a leaf, the length of a list or table, the field of what is carried along in a struct, and 1 for a
	// struct of its own type.
	n     int
	fixed bool // for a leaf that derivatives leave alone
	key   string
	value reflect.Value
}

type kind uint8

const (
	leaf    kind = iota
	nothing      // a nil
	list         // a slice or array of the trees that follow
	table        // a map of trees, each behind its key
	key
	record  // a struct of the trees that follow, with value's other fields, or with those behind the trees up to an end
	carried // a value that is no tree
	end
)

// Equal reports whether trees are made of the same. What is carried along is the same if numbers and texts are equal, and
// functions, pointers, slices and maps are at the same address.
func (s Structure) Equal(other Structure) bool {
	return slices.EqualFunc(s, other, func(a, b item) bool {
		if a.kind != b.kind || a.typ != b.typ || a.n != b.n || a.fixed != b.fixed || a.key != b.key {
			return false
		}
		switch a.kind {
		case carried:
			return same(a.value, b.value)
		case record:
			return !a.value.IsValid() || sameRest(a.value, b.value)
		}
		return true
	})
}

// sameRest compares the fields of structs that are no trees.
func sameRest(a, b reflect.Value) bool {
	for i := range a.NumField() {
		f := a.Type().Field(i)
		if !(f.IsExported() && infoOf(f.Type).may) && !same(a.Field(i), b.Field(i)) {
			return false
		}
	}
	return true
}

// same compares values of one type.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Float32, reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case reflect.Func:
		return closure(a) == closure(b)
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.UnsafePointer:
		return a.Pointer() == b.Pointer()
	case reflect.Slice:
		return a.Pointer() == b.Pointer() && a.Len() == b.Len()
	case reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return a.Elem().Type() == b.Elem().Type() && same(a.Elem(), b.Elem())
	case reflect.Array:
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// closure is the address of a function with what it closes over, where reflect's Pointer is that of its code.
func closure(f reflect.Value) unsafe.Pointer {
	switch {
	case f.CanAddr():
		return *(*unsafe.Pointer)(unsafe.Pointer(f.UnsafeAddr()))
	case f.CanInterface():
		x := f.Interface()
		return (*[2]unsafe.Pointer)(unsafe.Pointer(&x))[1]
	}
	return f.UnsafePointer()
}

// Keep returns a copy that what was read may change without changing it. It holds no leaf in memory.
func (s Structure) Keep() Structure {
	s = slices.Clone(s)
	for i, it := range s {
		switch {
		case it.kind == leaf:
			s[i].value = reflect.Value{}
		case it.kind == key:
			s[i].value = reflect.ValueOf(it.key)
		case it.value.IsValid():
			c := reflect.New(it.value.Type()).Elem()
			c.Set(it.value)
			if it.kind == record {
				for _, f := range infoOf(c.Type()).sourceOf(c.Type(), c.Type()).trees {
					c.Field(f.to).SetZero()
				}
			}
			s[i].value = c
		}
	}
	return s
}

// Fixed adds a tree of type t to a structure, and reports whether the type alone tells what trees of it are made of.
func Fixed(s Structure, t reflect.Type) (Structure, bool) {
	whole, ok := t, true
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && !isLeaf(t) {
		t = t.Elem()
	}
	switch {
	case isLeaf(t):
		return append(s, item{kind: leaf, typ: t, n: s.Leaves()}), true
	case t.Kind() == reflect.Array:
		s = append(s, item{kind: list, typ: whole, n: t.Len()})
		for range t.Len() {
			s, ok = Fixed(s, t.Elem())
		}
		return s, ok
	case t.Kind() == reflect.Struct:
		s = append(s, item{kind: record, typ: whole})
		for _, f := range infoOf(t).sourceOf(t, t).trees {
			var fixed bool
			s, fixed = Fixed(s, t.Field(f.to).Type)
			ok = ok && fixed
		}
		return append(s, item{kind: end}), ok
	}
	return s, false
}

// Leaves counts the leaves. They are numbered in order.
func (s Structure) Leaves() int {
	for _, i := range slices.Backward(s) {
		if i.kind == leaf {
			return i.n + 1
		}
	}
	return 0
}

// Builder makes trees of a structure, one after another.
type Builder struct {
	Structure
	// Leaf gives leaf number n, whose path is given too; that of a parameter is its name. It is asked once for each. Without
	// a node a leaf is nil.
	Leaf func(n int, path string) *graph.Node
	at   int
	made map[int]reflect.Value // parameters
}

// Build makes the next tree. Root is what paths begin with.
func (b *Builder) Build(root string) reflect.Value { return b.build(way{path: root}) }

func (b *Builder) build(w way) reflect.Value {
	i := b.Structure[b.at]
	b.at++
	out := reflect.New(i.typ).Elem()
	switch i.kind {
	case leaf:
		out.Set(b.leaf(i, w))
	case carried:
		out.Set(i.value)
	case list:
		if i.typ.Kind() == reflect.Slice {
			out.Set(reflect.MakeSlice(i.typ, i.n, i.n))
		}
		for k := range i.n {
			out.Index(k).Set(b.build(w.to(step{"", k, indexStep})))
		}
	case table:
		out.Set(reflect.MakeMap(i.typ))
		for range i.n {
			k := b.Structure[b.at].key
			b.at++
			out.SetMapIndex(reflect.ValueOf(k).Convert(i.typ.Key()), b.build(w.to(step{k, 0, keyStep})))
		}
	case record:
		s := out
		if i.typ.Kind() == reflect.Pointer {
			out.Set(reflect.New(i.typ.Elem()))
			s = out.Elem()
		}
		b.record(i, s, w)
	}
	return out
}

func (b *Builder) leaf(i item, w way) reflect.Value {
	if i.typ == nodeType {
		return reflect.ValueOf(b.Leaf(i.n, w.path))
	}
	if p, ok := b.made[i.n]; ok {
		return p
	}
	p := reflect.Zero(i.typ)
	if n := b.Leaf(i.n, w.name); n != nil {
		p = reflect.ValueOf(i.hold(n))
	}
	if b.made == nil {
		b.made = map[int]reflect.Value{}
	}
	b.made[i.n] = p
	return p
}

// fixable reports whether the leaf that is built can be fixed.
func (i item) fixable() bool { return i.typ != nodeType && i.typ.Implements(fixableType) }

// hold is a parameter that stands for n.
func (i item) hold(n *graph.Node) Parameter {
	v := i.value
	if !v.IsValid() {
		v = reflect.New(i.typ.Elem())
	}
	if i.fixed {
		return v.Interface().(Fixable).HoldFixed(n)
	}
	return v.Interface().(Parameter).Hold(n)
}

// record sets the fields of s.
func (b *Builder) record(i item, s reflect.Value, w way) {
	if i.value.IsValid() {
		s.Set(i.value)
	}
	for _, f := range infoOf(s.Type()).sourceOf(s.Type(), s.Type()).trees {
		s.Field(f.to).Set(b.build(w.to(step{f.name, 0, fieldStep})))
	}
	for ; i.n == 0 && b.Structure[b.at].kind != end; b.at++ {
		s.Field(b.Structure[b.at].n).Set(b.Structure[b.at].value)
	}
	if i.n == 0 {
		b.at++
	}
}
