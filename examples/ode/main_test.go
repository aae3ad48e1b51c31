package main

import (
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff/gonum"
)

func Example() {
	if err := run(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// hares:  α = 0.540, β = 0.0272, 34.6 thousand in 1900
	// lynxes: γ = 0.796, δ = 0.0237, 5.8 thousand in 1900
	// the model is off by a factor of 1.25 in the mean
}

// TestFitIsAMinimum finds no gradient at the fit, and a gradient that central differences confirm beside it.
func TestFitIsAMinimum(t *testing.T) {
	p, _, err := fit()
	require.NoError(t, err)
	objective, err := gonum.NewObjective(misfit, 6)
	require.NoError(t, err)
	x, grad := make([]float64, 6), make([]float64, 6)
	for i, v := range p {
		x[i] = math.Log(v)
	}
	objective.Grad(grad, x)
	for _, g := range grad {
		require.InDelta(t, 0, g, 1e-5)
	}
	x[2] += 0.1
	objective.Grad(grad, x)
	for i, g := range grad {
		const h = 1e-4
		x[i] += h
		above := objective.Func(x)
		x[i] -= 2 * h
		below := objective.Func(x)
		x[i] += h
		require.InEpsilon(t, (above-below)/(2*h), g, 1e-4) // the solver's tolerance over the step
	}
}
