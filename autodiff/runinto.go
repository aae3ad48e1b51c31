package autodiff

import (
	"context"
	"fmt"
	"reflect"

	"gorgonia.org/tensor"

	"chainrule/internal/exec"
	"chainrule/internal/tree"
)

// RunTo is Run whose results keep their trees: out points to a value that mirrors f's result, a slice for a slice, and a
// struct with fields of the same names, or a map, for a struct. If f has several results, it points to a struct with an
// exported field for each, in their order, or to a slice. A leaf gets to a *tensor.Dense, an any or a parameter, a scalar to a
// number too, and a vector to a slice. Tensors and slices of the right type are written to; for others, and nil, there are
// new ones. Results may lie where arguments do.
//
// It allocates nothing from the second call for the same types on, but for maps: fed as arguments, or of numbers as results.
// (Go allocates when a slice, or a struct that is not passed by its address, becomes an any.) A run that fails leaves the
// rest of out as it was, and has undefined values in tensors and slices that are written to.
func (fn *Function) RunTo(ctx context.Context, out any, feeds ...any) error {
	c := newCall()
	defer c.done()
	if err := c.read(fn, feeds); err != nil {
		return err
	}
	p, err := fn.program(c)
	if err != nil {
		return err
	}
	if err := c.fill(p, out); err != nil {
		return fmt.Errorf("autodiff: %w", err)
	}
	if err := p.runCall(ctx, c); err != nil {
		return err
	}
	c.arrived()
	return nil
}

// fill finds the places of all results.
func (c *call) fill(p *program, out any) error {
	place := reflect.ValueOf(out)
	if place.Kind() != reflect.Pointer || place.IsNil() {
		return fmt.Errorf("results go to what a pointer leads to, not to a %T", out)
	}
	c.program = p
	c.out = append(c.out, make([]exec.Value, len(p.outputs))...)
	c.filler.Reset(p.results)
	dst, several := place.Elem(), len(p.resultLeaves)
	switch {
	case several == 1:
		return c.filler.Fill(dst)
	case dst.Kind() == reflect.Struct:
		return c.fillFields(dst, several)
	case dst.Kind() != reflect.Slice && dst.Kind() != reflect.Array:
		return fmt.Errorf("%d results go to a struct with a field for each, or to a slice, not to a %v", several, dst.Type())
	}
	if err := tree.Length(dst, several); err != nil {
		return err
	}
	for i := range several {
		if err := c.filler.Fill(dst.Index(i)); err != nil {
			return fmt.Errorf("result %d: %w", i, err)
		}
	}
	return nil
}

// fillFields finds places for several results in the exported fields of a struct.
func (c *call) fillFields(dst reflect.Value, several int) error {
	found := 0
	for i := range dst.NumField() {
		if !dst.Type().Field(i).IsExported() {
			continue
		}
		if found++; found > several {
			break
		}
		if err := c.filler.Fill(dst.Field(i)); err != nil {
			return fmt.Errorf("result %d: %w", found-1, err)
		}
	}
	if found != several {
		return fmt.Errorf("%d results go to a struct with as many exported fields, not to a %v", several, dst.Type())
	}
	return nil
}

// RunInto is Run into tensors that the caller owns, and allocates nothing once a program for the types exists: in
// has the leaves of the arguments, dst those of the results, with nil where a result overwrites a donated
// argument. All of dst must be contiguous row-major tensors that share no memory with each other. If f takes slices or maps, Run must have been called
// before with as many leaves.
func (fn *Function) RunInto(ctx context.Context, dst, in []*tensor.Dense) error {
	c := newCall()
	defer c.done()
	if err := c.ingest(in); err != nil {
		return err
	}
	p, err := fn.programFor(c)
	if err != nil {
		return err
	}
	if len(dst) != len(p.outputs) {
		return fmt.Errorf("autodiff: %d tensors for %d results", len(dst), len(p.outputs))
	}
	c.program = p
	for i, d := range dst {
		var v exec.Value
		if k := p.donated[i]; k >= 0 {
			_, err = c.donor(k)
			v = c.in[k]
		} else if v, err = destination(d); err != nil {
			err = fmt.Errorf("autodiff: result tensor %d: %w", i, err)
		}
		if err != nil {
			return err
		}
		c.out = append(c.out, v)
	}
	return p.runCall(ctx, c)
}

// runCall runs into c.out, by way of other memory if results share memory with inputs.
func (p *program) runCall(ctx context.Context, c *call) error {
	var indirect bool
	for i, v := range c.out {
		if p.donated[i] >= 0 {
			continue
		}
		for _, k := range p.donated {
			if k >= 0 && exec.Overlaps(v, c.in[k:k+1]) {
				return fmt.Errorf("autodiff: result tensor %d shares memory with a donated argument", i)
			}
		}
		for k := range i {
			if exec.Overlaps(v, c.out[k:k+1]) {
				return fmt.Errorf("autodiff: result tensors %d and %d share memory", k, i)
			}
		}
		indirect = indirect || exec.Overlaps(v, c.in)
	}
	if indirect {
		return p.runIndirect(ctx, c)
	}
	return p.run(ctx, c.out, c.in)
}

// runIndirect runs into memory of the program's and copies.
func (p *program) runIndirect(ctx context.Context, c *call) error {
	room, ok := p.indirect.Get().(*[]exec.Value)
	if !ok {
		room = new([]exec.Value)
		for i, v := range c.out {
			if p.donated[i] < 0 {
				v = exec.NewValue(v.Type)
			}
			*room = append(*room, v)
		}
	}
	defer p.indirect.Put(room)
	dst := *room
	for i, v := range c.out {
		if p.donated[i] >= 0 {
			dst[i] = v
		}
	}
	if err := p.run(ctx, dst, c.in); err != nil {
		return err
	}
	for i, v := range c.out {
		if p.donated[i] < 0 {
			copy(v.Bytes(), dst[i].Bytes())
		}
	}
	return nil
}
