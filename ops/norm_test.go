package ops_test

import (
	"math"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestNormOutOfRange has norms whose squares are not in the range of their type, as rows and columns, with derivatives.
func TestNormOutOfRange(t *testing.T) {
	for _, d := range floats {
		sizes := []float64{1e-23, 1e-38, 1e-44, 1e25, 5e37}
		if d == graph.Float64 {
			sizes = []float64{1e-170, 1e-307, 1e-323, 1e200, 1e307}
		}
		for _, size := range sizes {
			if d == graph.Float32 {
				size = float64(float32(size))
			}
			data := []float64{3 * size, -4 * size}
			if d == graph.Float64 && size < 1e-300 {
				size = math.Abs(data[0]) / 3
			}
			for _, shape := range [][]int{{2}, {1, 2}, {2, 1}} {
				axis := len(shape) - 1
				if shape[axis] == 1 {
					axis = 0
				}
				norm := func(x []*graph.Node) *graph.Node { return ops.Sum(ops.Norm(x[0], axis)) }
				x := constant(graph.New(), d, data, shape...)
				expect(t, norm([]*graph.Node{x}), nil, []float64{5 * size})
				expect(t, grad(norm, x)[0], shape, []float64{0.6, -0.8})
				// The standard deviation of two numbers is √½ of the distance between them.
				std := func(x []*graph.Node) *graph.Node { return ops.Sum(ops.Std(x[0], 1, axis)) }
				if size > 1e-300 && size < 1e307 && (d == graph.Float64 || size > 1e-37 && size < 4e37) {
					expect(t, std([]*graph.Node{x}), nil, []float64{7 * size / math.Sqrt2})
					expect(t, grad(std, x)[0], shape, []float64{1 / math.Sqrt2, -1 / math.Sqrt2})
				}
			}
		}
	}
}

// TestNormAtZero: at 0 the derivatives of every order are 0; a NaN and an infinity are what they are.
func TestNormAtZero(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{0, 0, 3, 4}, 2, 2)
	norm := func(x []*graph.Node) *graph.Node { return ops.Norm(x[0], 1) }
	slope := func(x []*graph.Node) *graph.Node { return grad(norm, x...)[0] }
	expect(t, norm([]*graph.Node{x}), []int{2}, []float64{0, 5})
	expect(t, slope([]*graph.Node{x}), []int{2, 2}, []float64{0, 0, 0.6, 0.8})
	first := func(x []*graph.Node) *graph.Node { return ops.Slice(slope(x), ops.All, ops.At(0)) }
	for i, want := range []float64{0, 0, 16. / 125, -12. / 125} {
		if got := eval(t, grad(first, x)[0])[0][i]; !(math.Abs(got-want) <= 0x1p-52) {
			t.Errorf("second derivative by element %d is %v, want %v", i, got, want)
		}
	}
	expect(t, norm([]*graph.Node{graph.Const(g, []float64{nan, 1, inf, 1, 0, -inf}, 3, 2)}), []int{3},
		[]float64{nan, inf, inf})
	expect(t, grad(func(x []*graph.Node) *graph.Node { return ops.Std(x[0], 0) }, graph.Const(g, []float64{2, 2}, 2))[0],
		[]int{2}, []float64{0, 0})
}

// TestLongRunningSum: 2²⁰ times 0.1 in f32 is the f32 next to the sum.
func TestLongRunningSum(t *testing.T) {
	const n = 1 << 20
	x := ops.BroadcastTo(graph.Const(graph.New(), []float32{0.1}, 1), n)
	for _, reverse := range []bool{false, true} {
		ends := eval(t, ops.CumSum(x, reverse, 0))[0]
		if got := max(ends[0], ends[n-1]); got != float64(float32(n*float64(float32(0.1)))) {
			t.Errorf("the sum of 2²⁰ × 0.1 is %v", got)
		}
	}
}

// TestLongScatteredSum: sums of 2¹⁹ entries with one index are off by no more than those of a block of 512, added one by one:
// of numbers, of rows, and as a gradient by what is taken.
func TestLongScatteredSum(t *testing.T) {
	const n = 1 << 20
	g := graph.New()
	tenth, places := graph.Const(g, []float32{0.1}, 1), ops.Cast(ops.Lt(ops.Arange(g, n), n/2), graph.Int64)
	x := graph.Const(g, []float32{3, 4}, 2)
	want := n / 2 * float64(float32(0.1))
	for i, sums := range eval(t,
		ops.ScatterAdd(ops.BroadcastTo(tenth, n), places, 2, 0), ops.ScatterAdd(ops.BroadcastTo(tenth, n, 2), places, 2, 0),
		ops.ScatterAdd(ops.BroadcastTo(tenth, 2, n), places, 2, 1),
		autodiff.Gradients(ops.Sum(ops.Mul(tenth, ops.Take(x, places, 0))), x)[0]) {
		for _, got := range sums {
			if !(math.Abs(got-want) <= 512*0x1p-24*want) {
				t.Errorf("sum %d is %v, want %v", i, got, want)
			}
		}
	}
	infinite := graph.Const(g, append(make([]float64, 1999), math.Inf(1)), 2000)
	expect(t, ops.ScatterAdd(infinite, ops.Slice(places, ops.Range{Stop: 2000, Step: 1}), 2, 0), []int{2},
		[]float64{0, math.Inf(1)})
}
