package autodiff_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

func TestCheckpointDerivatives(t *testing.T) {
	type layer struct{ W, B *graph.Node }
	f := func(x, w, b *graph.Node) *graph.Node { return ops.Tanh(ops.Add(ops.MatMul(x, w), b)) }
	net := func(again bool) scalarFunc {
		return func(p []*graph.Node) *graph.Node {
			x := p[0]
			for range 3 {
				l := layer{p[1], p[2]}
				step := func(q struct {
					X *graph.Node
					L layer
				}) *graph.Node {
					return f(q.X, q.L.W, q.L.B)
				}
				if again {
					step = autodiff.Checkpoint(step)
				}
				x = step(struct {
					X *graph.Node
					L layer
				}{x, l})
			}
			return end(x)
		}
	}
	captures := func(again bool) scalarFunc {
		return func(p []*graph.Node) *graph.Node {
			step := func(x *graph.Node) *graph.Node { return f(x, p[1], p[2]) }
			if again {
				step = autodiff.Checkpoint(step)
			}
			return end(step(step(p[0])))
		}
	}
	scalar := func(again bool) scalarFunc {
		return func(p []*graph.Node) *graph.Node {
			step := func(x *graph.Node) *graph.Node { return ops.Sum(f(x, p[1], p[2])) }
			if again {
				step = autodiff.Checkpoint(step)
			}
			return ops.Sin(step(p[0]))
		}
	}
	var twins []twin
	for name, form := range map[string]func(bool) scalarFunc{"of a tree": net, "captures": captures, "scalar": scalar} {
		twins = append(twins, twin{name: name, args: tensors(waves(1, 2, 2), waves(2, 2, 2), waves(3, 2)),
			built: form(true), plain: form(false)})
	}
	checkTwins(t, twins)
}

// TestCheckpointOfOthers has results that are ints, bools and empty, and one that is the argument.
func TestCheckpointOfOthers(t *testing.T) {
	f := func(x *graph.Node) []*graph.Node {
		return []*graph.Node{ops.Sin(x), ops.Cast(x, graph.Int64), ops.Gt(x, 1), ops.Slice(x, ops.Range{}), x}
	}
	x := []float64{0.5, 2}
	want, err := autodiff.Compile(f).Run(context.Background(), x)
	require.NoError(t, err)
	got, err := autodiff.Compile(autodiff.Checkpoint(f)).Run(context.Background(), x)
	require.NoError(t, err)
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i].Shape(), got[i].Shape())
		if want[i].Size() > 0 {
			require.Equal(t, want[i].Data(), got[i].Data())
		}
	}
}

// TestMemoryOfCheckpoints counts the bytes of plans: of a chain of functions whose derivatives need their values, of
// that with every tenth kept, and of a loop with every √n-th.
func TestMemoryOfCheckpoints(t *testing.T) {
	const n, size = 100, 1 << 10
	chain := func(x *graph.Node, steps int) *graph.Node {
		for range steps {
			x = ops.Sin(ops.CumSum(x, false, 0)) // that nothing fuses with
		}
		return x
	}
	loop := func(opts ...autodiff.LoopOption) func(*graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			return ops.Sum(byFor(opts...)(n, func(x *graph.Node) *graph.Node { return chain(x, 1) }, x))
		}
	}
	kept := func(f func(*graph.Node) *graph.Node) float64 {
		fn := autodiff.Compile(autodiff.Grad(f))
		_, err := fn.Run(context.Background(), waves(1, size))
		require.NoError(t, err)
		return float64(fn.Plan().Arena) / (8 * size) // vectors
	}
	all := kept(func(x *graph.Node) *graph.Node { return ops.Sum(chain(x, n)) })
	checkpointed := kept(func(x *graph.Node) *graph.Node {
		for range 10 {
			x = autodiff.Checkpoint(func(x *graph.Node) *graph.Node { return chain(x, 10) })(x)
		}
		return ops.Sum(x)
	})
	taped, every10 := kept(loop()), kept(loop(autodiff.CheckpointEvery(10)))
	t.Logf("vectors of memory: chain %.1f, checkpoints %.1f, loop %.1f, every tenth %.1f", all, checkpointed, taped, every10)
	require.Greater(t, all, float64(n-1))
	require.Less(t, checkpointed, 10.0+10+10) // what is carried between, one tape, and room to work
	require.Less(t, taped, float64(n)+10)
	require.Less(t, every10, 10.0+10+10)
}
