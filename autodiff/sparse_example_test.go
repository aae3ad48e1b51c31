package autodiff_test

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// The Jacobian of differences between neighbours has two entries in each row. Two colours are enough, however many
// variables there are.
func ExampleSparseJacobian() {
	steps := func(x *graph.Node) *graph.Node {
		n := x.Shape()[0]
		return ops.Sub(ops.Square(ops.Slice(x, ops.Range{Start: 1, Stop: n})), ops.Slice(x, ops.Range{Stop: n - 1}))
	}
	jacobian := autodiff.SparseJacobian(steps)
	x := []float64{1, 2, 3, 4}
	m, err := jacobian.Eval(context.Background(), x)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, colors, _ := jacobian.Pattern(x)
	fmt.Printf("%v\n%d entries, %d colours\n", mat.Formatted(m), m.NNZ(), colors)
	// Output:
	// ⎡-1   4   0   0⎤
	// ⎢ 0  -1   6   0⎥
	// ⎣ 0   0  -1   8⎦
	// 6 entries, 2 colours
}

// A Newton step needs the gradient too, which the same program gives.
func ExampleSparseHessian() {
	chain := func(x *graph.Node) *graph.Node { // Σ x⁴ + Σ xᵢxᵢ₊₁
		n := x.Shape()[0]
		a, b := ops.Slice(x, ops.Range{Stop: n - 1}), ops.Slice(x, ops.Range{Start: 1, Stop: n})
		return ops.Add(ops.Sum(ops.Square(ops.Square(x))), ops.Sum(ops.Mul(a, b)))
	}
	h, values, err := autodiff.SparseHessian(chain).EvalWithValues(context.Background(), []float64{1, 2, 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("value %v, gradient %v\n", values[0].Data(), values[1].Data())
	h.DoNonZero(func(i, j int, v float64) { fmt.Printf("(%d,%d) %v  ", i, j, v) })
	// Output:
	// value 22, gradient [6 34 6]
	// (0,0) 12  (0,1) 1  (1,0) 1  (1,1) 48  (1,2) 1  (2,1) 1  (2,2) 12
}

// Terms that are linear in a variable have no second derivatives.
func ExampleHessianPattern() {
	f := func(x *graph.Node) *graph.Node {
		return ops.Add(ops.Sum(x), ops.Square(ops.Sum(ops.Slice(x, ops.Range{Stop: 2}))))
	}
	p := autodiff.HessianPattern(f)(graph.New().Input("x", graph.Float64, 4))
	for i := range p.Rows {
		fmt.Println(i, p.Row(i))
	}
	// Output:
	// 0 [0 1]
	// 1 [0 1]
	// 2 []
	// 3 []
}
