package autodiff_test

import (
	"context"
	"errors"
	"fmt"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// The value that Where does not choose has a gradient of zero, however infinite its slope is.
func ExampleGrad_where() {
	f := func(x *graph.Node) *graph.Node {
		return ops.Sum(ops.Where(ops.Gt(x, 0), ops.Sqrt(x), 0))
	}
	out, err := autodiff.Compile(autodiff.Grad(f)).Run(context.Background(), []float64{-1, 0, 0.25, 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out[0].Data())
	// Output: [0 0 1 0.25]
}

// A mean of logarithms is NaN, and so is its gradient's update: which number was it?
func ExampleDebugNaN() {
	loss := func(p, y *graph.Node) *graph.Node {
		odds := ops.Div(p, ops.Sub(1, p))
		return ops.Neg(ops.Mean(ops.Mul(y, ops.Log(odds))))
	}
	fn := autodiff.Compile(loss, autodiff.DebugNaN())
	_, err := fn.Run(context.Background(), []float64{0.5, 0.75, 1.25}, []float64{1, 0, 1})
	var e *autodiff.NaNError
	if errors.As(err, &e) {
		fmt.Println(e.Op, "at", e.Source, "of", e.Operands[0].Value, "at element", e.Index)
	}
	fmt.Println(err)
	// Output:
	// log at example_nan_test.go:31 of -5 at element [2]
	// log at example_nan_test.go:31 gave NaN at element [2] from -5 (forward); it reaches result 0
}

// The function is fine at 0, its derivative is not.
func ExampleDebugInf() {
	norm := func(x *graph.Node) *graph.Node { return ops.Sqrt(ops.Sum(ops.Square(x))) }
	fn := autodiff.Compile(autodiff.Grad(norm), autodiff.DebugInf())
	_, err := fn.Run(context.Background(), []float64{0, 0})
	fmt.Println(err)
	// Output: in the derivative of sqrt at example_nan_test.go:47: div gave +Inf from 0.5, 0 (backward); it reaches result 0
}
