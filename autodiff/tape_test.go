package autodiff_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestTapeOfEmptyValues has loops whose steps record results of other loops, of no elements. Parts of them are
// recorded, which costs no less than the results themselves.
func TestTapeOfEmptyValues(t *testing.T) {
	type two struct{ A, B *graph.Node }
	none := tensor.New(tensor.WithShape(0), tensor.WithBacking([]float64{}))
	f := func(p []*graph.Node) *graph.Node {
		return autodiff.For(2, func(_, x *graph.Node) *graph.Node {
			c := autodiff.For(2, func(_ *graph.Node, c two) two {
				return two{ops.Mul(ops.Sin(c.A), c.B), ops.Cos(c.A)}
			}, two{x, p[1]})
			return ops.Mul(c.A, c.B)
		}, p[0])
	}
	check := func(name string, f func(p []*graph.Node) *graph.Node) {
		loss := func(p []*graph.Node) *graph.Node { return ops.Sum(f(p)) }
		grad := autodiff.Grad(loss, autodiff.AllowUnreachable())
		hvp := func(p []*graph.Node) []*graph.Node {
			return autodiff.HVP(loss, autodiff.AllowUnreachable())(p, p)
		}
		for _, d := range []func([]*graph.Node) []*graph.Node{grad, hvp} {
			out, err := autodiff.Compile(d).Run(context.Background(), []*tensor.Dense{none, none})
			require.NoError(t, err, name)
			require.Equal(t, tensor.Shape{0}, out[0].Shape(), name)
		}
	}
	check("loop in a loop", f)
	for _, c := range builders() {
		for name, f := range nests {
			check(c.name+", "+name, func(p []*graph.Node) *graph.Node { return f(c, p) })
		}
	}
}
