package main

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
)

// Likelihood and predictions by gonum's matrices and loops.
func TestProcess(t *testing.T) {
	x, y := values()
	theta, at := []float64{-0.1, 0.2, -1.5}, []float64{-0.3, 2, 7}
	k := func(a, b float64) float64 {
		d := (a - b) / math.Exp(theta[0])
		return math.Exp(2*theta[1]) * math.Exp(-d*d/2)
	}
	n := len(x)
	cov, values := mat.NewSymDense(n, nil), mat.NewVecDense(n, y)
	for i := range n {
		for j := range i {
			cov.SetSym(i, j, k(x[i], x[j]))
		}
		cov.SetSym(i, i, k(x[i], x[i])+math.Exp(2*theta[2]))
	}
	var chol mat.Cholesky
	require.True(t, chol.Factorize(cov))
	var weights, v mat.VecDense
	require.NoError(t, chol.SolveVecTo(&weights, values))
	want := 0.5 * (mat.Dot(values, &weights) + chol.LogDet() + float64(n)*math.Log(2*math.Pi))
	var got float64
	require.NoError(t, autodiff.Compile(surprise).RunTo(context.Background(), &got, theta, x, y))
	require.InEpsilon(t, want, got, 1e-9)

	var p struct{ Mean, Deviation []float64 }
	require.NoError(t, autodiff.Compile(predict).RunTo(context.Background(), &p, theta, x, y, at))
	for i, a := range at {
		across := mat.NewVecDense(n, nil)
		for j := range n {
			across.SetVec(j, k(x[j], a))
		}
		require.InDelta(t, mat.Dot(across, &weights), p.Mean[i], 1e-9)
		require.NoError(t, chol.SolveVecTo(&v, across))
		require.InDelta(t, math.Sqrt(k(a, a)-mat.Dot(across, &v)), p.Deviation[i], 1e-7)
	}
}
