package autodiff_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// pair is two nodes that swap places.
type pair struct{ A, B *graph.Node }

func (p pair) next(r *graph.Node) pair {
	a := ops.Mul(r, ops.Mul(p.A, ops.Sub(1, p.A)))
	return pair{ops.Where(ops.Lt(a, p.B), p.B, ops.Sin(a)), a}
}

// scalarLoops are loops of all kinds. Their xs are of the shape [9, …] where r and x are of the shape […].
func scalarLoops(opts ...autodiff.LoopOption) map[string]func(r, x, xs *graph.Node) *graph.Node {
	while := func(n int, opts ...autodiff.LoopOption) func(r, x, xs *graph.Node) *graph.Node {
		return func(r, x, _ *graph.Node) *graph.Node {
			type state struct {
				I *graph.Node
				P pair
			}
			end := autodiff.While(func(c state) *graph.Node { return ops.Lt(c.I, n) },
				func(c state) state { return state{ops.Add(c.I, 1), c.P.next(r)} },
				state{r.Graph().Scalar(graph.Int64, 0), pair{x, r}}, append(opts, autodiff.RecordAllSteps())...)
			return ops.Add(end.P.A, ops.Square(end.P.B))
		}
	}
	scan := func(opts ...autodiff.LoopOption) func(r, x, xs *graph.Node) *graph.Node {
		return func(r, x, xs *graph.Node) *graph.Node {
			end, ys := autodiff.Scan(func(p pair, x *graph.Node) (pair, pair) {
				q := p.next(r)
				q.A = ops.MulAdd(q.B, x, q.A)
				return q, pair{p.A, ops.Mul(q.A, x)}
			}, pair{x, r}, xs, opts...)
			return ops.Add(end.A, ops.Sum(ops.Add(ops.Square(ys.A), ops.Sin(ys.B)), 0))
		}
	}
	return map[string]func(r, x, xs *graph.Node) *graph.Node{
		"for": func(r, x, _ *graph.Node) *graph.Node {
			end := autodiff.For(7, func(_ *graph.Node, p pair) pair { return p.next(r) }, pair{x, r}, opts...)
			return ops.Add(end.A, ops.Square(end.B))
		},
		"scan": scan(opts...), "scan from the end": scan(append(opts, autodiff.Reversed())...),
		"while": while(9), "while, no step": while(0),
		"while, at most 9": while(9, append(opts, autodiff.MaxSteps(9))...),
		"while, many":      while(7000), // whose tape is in several pieces
	}
}

// TestScalarLoops compares loops of numbers, which run in registers, and their gradients with those of vectors of two
// equal elements, which run step by step: bit for bit, in both float types. Without the pass "fission": it would add up
// those vectors' cotangents in another order.
func TestScalarLoops(t *testing.T) {
	for _, every := range []int{0, 1, 4, 9} {
		var opts []autodiff.LoopOption
		if every > 0 {
			opts = append(opts, autodiff.CheckpointEvery(every))
		}
		for name, f := range scalarLoops(opts...) {
			sameInRegisters[float32](t, name, f)
			sameInRegisters[float64](t, name, f)
		}
	}
}

func sameInRegisters[T float32 | float64](t *testing.T, name string, f func(r, x, xs *graph.Node) *graph.Node) {
	t.Helper()
	run := func(width int) (results []T) {
		dense := func(x float64, more ...int) *tensor.Dense {
			shape := more
			if width > 1 {
				shape = append(shape, width)
			}
			data := make([]T, graph.Size(shape))
			for i := range data {
				data[i] = T(x + float64(i/width)/16)
			}
			return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
		}
		grad := autodiff.ValueAndGrad(func(p []*graph.Node) *graph.Node { return ops.Sum(f(p[0], p[1], p[2])) },
			autodiff.AllowUnreachable())
		out, err := autodiff.Compile(grad, autodiff.WithoutPass("fission")).Run(context.Background(), []any{dense(3.7), dense(0.3), dense(-0.2, 9)})
		require.NoError(t, err, name)
		for _, y := range out[1:] {
			data := y.Data()
			if x, ok := data.(T); ok {
				data = []T{x}
			}
			for i := 0; i < len(data.([]T)); i += width {
				results = append(results, data.([]T)[i])
			}
		}
		return results
	}
	want, got := run(2), run(1)
	require.Len(t, got, 11)
	for i := range want {
		require.Equal(t, math.Float64bits(float64(want[i])), math.Float64bits(float64(got[i])), "%s: cotangent %d, %v and %v",
			name, i, want[i], got[i])
	}
}
