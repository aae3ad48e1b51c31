// Command calculus has the programs of the README's section on derivatives.
//
//	go run ./examples/calculus
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// rosenbrock is Σᵢ 100(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², least where all xᵢ are 1.
func rosenbrock(x *graph.Node) *graph.Node {
	n := x.Shape()[0]
	head, tail := ops.Slice(x, ops.Range{Stop: n - 1}), ops.Slice(x, ops.Range{Start: 1, Stop: n})
	valley := ops.Mul(100, ops.Square(ops.Sub(tail, ops.Square(head))))
	return ops.Sum(ops.Add(valley, ops.Square(ops.Sub(1, head))))
}

// newton is a step of Newton's method, x − H⁻¹g.
func newton(x *graph.Node) *graph.Node {
	g, h := autodiff.Grad(rosenbrock)(x), autodiff.Hessian(rosenbrock)(x)
	return ops.Sub(x, ops.Solve(h, g))
}

// root is √a by Heron's method: it takes means of x and a/x until they change no more.
func root(a *graph.Node) *graph.Node {
	type state struct{ X, Last *graph.Node }
	end := autodiff.While(
		func(s state) *graph.Node { return ops.Gt(ops.Abs(ops.Sub(s.X, s.Last)), 1e-12) },
		func(s state) state { return state{X: ops.Mul(0.5, ops.Add(s.X, ops.Div(a, s.X))), Last: s.X} },
		state{X: a, Last: ops.FullLike(a, 0)}, autodiff.MaxSteps(100))
	return end.X
}

// slopes are the derivatives of √a, for many a at once.
func slopes(a *graph.Node) *graph.Node { return autodiff.Vmap(autodiff.Grad(root))(a) }

// curvature is a Hessian in 100,000 variables as a sparse matrix.
func curvature() (*autodiff.CSR, error) {
	return autodiff.SparseHessian(rosenbrock).Eval(context.Background(), make([]float64, 100_000))
}

func run(w io.Writer) error {
	ctx, step, x := context.Background(), autodiff.Compile(newton), []float64{-1.2, 1}
	for k := range 6 {
		out, err := step.Run(ctx, x)
		if err != nil {
			return err
		}
		x = out[0].Float64s()
		fmt.Fprintf(w, "step %d: x = %9.6f\n", k+1, x)
	}
	out, err := autodiff.Compile(slopes).Run(ctx, []float64{0.25, 1, 4, 10000})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%.12f\n", out[0].Data())
	h, err := curvature()
	if err != nil {
		return err
	}
	rows, cols := h.Dims()
	fmt.Fprintf(w, "%d × %d, %d entries\n", rows, cols, h.NNZ())
	return nil
}

func main() {
	log.SetFlags(0)
	out := bufio.NewWriter(os.Stdout)
	if err := errors.Join(run(out), out.Flush()); err != nil {
		log.Fatal(err)
	}
}
