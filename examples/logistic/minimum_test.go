package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff/gonum"
	"chainrule/nn/data"
)

// The gradient by W is Xᵀ·(softmax(XW + b) − Y)/n + decay·W, in loops.
func TestGradient(t *testing.T) {
	set, _, err := data.Digits().Split(50, 3)
	require.NoError(t, err)
	o, err := gonum.NewTreeObjective(loss(set), map[string]any{"W": mat.NewDense(64, 10, nil), "B": make([]float64, 10)})
	require.NoError(t, err)
	x, got, want := make([]float64, 650), make([]float64, 650), make([]float64, 650)
	for i := range x {
		x[i] = math.Sin(float64(i))
	}
	o.Grad(got, x)
	w, b := 0, 640
	for i := range set.Len() {
		var p [10]float64
		sum := 0.0
		for c := range p {
			z := x[b+c]
			for k, v := range set.Row(i) {
				z += v * x[w+10*k+c]
			}
			p[c] = math.Exp(z)
			sum += p[c]
		}
		for c := range p {
			off := p[c] / sum
			if c == set.Labels[i] {
				off--
			}
			want[b+c] += off / 50
			for k, v := range set.Row(i) {
				want[w+10*k+c] += v * off / 50
			}
		}
	}
	for i := range 640 {
		want[i] += decay * x[i]
	}
	require.InDeltaSlice(t, want, got, 1e-12)
}
