package ops_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

type reduction = func(x *graph.Node, axes ...int) *graph.Node

// TestSpecialReductions has reductions of the rows of small matrices with special values.
func TestSpecialReductions(t *testing.T) {
	for _, c := range []struct {
		name string
		f    reduction
		x    []float64 // rows of three
		want []float64
	}{
		{"sum", ops.Sum, []float64{1, nan, 2, inf, -inf, 0, inf, 1, 2}, []float64{nan, nan, inf}},
		{"mean", ops.Mean, []float64{1, nan, 2, inf, -inf, 0, 3, 4, 5}, []float64{nan, nan, 4}},
		{"prod", ops.Prod, []float64{1, nan, 0, inf, 0, 1, 2, 3, -4}, []float64{nan, nan, -24}},
		{"max", ops.Max, []float64{1, nan, 2, -inf, -inf, -inf, 3, inf, 5}, []float64{nan, -inf, inf}},
		{"max", ops.Max, []float64{nan, 1, 2, 1, 2, nan, minus, minus, minus}, []float64{nan, nan, minus}},
		{"min", ops.Min, []float64{1, nan, 2, inf, inf, inf, 3, -inf, 5}, []float64{nan, inf, -inf}},
		{"argmax", ops.ArgMax, []float64{1, nan, nan, 2, 5, 5, -inf, -inf, -inf}, []float64{1, 1, 0}},
		{"argmax", ops.ArgMax, []float64{3, 3, 3, 0, minus, 0, 1, inf, inf}, []float64{0, 0, 1}},
		{"logsumexp", ops.LogSumExp, []float64{nan, 1, 2, -inf, -inf, -inf, inf, 1, 2}, []float64{nan, -inf, inf}},
		{"logsumexp", ops.LogSumExp, []float64{-inf, 7, -inf, 0, 0, 0, -1e4, -1e4, -inf},
			[]float64{7, math.Log(3), -1e4 + math.Ln2}},
		{"logsumexp", ops.LogSumExp, []float64{1e4, 1e4, 0, 0x1p100, 0, 0, -0x1p100, -0x1p100, -0x1p100},
			[]float64{1e4 + math.Ln2, 0x1p100, -0x1p100}},
	} {
		for _, d := range floats {
			for k := range 3 { // rows one by one, so that a message has one
				row := constant(graph.New(), d, c.x[3*k:3*k+3], 3)
				t.Run(fmt.Sprintf("%s/%v/%v", c.name, c.x[3*k:3*k+3], d), func(t *testing.T) {
					expect(t, c.f(row), nil, c.want[k:k+1])
				})
			}
			expect(t, c.f(constant(graph.New(), d, c.x, 3, 3), 1), []int{3}, c.want)
			expect(t, c.f(ops.Transpose(constant(graph.New(), d, c.x, 3, 3)), 0), []int{3}, c.want)
		}
	}
}

func TestSpecialSoftmax(t *testing.T) {
	e1, e2 := math.Exp(-1), math.Exp(-2)
	z := 1 + e1 + e2
	for _, c := range []struct{ x, y, log []float64 }{
		{[]float64{1000, 1001, 999}, []float64{e1 / z, 1 / z, e2 / z},
			[]float64{-1 - math.Log(z), -math.Log(z), -2 - math.Log(z)}},
		{[]float64{-1e4, -1e4, -inf}, []float64{0.5, 0.5, 0}, []float64{-math.Ln2, -math.Ln2, -inf}},
		{[]float64{0x1p100, 0, -0x1p100}, []float64{1, 0, 0}, []float64{0, -0x1p100, -0x1p101}},
		{[]float64{0, nan, 1}, []float64{nan, nan, nan}, []float64{nan, nan, nan}},
		{[]float64{0, inf, 1}, []float64{nan, nan, nan}, []float64{nan, nan, nan}},
		{[]float64{-inf, -inf, -inf}, []float64{nan, nan, nan}, []float64{nan, nan, nan}},
	} {
		for _, d := range floats {
			t.Run(fmt.Sprint(c.x, d), func(t *testing.T) {
				x := constant(graph.New(), d, c.x, 3)
				expect(t, ops.Softmax(x), []int{3}, c.y)
				expect(t, ops.LogSoftmax(x), []int{3}, c.log)
				column := ops.Reshape(x, 3, 1)
				expect(t, ops.Softmax(column, 0), []int{3, 1}, c.y)
				expect(t, ops.LogSoftmax(column, 0), []int{3, 1}, c.log)
			})
		}
	}
}

func TestNothingToFold(t *testing.T) {
	for _, d := range floats {
		x := constant(graph.New(), d, nil, 2, 0)
		for name, c := range map[string]struct {
			f    reduction
			want float64
		}{"sum": {ops.Sum, 0}, "prod": {ops.Prod, 1}, "mean": {ops.Mean, nan}, "logsumexp": {ops.LogSumExp, -inf}} {
			t.Run(fmt.Sprintf("%s/%v", name, d), func(t *testing.T) {
				expect(t, c.f(x), nil, []float64{c.want})
				expect(t, c.f(x, 1), []int{2}, []float64{c.want, c.want})
				expect(t, c.f(x, 0), []int{0}, []float64{})
				expect(t, grad(func(x []*graph.Node) *graph.Node { return c.f(x[0], 1) }, x)[0], []int{2, 0}, []float64{})
			})
		}
		for _, f := range []reduction{ops.Max, ops.Min, ops.ArgMax} {
			refused(t, "nothing to choose from", func() { f(x) })
			refused(t, "nothing to choose from", func() { f(x, -1) })
			expect(t, f(x, 0), []int{0}, []float64{})
		}
		expect(t, ops.Softmax(x, 1), []int{2, 0}, []float64{})
		expect(t, ops.LogSoftmax(x), []int{2, 0}, []float64{})
	}
}

// TestTiesShareTheDerivative: equal extreme elements share it equally, and argmax takes the first.
func TestTiesShareTheDerivative(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{3, 1, 3, 3, -1, 0}, 2, 3)
	for name, c := range map[string]struct {
		f    reduction
		axes []int
		want []float64
	}{
		"max rows":    {ops.Max, []int{1}, []float64{0.5, 0, 0.5, 1, 0, 0}},
		"max all":     {ops.Max, nil, []float64{1. / 3, 0, 1. / 3, 1. / 3, 0, 0}},
		"min columns": {ops.Min, []int{0}, []float64{0.5, 0, 0, 0.5, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, grad(func(x []*graph.Node) *graph.Node { return c.f(x[0], c.axes...) }, x)[0], []int{2, 3}, c.want)
		})
	}
	expect(t, ops.ArgMax(x), nil, []float64{0})
	expect(t, ops.ArgMax(x, 0), []int{3}, []float64{0, 0, 0})
	expect(t, ops.ArgMax(graph.Const(g, []int64{1, 7, 7}, 3)), nil, []float64{1})
	expect(t, ops.ArgMin(graph.Const(g, []int64{1, math.MinInt64, math.MinInt64}, 3)), nil, []float64{1})
}

// TestProductsWithZeros has gradients and Hessians of products that divide by no factor.
func TestProductsWithZeros(t *testing.T) {
	for _, c := range []struct{ x, grad, hessian []float64 }{
		{[]float64{2, 0, 3}, []float64{0, 6, 0}, []float64{0, 3, 0, 3, 0, 2, 0, 2, 0}},
		{[]float64{0, 5, 0}, []float64{0, 0, 0}, []float64{0, 0, 5, 0, 0, 0, 5, 0, 0}},
		{[]float64{0, 0, 0}, []float64{0, 0, 0}, make([]float64, 9)},
		{[]float64{2, 3}, []float64{3, 2}, []float64{0, 1, 1, 0}},
		{[]float64{4}, []float64{1}, []float64{0}},
	} {
		n := len(c.x)
		x := graph.Const(graph.New(), c.x, n)
		gradient := autodiff.Grad(func(x *graph.Node) *graph.Node { return ops.Prod(x) })
		got := eval(t, gradient(x))[0]
		if !slices.Equal(got, c.grad) {
			t.Errorf("gradient of the product of %v: %v, want %v", c.x, got, c.grad)
		}
		for i := range n {
			row := func(x *graph.Node) *graph.Node { return ops.Sum(ops.Slice(gradient(x), ops.At(i))) }
			hessian := autodiff.Grad(row, autodiff.AllowUnreachable())
			if got := eval(t, hessian(x))[0]; !slices.Equal(got, c.hessian[i*n:][:n]) {
				t.Errorf("row %d of the Hessian of the product of %v: %v, want %v", i, c.x, got, c.hessian[i*n:][:n])
			}
		}
	}
}

// TestAxes holds reductions over axes that are no neighbours, or negative, against an explicit permutation.
func TestAxes(t *testing.T) {
	data := make([]float64, 2*3*4*2)
	for i := range data {
		data[i] = math.Sin(float64(3*i + 1))
	}
	g := graph.New()
	x := graph.Const(g, data, 2, 3, 4, 2)
	for _, c := range []struct{ axes, perm, folded []int }{
		{[]int{0, 2}, []int{1, 3, 0, 2}, []int{2, 3}},
		{[]int{2, 0}, []int{1, 3, 0, 2}, []int{2, 3}},
		{[]int{0, -1}, []int{1, 2, 0, 3}, []int{2, 3}},
		{[]int{-1, 1, 0}, []int{2, 0, 1, 3}, []int{1, 2, 3}},
		{[]int{-2, -3}, []int{0, 1, 2, 3}, []int{1, 2}},
		{[]int{3}, []int{0, 1, 2, 3}, []int{3}},
		{nil, []int{0, 1, 2, 3}, []int{0, 1, 2, 3}},
	} {
		moved := ops.Permute(x, c.perm...)
		for name, f := range map[string]reduction{
			"sum": ops.Sum, "mean": ops.Mean, "prod": ops.Prod, "max": ops.Max, "min": ops.Min,
			"argmax": ops.ArgMax, "logsumexp": ops.LogSumExp,
		} {
			t.Run(fmt.Sprintf("%s/%v", name, c.axes), func(t *testing.T) {
				want := f(moved, c.folded...)
				y := f(x, c.axes...)
				expect(t, y, want.Shape(), eval(t, want)[0])
				kept := slices.Clone(x.Shape())
				for i := range kept {
					if len(c.axes) == 0 || slices.Contains(c.axes, i) || slices.Contains(c.axes, i-4) {
						kept[i] = 1
					}
				}
				expect(t, ops.KeepDims(y, x, c.axes...), kept, eval(t, y)[0])
			})
		}
		for name, f := range map[string]reduction{"softmax": ops.Softmax, "log_softmax": ops.LogSoftmax} {
			t.Run(fmt.Sprintf("%s/%v", name, c.axes), func(t *testing.T) {
				back := make([]int, len(c.perm))
				for i, p := range c.perm {
					back[p] = i
				}
				expect(t, f(x, c.axes...), x.Shape(), eval(t, ops.Permute(f(moved, c.folded...), back...))[0])
			})
		}
	}
}

// TestScalarsFold: a scalar has nothing to fold, and is folded.
func TestScalarsFold(t *testing.T) {
	x := graph.New().Scalar(graph.Float64, 3)
	for _, c := range []struct {
		f    reduction
		want float64
	}{
		{ops.Sum, 3}, {ops.Mean, 3}, {ops.Prod, 3}, {ops.Max, 3}, {ops.Min, 3}, {ops.LogSumExp, 3},
		{ops.ArgMax, 0}, {ops.Softmax, 1}, {ops.LogSoftmax, 0},
	} {
		expect(t, c.f(x), nil, []float64{c.want})
	}
}

func TestBadAxes(t *testing.T) {
	x := graph.New().Input("x", graph.Float64, 2, 3)
	for _, f := range []reduction{
		ops.Sum, ops.Mean, ops.Prod, ops.Max, ops.Min, ops.ArgMax, ops.LogSumExp, ops.Softmax, ops.LogSoftmax,
		func(x *graph.Node, axes ...int) *graph.Node { return ops.KeepDims(ops.Sum(x, 0), x, axes...) },
	} {
		refused(t, "axis 2 is out of range for rank 2", func() { f(x, 2) })
		refused(t, "axis -3 is out of range for rank 2", func() { f(x, -3) })
		refused(t, "axis 1 is named twice", func() { f(x, 1, 1) })
		refused(t, "axis 1 is named twice", func() { f(x, 1, -1) })
	}
	refused(t, "wants f32 or f64", func() { ops.Mean(ops.Cast(x, graph.Int64)) })
}
