package autodiff

import (
	"context"
	"fmt"
	"io"

	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/internal/trace"
)

// Function runs a function on nodes with tensors. It is safe for concurrent use.
type Function struct{ inner *trace.Function }

// Run feeds one value or tree of values for each argument, traces and compiles f for their types if that is new,
// and returns the leaves of the results in new tensors. A donated argument's tensors are returned themselves.
//
// A value is a *tensor.Dense, a gonum matrix or vector, a slice (a vector) or a number (a scalar). A tree of them
// mirrors the argument's: a slice for a slice, and a struct with fields of the same names, or a map, for a struct.
func (fn *Function) Run(ctx context.Context, feeds ...any) ([]*tensor.Dense, error) {
	run, results, err := fn.Bind(feeds...)
	if err != nil {
		return nil, err
	}
	if err := run(ctx); err != nil {
		return nil, err
	}
	return results, nil
}

// Bind traces and compiles f for the types of the feeds, which are those of Run, without running it, if there is no
// program for them yet. It returns the leaves of the results, in new tensors (a donated argument's own), and a function
// that computes them anew from what the feeds then hold, and allocates nothing. The memory for it is there when Bind returns: the first run takes no longer than later ones.
//
// Feeds of which Run would take a copy, such as views that are not contiguous, keep the values that they have now. The
// run may be called again and again, but by one goroutine at a time, since all calls write the same tensors.
func (fn *Function) Bind(feeds ...any) (run func(context.Context) error, results []*tensor.Dense, err error) {
	return fn.inner.Bind(feeds...)
}

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
	return fn.inner.RunTo(ctx, out, feeds...)
}

// RunInto is Run into tensors that the caller owns, and allocates nothing once a program for the types exists: in
// has the leaves of the arguments, dst those of the results, with nil where a result overwrites a donated
// argument. All of dst must be contiguous row-major tensors that share no memory with each other. If f takes slices or maps, Run must have been called
// before with as many leaves.
func (fn *Function) RunInto(ctx context.Context, dst, in []*tensor.Dense) error {
	return fn.inner.RunInto(ctx, dst, in)
}

// Dump writes a web page, in one file that needs no other, about the program for the types of the values fed: the
// graph as it was traced and after every pass of the compiler, the plan with its steps and its memory, and the time
// that each step takes, measured on the values in the fraction of a second or in five runs. It traces and compiles f
// anew. Feeds are those of Run; donated arguments are not overwritten, since the runs work on copies.
//
// Nothing is written when tracing, compiling or running fails.
func (fn *Function) Dump(ctx context.Context, w io.Writer, feeds ...any) error {
	return fn.inner.Dump(ctx, w, feeds...)
}

// FeedError says which input of a run does not fit, and why.
type FeedError = exec.FeedError

// Errors of values that cannot be fed, wrapped in a FeedError.
var (
	ErrMasked = exec.ErrMasked
	ErrSparse = exec.ErrSparse
	ErrDType  = exec.ErrDType
)

// Floats returns a copy of a tensor's elements in row-major order, as float64; a bool is 0 or 1. Unlike the tensor's own
// Data, it does so for tensors with no element and for scalars too, and for views. It is an error if there is no tensor,
// or one that Run would not take.
func Floats(t *tensor.Dense) ([]float64, error) {
	if t == nil {
		return nil, fmt.Errorf("autodiff: the tensor is nil")
	}
	v, err := exec.Ingest(t)
	if err != nil {
		return nil, fmt.Errorf("autodiff: %w", err)
	}
	all := make([]float64, graph.Size(v.Type.Shape))
	for i := range all {
		all[i] = v.At(i)
	}
	return all, nil
}
