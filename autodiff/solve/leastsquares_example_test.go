package solve_test

import (
	"context"
	"fmt"
	"log"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

// A cup of coffee cools to the temperature of the room. How fast, and how warm is the room?
func ExampleLeastSquares() {
	type data struct{ Minutes, Celsius *graph.Node }
	type cup struct{ Room, Above, Rate *graph.Node }
	fit := solve.LeastSquares(func(d data, c cup) *graph.Node {
		model := ops.Add(c.Room, ops.Mul(c.Above, ops.Exp(ops.Neg(ops.Mul(c.Rate, d.Minutes)))))
		return ops.Sub(model, d.Celsius)
	})
	type result struct{ X, Deviations cup }
	fn := autodiff.Compile(func(d data, start cup) result {
		got := fit(d, start)
		return result{got.X, got.Deviations}
	})
	type numbers struct{ Room, Above, Rate float64 }
	type series struct{ Minutes, Celsius []float64 }
	var at struct{ X, Deviations numbers }
	err := fn.RunTo(context.Background(), &at,
		series{[]float64{0, 5, 10, 20, 40, 60}, []float64{81.2, 66.9, 56.3, 42.0, 27.6, 22.6}}, numbers{10, 50, 0.1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("room  %.1f ± %.1f °C\n", at.X.Room, at.Deviations.Room)
	fmt.Printf("rate  %.4f ± %.4f per minute\n", at.X.Rate, at.Deviations.Rate)
	// Output:
	// room  19.8 ± 0.3 °C
	// rate  0.0514 ± 0.0008 per minute
}
