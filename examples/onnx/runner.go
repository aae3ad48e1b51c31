package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/onnx"
)

// runner is a network compiled for inputs of certain types.
type runner struct {
	model      *onnx.Model
	types      []graph.Type
	fn         *autodiff.Function
	operations int
}

// newRunner binds the open dimensions to one length.
func newRunner(m *onnx.Model, open int) (*runner, error) {
	r := &runner{model: m}
	for _, in := range m.Inputs() {
		t := graph.Type{DType: graph.Float32}
		switch in.Type {
		case "DOUBLE":
			t.DType = graph.Float64
		case "FLOAT", "FLOAT16", "BFLOAT16":
		case "BOOL":
			t.DType = graph.Bool
		default:
			t.DType = graph.Int64
		}
		for _, d := range in.Dims {
			n, err := strconv.Atoi(d)
			if err != nil {
				n = open
			}
			t.Shape = append(t.Shape, n)
		}
		r.types = append(r.types, t)
	}
	apply := func(m *onnx.Model, xs []*graph.Node) []*graph.Node { return m.Apply(xs...) }
	r.fn = autodiff.Compile(apply)
	return r, r.count()
}

// count counts the multiplications and additions of products, and one operation for each other element.
func (r *runner) count() error {
	return graph.Try(func() {
		g := graph.New()
		m := autodiff.Inputs(g, r.model)
		var xs []*graph.Node
		for i, t := range r.types {
			xs = append(xs, g.Input(fmt.Sprint("x", i), t.DType, t.Shape...))
		}
		for _, n := range graph.Topo(m.Apply(xs...)...) {
			switch in := n.In(); {
			case n.Op().Class == graph.Leaf:
			case n.Op().Name == "matmul":
				a := in[0].Shape()
				r.operations += 2 * n.Type().Size() * a[len(a)-1]
			case n.Op().Name == "conv":
				w := in[1].Type().Size() / max(1, in[1].Shape()[0])
				r.operations += 2 * n.Type().Size() * w
			default:
				r.operations += n.Type().Size()
			}
		}
	})
}

func (r *runner) run(ctx context.Context, in []*tensor.Dense) ([]*tensor.Dense, error) {
	return r.fn.Run(ctx, r.model, in)
}

// zeros are inputs to measure with.
func (r *runner) zeros() (in []*tensor.Dense) {
	for _, t := range r.types {
		in = append(in, filled(t, nil))
	}
	return in
}

// filled is a tensor with the given elements, or zeros.
func filled(t graph.Type, v []float64) *tensor.Dense {
	n, shape := graph.Size(t.Shape), tensor.WithShape(t.Shape...)
	at := func(i int) float64 {
		if v == nil {
			return 0
		}
		return v[i]
	}
	switch t.DType {
	case graph.Float64:
		return tensor.New(shape, tensor.WithBacking(elements(n, at, func(v float64) float64 { return v })))
	case graph.Int64:
		return tensor.New(shape, tensor.WithBacking(elements(n, at, func(v float64) int64 { return int64(v) })))
	case graph.Bool:
		return tensor.New(shape, tensor.WithBacking(elements(n, at, func(v float64) bool { return v != 0 })))
	}
	return tensor.New(shape, tensor.WithBacking(elements(n, at, func(v float64) float32 { return float32(v) })))
}

func elements[E any](n int, at func(int) float64, as func(float64) E) []E {
	out := make([]E, n)
	for i := range out {
		out[i] = as(at(i))
	}
	return out
}

// profile writes the page of the compiled program.
func (r *runner) profile(ctx context.Context, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := r.fn.Dump(ctx, f, r.model, r.zeros()); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
