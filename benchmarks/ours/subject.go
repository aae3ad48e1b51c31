package ours

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/benchmarks/workload"
)

// A Subject is a case ready to run.
type Subject struct {
	Case   workload.Case
	Step   func() error
	answer func() ([]workload.Sum, error)
}

// New makes a subject that may use that many threads.
func New(c workload.Case, threads int) (*Subject, error) {
	if c.DType == "f64" {
		return build[float64](c, threads)
	}
	return build[float32](c, threads)
}

// Answer computes the answer of the case. It must come before any Step.
func (s *Subject) Answer() ([]workload.Sum, error) { return s.answer() }

// options are those of every compiled function here.
func options(threads int, more ...autodiff.CompileOption) []autodiff.CompileOption {
	return append(more, autodiff.Workers(threads))
}

func build[T workload.Float](c workload.Case, threads int) (*Subject, error) {
	switch {
	case c.Compile:
		return compilation[T](c, threads)
	case c.Kind == workload.Gemm:
		return gemm[T](c, threads)
	case c.Kind == workload.MLP || c.Kind == workload.Nielsen:
		return training[T](c, threads)
	case c.Kind == workload.Chain:
		return chain[T](c, threads)
	case c.Kind == workload.Scalar:
		return scalar[T](c, threads)
	case c.Kind == workload.Linalg:
		return linalg[T](c, threads)
	case c.Kind == workload.Conv:
		return convolution[T](c, threads)
	}
	return nil, fmt.Errorf("%s: no such kind of case", c.Name)
}

var background = context.Background()

// into makes a step of a compiled function, the tensors of its results and those of its arguments.
func into(f *autodiff.Function, dst, in []*tensor.Dense) func() error {
	return func() error { return f.RunInto(background, dst, in) }
}

// dense is a tensor over v. Without a shape it is a scalar.
func dense[T workload.Float](v []T, shape ...int) *tensor.Dense {
	if len(shape) == 0 {
		return tensor.New(tensor.FromScalar(v[0]))
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
}

// values are the elements of a tensor made by dense.
func values[T workload.Float](d *tensor.Dense) []T {
	if v, ok := d.Data().(T); ok {
		return []T{v}
	}
	return d.Data().([]T)
}
