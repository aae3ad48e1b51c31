package autodiff

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

// Dump writes a web page, in one file that needs no other, about the program for the types of the values fed: the
// graph as it was traced and after every pass of the compiler, the plan with its steps and its memory, and the time
// that each step takes, measured on the values in the fraction of a second or in five runs. It traces and compiles f
// anew. Feeds are those of Run; donated arguments are not overwritten, since the runs work on copies.
//
// Nothing is written when tracing, compiling or running fails.
func (fn *Function) Dump(ctx context.Context, w io.Writer, feeds ...any) error {
	if ctx == nil || w == nil {
		return errors.New("autodiff: the context or the writer is nil")
	}
	c := makeCall()
	if err := c.read(fn, feeds); err != nil {
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
	p, err := fn.build(t, page.Record)
	if err != nil {
		return err
	}
	page.Plan = p.code.Plan()
	if page.Profile, err = p.code.Profile(ctx, c.in); err != nil {
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
func (fn *Function) traceAlone(c *call) (trace, error) {
	if err := fn.building.lock(); err != nil {
		return trace{}, err
	}
	defer fn.building.unlock()
	return fn.trace(c)
}
