package tree

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Reader walks trees, one after another, and writes down what they are made of. It allocates nothing once it has read
// trees as large, maps aside, and is used again after Reset.
type Reader struct {
	Structure
	// Leaf is given each leaf: a *graph.Node, a Parameter, or what is fed for one.
	Leaf func(v reflect.Value) error
	// Absent has the paths of nodes that are nil.
	Absent []string

	count int // leaves
	steps []step
	outer []place
	known map[uintptr]int // the number of a Parameter that has been seen
}

// place is where a tree lies in memory that others may refer to.
type place struct {
	at   uintptr
	size int
	t    reflect.Type
}

// Mismatch says what does not fit about the value that is fed for leaf Index, or for a tree that begins with it.
type Mismatch struct {
	Index        int
	Path, Reason string
}

func (e *Mismatch) Error() string { return strings.TrimPrefix(e.Path+": "+e.Reason, ": ") }

// Reset forgets what has been read.
func (r *Reader) Reset() {
	clear(r.Structure)
	clear(r.known)
	r.Structure, r.Absent, r.steps, r.outer = r.Structure[:0], r.Absent[:0], r.steps[:0], r.outer[:0]
	r.count = 0
}

// Read walks v, which is a tree of type t or mirrors one: a slice for a slice, a struct with fields of the same names or a
// map for a struct, and whatever Leaf takes for a leaf. Root is what paths begin with.
func (r *Reader) Read(root string, t reflect.Type, v reflect.Value) error {
	r.steps = append(r.steps[:0], step{root, 0, rootStep})
	return r.read(t, v)
}

func (r *Reader) read(t reflect.Type, v reflect.Value) error {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if t.Kind() == reflect.Interface {
		if !v.IsValid() {
			return r.add(item{kind: nothing, typ: t})
		}
		t = v.Type()
	}
	info := infoOf(t)
	switch own := v.IsValid() && v.Type() == t; {
	case info.leaf && own && v.IsNil():
		if t == nodeType {
			r.Absent = append(r.Absent, r.Path())
		}
		return r.add(item{kind: nothing, typ: t})
	case info.leaf:
		return r.leaf(t, v)
	case own && !info.may:
		if err := r.refuseHidden(info, v); err != nil {
			return err
		}
		return r.add(item{kind: carried, typ: t, value: v})
	case own && isNil(v):
		return r.add(item{kind: nothing, typ: t})
	}
	if size, shared := sharedSize(v); shared {
		p := place{v.Pointer(), size, v.Type()}
		if slices.Contains(r.outer, p) {
			return r.wrong("it contains itself")
		}
		r.outer = append(r.outer, p)
		defer func() { r.outer = r.outer[:len(r.outer)-1] }()
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return r.list(t, v)
	case reflect.Map:
		return r.table(t, v)
	case reflect.Struct:
		return r.record(t, t, v)
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Struct {
			return r.record(t, t.Elem(), v)
		}
	}
	return r.wrong("a %v is no tree of nodes", t)
}

// isNil reports whether v is a nil pointer, slice or map.
func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return v.IsNil()
	}
	return false
}

// sharedSize is how much of memory v refers to that others may refer to too.
func sharedSize(v reflect.Value) (int, bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map:
		return 1, !v.IsNil()
	case reflect.Slice:
		return v.Len(), v.Len() > 0
	}
	return 0, false
}

func (r *Reader) add(i item) error {
	r.Structure = append(r.Structure, i)
	return nil
}

// leaf reads what is fed for a leaf of type t.
func (r *Reader) leaf(t reflect.Type, v reflect.Value) error {
	if !v.IsValid() {
		return r.wrong("nothing is fed")
	}
	i := item{kind: leaf, typ: t, n: r.count}
	if v.Type() != nodeType && infoOf(v.Type()).leaf {
		if v.IsNil() {
			return r.wrong("nothing is fed")
		}
		i.fixed = isFixed(v) && i.fixable()
		if n, seen := r.known[v.Pointer()]; seen {
			i.n = n
			return r.add(i)
		}
		if r.known == nil {
			r.known = map[uintptr]int{}
		}
		r.known[v.Pointer()] = r.count
		if v.Type() == t {
			i.value = v
		}
	}
	r.add(i)
	r.count++
	return r.Leaf(v)
}

func (r *Reader) list(t reflect.Type, v reflect.Value) error {
	if !v.IsValid() || v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return r.wrong("want a slice of values, not %s", describe(v))
	}
	if t.Kind() == reflect.Array && v.Len() != t.Len() {
		return r.wrong("%d values fed, %d wanted", v.Len(), t.Len())
	}
	r.add(item{kind: list, typ: t, n: v.Len()})
	for i := range v.Len() {
		if err := r.inside(step{"", i, indexStep}, t.Elem(), v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) table(t reflect.Type, v reflect.Value) error {
	if !v.IsValid() || v.Kind() != reflect.Map || v.Type().Key().Kind() != reflect.String {
		return r.wrong("want a map from strings to values, not %s", describe(v))
	}
	r.add(item{kind: table, typ: t, n: v.Len()})
	for _, k := range sortedKeys(v) {
		r.add(item{kind: key, key: k.String()})
		if err := r.inside(step{k.String(), 0, keyStep}, t.Elem(), v.MapIndex(k)); err != nil {
			return err
		}
	}
	return nil
}

// record reads what is fed for a struct of type t. Whole is t or a pointer to it.
func (r *Reader) record(whole, t reflect.Type, v reflect.Value) error {
	if v.IsValid() && v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct {
		v = v.Elem()
	}
	isMap := v.IsValid() && v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String
	if !isMap && (!v.IsValid() || v.Kind() != reflect.Struct) {
		return r.wrong("want a struct like %v, or a map from its fields' names, not %s", t, describe(v))
	}
	info := infoOf(t)
	from := info.sourceOf(t, v.Type())
	i := item{kind: record, typ: whole}
	switch {
	case isMap:
		if err := r.extra(from, t, v); err != nil {
			return err
		}
	case from.same:
		if err := r.refuseHidden(info, v); err != nil {
			return err
		}
		if i.n = 1; from.carries {
			i.value = addressable(v)
		}
	}
	r.add(i)
	for _, f := range from.trees {
		x := f.of(v)
		if !x.IsValid() && Holds(t.Field(f.to).Type) {
			r.steps = append(r.steps, step{f.name, 0, fieldStep})
			if isMap {
				return r.wrong("the map has no such entry")
			}
			return r.wrong("%s has no such field", describe(v))
		}
		if err := r.inside(step{f.name, 0, fieldStep}, t.Field(f.to).Type, x); err != nil {
			return err
		}
	}
	if from.same {
		return nil
	}
	for _, f := range from.rest {
		r.add(item{kind: carried, n: f.to, value: f.of(v)})
	}
	return r.add(item{kind: end})
}

// of is the value of a field in what is fed for its struct.
func (f field) of(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Map {
		return v.MapIndex(reflect.ValueOf(f.name).Convert(v.Type().Key()))
	}
	if len(f.from) == 0 {
		return reflect.Value{}
	}
	return v.FieldByIndex(f.from)
}

// addressable is v, or a copy of it in memory that has an address.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

// inside reads a part of the tree at hand.
func (r *Reader) inside(s step, t reflect.Type, v reflect.Value) error {
	r.steps = append(r.steps, s)
	err := r.read(t, v)
	if err == nil {
		r.steps = r.steps[:len(r.steps)-1]
	}
	return err
}

// extra refuses a map with entries for which a struct has no field.
func (r *Reader) extra(from *source, t reflect.Type, v reflect.Value) error {
	var unknown []string
	for _, k := range v.MapKeys() {
		if !slices.ContainsFunc(from.trees, func(f field) bool { return f.name == k.String() }) {
			unknown = append(unknown, strconv.Quote(k.String()))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return r.wrong("%v has no nodes called %s", t, strings.Join(unknown, ", "))
}

// refuseHidden refuses a value with parameters in fields that are not exported: they would not be trained.
func (r *Reader) refuseHidden(info *typeInfo, v reflect.Value) error {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if !info.deep || v.Kind() != reflect.Struct {
		return nil
	}
	for i := range v.NumField() {
		f, info := v.Type().Field(i), infoOf(v.Type().Field(i).Type)
		switch {
		case f.IsExported() && info.may:
		case f.IsExported():
			if err := r.refuseHidden(info, v.Field(i)); err != nil {
				return err
			}
		case hasParameter(v.Field(i), nil):
			return r.wrong("the field %s of %v holds parameters but is not exported, so they would not be trained", f.Name, v.Type())
		}
	}
	return nil
}

// hasParameter reports whether there is a Parameter in v, which lies in the outer values.
func hasParameter(v reflect.Value, outer []place) bool {
	if !v.IsValid() || isNil(v) {
		return false
	}
	t := v.Type()
	if !infoOf(t).deep {
		return false
	}
	if size, shared := sharedSize(v); shared {
		p := place{v.Pointer(), size, t}
		if slices.Contains(outer, p) {
			return false
		}
		outer = append(outer, p)
	}
	switch {
	case t != nodeType && isLeaf(t):
		return true
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
		return hasParameter(v.Elem(), outer)
	case t.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if hasParameter(v.Field(i), outer) {
				return true
			}
		}
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		for i := range v.Len() {
			if hasParameter(v.Index(i), outer) {
				return true
			}
		}
	case t.Kind() == reflect.Map:
		for _, k := range v.MapKeys() {
			if hasParameter(v.MapIndex(k), outer) {
				return true
			}
		}
	}
	return false
}

// wrong is the error of a value that has not the form of its tree.
func (r *Reader) wrong(format string, args ...any) error {
	return &Mismatch{Index: r.count, Path: r.Path(), Reason: fmt.Sprintf(format, args...)}
}

// Path is that of the leaf that is being read.
func (r *Reader) Path() string { return r.way().path }

func (r *Reader) way() (w way) {
	for _, s := range r.steps {
		w = w.to(s)
	}
	return w
}

func describe(v reflect.Value) string {
	if !v.IsValid() {
		return "nil"
	}
	return "a " + v.Type().String()
}

// sortedKeys are the keys of a map from strings, in order.
func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
