package autodiff_test

import (
	"context"
	"fmt"
	"log"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// rows prints a matrix.
func rows(m *tensor.Dense) {
	columns := m.Shape()[1]
	for i, x := range m.Data().([]float64) {
		fmt.Printf("%6.2f", x)
		if (i+1)%columns == 0 {
			fmt.Println()
		}
	}
}

// Gradients per example: f is written for one example, x a vector and y a number, and every example gets its own
// gradient by the weights.
func ExampleVmap() {
	type sample struct{ W, X, Y *graph.Node }
	loss := func(s sample) *graph.Node { return ops.Square(ops.Sub(ops.MatMul(s.X, s.W), s.Y)) }
	byWeights := func(s sample) *graph.Node {
		return autodiff.Grad(func(w *graph.Node) *graph.Node { return loss(sample{w, s.X, s.Y}) })(s.W)
	}
	each := autodiff.Compile(func(w, x, y *graph.Node) *graph.Node {
		return autodiff.Vmap(byWeights, autodiff.Unmapped("W"))(sample{w, x, y})
	})
	x := tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6}))
	out, err := each.Run(context.Background(), []float64{1, -1}, x, []float64{0, 1, -1})
	if err != nil {
		log.Fatal(err)
	}
	rows(out[0])
	// Output:
	//  -2.00 -4.00
	// -12.00-16.00
	//   0.00  0.00
}

// All distances between two sets of points, from the distance of two: Vmap nests, and what the inner function closes
// over is the same for all its examples.
func ExampleVmap_nested() {
	distance := func(a, b *graph.Node) *graph.Node { return ops.Sqrt(ops.Sum(ops.Square(ops.Sub(a, b)))) }
	distances := autodiff.Compile(func(as, bs *graph.Node) *graph.Node {
		return autodiff.Vmap(func(a *graph.Node) *graph.Node {
			return autodiff.Vmap(func(b *graph.Node) *graph.Node { return distance(a, b) })(bs)
		})(as)
	})
	as := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{0, 0, 3, 4}))
	bs := tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float64{0, 0, 3, 0, 3, 4}))
	out, err := distances.Run(context.Background(), as, bs)
	if err != nil {
		log.Fatal(err)
	}
	rows(out[0])
	// Output:
	//   0.00  3.00  5.00
	//   5.00  4.00  0.00
}

// Quadratic forms xᵀ·A·x and their gradients for many x. The examples are the columns of a matrix here, and so are the
// gradients.
func ExampleInAxis() {
	type form struct{ X, A *graph.Node }
	quadratic := func(f form) *graph.Node { return ops.MatMul(f.X, ops.MatMul(f.A, f.X)) }
	type result struct{ Value, Gradient *graph.Node }
	both := func(f form) result {
		value, gradient := autodiff.ValueAndGrad(quadratic)(f)
		return result{value, gradient.X}
	}
	run := autodiff.Compile(func(x, a *graph.Node) (value, gradient *graph.Node) {
		all := autodiff.Vmap(both, autodiff.InAxis(1, "X"), autodiff.Unmapped("A"), autodiff.OutAxis(1, "Gradient"))
		r := all(form{x, a})
		return r.Value, r.Gradient
	})
	x := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1, 0, 1, 0, 1, 1}))
	a := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{2, 1, 0, 3}))
	out, err := run.Run(context.Background(), x, a)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out[0].Data())
	rows(out[1])
	// Output:
	// [2 3 6]
	//   4.00  1.00  5.00
	//   1.00  6.00  7.00
}
