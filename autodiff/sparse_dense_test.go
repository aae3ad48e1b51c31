package autodiff_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// randomFunction makes a function of vectors of length n by drawing ops, the same ones each time it is called.
func randomFunction(seed uint64, n int) func(x node) node {
	return func(x node) node {
		r := rand.New(rand.NewPCG(seed, 0))
		g := x.Graph()
		pool := []node{x, x}
		any := func() node { return pool[r.IntN(len(pool))] }
		constant := func(zeros bool) node {
			data := make([]float64, n)
			for i := range data {
				if data[i] = 0.5 + r.Float64(); zeros && r.IntN(3) > 0 {
					data[i] = 0
				}
			}
			return ops.Cast(graph.Const(g, data, n), x.DType())
		}
		index := func(k int) node {
			at := make([]int64, k)
			for i := range at {
				at[i] = int64(r.IntN(n))
			}
			return graph.Const(g, at, k)
		}
		for range 3 + r.IntN(6) {
			var y node
			switch r.IntN(14) {
			case 0:
				y = ops.Sin(any())
			case 1:
				y = ops.Mul(any(), any())
			case 2:
				y = ops.Add(any(), ops.Mul(2, any()))
			case 3:
				y = ops.Mul(any(), constant(true))
			case 4:
				y = ops.Take(any(), index(n), 0)
			case 5:
				y = ops.ScatterAdd(any(), index(n), n, 0)
			case 6:
				k := r.IntN(n)
				a, b := any(), any()
				y = ops.Concat([]*graph.Node{ops.Slice(a, ops.Range{Start: k, Stop: n}), ops.Slice(b, ops.Range{Stop: k})}, 0)
			case 7:
				y = ops.Where(ops.Gt(constant(true), 0), any(), any())
			case 8:
				y = ops.Pad(ops.Slice(any(), ops.Range{Stop: n - n%2, Step: 2}), []int{0}, []int{n - (n+1)/2}, []int{0})
			case 9:
				y = ops.Sub(any(), ops.Square(any()))
			case 10:
				y = ops.Div(any(), ops.Add(2, ops.Square(any())))
			case 11:
				half := n / 2
				rows := ops.Reshape(ops.Slice(any(), ops.Range{Stop: 2 * half}), 2, half)
				rest := ops.Slice(any(), ops.Range{Stop: n - 2*half})
				y = ops.Concat([]*graph.Node{ops.Reshape(ops.Softmax(rows, 0), 2*half), rest}, 0)
			case 12:
				m := make([]float64, n*n)
				for i := range m {
					if r.IntN(n) == 0 {
						m[i] = 0.5 + r.Float64()
					}
				}
				y = ops.MatMul(ops.Cast(graph.Const(g, m, n, n), x.DType()), any())
			default:
				y = ops.Mul(ops.Sum(ops.Slice(any(), ops.Range{Stop: 2})), any())
			}
			if y.Shape()[0] != n {
				y = ops.Concat([]*graph.Node{y, ops.Slice(any(), ops.Range{Start: y.Shape()[0], Stop: n})}, 0)
			}
			pool = append(pool, y)
		}
		return pool[len(pool)-1]
	}
}

func point(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 0.3 + r.Float64()
	}
	return x
}

// Jacobians and Hessians of random functions, by every method, against dense ones.
func TestSparseOfRandomFunctions(t *testing.T) {
	ctx := context.Background()
	kept, listed := 0, 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 2 + r.IntN(8)
		f, x := randomFunction(seed, n), point(r, n)
		loss := func(x node) node { return ops.Sum(f(x)) }
		dense := evaluate(t, func(x node) (j, h node) {
			zeros := autodiff.AllowUnreachable()
			return autodiff.Jacobian(f, zeros)(x), autodiff.Hessian(loss, zeros)(x)
		}, x)
		for _, opts := range [][]autodiff.MatrixOption{nil, {autodiff.ForwardMode()}, {autodiff.ReverseMode()}} {
			opts = append(opts, autodiff.AllowUnreachable())
			m, err := autodiff.SparseJacobian(f, opts...).Eval(ctx, x)
			require.NoError(t, err)
			compareDense(t, fmt.Sprintf("Jacobian, seed %d", seed), dense[0], m)
			listed += m.NNZ()
		}
		for _, mode := range []autodiff.MatrixOption{autodiff.ForwardMode(), autodiff.ReverseMode()} {
			m, err := autodiff.SparseHessian(loss, autodiff.AllowUnreachable(), mode).Eval(ctx, x)
			require.NoError(t, err)
			compareDense(t, fmt.Sprintf("Hessian, seed %d", seed), dense[1], m)
		}
		for _, v := range dense[0] {
			if v != 0 {
				kept += 3
			}
		}
	}
	require.LessOrEqual(t, float64(listed), 1.1*float64(kept), "few entries of the patterns are zero by chance")
}

// compareDense checks elements against a dense matrix, which is found by another order of the same few dozen sums and
// products: their errors are far below 2⁻⁴⁰ of the largest element.
func compareDense(t *testing.T, name string, want []float64, m *autodiff.CSR) {
	t.Helper()
	size := 1.0
	for _, v := range want {
		size = max(size, math.Abs(v))
	}
	for k, v := range want {
		require.InDelta(t, v, m.At(k/m.Cols, k%m.Cols), size*0x1p-40, "%s: element (%d, %d)", name, k/m.Cols, k%m.Cols)
	}
}

// The patterns of functions that are used to try solvers, and how many colours they take.
func TestPatternsOfFamilies(t *testing.T) {
	const n = 60
	part := func(x node, from, to int) node { return ops.Slice(x, ops.Range{Start: from, Stop: to}) }
	broyden := func(x node) node { // (3 − 2xᵢ)xᵢ − xᵢ₋₁ − 2xᵢ₊₁ + 1, x₋₁ = xₙ = 0
		left := ops.Pad(part(x, 0, n-1), []int{1}, []int{0}, []int{0})
		right := ops.Pad(part(x, 1, n), []int{0}, []int{1}, []int{0})
		return ops.Add(1, ops.Sub(ops.Mul(ops.Sub(3, ops.Mul(2, x)), x), ops.Add(left, ops.Mul(2, right))))
	}
	blocks := func(x node) node { // sums of 5 variables to the fourth power
		return ops.Sum(ops.Square(ops.Square(ops.Sum(ops.Reshape(x, n/5, 5), 1))))
	}
	arrow := func(x node) node { return ops.Sum(ops.Mul(ops.Square(part(x, 0, 1)), ops.Square(part(x, 1, n)))) }
	linear := func(x node) node { return ops.Add(ops.Sum(ops.Mul(3, x)), ops.Square(ops.Sum(part(x, 0, 1)))) }
	banded := func(x node) node { // Σ xᵢ²xᵢ₊₂²
		return ops.Sum(ops.Mul(ops.Square(part(x, 0, n-2)), ops.Square(part(x, 2, n))))
	}
	bidiagonal := func(x node) node { // a matrix of constants, half of them zero
		m := make([]float64, n*n)
		for i := range n {
			for j := max(0, i-1); j <= i; j++ {
				m[i*n+j] = 1
			}
		}
		return ops.Exp(ops.MatMul(graph.Const(x.Graph(), m, n, n), x))
	}
	near := func(w int) func(i, j int) bool { return func(i, j int) bool { return max(i-j, j-i) <= w } }
	for _, c := range []struct {
		name     string
		jacobian func(x node) node
		hessian  func(x node) node
		has      func(i, j int) bool
		colors   int
	}{
		{name: "Broyden tridiagonal", jacobian: broyden, has: near(1), colors: 3},
		{name: "elementwise", jacobian: ops.Sin, has: near(0), colors: 1},
		{name: "bidiagonal matrix", jacobian: bidiagonal,
			has: func(i, j int) bool { return j == i || j == i-1 }, colors: 2},
		{name: "running sums", jacobian: func(x node) node { return ops.CumSum(ops.Square(x), false, 0) },
			has: func(i, j int) bool { return j <= i }, colors: n},
		{name: "chained Rosenbrock", hessian: rosenbrock, has: near(1), colors: 3},
		{name: "block diagonal", hessian: blocks, has: func(i, j int) bool { return i/5 == j/5 }, colors: 5},
		{name: "arrow", hessian: arrow, has: func(i, j int) bool { return i == j || i == 0 || j == 0 }, colors: 2},
		{name: "band", hessian: banded, has: func(i, j int) bool { return i == j || max(i-j, j-i) == 2 }, colors: 3},
		{name: "linear but for one", hessian: linear, has: func(i, j int) bool { return i == 0 && j == 0 }, colors: 1},
	} {
		var f *autodiff.SparseFunction
		if c.hessian != nil {
			f = autodiff.SparseHessian(c.hessian)
		} else {
			f = autodiff.SparseJacobian(c.jacobian)
		}
		x := point(rand.New(rand.NewPCG(7, 0)), n)
		_, colors, err := f.Pattern(x)
		require.NoError(t, err, c.name)
		require.Equal(t, c.colors, colors, c.name)
		m, err := f.Eval(context.Background(), x)
		require.NoError(t, err, c.name)
		entries := 0
		for i := range n {
			for j := range n {
				if c.has(i, j) {
					require.NotZero(t, m.At(i, j), "%s (%d, %d)", c.name, i, j)
					entries++
				}
			}
		}
		require.Equal(t, entries, m.NNZ(), c.name)
	}
}

// Trees, other arguments, single precision, and indices that are fed.
func TestSparseOfTrees(t *testing.T) {
	ctx := context.Background()
	type pair struct{ A, B *graph.Node }
	f := func(p pair, scale node) pair {
		picked := ops.Take(p.A, graph.Const(p.A.Graph(), []int64{2, 0}, 2), 0)
		return pair{ops.Mul(scale, ops.Square(p.A)), ops.Mul(p.B, picked)}
	}
	feed := struct{ A, B []float64 }{[]float64{1, 2, 3}, []float64{4, 5}}
	want := []float64{
		14, 0, 0, 0, 0,
		0, 28, 0, 0, 0,
		0, 0, 42, 0, 0,
		0, 0, 4, 3, 0,
		5, 0, 0, 0, 1,
	}
	for _, opts := range [][]autodiff.MatrixOption{nil, {autodiff.ForwardMode()}, {autodiff.ReverseMode()}} {
		m, values, err := autodiff.SparseJacobian(f, opts...).EvalWithValues(ctx, feed, 7.0)
		require.NoError(t, err)
		require.Equal(t, want, m.ToDense().RawMatrix().Data)
		require.Equal(t, []float64{7, 28, 63}, values[0].Data())
		require.Equal(t, []float64{12, 5}, values[1].Data())
		require.Equal(t, 7, m.NNZ())
	}
	loss := func(p pair, scale node) node {
		y := f(p, scale)
		return ops.Add(ops.Sum(y.A), ops.Sum(y.B))
	}
	h, values, err := autodiff.SparseHessian(loss).EvalWithValues(ctx, feed, 7.0)
	require.NoError(t, err)
	require.Equal(t, []float64{
		14, 0, 0, 0, 1,
		0, 14, 0, 0, 0,
		0, 0, 14, 1, 0,
		0, 0, 1, 0, 0,
		1, 0, 0, 0, 0,
	}, h.ToDense().RawMatrix().Data)
	require.Equal(t, []float64{14 + 5, 28, 42 + 4}, values[1].Data(), "the gradient by A")

	single := tensor.New(tensor.WithBacking([]float32{1, 2, 3}))
	m, err := autodiff.SparseJacobian(func(x node) node { return ops.Square(x) }).Eval(ctx, single)
	require.NoError(t, err)
	require.Equal(t, []float64{2, 4, 6}, m.Values)

	mixed := func(p pair) pair {
		return pair{ops.Cast(ops.Square(p.A), graph.Float64), ops.Take(p.A, graph.Const(p.A.Graph(), []int64{}, 0), 0)}
	}
	m, err = autodiff.SparseJacobian(mixed, autodiff.AllowUnreachable()).
		Eval(ctx, struct{ A, B any }{single, []float64{}})
	require.NoError(t, err)
	require.Equal(t, []float64{2, 4, 6}, m.Values)
	m, err = autodiff.SparseJacobian(func(x []node) node { return ops.Mul(x[1], x[2]) }, autodiff.AllowUnreachable()).
		Eval(ctx, []any{[]float64{}, []float64{1, 2}, []float64{3, 4}})
	require.NoError(t, err)
	require.Equal(t, []float64{3, 1, 4, 2}, m.Values, "behind an empty leaf")

	fed := autodiff.SparseJacobian(func(x, at node) node { return ops.Take(ops.Square(x), at, 0) })
	m, err = fed.Eval(ctx, []float64{1, 2, 3}, []int64{2})
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0, 6}, m.Values, "the index may be any")
}

// Compressed matrices are expressions: they lie in programs and have derivatives.
func TestCompressedComposes(t *testing.T) {
	x := []float64{1, 2, 3}
	got := evaluate(t, func(x node) (j, h, third node) {
		cube := func(x node) node { return ops.Mul(x, ops.Square(x)) }
		sum := func(x node) node { return ops.Sum(cube(x)) }
		trace := func(x node) node { return ops.Sum(autodiff.CompressedHessian(sum)(x).Values) }
		j, h = autodiff.CompressedJacobian(cube)(x).Values, autodiff.CompressedHessian(sum)(x).Values
		return j, h, autodiff.Grad(trace)(x)
	}, x)
	require.Equal(t, [][]float64{{3, 12, 27}, {6, 12, 18}, {6, 6, 6}}, got)
	rows := evaluate(t, func(x node) node {
		slopes := func(x node) node { return autodiff.CompressedJacobian(ops.Square)(x).Values }
		return autodiff.Vmap(slopes)(ops.Reshape(x, 3, 1))
	}, x)
	require.Equal(t, []float64{2, 4, 6}, rows[0])
}
