package autodiff_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// growing is a While that ends when x is larger than the limit, with its derivative by x.
func growing(opts ...autodiff.LoopOption) func(x, limit *graph.Node) (*graph.Node, *graph.Node) {
	return func(x, limit *graph.Node) (*graph.Node, *graph.Node) {
		return autodiff.ValueAndGrad(func(x *graph.Node) *graph.Node {
			return autodiff.While(func(c *graph.Node) *graph.Node { return ops.Lt(c, limit) },
				func(c *graph.Node) *graph.Node { return ops.Mul(c, 2) }, x, opts...)
		})(x)
	}
}

func TestMaxSteps(t *testing.T) {
	for _, opts := range [][]autodiff.LoopOption{
		{autodiff.MaxSteps(3)}, {autodiff.MaxSteps(3), autodiff.CheckpointEvery(2)},
	} {
		fn := autodiff.Compile(growing(opts...))
		for limit, want := range map[float64][]float64{0.5: {1, 1}, 1: {1, 1}, 2: {2, 2}, 4: {4, 4}, 8: {8, 8}} {
			out, err := fn.Run(context.Background(), 1.0, limit)
			require.NoError(t, err)
			require.Equal(t, want, flat(out))
		}
		_, err := fn.Run(context.Background(), 1.0, 8.5)
		require.ErrorContains(t, err, "too many steps: it goes on after 3,")
		require.ErrorContains(t, err, "looprun_test.go:")
		out, err := fn.Run(context.Background(), 1.0, 8.0) // it runs again
		require.NoError(t, err)
		require.Equal(t, []float64{8, 8}, flat(out))
	}
}

// TestRecordedLoopsGrow has tapes that are longer than they were in the run before, and shorter.
func TestRecordedLoopsGrow(t *testing.T) {
	f := func(p []*graph.Node) (*graph.Node, []*graph.Node) {
		return autodiff.ValueAndGrad(func(p []*graph.Node) *graph.Node {
			limit := ops.StopGradient(p[1])
			out := autodiff.While(func(c counted) *graph.Node { return ops.Lt(ops.Cast(c.I, graph.Float64), limit) },
				func(c counted) counted { return counted{ops.Add(c.I, 1), ops.Add(ops.Sin(c.X), p[0])} },
				counted{p[0].Graph().Scalar(graph.Int64, 0), p[0]}, autodiff.RecordAllSteps())
			return ops.Sum(out.X)
		}, autodiff.AllowUnreachable())(p)
	}
	fn := autodiff.Compile(f)
	for _, n := range []int{3, 30000, 0, 70000, 5} {
		out, err := fn.Run(context.Background(), []any{waves(1, 3), float64(n)})
		require.NoError(t, err)
		value := 0.0
		for i, p := range flat(tensors(waves(1, 3))) {
			x, d := p, 1.0
			for range n {
				x, d = math.Sin(x)+p, math.Cos(x)*d+1
			}
			value += x
			require.InEpsilon(t, d, out[1].Float64s()[i], 8*float64(1+n)*eps, "after %d steps", n)
		}
		require.InEpsilon(t, value, flat(out[:1])[0], 100*eps)
	}
}

// endless never ends.
func endless(x *graph.Node) *graph.Node {
	return autodiff.While(func(c *graph.Node) *graph.Node { return ops.Gt(c, 0) },
		func(c *graph.Node) *graph.Node { return ops.Add(c, 1) }, x, autodiff.RecordAllSteps())
}

func TestLoopsAreCancelled(t *testing.T) {
	nested := func(x *graph.Node) *graph.Node { return byFor()(2, endless, x) }
	cause := errors.New("enough")
	for name, f := range map[string]func(*graph.Node) *graph.Node{"loop": endless, "nested": nested,
		"tangent": func(x *graph.Node) *graph.Node {
			return directional(func(p []*graph.Node) *graph.Node { return endless(p[0]) }, 'f', 0)([]*graph.Node{x})
		},
	} {
		fn := autodiff.Compile(f)
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
		_, err := fn.Run(ctx, 1.0)
		require.ErrorIs(t, err, cause, name)
		cancel(nil)
		out, err := fn.Run(context.Background(), -1.0) // and runs again
		require.NoError(t, err)
		require.NotEmpty(t, out)
	}
}

// TestLoopsCancelledBeforeTheyBegin expects no step: a step of this one fails.
func TestLoopsCancelledBeforeTheyBegin(t *testing.T) {
	f := func(x *graph.Node) *graph.Node {
		return byFor()(3, func(c *graph.Node) *graph.Node {
			return ops.Take(ops.BroadcastTo(c, 2), c.Graph().Scalar(graph.Int64, 5), 0)
		}, x)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := autodiff.Compile(f).Run(ctx, 1.0)
	require.ErrorIs(t, err, context.Canceled)
}

func TestErrorsInBodies(t *testing.T) {
	take := func(x *graph.Node) *graph.Node {
		return autodiff.For(5, func(i, c *graph.Node) *graph.Node {
			return ops.Add(c, ops.Take(x, i, 0)) // out of range
		}, ops.Sum(x))
	}
	gradient := autodiff.Grad(take)
	branch := func(x *graph.Node) *graph.Node {
		return autodiff.Cond(ops.Gt(ops.Sum(x), 0), func() *graph.Node { return take(x) },
			func() *graph.Node { return ops.Sum(x) })
	}
	many := func(x *graph.Node) *graph.Node { return autodiff.Vmap(take)(ops.Reshape(x, 1, -1)) }
	for name, f := range map[string]any{"loop": take, "gradient": gradient, "branch": branch, "many": many} {
		fn := autodiff.Compile(f)
		for range 2 {
			_, err := fn.Run(context.Background(), []float64{1, 2, 3})
			require.ErrorIs(t, err, ops.ErrIndex, name)
			op, index := "take", "index 3"
			if name == "gradient" { // which needs no step ahead, and begins with the last one
				op, index = "scatter_add", "index 4"
			}
			require.ErrorContains(t, err, op+" at looprun_test.go:", name)
			require.ErrorContains(t, err, index, name)
		}
		_, err := fn.Run(context.Background(), []float64{1, 2, 3, 4, 5})
		require.NoError(t, err)
	}
}

// scanned trains on sequences: its loop has a gradient, its carries are read elsewhere too.
func scanned(p []*graph.Node) (*graph.Node, []*graph.Node) {
	loss, grads := autodiff.ValueAndGrad(func(p []*graph.Node) *graph.Node {
		h, ys := autodiff.Scan(recurrent(p[0]), p[1], p[2])
		return end(h, ys, p[0])
	})(p)
	next := make([]*graph.Node, len(p))
	for i, x := range p {
		next[i] = ops.Sub(x, ops.Mul(0.1, grads[i]))
	}
	return loss, next
}

func scannedArgs() []*tensor.Dense {
	return tensors(waves(1, 16, 16), waves(2, 8, 16), waves(3, 20, 8, 16))
}

// TestLoopsRunConcurrently has goroutines that share one function, and loops, branches and functions in it.
func TestLoopsRunConcurrently(t *testing.T) {
	args := scannedArgs()
	fn := autodiff.Compile(scanned)
	run := func() ([]float64, error) {
		out, err := fn.Run(context.Background(), []any{args[0], args[1], args[2]})
		return flat(out), err
	}
	want, err := run()
	require.NoError(t, err)
	grown := autodiff.Compile(growing(autodiff.RecordAllSteps()))
	var group sync.WaitGroup
	errs := make(chan error, 64)
	for k := range 64 {
		group.Go(func() {
			for range 3 {
				got, err := run()
				if err == nil && fmt.Sprint(got) != fmt.Sprint(want) {
					err = errors.New("another result")
				}
				out, err2 := grown.Run(context.Background(), 1.0, math.Exp2(float64(k)))
				if err2 == nil && flat(out)[1] != math.Exp2(float64(k)) {
					err2 = fmt.Errorf("derivative %v, not 2^%d", flat(out)[1], k)
				}
				if err = errors.Join(err, err2); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
}

// TestLoopsOnManyCores expects the same bits on any number of cores.
func TestLoopsOnManyCores(t *testing.T) {
	args := tensors(waves(1, 96, 96), waves(2, 200, 96), waves(3, 4, 200, 96))
	var want []float64
	for _, cores := range []int{1, 2, 3, 8} {
		fn := autodiff.Compile(scanned, autodiff.Workers(cores))
		out, err := fn.Run(context.Background(), []any{args[0], args[1], args[2]})
		require.NoError(t, err)
		got := flat(out)
		if want == nil {
			want = got
		}
		for i := range want {
			require.Equal(t, math.Float64bits(want[i]), math.Float64bits(got[i]), "%d cores, number %d", cores, i)
		}
	}
}

func TestDonatedLoops(t *testing.T) {
	args := scannedArgs()
	out, err := autodiff.Compile(scanned).Run(context.Background(), []any{args[0], args[1], args[2]})
	require.NoError(t, err)
	want := flat(out)
	donated := autodiff.Compile(scanned, autodiff.Donate(0, 1))
	got, err := donated.Run(context.Background(), []any{args[0], args[1], args[2]})
	require.NoError(t, err)
	require.Equal(t, want, flat(got))
	require.Same(t, args[2], got[3])
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	before := flat(args)
	_, err = donated.Run(ctx, []any{args[0], args[1], args[2]})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, before, flat(args))
	// A loop that writes its result over its argument, in another order.
	swap := autodiff.Compile(func(p []*graph.Node) []*graph.Node {
		return autodiff.For(3, func(_ *graph.Node, p []*graph.Node) []*graph.Node {
			return []*graph.Node{p[1], ops.Add(p[0], 1)}
		}, p)
	}, autodiff.Donate(0, 0))
	x, y := waves(1, 3), waves(2, 3)
	a, b := flat(tensors(x)), flat(tensors(y))
	_, err = swap.Run(context.Background(), []any{x, y})
	require.NoError(t, err)
	for i := range a {
		require.Equal(t, b[i]+1, flat(tensors(x))[i])
		require.Equal(t, a[i]+1+1, flat(tensors(y))[i])
	}
}

func TestLoopsAllocateNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	cases := map[string]any{
		"scan": func(x *graph.Node) *graph.Node {
			_, g := scanned([]*graph.Node{ops.Mul(x, 1), ops.Slice(x, ops.Range{Stop: 2}), ops.Reshape(x, 4, 1, 4)})
			return g[0]
		},
		"while": func(x *graph.Node) *graph.Node {
			_, d := growing(autodiff.RecordAllSteps())(ops.Sum(ops.Square(x)), x.Graph().Scalar(graph.Float64, 1e6))
			return d
		},
		"branch": func(x *graph.Node) *graph.Node {
			return autodiff.Grad(func(x *graph.Node) *graph.Node {
				return ops.Sum(autodiff.Cond(ops.Gt(ops.Sum(x), 0), func() *graph.Node { return ops.Sin(x) },
					func() *graph.Node { return x }))
			})(x)
		},
		"every": func(x *graph.Node) *graph.Node {
			return autodiff.Grad(func(x *graph.Node) *graph.Node {
				return ops.Sum(byFor(autodiff.CheckpointEvery(2))(5, ops.Sin, x))
			})(x)
		},
		"nested": func(x *graph.Node) *graph.Node {
			return autodiff.Grad(func(x *graph.Node) *graph.Node {
				return ops.Sum(nests["branch in loop in branch"](builders()[2], []*graph.Node{x, x}))
			})(x)
		},
	}
	for name, f := range cases {
		fn := autodiff.Compile(f)
		x := waves(1, 4, 4)
		out, err := fn.Run(context.Background(), x)
		require.NoError(t, err, name)
		in := tensors(x)
		ctx, cancel := context.WithCancel(context.Background())
		require.Zero(t, testing.AllocsPerRun(10, func() { err = fn.RunInto(ctx, out, in) }), name)
		require.NoError(t, err)
		cancel()
	}
}

// TestDumpsOfLoops expects pages and pictures to show the loops, and what their bodies do.
func TestDumpsOfLoops(t *testing.T) {
	args := scannedArgs()
	var page strings.Builder
	err := autodiff.Compile(scanned).Dump(context.Background(), &page, []any{args[0], args[1], args[2]})
	require.NoError(t, err)
	wellFormed(t, []byte(page.String()))
	for _, words := range []string{"loop", "loop_grad", "tanh", "scan_test.go:"} {
		has(t, page.String(), words, true)
	}
	g := graph.New()
	p := []*graph.Node{g.Input("w", graph.Float64, 16, 16), g.Input("h", graph.Float64, 8, 16),
		g.Input("x", graph.Float64, 20, 8, 16)}
	loss, _ := scanned(p)
	var dot strings.Builder
	require.NoError(t, graph.WriteDOT(&dot, loss))
	require.Contains(t, dot.String(), "loop")
	require.Less(t, dot.Len(), 1<<14)
}
