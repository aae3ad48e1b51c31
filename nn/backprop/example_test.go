package backprop_test

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"chainrule/nn/backprop"
)

// A 2-2-1 network, small enough to check every number with a pencil: σ(ln 3) = 3/4 and σ′(ln 3) = 3/16.
func Example() {
	n := &backprop.Net{
		Layers: []backprop.Layer{
			{W: mat.NewDense(2, 2, []float64{2, -1, -4, 2}), B: []float64{0, math.Log(3)}, Act: backprop.Sigmoid},
			{W: mat.NewDense(1, 2, []float64{3, -2}), B: []float64{0}, Act: backprop.Sigmoid},
		},
		Cost: backprop.Quadratic,
	}
	x := mat.NewDense(1, 2, []float64{1, 2})
	y := mat.NewDense(1, 1, []float64{1})

	g, cost, err := n.Gradients(x, y)
	if err != nil {
		fmt.Println(err)
		return
	}
	for l, layer := range g.Layers {
		fmt.Printf("layer %d\n", l+1)
		fmt.Printf("  z  %.6f\n", mat.Formatted(layer.Z.T()))
		fmt.Printf("  a  %.6f\n", mat.Formatted(layer.A.T()))
		fmt.Printf("  δ  %.6f\n", mat.Formatted(layer.Delta.T()))
		fmt.Printf("  ∂C/∂W  %.6f\n", mat.Formatted(layer.DW, mat.Prefix("         ")))
		fmt.Printf("  ∂C/∂b  %.6f\n", layer.DB)
	}
	fmt.Printf("cost %.6f\n", cost)
	// Output:
	// layer 1
	//   z  [0.000000  1.098612]
	//   a  [0.500000  0.750000]
	//   δ  [-0.093750   0.046875]
	//   ∂C/∂W  ⎡-0.093750  -0.187500⎤
	//          ⎣ 0.046875   0.093750⎦
	//   ∂C/∂b  [-0.093750 0.046875]
	// layer 2
	//   z  [0.000000]
	//   a  [0.500000]
	//   δ  [-0.125000]
	//   ∂C/∂W  [-0.062500  -0.093750]
	//   ∂C/∂b  [-0.125000]
	// cost 0.125000
}
