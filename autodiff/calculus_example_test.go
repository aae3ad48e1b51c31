package autodiff_test

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/autodiff/gonum"
	"chainrule/graph"
	"chainrule/ops"
)

// The Jacobian of polar coordinates has the determinant r.
func ExampleJacobian() {
	cartesian := func(p *graph.Node) *graph.Node { // of (r, φ)
		r, phi := ops.Slice(p, ops.At(0)), ops.Slice(p, ops.At(1))
		return ops.Concat([]*graph.Node{ops.Mul(r, ops.Cos(phi)), ops.Mul(r, ops.Sin(phi))}, 0)
	}
	out, err := autodiff.Compile(autodiff.Jacobian(cartesian)).Run(context.Background(), []float64{2, math.Pi / 6})
	if err != nil {
		fmt.Println(err)
		return
	}
	j, err := gonum.AsMatrix(out[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\ndet = %.4f\n", mat.Formatted(j), mat.Det(j))
	// Output:
	// ⎡ 0.8660  -1.0000⎤
	// ⎣ 0.5000   1.7321⎦
	// det = 2.0000
}

// Blocks of second derivatives are found by the paths of two leaves.
func ExampleHessianBlocks() {
	type params struct{ W, B *graph.Node }
	f := func(p params) *graph.Node { return ops.Mul(ops.Square(p.B), ops.Sum(ops.Square(p.W))) } // b²·Σwᵢ²
	run := autodiff.Compile(func(p params) (ww, wb, bb *graph.Node) {
		h := autodiff.HessianBlocks(f)(p)
		return h.At("W", "W"), h.At("W", "B"), h.At("B", "B")
	})
	out, err := run.Run(context.Background(), map[string]any{"W": []float64{1, 2}, "B": 3.0})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out[0].Data(), out[1].Data(), out[2].Data())
	// Output: [18 0 0 18] [12 24] 10
}

// The curvature of a function along a direction, vᵀHv, needs no Hessian.
func ExampleHVP() {
	f := func(x *graph.Node) *graph.Node { return ops.Sum(ops.Exp(x)) }
	run := autodiff.Compile(func(x, v *graph.Node) *graph.Node { return ops.MatMul(v, autodiff.HVP(f)(x, v)) })
	out, err := run.Run(context.Background(), []float64{0, 1}, []float64{1, 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f = 1 + 4e\n", out[0].Data())
	// Output: 11.8731 = 1 + 4e
}

// A ground state ψ = e^(−r) of the hydrogen atom: its energy −½Δψ/ψ − 1/r is the same everywhere.
func ExampleLaplacian() {
	r := func(x *graph.Node) *graph.Node { return ops.Sqrt(ops.Sum(ops.Square(x))) }
	psi := func(x *graph.Node) *graph.Node { return ops.Exp(ops.Neg(r(x))) }
	energy := func(x *graph.Node) *graph.Node {
		kinetic := ops.Mul(-0.5, ops.Div(autodiff.Laplacian(psi)(x), psi(x)))
		return ops.Sub(kinetic, ops.Reciprocal(r(x)))
	}
	run := autodiff.Compile(autodiff.Vmap(energy))
	points := mat.NewDense(3, 3, []float64{1, 0, 0, 0.5, -2, 1, 3, 1, 4})
	out, err := run.Run(context.Background(), points)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.6f\n", out[0].Data())
	// Output: [-0.500000 -0.500000 -0.500000]
}

// The Taylor series of sin(eˣ) at 0. Its last coefficient is −(5·cos 1 + 6·sin 1)/24.
func ExampleDerivatives() {
	f := func(x *graph.Node) *graph.Node { return ops.Sin(ops.Exp(x)) }
	out, err := autodiff.Compile(autodiff.Derivatives(f, 4)).Run(context.Background(), 0.0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for k, factorial := 0, 1.0; k < len(out); k++ {
		factorial *= max(1, float64(k))
		fmt.Printf("%+.4f·x^%d ", out[k].Data().(float64)/factorial, k)
	}
	// Output: +0.8415·x^0 +0.5403·x^1 -0.1506·x^2 -0.4207·x^3 -0.3229·x^4
}

// One step of Gauss and Newton solves a linear least-squares problem: the line through four points.
func ExampleResiduals() {
	residuals, err := gonum.NewResiduals(func(p *graph.Node) *graph.Node {
		g := p.Graph()
		x, y := graph.Const(g, []float64{0, 1, 2, 3}, 4), graph.Const(g, []float64{1, 3, 5, 8}, 4)
		line := ops.Add(ops.Slice(p, ops.At(0)), ops.Mul(ops.Slice(p, ops.At(1)), x))
		return ops.Sub(line, y)
	}, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, r, jac := []float64{0, 0}, make([]float64, 4), &mat.Dense{}
	if err := residuals.Eval(r, jac, p); err != nil {
		fmt.Println(err)
		return
	}
	var step mat.VecDense
	if err := step.SolveVec(jac, mat.NewVecDense(4, r)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("y = %.2f + %.2f·x\n", p[0]-step.AtVec(0), p[1]-step.AtVec(1))
	// Output: y = 0.80 + 2.30·x
}
