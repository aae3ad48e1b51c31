package ops_test

import (
	"math"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestVarianceFarFromZero: where the mean is rounded to no less than what elements differ by, the variance and the standard
// deviation are right, and so are their derivatives, (x − mean)/n·2 and (x − mean)/(n·std).
func TestVarianceFarFromZero(t *testing.T) {
	for _, c := range []struct {
		d     graph.DType
		x     []float64
		slope []float64 // (x − mean)/(n·std)
		std   float64
	}{
		{graph.Float64, []float64{1e16, 1e16 + 2}, []float64{-0.5, 0.5}, 1},
		{graph.Float64, []float64{1e16 + 4, 1e16 + 2, 1e16 + 6, 1e16}, []float64{0.05 * math.Sqrt(5), -0.05 * math.Sqrt(5),
			0.15 * math.Sqrt(5), -0.15 * math.Sqrt(5)}, math.Sqrt(5)},
		{graph.Float32, []float64{1 << 26, 1<<26 + 8}, []float64{-0.5, 0.5}, 4},
		{graph.Float64, []float64{0.1, 0.1, 0.1}, []float64{0, 0, 0}, 0},
		{graph.Float32, []float64{10000, 10001, 10002, 10003}, []float64{-0.3354101966, -0.1118033989, 0.1118033989, 0.3354101966},
			1.118033988749895},
	} {
		x := constant(graph.New(), c.d, c.x, len(c.x))
		std := func(x []*graph.Node) *graph.Node { return ops.Std(x[0], 0) }
		variance := func(x []*graph.Node) *graph.Node { return ops.Var(x[0], 0) }
		expect(t, std([]*graph.Node{x}), nil, []float64{c.std})
		expect(t, variance([]*graph.Node{x}), nil, []float64{c.std * c.std})
		expect(t, grad(std, x)[0], []int{len(c.x)}, c.slope)
		_, forward := autodiff.JVP(func(x *graph.Node) *graph.Node { return ops.Std(x, 0) }, x,
			constant(x.Graph(), c.d, append([]float64{1}, make([]float64, len(c.x)-1)...), len(c.x)))
		expect(t, forward, nil, c.slope[:1])
		for i := range c.slope {
			c.slope[i] *= 2 * c.std
		}
		expect(t, grad(variance, x)[0], []int{len(c.x)}, c.slope)
	}
}

// TestDetOutOfRangeByRounding: the last pivot of a singular matrix is rounding, and a product with it that leaves the range is
// no determinant. That of a regular matrix is infinite all the same.
func TestDetOutOfRangeByRounding(t *testing.T) {
	for _, d := range floats {
		scale := 0x1p30
		if d == graph.Float64 {
			scale = 0x1p220
		}
		rank4, regular := make([]float64, 25), make([]float64, 25)
		for i := range 5 {
			for j := range 5 {
				for k := range 4 {
					rank4[5*i+j] += math.Sin(float64(7*i+3*k+1)) * math.Cos(float64(5*j+2*k)) * scale
				}
				if i == j {
					regular[5*i+j] = scale
				}
			}
		}
		for i, v := range rank4 { // in 12 bits, and one row the sum of two others
			rank4[i] = math.Round(v/scale*1024) / 1024 * scale
		}
		for j := range 5 {
			rank4[20+j] = rank4[j] + rank4[5+j]
		}
		g := graph.New()
		if got := eval(t, ops.Det(constant(g, d, rank4, 5, 5)))[0][0]; math.IsInf(got, 0) || math.IsNaN(got) {
			t.Errorf("%v: the determinant of a singular matrix is %v", d, got)
		}
		expect(t, ops.Det(constant(g, d, regular, 5, 5)), nil, []float64{inf})
	}
}
