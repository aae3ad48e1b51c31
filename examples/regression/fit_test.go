package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
)

// The network is no worse than the line of least squares on what it was fitted to, and both parts are what the file has.
func TestFit(t *testing.T) {
	train, test, err := read()
	require.NoError(t, err)
	require.Equal(t, []int{100, 50}, []int{train.Y.Shape()[0], test.Y.Shape()[0]})
	net, curve, err := fit(train)
	require.NoError(t, err)
	require.Less(t, curve[len(curve)-1], curve[0])
	var got float64
	require.NoError(t, autodiff.Compile(loss).RunTo(context.Background(), &got, net, train))

	a := mat.NewDense(100, 4, nil)
	for i := range 100 {
		a.SetRow(i, append([]float64{1}, train.X.Float64s()[3*i:3*i+3]...))
	}
	y := mat.NewVecDense(100, train.Y.Float64s())
	var line, off mat.VecDense
	require.NoError(t, line.SolveVec(a, y))
	off.MulVec(a, &line)
	off.SubVec(&off, y)
	require.Less(t, got, mat.Dot(&off, &off)/100*1.05)
}
