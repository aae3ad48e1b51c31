package autodiff_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// loopsIn counts the loops that f's compiled program runs.
func loopsIn(t *testing.T, f func(x *graph.Node) []*graph.Node, opts ...autodiff.CompileOption) (count int, values []float64) {
	t.Helper()
	fn := autodiff.Compile(f, opts...)
	out, err := fn.Run(t.Context(), 0.3)
	require.NoError(t, err)
	for _, d := range out {
		values = append(values, elements(d)...)
	}
	for _, op := range fn.Ops() {
		if strings.HasPrefix(op, "loop") {
			count++
		}
	}
	return count, values
}

// TestTangentsBringValues finds the loop of the values to be part of that of the tangents. Both simplify in their own way:
// a few roundings in each of twenty steps, for numbers of size 1, and for second derivatives of size 100.
func TestTangentsBringValues(t *testing.T) {
	f := func(x *graph.Node) *graph.Node {
		return autodiff.For(20, func(_, c *graph.Node) *graph.Node { return ops.Sin(ops.Mul(c, ops.Add(x, 1))) }, x)
	}
	both := func(f func(*graph.Node) *graph.Node) func(*graph.Node) []*graph.Node {
		return func(x *graph.Node) []*graph.Node {
			y, dy := autodiff.JVP(f, x, ops.FullLike(x, 1))
			return []*graph.Node{ops.Mul(y, 2), dy}
		}
	}
	merged, got := loopsIn(t, both(f))
	apart, want := loopsIn(t, both(f), autodiff.WithoutPass("merge"))
	require.Equal(t, 1, merged)
	require.Equal(t, 2, apart)
	require.InDeltaSlice(t, want, got, 2*20*eps)

	second := func(x *graph.Node) []*graph.Node { // value, first and second derivative: three loops, one of them enough
		y, dy := autodiff.JVP(f, x, ops.FullLike(x, 1))
		return []*graph.Node{y, dy, forwardGrad(forwardGrad(f))(x)}
	}
	merged, got = loopsIn(t, second)
	apart, want = loopsIn(t, second, autodiff.WithoutPass("merge"))
	require.Equal(t, 1, merged)
	require.Equal(t, 3, apart)
	require.InDeltaSlice(t, want, got, 2*20*100*eps)
}
