package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime"
	"strings"

	"chainrule/internal/compile"
	"chainrule/internal/dump"
)

// Dump is autodiff.Function.Dump.
func (fn *Function) Dump(ctx context.Context, w io.Writer, feeds ...any) error {
	if ctx == nil || w == nil {
		return errors.New("autodiff: the context or the writer is nil")
	}
	c := MakeCall()
	if err := c.Read(fn, feeds); err != nil {
		return err
	}
	t := fn.traced
	if fn.f.IsValid() {
		var err error
		if t, err = fn.traceAlone(c); err != nil {
			return err
		}
	}
	page := dump.Page{Title: fn.name(), Record: &compile.Record{}}
	p, err := fn.Build(t, page.Record)
	if err != nil {
		return err
	}
	page.Plan = p.Code.Plan()
	if page.Profile, err = p.Code.Profile(ctx, c.In); err != nil {
		return err
	}
	if err := page.Write(w); err != nil {
		return fmt.Errorf("autodiff: dump: %w", err)
	}
	return nil
}

// name is what f is called in its program.
func (fn *Function) name() string {
	if fn.f.IsValid() {
		if f := runtime.FuncForPC(fn.f.Pointer()); f != nil {
			return strings.TrimSuffix(path.Base(f.Name()), "-fm") // as the method values of Go end
		}
	}
	return "graph"
}

// traceAlone traces while nobody else does.
func (fn *Function) traceAlone(c *Call) (Trace, error) {
	if err := fn.building.lock(); err != nil {
		return Trace{}, err
	}
	defer fn.building.unlock()
	return fn.Trace(c)
}
