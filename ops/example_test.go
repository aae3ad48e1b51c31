package ops_test

import (
	"fmt"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// The log-density of a Gaussian at 0, by the Cholesky factor of its covariance, and its derivative.
func ExampleCholesky() {
	g := graph.New()
	cov := graph.Const(g, []float64{2, 1, 1, 2}, 2, 2)
	halfLogDet := func(cov *graph.Node) *graph.Node {
		return ops.Sum(ops.Log(ops.Diagonal(ops.Cholesky(cov))))
	}
	results, err := autodiff.Eval(halfLogDet(cov), autodiff.Grad(halfLogDet)(cov))
	if err != nil {
		panic(err)
	}
	fmt.Printf("½ log det = %.4f\n", results[0].Data())
	fmt.Printf("derivative = %.4f\n", results[1].Data())
	// Output:
	// ½ log det = 0.5493
	// derivative = [0.3333 -0.1667 -0.1667 0.3333]
}

func ExampleEinsum() {
	g := graph.New()
	points := graph.Const(g, []float64{1, 0, 0, 2, 1, 1}, 3, 2)
	form := graph.Const(g, []float64{2, 1, 1, 3}, 2, 2)
	results, err := autodiff.Eval(ops.Einsum("pi,ij,pj->p", points, form, points))
	if err != nil {
		panic(err)
	}
	fmt.Println(results[0].Data())
	// Output: [2 12 7]
}
