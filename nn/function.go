package nn

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
)

// Function runs what is built from a model's parameters, with the values that they have at the time. It is safe for
// concurrent use, but not while the parameters are being trained.
type Function struct {
	params []Named
	fn     *autodiff.Function
}

// Compile returns a Function for f, such as the Apply of a model whose parameters f uses. An option is one of
// programs, such as autodiff.DebugNaN. It panics with a *graph.Error if there is no f.
func Compile(model any, f func(x *graph.Node) *graph.Node, opts ...autodiff.ProgramOption) *Function {
	if f == nil {
		graph.Fail("compile", nil, "the function is nil")
	}
	params := Params(model)
	compile := make([]autodiff.CompileOption, len(opts))
	for i, o := range opts {
		compile[i] = o
	}
	return &Function{params, autodiff.Compile(func(values []*graph.Node, x *graph.Node) *graph.Node {
		Bind(params, values)
		return f(graph.Named("x", x))
	}, compile...)}
}

// Run returns f(x), for a tensor, a gonum matrix or a slice x. Like autodiff.Function's Run, it compiles f if x has a
// new type.
func (f *Function) Run(ctx context.Context, x any) (*tensor.Dense, error) {
	values := make([]*tensor.Dense, len(f.params))
	for i, p := range f.params {
		if values[i] = p.Param.Value; values[i] == nil {
			return nil, fmt.Errorf("nn: parameter %s has no value", p.Path)
		}
	}
	out, err := f.fn.Run(ctx, values, x)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}
