package autodiff_test

import (
	"context"
	"fmt"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Derivatives are functions on nodes, so they nest.
func ExampleGrad() {
	f := func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Sin(x)) }
	all := autodiff.Compile(func(x *graph.Node) (y, dy, ddy *graph.Node) {
		return f(x), autodiff.Grad(f)(x), autodiff.Grad(autodiff.Grad(f))(x)
	})
	out, err := all.Run(context.Background(), 2.0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("f(2) = %.6f, f′(2) = %.6f, f″(2) = %.6f\n", out[0].Data(), out[1].Data(), out[2].Data())
	// Output: f(2) = 1.818595, f′(2) = 0.077004, f″(2) = -2.650889
}
