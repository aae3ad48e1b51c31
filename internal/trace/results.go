package trace

import (
	"context"
	"fmt"
	"reflect"

	"gorgonia.org/tensor"

	"chainrule/internal/exec"
	"chainrule/internal/tree"
)

// RunTo is autodiff.Function.RunTo.
func (fn *Function) RunTo(ctx context.Context, out any, feeds ...any) error {
	c := NewCall()
	defer c.Done()
	if err := c.Read(fn, feeds); err != nil {
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
func (c *Call) fill(p *Program, out any) error {
	place := reflect.ValueOf(out)
	if place.Kind() != reflect.Pointer || place.IsNil() {
		return fmt.Errorf("results go to what a pointer leads to, not to a %T", out)
	}
	c.program = p
	c.Out = append(c.Out, make([]exec.Value, len(p.Outputs))...)
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
func (c *Call) fillFields(dst reflect.Value, several int) error {
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

// RunInto is autodiff.Function.RunInto.
func (fn *Function) RunInto(ctx context.Context, dst, in []*tensor.Dense) error {
	c := NewCall()
	defer c.Done()
	if err := c.Ingest(in); err != nil {
		return err
	}
	p, err := fn.programFor(c)
	if err != nil {
		return err
	}
	if len(dst) != len(p.Outputs) {
		return fmt.Errorf("autodiff: %d tensors for %d results", len(dst), len(p.Outputs))
	}
	c.program = p
	for i, d := range dst {
		var v exec.Value
		if k := p.donated[i]; k >= 0 {
			_, err = c.donor(k)
			v = c.In[k]
		} else if v, err = Destination(d); err != nil {
			err = fmt.Errorf("autodiff: result tensor %d: %w", i, err)
		}
		if err != nil {
			return err
		}
		c.Out = append(c.Out, v)
	}
	return p.runCall(ctx, c)
}

// runCall runs into c.Out, by way of other memory if results share memory with inputs.
func (p *Program) runCall(ctx context.Context, c *Call) error {
	var indirect bool
	for i, v := range c.Out {
		if p.donated[i] >= 0 {
			continue
		}
		for _, k := range p.donated {
			if k >= 0 && exec.Overlaps(v, c.In[k:k+1]) {
				return fmt.Errorf("autodiff: result tensor %d shares memory with a donated argument", i)
			}
		}
		for k := range i {
			if exec.Overlaps(v, c.Out[k:k+1]) {
				return fmt.Errorf("autodiff: result tensors %d and %d share memory", k, i)
			}
		}
		indirect = indirect || exec.Overlaps(v, c.In)
	}
	if indirect {
		return p.runIndirect(ctx, c)
	}
	return p.Run(ctx, c.Out, c.In)
}

// runIndirect runs into memory of the program's and copies.
func (p *Program) runIndirect(ctx context.Context, c *Call) error {
	room, ok := p.indirect.Get().(*[]exec.Value)
	if !ok {
		room = new([]exec.Value)
		for i, v := range c.Out {
			if p.donated[i] < 0 {
				v = exec.NewValue(v.Type)
			}
			*room = append(*room, v)
		}
	}
	defer p.indirect.Put(room)
	dst := *room
	for i, v := range c.Out {
		if p.donated[i] >= 0 {
			dst[i] = v
		}
	}
	if err := p.Run(ctx, dst, c.In); err != nil {
		return err
	}
	for i, v := range c.Out {
		if p.donated[i] < 0 {
			copy(v.Bytes(), dst[i].Bytes())
		}
	}
	return nil
}
