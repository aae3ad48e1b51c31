package control_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/control"
	"chainrule/ops"
)

// shifted is y ↦ y + x·(y shifted)/2 + x·(that shifted)/3, steps times: arithmetic and copies alone.
func shifted(x *graph.Node, steps int, opts ...autodiff.LoopOption) *graph.Node {
	n := x.Shape()[0]
	shift := func(y *graph.Node) *graph.Node {
		return ops.Concat([]*graph.Node{ops.Slice(y, ops.Range{Start: n - 1, Stop: n}), ops.Slice(y, ops.Range{Stop: n - 1})}, 0)
	}
	return autodiff.For(steps, func(_, y *graph.Node) *graph.Node {
		a := ops.Mul(x, shift(y))
		b := ops.Mul(x, shift(ops.Add(y, a)))
		c := ops.Mul(x, shift(ops.Add(y, b)))
		return ops.Add(y, ops.Add(ops.Mul(0.5, a), ops.Add(ops.Div(b, 3), ops.Mul(0.25, c))))
	}, x, opts...)
}

// A tape longer than the caches has the carries alone where the rest is arithmetic and copies; shorter ones have all that
// the derivative needs. The gradient is the same, which a tape of a few steps, written again and again, shows: to about
// ten roundings in each of the steps.
func TestLongTape(t *testing.T) {
	const n, few, many = 2048, 10, 400
	record := func(steps, n int) int {
		x := graph.New().Input("x", graph.Float64, n)
		return control.RecordBytes(autodiff.Gradients(ops.Sum(shifted(x, steps)), x)[0].In()[0], compile.Options{}.Compiler())
	}
	short, long := record(few, n), record(many, n)
	require.Equal(t, 3*8*n, short)
	require.Greater(t, many*short, 16<<20)
	require.Equal(t, 8*n, long)
	for _, wide := range []int{1 << 17, 1 << 20} {
		require.Equal(t, 8*wide, record(few, wide), "few steps of vectors that are long themselves")
	}

	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i%31-15) / 2000
	}
	gradient := func(opts ...autodiff.LoopOption) []float64 {
		out, err := autodiff.Compile(autodiff.Grad(func(x *graph.Node) *graph.Node {
			return ops.Sum(ops.Sin(shifted(x, many, opts...)))
		})).Run(context.Background(), x)
		require.NoError(t, err)
		return out[0].Float64s()
	}
	want, got := gradient(autodiff.CheckpointEvery(few)), gradient()
	for i := range want {
		require.InEpsilon(t, want[i], got[i], 10*many*0x1p-52)
	}
}
