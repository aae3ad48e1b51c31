package autodiff_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// shaped is a tree of every kind.
type shaped[T any] struct {
	Scalar, Vector T
	List           []T
	Named          map[string]T
	Inner          *struct{ Matrix T }
}

func newShaped(x *graph.Node) shaped[*graph.Node] {
	return shaped[*graph.Node]{
		Scalar: ops.Sum(x), Vector: x, List: []node{ops.Neg(x), ops.Square(x)},
		Named: map[string]node{"twice": ops.Mul(2, x), "half": ops.Mul(0.5, x)},
		Inner: &struct{ Matrix node }{ops.Outer(x, x)},
	}
}

// Results keep their tree, in places that are nil at first and in those that are there.
func TestRunToKeepsTheTree(t *testing.T) {
	fn := autodiff.Compile(newShaped)
	var out shaped[*tensor.Dense]
	for run := range 3 {
		x := []float64{1, 2, float64(run)}
		before := out.Vector
		require.NoError(t, fn.RunTo(context.Background(), &out, x))
		if run > 0 {
			require.Same(t, before, out.Vector)
		}
		require.Equal(t, 3+x[2], out.Scalar.Data())
		require.Equal(t, x, out.Vector.Data())
		require.Equal(t, []float64{-1, -2, -x[2]}, out.List[0].Data())
		require.Equal(t, []float64{1, 4, x[2] * x[2]}, out.List[1].Data())
		require.Equal(t, []float64{2, 4, 2 * x[2]}, out.Named["twice"].Data())
		require.Equal(t, []float64{.5, 1, x[2] / 2}, out.Named["half"].Data())
		require.Equal(t, tensor.Shape{3, 3}, out.Inner.Matrix.Shape())
		require.Equal(t, []float64{1, 2, x[2]}, out.Inner.Matrix.Float64s()[:3])
	}
	old := out.Vector
	require.NoError(t, fn.RunTo(context.Background(), &out, []float64{1, 2}))
	require.Equal(t, []float64{1, 2}, out.Vector.Data(), "another shape gets another tensor")
	require.Len(t, old.Data(), 3)
}

// Scalars get to numbers, vectors to slices, and anything to an any; several results to the fields of a struct, in order, or
// to a list.
func TestRunToNumbersAndSlices(t *testing.T) {
	fn := autodiff.Compile(func(x node) (node, node, []node, node, map[string]node) {
		return ops.Sum(x), x, []node{ops.ArgMax(x), ops.Gt(ops.Sum(x), 1)}, ops.Cast(ops.Sum(x), graph.Float32),
			map[string]node{"a": ops.Sum(x)}
	})
	var out struct {
		Sum     float64
		Vector  []float64
		hidden  int
		Several struct {
			A [2]any
		}
		Single float64
		Named  map[string]float64
	}
	err := fn.RunTo(context.Background(), &out, []float64{1, 2})
	require.ErrorContains(t, err, "a struct is no place for a []*graph.Node")
	var fit struct {
		Sum    float64
		Vector []float64
		Both   []any
		Single float64
		Named  map[string]float64
	}
	for _, x := range [][]float64{{1, 2}, {3, 2, 1}, {0, 0, 5}} {
		require.NoError(t, fn.RunTo(context.Background(), &fit, x))
		sum := 0.0
		for _, v := range x {
			sum += v
		}
		require.Equal(t, sum, fit.Sum)
		require.Equal(t, x, fit.Vector)
		require.Equal(t, int64(slices.Index(x, slices.Max(x))), fit.Both[0].(*tensor.Dense).Data())
		require.Equal(t, true, fit.Both[1].(*tensor.Dense).Data())
		require.Equal(t, sum, fit.Single, "an f32 as a float64")
		require.Equal(t, map[string]float64{"a": sum}, fit.Named)
	}
	pair := autodiff.Compile(func(x node) (node, node) { return x, ops.Neg(x) })
	var list []*tensor.Dense
	require.NoError(t, pair.RunTo(context.Background(), &list, []float64{1, 2}))
	require.Equal(t, []float64{-1, -2}, list[1].Data())
	var numbers struct {
		I int
		B bool
	}
	counts := autodiff.Compile(func(x node) (node, node) { return ops.ArgMax(x), ops.Gt(ops.Sum(x), 1) })
	require.NoError(t, counts.RunTo(context.Background(), &numbers, []float64{1, 2}))
	require.Equal(t, 1, numbers.I)
	require.True(t, numbers.B)
}

func TestRunToErrors(t *testing.T) {
	x := []float64{1, 2}
	pair := func(x node) (node, node) { return ops.Sum(x), x }
	var missing struct{ Scalar, Vector *tensor.Dense }
	var three struct{ A, B, C *tensor.Dense }
	var text struct{ A, B string }
	var ints struct{ A, B []int }
	var number float64
	for _, c := range []struct {
		f, out any
		want   string
	}{
		{pair, nil, "results go to what a pointer leads to, not to a <nil>"},
		{pair, missing, "results go to what a pointer leads to, not to a struct {"},
		{pair, &number, "2 results go to a struct with a field for each, or to a slice, not to a float64"},
		{pair, &three, "2 results go to a struct with as many exported fields"},
		{pair, &text, "result 0: a string is no place for result tensor 0, which is f64"},
		{pair, &ints, "result 0: a []int is no place for result tensor 0, which is f64"},
		{pair, new([3]*tensor.Dense), "a [3]*tensor.Dense of 3 has no place for 2"},
		{newShaped, &missing, "has no field List for that of"},
		{func(x node) []node { return []node{x, nil} }, &three, "result 0, [1], is nil"},
	} {
		err := autodiff.Compile(c.f).RunTo(context.Background(), c.out, x)
		require.ErrorContains(t, err, c.want)
	}
	var out struct {
		Sum    float64
		Vector *tensor.Dense
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, autodiff.Compile(pair).RunTo(cancelled, &out, x), context.Canceled)
	require.Nil(t, out.Vector)
}

// What is donated arrives where the results go, and results may lie where arguments do.
func TestRunToInPlace(t *testing.T) {
	step := func(p params, x node) (node, params) {
		return ops.Sum(x), params{W: ops.Add(p.W, x), B: ops.Mul(2, p.B)}
	}
	type values struct{ W, B *tensor.Dense }
	newValues := func() values {
		return values{tensor.New(tensor.WithBacking([]float64{1, 2})), tensor.New(tensor.WithBacking([]float64{3, 4}))}
	}
	for _, donate := range []bool{false, true} {
		var options []autodiff.CompileOption
		if donate {
			options = append(options, autodiff.Donate(0, 1))
		}
		fn := autodiff.Compile(step, options...)
		p := newValues()
		w := p.W
		out := struct {
			Sum  float64
			Next values
		}{Next: p}
		for k := 1; k < 4; k++ {
			require.NoError(t, fn.RunTo(context.Background(), &out, out.Next, []float64{1, 1}))
			require.Same(t, w, out.Next.W)
			require.Equal(t, []float64{1 + float64(k), 2 + float64(k)}, w.Data())
			require.Equal(t, []float64{3 * math.Pow(2, float64(k)), 4 * math.Pow(2, float64(k))}, p.B.Data())
		}
	}
}

// RunTo allocates nothing from the second call on, for the first types too, whatever its arguments are.
func TestRunToAllocations(t *testing.T) {
	type model struct {
		Layers []params
		Scale  node
	}
	type values struct {
		Layers []struct{ W, B *tensor.Dense }
		Scale  float64
	}
	fn := autodiff.Compile(func(m model, x, y node, n node) (node, model, map[string]node) {
		loss := func(m model) node {
			h := x
			for _, l := range m.Layers {
				h = ops.Tanh(ops.Add(ops.MatMul(h, l.W), l.B))
			}
			return ops.Mul(m.Scale, ops.Mean(ops.Square(ops.Sub(ops.Sum(h, 1), y))))
		}
		value, grad := autodiff.ValueAndGrad(loss)(m)
		return ops.Mul(value, ops.Cast(n, graph.Float64)), grad, map[string]node{"y": ops.Neg(y)}
	}, autodiff.Workers(1))
	var m values
	for range 2 {
		m.Layers = append(m.Layers, struct{ W, B *tensor.Dense }{
			tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{.1, .2, .3, .4})),
			tensor.New(tensor.WithBacking([]float64{.5, .6}))})
	}
	m.Scale = 2
	var out struct {
		Loss  float64
		Grad  values
		Named map[string]*tensor.Dense
	}
	x, n := mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 6}), 3
	var y any = []float64{1, 0, 1}
	run := func() {
		if err := fn.RunTo(context.Background(), &out, &m, x, y, n); err != nil {
			t.Fatal(err)
		}
	}
	run()
	loss := out.Loss
	if !raceEnabled { // under the race detector sync.Pool drops what it is given at random
		require.Zero(t, testing.AllocsPerRun(100, run))
	}
	m.Scale = 4
	run()
	require.InDelta(t, 2*loss, out.Loss, 1e-12*loss)
	require.Equal(t, loss/6, out.Grad.Scale)
	require.Equal(t, []float64{-1, 0, -1}, slices.Clone(out.Named["y"].Float64s()))
}
