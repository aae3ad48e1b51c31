package autodiff_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// rate is so near to 1 that after many steps neither the value vanishes nor the derivative.
const rate = 1.00001

// growth is n steps of x ← r·x·(1 − x), whose derivative, Π r·(1 − 2x), needs the value of every step.
func growth(n int, opts ...autodiff.LoopOption) func(x *graph.Node) *graph.Node {
	return func(x *graph.Node) *graph.Node {
		return byFor(opts...)(n, func(x *graph.Node) *graph.Node { return ops.Mul(ops.Mul(rate, x), ops.Sub(1, x)) }, x)
	}
}

// TestMemoryOfDeepLoops counts the bytes of programs for the gradients of long loops: a number for each step, or for each
// hundredth and the steps between two of them. No more is allocated when they run.
func TestMemoryOfDeepLoops(t *testing.T) {
	const n = 100_000
	for name, c := range map[string]struct {
		opts  []autodiff.LoopOption
		bytes int
	}{"all": {nil, 8 * n}, "every 316": {[]autodiff.LoopOption{autodiff.CheckpointEvery(316)}, 2 * 8 * 2 * 317 * 8}} {
		fn := autodiff.Compile(autodiff.Grad(growth(n, c.opts...)))
		out, err := fn.Run(context.Background(), 0.3)
		require.NoError(t, err)
		want, x := 1.0, 0.3
		for range n {
			want, x = want*rate*(1-2*x), rate*x*(1-x)
		}
		require.Greater(t, want, 1e-12)
		require.InEpsilon(t, want, out[0].Data(), 4*n*eps)
		room := 4096 // beside the steps
		t.Logf("%s: %d bytes for %d steps, arena %d", name, c.bytes, n, fn.Plan().Arena)
		require.LessOrEqual(t, fn.Plan().Arena, c.bytes+room, name)
	}
}

func TestMillionSteps(t *testing.T) {
	const n = 1_000_000
	heap := func(f func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	fn := autodiff.Compile(autodiff.Grad(growth(n)))
	var err error
	used := heap(func() { _, err = fn.Run(context.Background(), 0.3) })
	require.NoError(t, err)
	require.Less(t, used, uint64(8*n+1<<21)) // the tape, and what compiling takes
	forward := autodiff.Compile(growth(n))
	used = heap(func() { _, err = forward.Run(context.Background(), 0.3) })
	require.NoError(t, err)
	require.Less(t, used, uint64(1<<20))
	recorded := autodiff.Compile(autodiff.Grad(func(x *graph.Node) *graph.Node {
		return autodiff.While(func(c counted) *graph.Node { return ops.Lt(c.I, n) },
			func(c counted) counted { return counted{ops.Add(c.I, 1), ops.Mul(ops.Mul(rate, c.X), ops.Sub(1, c.X))} },
			counted{x.Graph().Scalar(graph.Int64, 0), x}, autodiff.RecordAllSteps()).X
	}))
	used = heap(func() { _, err = recorded.Run(context.Background(), 0.3) })
	require.NoError(t, err)
	require.Less(t, used, uint64(8*n*5/4+1<<21)) // chunks of the tape, and their list
}
