package tree

import (
	"errors"
	"fmt"
	"reflect"
)

// Filler finds the places for the leaves of trees in other values, one after another: in structs, slices, arrays, maps
// from strings and what pointers lead to, made where they are nil. It allocates nothing where all is there, maps of other
// things than pointers aside.
type Filler struct {
	Structure
	// Leaf is given the place of leaf number n.
	Leaf func(n int, place reflect.Value) error

	at      int
	entries []entry
}

// ErrFixed says that a place, which cannot be set, has not what fits. Leaf gives it for a pointer in a map.
var ErrFixed = errors.New("the place cannot be set")

// entry is a place that is to be put into a map.
type entry struct{ table, key, value reflect.Value }

// Fill finds the places for the next tree. Dst can be set.
func (f *Filler) Fill(dst reflect.Value) error {
	i := f.Structure[f.at]
	f.at++
	switch i.kind {
	case leaf:
		return f.Leaf(i.n, dst)
	case nothing, carried:
		return nil
	}
	if dst.Kind() == reflect.Interface && !dst.IsNil() {
		dst = dst.Elem()
	}
	if dst.Kind() == reflect.Interface && i.typ.AssignableTo(dst.Type()) && i.typ.Kind() == reflect.Pointer && dst.CanSet() {
		dst.Set(reflect.New(i.typ.Elem()))
		dst = dst.Elem()
	}
	if dst.Kind() == reflect.Pointer {
		if dst.IsNil() && dst.CanSet() {
			dst.Set(reflect.New(dst.Type().Elem()))
		}
		dst = dst.Elem()
	}
	switch {
	case i.kind == list && (dst.Kind() == reflect.Slice || dst.Kind() == reflect.Array):
		return f.list(i, dst)
	case i.kind == table && dst.Kind() == reflect.Map:
		return f.table(i, dst)
	case i.kind == record && (dst.Kind() == reflect.Struct || dst.Kind() == reflect.Map):
		return f.record(i, dst)
	}
	return fmt.Errorf("a %v is no place for a %v", dst.Kind(), i.typ)
}

// Length makes a slice n long, or refuses an array that is not.
func Length(dst reflect.Value, n int) error {
	switch {
	case dst.Len() == n:
		return nil
	case dst.Kind() == reflect.Slice && dst.CanSet():
		longer := reflect.MakeSlice(dst.Type(), n, n)
		reflect.Copy(longer, dst)
		dst.Set(longer)
		return nil
	}
	return fmt.Errorf("a %v of %d has no place for %d", dst.Type(), dst.Len(), n)
}

func (f *Filler) list(i item, dst reflect.Value) error {
	if err := Length(dst, i.n); err != nil {
		return err
	}
	for k := range i.n {
		if err := f.Fill(dst.Index(k)); err != nil {
			return err
		}
	}
	return nil
}

func (f *Filler) table(i item, dst reflect.Value) error {
	for range i.n {
		k := f.Structure[f.at].value
		f.at++
		if err := f.entry(dst, k); err != nil {
			return err
		}
	}
	return nil
}

// entry fills a map's entry.
func (f *Filler) entry(dst, key reflect.Value) error {
	t := dst.Type()
	if t.Key().Kind() != reflect.String {
		return fmt.Errorf("a %v has no names for keys", t)
	}
	if t.Key() != key.Type() {
		key = key.Convert(t.Key())
	}
	if dst.IsNil() {
		dst.Set(reflect.MakeMap(t))
	}
	old, at := dst.MapIndex(key), f.at
	if old.IsValid() && t.Elem().Kind() == reflect.Pointer && !old.IsNil() {
		if err := f.Fill(old); err != ErrFixed {
			return err
		}
		f.at = at
	}
	place := reflect.New(t.Elem()).Elem()
	if old.IsValid() {
		place.Set(old)
	}
	f.entries = append(f.entries, entry{dst, key, place})
	return f.Fill(place)
}

func (f *Filler) record(i item, dst reflect.Value) error {
	t := i.typ
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for _, field := range infoOf(t).sourceOf(t, dst.Type()).trees {
		var err error
		switch next := f.Structure[f.at].kind; {
		case next == nothing || next == carried:
			f.at++
		case dst.Kind() == reflect.Map:
			err = f.entry(dst, reflect.ValueOf(field.name))
		case len(field.from) == 0:
			err = fmt.Errorf("a %v has no field %s for that of %v", dst.Type(), field.name, t)
		default:
			err = f.Fill(dst.FieldByIndex(field.from))
		}
		if err != nil {
			return err
		}
	}
	for ; i.n == 0 && f.Structure[f.at].kind != end; f.at++ {
	}
	f.at += 1 - i.n
	return nil
}

// Done puts the places that are not in their maps yet there.
func (f *Filler) Done() {
	for _, e := range f.entries {
		e.table.SetMapIndex(e.key, e.value)
	}
}

// Reset begins anew, with a structure that was kept.
func (f *Filler) Reset(s Structure) {
	clear(f.entries)
	f.Structure, f.at, f.entries = s, 0, f.entries[:0]
}
