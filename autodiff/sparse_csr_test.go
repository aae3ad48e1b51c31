package autodiff_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

var (
	_ mat.Matrix         = (*autodiff.CSR)(nil)
	_ mat.NonZeroDoer    = (*autodiff.CSR)(nil)
	_ mat.RowNonZeroDoer = (*autodiff.CSR)(nil)
)

// A CSR is the dense matrix to gonum.
func TestCSRIsAMatrix(t *testing.T) {
	m := &autodiff.CSR{Rows: 3, Cols: 4,
		RowPtr: []int{0, 2, 2, 5}, ColIdx: []int{1, 3, 0, 1, 2}, Values: []float64{1, 2, 3, 4, 5}}
	want := mat.NewDense(3, 4, []float64{0, 1, 0, 2, 0, 0, 0, 0, 3, 4, 5, 0})
	require.True(t, mat.Equal(want, m))
	require.True(t, mat.Equal(want.T(), m.T()))
	require.True(t, mat.Equal(want, m.ToDense()))
	var normal, wantNormal mat.Dense
	normal.Mul(m.T(), m)
	wantNormal.Mul(want.T(), want)
	require.True(t, mat.Equal(&wantNormal, &normal))

	built := mat.NewDense(3, 4, nil)
	rows, cols, values := m.COO()
	for k, v := range values {
		built.Set(rows[k], cols[k], v)
	}
	require.True(t, mat.Equal(want, built))
	built.Zero()
	for i := range 3 {
		m.DoRowNonZero(i, func(_, j int, v float64) { built.Set(i, j, v) })
	}
	require.True(t, mat.Equal(want, built))

	var y, wantY mat.VecDense
	x := mat.NewVecDense(4, []float64{1, -2, 3, -4})
	m.MulVecTo(&y, false, x)
	wantY.MulVec(want, x)
	require.True(t, mat.Equal(&wantY, &y))
	square := &autodiff.CSR{Rows: 2, Cols: 2, RowPtr: []int{0, 1, 2}, ColIdx: []int{1, 1}, Values: []float64{2, 3}}
	z := mat.NewVecDense(2, []float64{5, 7})
	square.MulVecTo(z, true, z)
	require.Equal(t, []float64{0, 31}, z.RawVector().Data)

	require.Panics(t, func() { m.At(3, 0) })
	require.Panics(t, func() { m.At(0, -1) })
	require.Panics(t, func() { m.MulVecTo(&y, true, x) })
	require.True(t, (&autodiff.CSR{RowPtr: []int{0}}).ToDense().IsEmpty())
}

// Zero rows, zero columns, no entries.
func TestSparseOfNothing(t *testing.T) {
	ctx := context.Background()
	for _, f := range []func(x node) node{
		func(x node) node { return ops.Slice(x, ops.Range{}) },
		func(x node) node { return ops.Sub(1, ops.Mul(x, 0)) },
		func(x node) node { return graph.Const(x.Graph(), []float64{1, 2}, 2) },
	} {
		for _, x := range [][]float64{{1, 2}, {}} {
			m, err := autodiff.SparseJacobian(f, autodiff.AllowUnreachable()).Eval(ctx, x)
			require.NoError(t, err)
			require.Zero(t, m.NNZ())
			require.Equal(t, len(x), m.Cols)
		}
	}
	h, err := autodiff.SparseHessian(func(x node) node { return ops.Sum(x) }).Eval(ctx, []float64{1, 2})
	require.NoError(t, err)
	require.Equal(t, []int{0, 0, 0}, h.RowPtr)
}

// Whoever calls first makes the program; all get the same matrix.
func TestSparseIsSafeForConcurrentUse(t *testing.T) {
	f := autodiff.SparseHessian(rosenbrock)
	x := point(rand.New(rand.NewPCG(8, 0)), 50)
	want, err := autodiff.SparseHessian(rosenbrock).Eval(context.Background(), x)
	require.NoError(t, err)
	var all sync.WaitGroup
	got := make([]*autodiff.CSR, 8)
	errs := make([]error, len(got))
	for i := range got {
		all.Go(func() { got[i], errs[i] = f.Eval(context.Background(), x) })
	}
	all.Wait()
	for i, m := range got {
		require.NoError(t, errs[i])
		require.Equal(t, want, m)
	}
}

// Mistakes come back as errors that say what is wrong, and those of building as a *graph.Error with the user's line.
func TestSparseErrors(t *testing.T) {
	ctx := context.Background()
	x := []float64{1, 2, 3}
	square := func(x node) node { return ops.Square(x) }
	for _, c := range []struct {
		name string
		make func() (*autodiff.CSR, error)
		want string
	}{
		{"vector", func() (*autodiff.CSR, error) { return autodiff.SparseHessian(square).Eval(ctx, x) },
			"the result must be a float scalar"},
		{"two results", func() (*autodiff.CSR, error) {
			return autodiff.SparseHessian(func(x node) (a, b node) { return ops.Sum(x), ops.Sum(x) }).Eval(ctx, x)
		}, "the result must be a float scalar"},
		{"integer argument", func() (*autodiff.CSR, error) {
			return autodiff.SparseJacobian(square).Eval(ctx, []int64{1, 2})
		}, "only f32 and f64 have derivatives, not"},
		{"integer result", func() (*autodiff.CSR, error) {
			return autodiff.SparseJacobian(func(x node) node { return ops.ArgMax(x, 0) }).Eval(ctx, x)
		}, "only f32 and f64 have derivatives, not result 0"},
		{"unused argument", func() (*autodiff.CSR, error) {
			type pair struct{ A, B *graph.Node }
			return autodiff.SparseJacobian(func(p pair) node { return ops.Square(p.A) }).
				Eval(ctx, struct{ A, B []float64 }{x, x})
		}, "the result does not depend on argument 0.B"},
		{"stopped", func() (*autodiff.CSR, error) {
			return autodiff.SparseHessian(func(x node) node { return ops.Sum(ops.StopGradient(x)) }).Eval(ctx, x)
		}, "it is there to stop the gradient"},
		{"nothing fed", func() (*autodiff.CSR, error) { return autodiff.SparseJacobian(square).Eval(ctx) },
			"0 arguments fed, 1 wanted"},
		{"dense", func() (*autodiff.CSR, error) {
			f := func(x node) node { return ops.Mul(x, ops.Sum(x)) }
			return autodiff.SparseJacobian(f).Eval(ctx, make([]float64, 12_000))
		}, "too many entries"},
		{"a long row and a long column", func() (*autodiff.CSR, error) {
			return autodiff.SparseJacobian(func(x node) node {
				first := ops.Slice(x, ops.Range{Stop: 1})
				return ops.Concat([]*graph.Node{ops.Sum(ops.Square(ops.Reshape(x, 1, -1)), 1), ops.Mul(x, first)}, 0)
			}).Eval(ctx, make([]float64, 17_000))
		}, "takes too many colours: use a dense one"},
	} {
		_, err := c.make()
		require.ErrorContains(t, err, c.want, c.name)
	}
	p := autodiff.JacobianPattern(func(x node) node { return ops.Take(x, ops.ArgMax(x, 0), 0) })(
		graph.New().Input("x", graph.Float64, 3))
	require.Equal(t, []int{0, 1, 2}, p.Row(0), "whichever is largest")
	_, _, err := autodiff.SparseJacobian(square).Pattern()
	require.ErrorContains(t, err, "0 arguments fed, 1 wanted")

	f := autodiff.SparseJacobian(square)
	in := []*tensor.Dense{tensor.New(tensor.WithBacking(x))}
	require.ErrorContains(t, f.EvalInto(ctx, &autodiff.CSR{}, nil, in), "no matrix has been made")
	m, err := f.Eval(ctx, x)
	require.NoError(t, err)
	require.ErrorContains(t, f.EvalInto(ctx, &autodiff.CSR{}, nil, in), "another pattern")
	require.ErrorContains(t, f.EvalInto(ctx, nil, nil, in), "another pattern")
	m.Values = x
	require.ErrorContains(t, f.EvalInto(ctx, m, nil, in), "share memory")
}
