package autodiff_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

var errEnough = errors.New("enough")

// cancelling returns a context and a function that ends it when the node that it makes is computed, which is x's twin.
func cancelling() (context.Context, func(x node) node) {
	ctx, cancel := context.WithCancelCause(context.Background())
	return ctx, func(x node) node {
		return autodiff.GoFunc("cancel", func(out, in []*tensor.Dense) error {
			cancel(errEnough)
			copy(out[0].Data().([]float64), in[0].Data().([]float64))
			return nil
		}, []graph.Type{x.Type()}, x)[0]
	}
}

func tanhs(x node, n int) node {
	for range n {
		x = ops.Tanh(x)
	}
	return x
}

// A run whose context ends while it is under way gives up within the step at hand: the result's last element, or what
// comes after the step, is never computed. Steps without an end end.
func TestRunsStopWithinSteps(t *testing.T) {
	always := func(c node) node { return ops.Lt(ops.Sum(c), 1e300) }
	for name, f := range map[string]func(x node) node{
		"fused loop": func(x node) node { return tanhs(x, 20) },
		"one map":    ops.Tanh,
		"broadcast":  func(x node) node { return ops.Mul(ops.ExpandDims(ops.Slice(x, ops.At(0)), 1), x) },
		"transpose":  ops.Transpose,
		"product":    func(x node) node { return ops.MatMul(x, x) },
		"inverse":    ops.Inverse,
		"sort":       func(x node) node { return ops.Sort(x, 1) },
		"while":      func(x node) node { return autodiff.While(always, ops.Cos, x) },
		"scalar while": func(x node) node {
			return ops.Mul(x, autodiff.While(always, ops.Cos, ops.Slice(x, ops.At(0), ops.At(0))))
		},
		"gradient of a loop": func(x node) node {
			return autodiff.Grad(func(x node) node {
				return ops.Sum(autodiff.For(1<<20, func(_, c node) node { return ops.Cos(c) }, x, autodiff.CheckpointEvery(1<<10)))
			})(x)
		},
	} {
		for _, workers := range []int{1, 2} {
			t.Run(name, func(t *testing.T) {
				const n = 1100
				ctx, stop := cancelling()
				after := 0
				fn := autodiff.Compile(func(x node) node {
					return autodiff.GoFunc("after", func(out, in []*tensor.Dense) error { after++; return nil },
						[]graph.Type{x.Type()}, f(stop(x)))[0]
				}, autodiff.Workers(workers))
				x := tensor.New(tensor.WithShape(n, n), tensor.WithBacking(make([]float64, n*n)))
				for i := range n {
					x.Data().([]float64)[i*(n+1)] = 1
				}
				_, err := fn.Run(ctx, x)
				require.ErrorIs(t, err, errEnough)
				require.Zero(t, after)
			})
		}
	}
}

// When a NaN is followed back, the graph is computed again: that ends with the context too, also inside loops.
func TestSearchesForNaNsStop(t *testing.T) {
	for name, loop := range map[string]bool{"graph": false, "loop": true} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(context.Background())
			calls := 0
			count := func(x node) node {
				return autodiff.GoFunc("count", func(out, in []*tensor.Dense) error {
					if calls++; calls == 30 {
						cancel(errEnough)
					}
					copy(out[0].Data().([]float64), in[0].Data().([]float64))
					return nil
				}, []graph.Type{x.Type()}, x)[0]
			}
			fn := autodiff.Compile(func(x node) node {
				if loop {
					return autodiff.For(20, func(_, c node) node { return count(c) }, x)
				}
				for range 20 {
					x = count(ops.Add(x, 1))
				}
				return x
			}, autodiff.DebugNaN())
			_, err := fn.Run(ctx, []float64{math.NaN(), 1})
			require.ErrorIs(t, err, errEnough)
			require.Equal(t, 30, calls)
		})
	}
}

// The last step is no exception, even if it knows nothing of contexts.
func TestRunsStopAfterTheLastStep(t *testing.T) {
	ctx, stop := cancelling()
	_, err := autodiff.Compile(stop).Run(ctx, []float64{1, 2})
	require.ErrorIs(t, err, errEnough)
}

// What is donated stays as it was, whichever step is the last.
func TestCancelledRunsLeaveWhatIsDonated(t *testing.T) {
	for name, f := range map[string]func(w, x node) node{
		"overwritten": func(w, x node) node { return ops.Sub(w, ops.Mul(0.1, x)) },
		"copied":      func(w, x node) node { return ops.CumSum(ops.Add(w, x), false, 0) },
		"product":     func(w, x node) node { return ops.Add(w, ops.MatMul(x, w)) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := cancelling()
			before, after := dense(300, 300), dense(300, 300)
			fn := autodiff.Compile(func(w, x node) node { return f(w, tanhs(stop(x), 3)) }, autodiff.Donate(0, 0))
			_, err := fn.Run(ctx, after, dense(300, 300))
			require.ErrorIs(t, err, errEnough)
			require.Equal(t, before.Data(), after.Data())
			_, err = fn.Run(context.Background(), after, dense(300, 300))
			require.NoError(t, err)
			require.NotEqual(t, before.Data(), after.Data())
		})
	}
}

func TestGoFuncContext(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, "here")
	fn := autodiff.Compile(func(x node) node {
		return autodiff.For(2, func(_, c node) node {
			return autodiff.GoFuncContext("wait", func(ctx context.Context, out, in []*tensor.Dense) error {
				require.Equal(t, "here", ctx.Value(key{}))
				copy(out[0].Data().([]float64), in[0].Data().([]float64))
				return ctx.Err()
			}, []graph.Type{c.Type()}, c)[0]
		}, x)
	})
	_, err := fn.Run(ctx, []float64{1, 2})
	require.NoError(t, err)
	_, err = autodiff.Eval(autodiff.GoFuncContext("eval", func(ctx context.Context, out, _ []*tensor.Dense) error {
		require.NoError(t, ctx.Err())
		return nil
	}, []graph.Type{graph.T(graph.Float64)}, graph.New().Scalar(graph.Float64, 1))...)
	require.NoError(t, err)
	waiting, cancel := context.WithCancel(ctx)
	_, err = autodiff.Compile(func(x node) node {
		return autodiff.GoFuncContext("long", func(ctx context.Context, _, _ []*tensor.Dense) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}, []graph.Type{x.Type()}, x)[0]
	}).Run(waiting, []float64{1})
	require.ErrorIs(t, err, context.Canceled)
}
