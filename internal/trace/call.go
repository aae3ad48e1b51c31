package trace

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/tree"
)

// Call is what one run is given, and where its results go. It serves again for other runs.
type Call struct {
	In, Out []exec.Value
	tensors []*tensor.Dense // what is fed, nil where that is no tensor
	ints    []int           // leaves that are fed as an int
	Reader  tree.Reader
	room    exec.Room

	program *Program
	filler  tree.Filler
	later   []delivery
}

var calls = sync.Pool{New: func() any { return MakeCall() }}

func MakeCall() *Call {
	c := new(Call)
	c.Reader.Leaf, c.filler.Leaf = c.ingestLeaf, c.place
	return c
}

func NewCall() *Call { return calls.Get().(*Call) }

func (c *Call) Done() {
	clear(c.In)
	clear(c.Out)
	clear(c.tensors)
	clear(c.later)
	c.In, c.Out, c.tensors, c.ints, c.later = c.In[:0], c.Out[:0], c.tensors[:0], c.ints[:0], c.later[:0]
	c.Reader.Reset()
	c.filler.Reset(nil)
	c.room.Reset()
	c.program = nil
	calls.Put(c)
}

// Read takes what is fed for every argument.
func (c *Call) Read(fn *Function, feeds []any) error {
	if len(feeds) != len(fn.args) {
		return fmt.Errorf("autodiff: %d arguments fed, %d wanted", len(feeds), len(fn.args))
	}
	for i, a := range fn.args {
		if err := c.Reader.Read(a.name, a.typ, reflect.ValueOf(feeds[i])); err != nil {
			if m, ok := errors.AsType[*tree.Mismatch](err); ok {
				return &exec.FeedError{Index: m.Index, Name: m.Path, Reason: m.Reason}
			}
			return err
		}
	}
	return nil
}

// ingestLeaf takes what is fed for a leaf.
func (c *Call) ingestLeaf(v reflect.Value) error {
	d, isTensor := tensorOf(v)
	var value exec.Value
	err := ErrNoValue
	switch {
	case !isTensor:
		value, err = c.room.Ingest(v)
	case d != nil || v.Type() == denseType:
		value, err = exec.Ingest(d)
	}
	if err != nil {
		return &exec.FeedError{Index: len(c.In), Name: c.Reader.Path(), Err: err}
	}
	if v.Kind() == reflect.Int {
		c.ints = append(c.ints, len(c.In))
	}
	c.In, c.tensors = append(c.In, value), append(c.tensors, d)
	return nil
}

// ErrNoValue is the error of a parameter without a tensor.
var ErrNoValue = errors.New("the parameter has no value")

var denseType = reflect.TypeFor[*tensor.Dense]()

// tensorOf is a tensor, or that of a parameter.
func tensorOf(v reflect.Value) (d *tensor.Dense, ok bool) {
	if v.Kind() != reflect.Pointer {
		return nil, false
	}
	switch x := v.Interface().(type) {
	case *tensor.Dense:
		return x, true
	case tree.Parameter:
		if v.IsNil() {
			return nil, true
		}
		_, slot := x.Held()
		return *slot, true
	}
	return nil, false
}

// blameInts says so in an error of tracing that is about an i64 if ints are fed: often it was to be a float.
func (c *Call) blameInts(t Trace, err error) {
	mistake, ok := errors.AsType[*graph.Error](err)
	if !ok || len(c.ints) == 0 || !strings.Contains(mistake.Error(), graph.Int64.String()) {
		return
	}
	for _, i := range c.ints {
		name := t.Inputs[i].Name()
		if name == "" {
			arg := slices.IndexFunc(t.ArgLeaves, func(at [2]int) bool { return at[0] <= i && i < at[1] })
			name = fmt.Sprintf("argument %d", arg)
		}
		mistake.Reason += fmt.Sprintf("; %s was fed an int, which is an i64: write %.1f, or Cast it", name, c.In[i].At(0))
	}
}

// Ingest takes the leaves of the arguments.
func (c *Call) Ingest(in []*tensor.Dense) error {
	for i, d := range in {
		v, err := exec.Ingest(d)
		if err != nil {
			return &exec.FeedError{Index: i, Err: err}
		}
		c.In, c.tensors = append(c.In, v), append(c.tensors, d)
	}
	return nil
}

// donor returns the tensor fed for donated input k, which must be updatable in place.
func (c *Call) donor(k int) (*tensor.Dense, error) {
	if d := c.tensors[k]; d == nil || !exec.Aliases(d, c.In[k]) {
		return nil, &exec.FeedError{Index: k, Name: c.program.Inputs[k].Name(),
			Reason: "it is donated, so it must be a contiguous row-major *tensor.Dense"}
	}
	if exec.Overlaps(c.In[k], c.In[:k], c.In[k+1:]) {
		return nil, &exec.FeedError{Index: k, Name: c.program.Inputs[k].Name(),
			Reason: "it is donated, but shares memory with another input"}
	}
	return c.tensors[k], nil
}

// Destination is the memory of a tensor that a result is written to.
func Destination(d *tensor.Dense) (exec.Value, error) {
	v, err := exec.Ingest(d)
	if err == nil && !exec.Aliases(d, v) {
		err = errors.New("it is a view, transposed or column-major")
	}
	return v, err
}

// delivery is a result that gets to its place when a run has succeeded: as a tensor, or as a number of another type.
type delivery struct {
	place  reflect.Value
	tensor *tensor.Dense
	number exec.Value
}

// place finds memory for leaf n of the results, in v or for it.
func (c *Call) place(n int, v reflect.Value) (err error) {
	t, k := c.program.Outputs[n], c.program.donated[n]
	if k >= 0 {
		d, err := c.donor(k)
		c.Out[n] = c.In[k]
		return errors.Join(err, c.arrive(n, v, d))
	}
	if d, ok := tensorOf(inside(v)); ok && d != nil {
		if there, err := Destination(d); err == nil && there.Type.Equal(t) {
			c.Out[n] = there
			return nil
		}
	}
	switch kind := v.Kind(); {
	case kind == reflect.Slice && t.Rank() == 1 && holds(v.Type().Elem().Kind(), t.DType):
		err = tree.Length(v, t.Shape[0])
		c.Out[n] = exec.Value{Type: t, Buf: graph.Buffer{Ptr: v.UnsafePointer(), Len: v.Len()}}
	case holds(kind, t.DType) && t.Rank() == 0:
		c.Out[n] = exec.Value{Type: t, Buf: graph.Buffer{Ptr: v.Addr().UnsafePointer(), Len: 1}}
	case v.CanFloat() && t.DType.IsFloat() && t.Rank() == 0, v.CanInt() && t.DType == graph.Int64 && t.Rank() == 0:
		c.Out[n] = c.room.Number(t)
		c.later = append(c.later, delivery{place: v, number: c.Out[n]})
	default:
		c.Out[n] = exec.NewValue(t)
		err = c.arrive(n, v, c.Out[n].Dense())
	}
	return err
}

// inside is what an interface holds.
func inside(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Interface && !v.IsNil() {
		return v.Elem()
	}
	return v
}

// holds reports whether a Go type is that of an element type's numbers in memory.
func holds(k reflect.Kind, d graph.DType) bool {
	switch k {
	case reflect.Float32:
		return d == graph.Float32
	case reflect.Float64:
		return d == graph.Float64
	case reflect.Int64:
		return d == graph.Int64
	case reflect.Int:
		return d == graph.Int64 && reflect.TypeFor[int]().Size() == 8
	}
	return k == reflect.Bool && d == graph.Bool
}

// arrive puts d where leaf n of the results belongs, later.
func (c *Call) arrive(n int, v reflect.Value, d *tensor.Dense) error {
	if p, ok := inside(v).Interface().(tree.Parameter); ok {
		if inside(v).IsNil() {
			v.Set(reflect.ValueOf(reflect.New(v.Type().Elem()).Interface().(tree.Parameter).Hold(nil)))
			p = v.Interface().(tree.Parameter)
		}
		_, slot := p.Held()
		v = reflect.ValueOf(slot).Elem()
	}
	if !v.CanSet() {
		return tree.ErrFixed
	}
	if !denseType.AssignableTo(v.Type()) {
		return fmt.Errorf("a %v is no place for result tensor %d, which is %v: want a *tensor.Dense, an any, and for scalars "+
			"and vectors a number and a slice of their type", v.Type(), n, c.program.Outputs[n])
	}
	c.later = append(c.later, delivery{place: v, tensor: d})
	return nil
}

// arrived puts every result where it belongs.
func (c *Call) arrived() {
	for _, a := range c.later {
		switch {
		case a.tensor != nil:
			a.place.Set(reflect.ValueOf(a.tensor))
		case a.place.CanInt():
			a.place.SetInt(graph.Elements[int64](a.number.Buf)[0])
		default:
			a.place.SetFloat(a.number.At(0))
		}
	}
	c.filler.Done()
}
