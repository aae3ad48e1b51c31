package programs

import (
	"context"
	"fmt"
	"log"
	"math"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// market is the price of a share, its volatility and the rate of interest, by the year.
type market struct{ Spot, Volatility, Rate *graph.Node }

// price is that of a call in a year's time at 100, by 200,000 paths and as many that mirror them.
func price(m market) *graph.Node {
	z := ops.Normal(ops.Key(m.Spot.Graph(), 1), graph.Float64, 200_000)
	z = ops.Concat([]*graph.Node{z, ops.Neg(z)}, 0)
	drift := ops.Sub(m.Rate, ops.Mul(0.5, ops.Square(m.Volatility)))
	end := ops.Mul(m.Spot, ops.Exp(ops.Add(drift, ops.Mul(m.Volatility, z))))
	return ops.Mul(ops.Exp(ops.Neg(m.Rate)), ops.Mean(ops.ReLU(ops.Sub(end, 100))))
}

// The price of a European call and its Greeks by Monte Carlo, beside the formula of Black and Scholes (1973).
func Example_greeks() {
	var got struct {
		Price  float64
		Greeks struct{ Spot, Volatility, Rate float64 }
	}
	now := map[string]any{"Spot": 105.0, "Volatility": 0.2, "Rate": 0.03}
	if err := autodiff.Compile(autodiff.ValueAndGrad(price)).RunTo(context.Background(), &got, now); err != nil {
		log.Fatal(err)
	}
	normal := func(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
	d := (math.Log(105.0/100) + 0.03 + 0.02) / 0.2
	discount := 100 * math.Exp(-0.03)
	for _, row := range []struct {
		name         string
		got, formula float64
	}{
		{"price", got.Price, 105*normal(d) - discount*normal(d-0.2)},
		{"delta", got.Greeks.Spot, normal(d)},
		{"vega", got.Greeks.Volatility, 105 * math.Exp(-d*d/2) / math.Sqrt(2*math.Pi)},
		{"rho", got.Greeks.Rate, discount * normal(d-0.2)},
	} {
		fmt.Printf("%-5s %.2f, within 1 %%: %v\n", row.name, row.formula, math.Abs(row.got/row.formula-1) < 0.01)
	}
	// Output:
	// price 12.64, within 1 %: true
	// delta 0.69, within 1 %: true
	// vega  37.08, within 1 %: true
	// rho   59.74, within 1 %: true
}
