package gonum_test

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"chainrule/graph"
	"chainrule/ops"
)

type node = *graph.Node

const eps = 0x1p-52

// rosenbrock is Σᵢ 100(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², the sum over neighbours.
func rosenbrock(x node) node {
	n := x.Shape()[0]
	head, tail := ops.Slice(x, ops.Range{Stop: n - 1}), ops.Slice(x, ops.Range{Start: 1, Stop: n})
	valley := ops.Mul(100, ops.Square(ops.Sub(tail, ops.Square(head))))
	return ops.Sum(ops.Add(valley, ops.Square(ops.Sub(1, head))))
}

// rosenbrockBy is its gradient and Hessian by hand, with the sizes of their largest terms.
func rosenbrockBy(x []float64) (grad []float64, hess *mat.SymDense, gradSize, hessSize float64) {
	n := len(x)
	grad, hess = make([]float64, n), mat.NewSymDense(n, nil)
	add := func(i, j int, v float64) { hess.SetSym(i, j, hess.At(i, j)+v) }
	for i := range n - 1 {
		a, b := x[i], x[i+1]
		grad[i] += -400*a*(b-a*a) - 2*(1-a)
		grad[i+1] += 200 * (b - a*a)
		add(i, i, 1200*a*a-400*b+2)
		add(i, i+1, -400*a)
		add(i+1, i+1, 200)
		gradSize = max(gradSize, 400*math.Abs(a)*(math.Abs(b)+a*a), 200*(math.Abs(b)+a*a))
		hessSize = max(hessSize, 1200*a*a+400*math.Abs(b), 200)
	}
	return grad, hess, gradSize, hessSize
}

func element(x node, i int) node { return ops.Index(x, i) }
