package autodiff

import (
	"context"

	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/internal/control"
)

// GoFunc makes nodes of a Go function that computes tensors from tensors, by any means: results lists the types of the
// nodes that it returns. When they are computed, run is called with the inputs, which it must not change, and with
// tensors for the results, which it must fill and not keep, nor replace by others. An error stops the run. The function must give equal results
// for equal inputs; it may be called from several goroutines at once, and for nodes whose results turn out not to be
// needed it is not called at all.
//
// It has no derivative, and that is not taken for zero: to ask for one by an input that a float result is computed from
// panics with a *graph.Error. Give it one with CustomVJP or CustomJVP, or put a result that is no part of it into
// ops.StopGradient. Under Vmap it is called for one example after the
// other. The name is for messages and pictures.
func GoFunc(name string, run func(out, in []*tensor.Dense) error, results []graph.Type, in ...*graph.Node) []*graph.Node {
	var plain func(context.Context, []*tensor.Dense, []*tensor.Dense) error
	if run != nil {
		plain = func(_ context.Context, out, in []*tensor.Dense) error { return run(out, in) }
	}
	return GoFuncContext(name, plain, results, in...)
}

// GoFuncContext is GoFunc for a function that may take long: run is called with the context of the run that it is part of,
// and gives up with the context's error when that is done.
func GoFuncContext(
	name string, run func(ctx context.Context, out, in []*tensor.Dense) error, results []graph.Type, in ...*graph.Node,
) []*graph.Node {
	if len(in) == 0 || len(results) == 0 {
		graph.Fail("go", nil, "%s has no input or no result", name)
	}
	if in[0] == nil {
		graph.Fail("go", nil, "the first input of %s is nil", name)
	}
	return control.GoFunc(name, run, results, in)
}
