package gonum_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/autodiff/gonum"
	"chainrule/ops"
)

// r = (x₀·x₁, sin x₀, x₁²) has the Jacobian [[x₁, x₀], [cos x₀, 0], [0, 2x₁]].
func TestResiduals(t *testing.T) {
	f := func(x node) node {
		a, b := element(x, 0), element(x, 1)
		return ops.Stack([]node{ops.Mul(a, b), ops.Sin(a), ops.Square(b)}, 0)
	}
	x := []float64{0.5, -2}
	want := mat.NewDense(3, 2, []float64{-2, 0.5, math.Cos(0.5), 0, 0, -4})
	for _, opts := range [][]autodiff.MatrixOption{nil, {autodiff.ForwardMode()}, {autodiff.ReverseMode()}} {
		r, err := gonum.NewResiduals(f, 2, opts...)
		require.NoError(t, err)
		m, n := r.Dims()
		require.Equal(t, [2]int{3, 2}, [2]int{m, n})
		wide := mat.NewDense(5, 6, nil)
		for _, jac := range []*mat.Dense{{}, mat.NewDense(3, 2, nil), wide.Slice(1, 4, 2, 4).(*mat.Dense)} {
			dst := make([]float64, 3)
			require.NoError(t, r.Eval(dst, jac, x))
			require.InDeltaSlice(t, []float64{-1, math.Sin(0.5), 4}, dst, 4*eps)
			require.True(t, mat.EqualApprox(want, jac, 4*eps))
			clear(dst)
			require.NoError(t, r.Eval(dst, nil, x))
			require.InDelta(t, math.Sin(0.5), dst[1], 4*eps)
		}
		require.InDelta(t, mat.Sum(want), mat.Sum(wide), 16*eps, "only the view is written")
		require.ErrorContains(t, r.Eval(make([]float64, 3), mat.NewDense(2, 3, nil), x), "a Jacobian of 2×3 for 3 residuals of 2")
		require.ErrorContains(t, r.Eval(make([]float64, 2), nil, x), "1×2 elements for result 0, which is f64[3]")
		require.ErrorContains(t, r.Eval(make([]float64, 3), nil, x[:1]), "fed f64[1], wants f64[2]")
		require.ErrorContains(t, r.Eval(make([]float64, 3), mat.NewDense(3, 2, make([]float64, 6)), nil), "fed f64[0]")
		shared := []float64{0, x[0], x[1]}
		require.NoError(t, r.Eval(shared, nil, shared[1:]))
		require.InDeltaSlice(t, []float64{-1, math.Sin(0.5), 4}, shared, 4*eps, "x lies where the residuals do")
	}
}

func TestResidualsDoNotAllocate(t *testing.T) {
	r, err := gonum.NewResiduals(ops.Sin, 4)
	require.NoError(t, err)
	x, dst, jac := make([]float64, 4), make([]float64, 4), mat.NewDense(4, 4, nil)
	for name, run := range map[string]func(){
		"with Jacobian": func() { _ = r.Eval(dst, jac, x) }, "without": func() { _ = r.Eval(dst, nil, x) },
	} {
		run()
		if !raceEnabled { // under the race detector sync.Pool drops what it is given at random
			require.Zero(t, testing.AllocsPerRun(100, run), name)
		}
	}
}

func TestMatricesInAndOut(t *testing.T) {
	a, b := mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6}), mat.NewDense(3, 1, []float64{1, 0, -1})
	out, err := autodiff.Compile(func(a, b node) (node, node) {
		p := ops.MatMul(a, b)
		return p, ops.Squeeze(p, 1)
	}).Run(context.Background(), a, b)
	require.NoError(t, err)
	m, err := gonum.AsMatrix(out[0])
	require.NoError(t, err)
	require.True(t, mat.Equal(mat.NewDense(2, 1, []float64{-2, -2}), m))
	v, err := gonum.AsVector(out[1])
	require.NoError(t, err)
	require.Equal(t, 2, v.Len())
	v.SetVec(0, 7)
	require.Equal(t, 7.0, out[1].Float64s()[0], "it is the same memory")

	f32 := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float32{1, 2, 3, 4}))
	m, err = gonum.AsMatrix(f32)
	require.NoError(t, err)
	require.Equal(t, 3.0, m.At(1, 0))
	square := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, 2, 3, 4}))
	require.NoError(t, square.T())
	m, err = gonum.AsMatrix(square)
	require.NoError(t, err)
	require.Equal(t, 2.0, m.At(1, 0), "a transposed tensor is copied")

	_, err = gonum.AsVector(f32)
	require.ErrorContains(t, err, "want a tensor of floats of rank 1, not f32[2,2]")
	_, err = gonum.AsMatrix(tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]int64{1})))
	require.ErrorContains(t, err, "not i64[1,1]")
	_, err = gonum.AsMatrix(nil)
	require.Error(t, err)
}

// What looks for NaNs looks for them here too.
func TestDebugNaNForGonum(t *testing.T) {
	log := func(x node) node { return ops.Sum(ops.Log(x)) }
	for name, opt := range map[string]autodiff.MatrixOption{"nan": autodiff.DebugNaN(), "inf": autodiff.DebugInf()} {
		x := []float64{1, -2} // the logarithm of the second is NaN
		var wrong *autodiff.NaNError
		r, err := gonum.NewResiduals(ops.Log, 2, opt)
		require.NoError(t, err)
		require.NoError(t, r.Eval(make([]float64, 2), &mat.Dense{}, []float64{1, 2}))
		require.ErrorAs(t, r.Eval(make([]float64, 2), nil, x), &wrong, name)
		require.ErrorAs(t, r.Eval(make([]float64, 2), &mat.Dense{}, x), &wrong, name)
		require.Equal(t, "log", wrong.Op)
		o, err := gonum.NewObjective(log, 2, opt)
		require.NoError(t, err)
		require.Equal(t, math.Log(2), o.Func([]float64{1, 2}))
		require.NoError(t, o.Err())
		require.True(t, math.IsNaN(o.Func(x)))
		require.ErrorAs(t, o.Err(), &wrong, name)
		for what, call := range map[string]func(o *gonum.Objective, x []float64){
			"grad": func(o *gonum.Objective, x []float64) { o.Grad(make([]float64, 2), x) },
			"hess": func(o *gonum.Objective, x []float64) { o.Hess(mat.NewSymDense(2, nil), x) },
		} {
			o, err := gonum.NewObjective(func(x node) node { return ops.Sum(ops.Pow(x, 2.5)) }, 2, opt)
			require.NoError(t, err)
			call(o, x)
			require.ErrorAs(t, o.Err(), &wrong, "%s %s", name, what)
		}
		p, err := gonum.Problem(log, 2, opt)
		require.NoError(t, err)
		p.Func(x)
		_, err = p.Status()
		require.ErrorAs(t, err, &wrong, name)
	}
	r, err := gonum.NewResiduals(ops.Log, 1, autodiff.DebugInf())
	require.NoError(t, err)
	var wrong *autodiff.NaNError
	require.ErrorAs(t, r.Eval(make([]float64, 1), nil, []float64{0}), &wrong)
}
