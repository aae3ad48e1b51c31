package main

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
)

// jointly is −log p(y) of all measurements at once, as one normal distribution: no filter is needed for that.
func jointly(logs, y []float64) float64 {
	n := len(y)
	move := mat.NewDense(2, 2, []float64{1, 1, 0, 1})
	changes := mat.NewDense(2, 2, []float64{.25, .5, .5, 1})
	changes.Scale(math.Exp(2*logs[0]), changes)
	// The covariance of the state at one time is P ← F·P·Fᵀ + Q; with that k steps later it is P·(Fᵏ)ᵀ.
	cov, p := mat.NewSymDense(n, nil), mat.NewDense(2, 2, []float64{10, 0, 0, 10})
	for i := range n {
		var half, next mat.Dense
		half.Mul(move, p)
		next.Mul(&half, move.T())
		next.Add(&next, changes)
		p = &next
		for k := 0; i+k < n; k++ {
			cov.SetSym(i, i+k, p.At(0, 0)+float64(k)*p.At(0, 1)) // the first row of Fᵏ is (1, k)
		}
		cov.SetSym(i, i, cov.At(i, i)+math.Exp(2*logs[1]))
	}
	var chol mat.Cholesky
	if !chol.Factorize(cov) {
		return math.NaN()
	}
	var solved mat.VecDense
	if err := chol.SolveVecTo(&solved, mat.NewVecDense(n, y)); err != nil {
		return math.NaN()
	}
	return 0.5 * (mat.Dot(mat.NewVecDense(n, y), &solved) + chol.LogDet() + float64(n)*math.Log(2*math.Pi))
}

// The filter's likelihood is that of the joint distribution, and its gradient that of differences.
func TestLikelihood(t *testing.T) {
	_, y := track(40)
	logs := []float64{-1.2, 0.3}
	surprise := func(theta, y *graph.Node) *graph.Node { s, _ := filter(theta, y); return s }
	var got struct {
		Value float64
		Grad  []float64
	}
	err := autodiff.Compile(func(theta, y *graph.Node) (*graph.Node, *graph.Node) {
		return autodiff.ValueAndGrad(func(theta *graph.Node) *graph.Node { return surprise(theta, y) })(theta)
	}).RunTo(context.Background(), &got, logs, y)
	require.NoError(t, err)
	require.InEpsilon(t, jointly(logs, y), got.Value, 1e-10)
	for k := range logs {
		const h = 1e-5
		up, down := append([]float64{}, logs...), append([]float64{}, logs...)
		up[k], down[k] = up[k]+h, down[k]-h
		require.InDelta(t, (jointly(up, y)-jointly(down, y))/(2*h), got.Grad[k], 1e-5)
	}
}
