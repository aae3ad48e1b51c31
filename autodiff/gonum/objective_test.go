package gonum_test

import (
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/autodiff/gonum"
	"chainrule/graph"
	"chainrule/ops"
)

// Func, Grad and Hess are the function and its derivatives by hand, for memory of any stride, from any goroutine.
func TestObjectiveIsRight(t *testing.T) {
	o, err := gonum.NewObjective(rosenbrock, 4)
	require.NoError(t, err)
	x := []float64{0.5, -1, 2, 0.25}
	wantGrad, wantHess, gradSize, hessSize := rosenbrockBy(x)
	f := o.Func(x) // 100·((−1 − 0.25)² + (2 − 1)² + (0.25 − 4)²) + 0.5² + 2² + (−1)²
	require.Equal(t, 100*(1.25*1.25+1+3.75*3.75)+0.25+4+1, f)
	grad := make([]float64, 4)
	o.Grad(grad, x)
	require.InDeltaSlice(t, wantGrad, grad, 16*eps*gradSize)
	again := make([]float64, 4)
	require.Equal(t, f, o.ValueAndGrad(again, x))
	require.Equal(t, grad, again)
	wide := mat.NewSymDense(7, nil)
	for _, h := range []*mat.SymDense{mat.NewSymDense(4, nil), wide.SliceSym(1, 5).(*mat.SymDense)} {
		o.Hess(h, x)
		require.True(t, mat.EqualApprox(wantHess, h, 16*eps*hessSize))
	}
	require.Zero(t, wide.At(0, 0)+wide.At(0, 5)+wide.At(5, 5), "only the view is written")
	require.NoError(t, o.Err())

	var wg sync.WaitGroup
	values := make([]float64, 8)
	for k := range values {
		wg.Go(func() {
			for range 100 {
				values[k] += o.Func(x) / 128
			}
		})
	}
	wg.Wait()
	for _, v := range values {
		require.InEpsilon(t, f*100/128, v, 100*eps)
	}
}

// Newton's method, damped, finds the end of Rosenbrock's valley.
func TestObjectiveMinimized(t *testing.T) {
	const n = 6
	o, err := gonum.NewObjective(rosenbrock, n)
	require.NoError(t, err)
	x, grad, hess := make([]float64, n), make([]float64, n), mat.NewSymDense(n, nil)
	for i := range x {
		x[i] = 0.5 + float64(i%2)
	}
	for range 200 {
		o.Grad(grad, x)
		o.Hess(hess, x)
		g := mat.NewVecDense(n, grad)
		var chol mat.Cholesky
		for shift := 0.0; !chol.Factorize(hess); shift = max(1, 2*shift) { // until it is positive definite
			for i := range n {
				hess.SetSym(i, i, hess.At(i, i)+shift)
			}
		}
		var step mat.VecDense
		require.NoError(t, chol.SolveVecTo(&step, g))
		f, at := o.Func(x), mat.NewVecDense(n, slices.Clone(x))
		for s := -1.0; ; s /= 2 {
			mat.NewVecDense(n, x).AddScaledVec(at, s, &step)
			if o.Func(x) <= f || s > -1e-6 {
				break
			}
		}
	}
	require.NoError(t, o.Err())
	o.Grad(grad, x)
	for i := range x {
		// The smallest eigenvalue of the Hessian there is above 0.4: so far from 1, at most, is a point of this gradient.
		require.InDelta(t, 1, x[i], 1e-9)
		require.InDelta(t, 0, grad[i], 1e-9)
	}
}

func TestObjectiveDoesNotAllocate(t *testing.T) {
	o, err := gonum.NewObjective(rosenbrock, 4)
	require.NoError(t, err)
	x, grad, hess := make([]float64, 4), make([]float64, 4), mat.NewSymDense(4, nil)
	for name, run := range map[string]func(){
		"Func": func() { o.Func(x) }, "ValueAndGrad": func() { o.ValueAndGrad(grad, x) }, "Grad": func() { o.Grad(grad, x) }, "Hess": func() { o.Hess(hess, x) },
	} {
		run()
		if !raceEnabled { // under the race detector sync.Pool drops what it is given at random
			require.Zero(t, testing.AllocsPerRun(100, run), name)
		}
	}
}

func TestObjectiveErrors(t *testing.T) {
	_, err := gonum.NewObjective(ops.Sin, 3)
	var wrong *graph.Error
	require.ErrorAs(t, err, &wrong)
	require.ErrorContains(t, err, "the result must be a float scalar")
	_, err = gonum.NewObjective(func(x node) node { return ops.Cast(ops.Sum(x), graph.Float32) }, 3)
	require.ErrorContains(t, err, "is no f64")
	_, err = gonum.NewObjective(func(x node) node { return x.Graph().Scalar(graph.Float64, 1) }, 3)
	require.ErrorContains(t, err, "does not depend on")
	_, err = gonum.NewObjective(func(node) node { return nil }, 3)
	require.Error(t, err)
	_, err = gonum.NewObjective(rosenbrock, -1)
	require.ErrorContains(t, err, "a vector of length -1")

	o, err := gonum.NewObjective(picky, 1)
	require.NoError(t, err)
	require.Equal(t, 4*math.Exp(-0.5), o.Func([]float64{0.5}))
	require.NoError(t, o.Err())
	require.True(t, math.IsNaN(o.Func([]float64{3})))
	require.ErrorIs(t, o.Err(), ops.ErrIndex)

	o, err = gonum.NewObjective(rosenbrock, 3)
	require.NoError(t, err)
	require.True(t, math.IsNaN(o.Func([]float64{1, 2})))
	var feed *autodiff.FeedError
	require.ErrorAs(t, o.Err(), &feed)
	for _, call := range []func(o *gonum.Objective){
		func(o *gonum.Objective) { o.Grad(make([]float64, 2), []float64{1, 2, 3}) },
		func(o *gonum.Objective) { o.Hess(mat.NewSymDense(2, nil), []float64{1, 2, 3}) },
		func(o *gonum.Objective) { o.Hess(mat.NewSymDense(4, nil), []float64{1, 2, 3}) },
		func(o *gonum.Objective) { o.Hess(&mat.SymDense{}, []float64{1, 2, 3}) },
	} {
		o, err := gonum.NewObjective(rosenbrock, 3)
		require.NoError(t, err)
		call(o)
		require.Error(t, o.Err())
	}
}

// picky is defined for x in [0, 3) alone: it looks a factor up.
func picky(x node) node {
	table := graph.Const(x.Graph(), []float64{4, 3, 2}, 3)
	at := ops.Cast(ops.Squeeze(x, 0), graph.Int64)
	return ops.Mul(ops.Take(table, at, 0), ops.Exp(ops.Neg(ops.Sum(x))))
}
