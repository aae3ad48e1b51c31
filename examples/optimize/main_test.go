package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"chainrule/autodiff/gonum"
	"chainrule/nn/data"
)

// How many steps a method needs may depend on how a processor rounds, where they lead may not.
func TestReport(t *testing.T) {
	var b strings.Builder
	require.NoError(t, run(&b))
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	want := []struct {
		name      string
		variables int
		method    string
		gradients int // at most
		value     string
	}{
		{"Rosenbrock", 10, "BFGS", 100, "0.0000"}, {"Rosenbrock", 10, "Newton", 50, "0.0000"},
		{"Rosenbrock", 100, "BFGS", 600, "0.0000"}, {"Rosenbrock", 100, "Newton", 400, "0.0000"},
		{"digits", 650, "LBFGS", 200, "249.2704"}, {"digits", 650, "Newton", 10, "249.2704"},
	}
	require.Len(t, lines, 1+len(want)+1)
	for i, c := range want {
		var name, method, value string
		var variables, gradients, hessians int
		_, err := fmt.Sscan(lines[1+i], &name, &variables, &method, &gradients, &hessians, &value)
		require.NoError(t, err, lines[1+i])
		require.Equal(t, []any{c.name, c.variables, c.method, c.value}, []any{name, variables, method, value})
		require.LessOrEqual(t, gradients, c.gradients, lines[1+i])
		require.Equal(t, method == "Newton", hessians > 0, lines[1+i])
	}
	require.Equal(t, "95.9 % of 797 other digits are told right", lines[len(lines)-1])
}

// The Hessian is Σᵢ xᵢxᵢᵀ ⊗ (diag pᵢ − pᵢpᵢᵀ) + 1, where xᵢ ends with the 1 that biases are multiplied by, and the
// gradient Σᵢ xᵢ ⊗ (pᵢ − yᵢ) + w.
func TestLogisticDerivatives(t *testing.T) {
	s := &data.Set{Dim: 3, Classes: 4, Labels: []int{2, 0, 1, 3, 1}}
	rng := rand.New(rand.NewPCG(7, 0))
	for range s.Dim * s.Len() {
		s.X = append(s.X, rng.NormFloat64())
	}
	n := (s.Dim + 1) * s.Classes
	w, grad, hess := make([]float64, n), make([]float64, n), mat.NewSymDense(n, nil)
	for i := range w {
		w[i] = rng.NormFloat64()
	}
	wantGrad, want := slices.Clone(w), mat.NewSymDense(n, nil)
	for i := range n {
		want.SetSym(i, i, 1)
	}
	for i, label := range s.Labels {
		x, p := append(append([]float64(nil), s.Row(i)...), 1), make([]float64, s.Classes)
		for j := range n {
			p[j%s.Classes] += x[j/s.Classes] * w[j]
		}
		floats.AddConst(-floats.LogSumExp(p), p)
		for k := range p {
			p[k] = math.Exp(p[k])
		}
		for a := range n {
			k := a % s.Classes
			wantGrad[a] += x[a/s.Classes] * p[k]
			if k == label {
				wantGrad[a] -= x[a/s.Classes]
			}
			for b := a; b < n; b++ {
				v := -p[k] * p[b%s.Classes]
				if k == b%s.Classes {
					v += p[k]
				}
				want.SetSym(a, b, want.At(a, b)+x[a/s.Classes]*x[b/s.Classes]*v)
			}
		}
	}
	problem, err := gonum.Problem(logistic(s), n)
	require.NoError(t, err)
	problem.Grad(grad, w)
	problem.Hess(hess, w)
	// Elements of x and w are below 4, so that the sums of five terms are below 100, and rounded some 20 times on the way.
	const tol = 100 * 20 * 0x1p-52
	require.InDeltaSlice(t, wantGrad, grad, tol)
	require.True(t, mat.EqualApprox(want, hess, tol))
}

// Every eigenvalue of the Hessian is at least 1, so that no point is farther from the minimum than the gradient there is
// long: at most √n·10⁻⁵, for both methods.
func TestMethodsMeet(t *testing.T) {
	train, _, err := data.Digits().Split(200, 2)
	require.NoError(t, err)
	start := make([]float64, (train.Dim+1)*train.Classes)
	a, err := minimize(io.Discard, "digits", logistic(train), start, &optimize.LBFGS{})
	require.NoError(t, err)
	b, err := minimize(io.Discard, "digits", logistic(train), start, &optimize.Newton{})
	require.NoError(t, err)
	require.Less(t, floats.Distance(a, b, 2), 2*1e-5*math.Sqrt(float64(len(start))))
}
