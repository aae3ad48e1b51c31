// Gradient computes the gradient of a logistic model's loss, then follows it.
package main

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// params are the model's parameters: nodes in formulas, tensors outside.
type params[T any] struct{ W, B T }

// loss is the mean squared error of p = σ(x·w + b).
func loss(m params[*graph.Node], x, y *graph.Node) *graph.Node {
	p := ops.Sigmoid(ops.Add(ops.MatMul(x, m.W), m.B))
	return ops.Mean(ops.Square(ops.Sub(p, y)))
}

// step returns the loss, its gradient, and the parameters a step down the gradient.
func step(m params[*graph.Node], x, y *graph.Node) (*graph.Node, params[*graph.Node], params[*graph.Node]) {
	value, grad := autodiff.ValueAndGrad(func(m params[*graph.Node]) *graph.Node { return loss(m, x, y) })(m)
	next := params[*graph.Node]{W: ops.Sub(m.W, ops.Mul(2, grad.W)), B: ops.Sub(m.B, ops.Mul(2, grad.B))}
	return value, grad, next
}

func main() {
	x := mat.NewDense(4, 2, []float64{0, 0, 0, 1, 1, 0, 1, 1}) // the truth table of OR
	y := []float64{0, 1, 1, 1}
	m := any(params[any]{W: []float64{0.5, -0.5}, B: 0.0})

	run := autodiff.Compile(step)
	var out struct {
		Loss       float64
		Grad, Next params[*tensor.Dense]
	}
	for i := range 501 {
		err := run.RunTo(context.Background(), &out, m, x, y)
		if err == nil && i%250 == 0 {
			g := out.Grad
			_, err = fmt.Printf("step %3d: loss %.6f, ∂loss/∂w %.4f, ∂loss/∂b %.4f\n", i, out.Loss, g.W.Data(), g.B.Data())
		}
		if err != nil {
			log.Fatal(err)
		}
		m = out.Next
	}
}
