package ours

import (
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/benchmarks/workload"
	"chainrule/graph"
)

// compilation is a subject whose step builds a graph by hand, differentiates and compiles it, and runs nothing.
func compilation[T workload.Float](c workload.Case, threads int) (*Subject, error) {
	dtype := graph.Float64
	if c.DType == "f32" {
		dtype = graph.Float32
	}
	if c.Kind == workload.MLP {
		compile := func() (*autodiff.Function, error) { return compileMLP(c, dtype, threads) }
		t := newTensors[T](c)
		return compiled(c, compile, t.results, t.args, t.answer), nil
	}
	compile := func() (*autodiff.Function, error) {
		g := graph.New()
		x, k := g.Input("x", dtype), g.Input("k", dtype)
		v := repeated(c.N, x, k)
		return autodiff.CompileGraph([]*graph.Node{x, k}, append([]*graph.Node{v}, autodiff.Gradients(v, x)...),
			options(threads)...)
	}
	v, dv := dense(make([]T, 1)), dense(make([]T, 1))
	x, k := dense([]T{workload.ScalarX}), dense([]T{workload.ScalarK})
	answer := func(step func() error) ([]workload.Sum, error) {
		err := step()
		return []workload.Sum{workload.Number(values[T](v)[0]), workload.Number(values[T](dv)[0])}, err
	}
	return compiled(c, compile, []*tensor.Dense{v, dv}, []*tensor.Dense{x, k}, answer), nil
}

// compiled makes the subject of a compilation. The answer is what the compiled function computes.
func compiled(c workload.Case, compile func() (*autodiff.Function, error), dst, in []*tensor.Dense,
	answer func(step func() error) ([]workload.Sum, error)) *Subject {
	return &Subject{
		Case: c,
		Step: func() error {
			_, err := compile()
			return err
		},
		answer: func() ([]workload.Sum, error) {
			f, err := compile()
			if err != nil {
				return nil, err
			}
			return answer(into(f, dst, in))
		},
	}
}

func compileMLP(c workload.Case, dtype graph.DType, threads int) (*autodiff.Function, error) {
	g := graph.New()
	widths := c.Widths()
	layers := make([]layer[*graph.Node], len(widths)-1)
	var inputs []*graph.Node
	var opts []autodiff.CompileOption
	for l := range layers {
		layers[l].W = g.Input("w", dtype, widths[l], widths[l+1])
		layers[l].B = g.Input("b", dtype, widths[l+1])
		inputs = append(inputs, layers[l].W, layers[l].B)
		opts = append(opts, autodiff.Donate(2*l, 2*l+1), autodiff.Donate(2*l+1, 2*l+2))
	}
	x, y := g.Input("x", dtype, c.Batch, widths[0]), g.Input("y", dtype, c.Batch, 10)
	value, next := descend(c, layers, x, y)
	outputs := []*graph.Node{value}
	for _, l := range next {
		outputs = append(outputs, l.W, l.B)
	}
	return autodiff.CompileGraph(append(inputs, x, y), outputs, options(threads, opts...)...)
}
