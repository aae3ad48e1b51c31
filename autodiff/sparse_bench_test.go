package autodiff_test

import (
	"context"
	"fmt"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
)

func ramp(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 0.5 + float64(i%7)/10
	}
	return x
}

func BenchmarkSparse(b *testing.B) {
	ctx := context.Background()
	for _, n := range []int{1000, 100_000} {
		x := ramp(n)
		name := func(what string) string { return fmt.Sprintf("what=%s/f=rosenbrock/n=%d", what, n) }
		b.Run(name("pattern"), func(b *testing.B) {
			for b.Loop() {
				autodiff.HessianPattern(rosenbrock)(graph.New().Input("x", graph.Float64, n))
			}
		})
		b.Run(name("prepare"), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := autodiff.SparseHessian(rosenbrock).Pattern(x); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name("hessian"), func(b *testing.B) {
			f := autodiff.SparseHessian(rosenbrock, autodiff.Workers(1))
			m, err := f.Eval(ctx, x)
			if err != nil {
				b.Fatal(err)
			}
			in := []*tensor.Dense{tensor.New(tensor.WithBacking(x))}
			b.ReportAllocs()
			for b.Loop() {
				if err := f.EvalInto(ctx, m, nil, in); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name("gradient"), func(b *testing.B) {
			f := autodiff.Compile(autodiff.Grad(rosenbrock), autodiff.Workers(1))
			out, err := f.Run(ctx, x)
			if err != nil {
				b.Fatal(err)
			}
			in := []*tensor.Dense{tensor.New(tensor.WithBacking(x))}
			for b.Loop() {
				if err := f.RunInto(ctx, out, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
