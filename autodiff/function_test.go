package autodiff_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

func f64s(v ...float64) *tensor.Dense { return tensor.New(tensor.WithBacking(v)) }

func zeros(d tensor.Dtype, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.Of(d))
}

// The last batch of an epoch is smaller, and one sample is a batch too: each shape has its own program.
func TestBatchesOfEverySize(t *testing.T) {
	traced := 0
	fn := autodiff.Compile(func(w, x node) node {
		traced++
		return ops.Sum(ops.MatMul(x, w), 1)
	})
	w := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, 2, 3, 4}))
	for _, rows := range []int{4, 4, 3, 1, 0, 4, 1, 3} {
		x := zeros(tensor.Float64, rows, 2)
		for i := range rows {
			x.Float64s()[2*i], x.Float64s()[2*i+1] = float64(i), 1
		}
		out, err := fn.Run(context.Background(), w, x)
		require.NoError(t, err)
		require.Equal(t, []int{rows}, []int(out[0].Shape()))
		for i := range rows {
			require.Equal(t, float64(3*i+7), out[0].Float64s()[i], "row %d of %d", i, rows)
		}
	}
	require.Equal(t, 4, traced)
}

func TestCacheIsBounded(t *testing.T) {
	traced := map[int]int{}
	fn := autodiff.Compile(func(x node) node {
		traced[x.Shape()[0]]++
		return ops.Sum(x)
	}, autodiff.CacheSize(2))
	run := func(n int) {
		t.Helper()
		out, err := fn.Run(context.Background(), make([]float64, n))
		require.NoError(t, err)
		require.Equal(t, []float64{0}, out[0].Float64s())
	}
	for _, n := range []int{1, 2, 1, 3, 1, 2, 1, 3} { // 1 is always the one used before last
		run(n)
	}
	require.Equal(t, 2, fn.Cached())
	require.Equal(t, map[int]int{1: 1, 2: 2, 3: 2}, traced, "the least recently used goes first")
}

// Many goroutines ask for the same program at once: it is traced once, and the cache holds it once.
func TestConcurrentFirstCalls(t *testing.T) {
	var traced atomic.Int64
	fn := autodiff.Compile(func(x node) node {
		traced.Add(1)
		return ops.Sum(ops.Square(x))
	})
	var wg sync.WaitGroup
	errs := make(chan error, 64)
	for k := range 64 {
		wg.Go(func() {
			n := 1 + k%3
			for range 10 {
				x := make([]float64, n)
				for i := range x {
					x[i] = float64(k)
				}
				out, err := fn.Run(context.Background(), x)
				if err == nil && out[0].Float64s()[0] != float64(n*k*k) {
					err = fmt.Errorf("Σ of %d squares of %d is %v", n, k, out[0])
				}
				if err != nil {
					errs <- err
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	require.Equal(t, int64(3), traced.Load())
	require.Equal(t, 3, fn.Cached())
}

func TestRunIntoAllocatesNothing(t *testing.T) {
	type step struct {
		name string
		run  func() error
	}
	var steps []step
	for _, d := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		// A layer with a bias that is broadcast.
		forward := autodiff.Compile(func(x, w, b node) node { return ops.Tanh(ops.Add(ops.MatMul(x, w), b)) })
		in := []*tensor.Dense{zeros(d, 5, 3), zeros(d, 3, 4), zeros(d, 4)}
		dst := []*tensor.Dense{zeros(d, 5, 4)}
		steps = append(steps, step{"forward " + d.String(), func() error { return forward.RunInto(context.Background(), dst, in) }})

		// A training step that updates w and b in place, and gives the loss.
		loss := func(p params, x node) node { return ops.Mean(ops.Square(ops.Add(ops.MatMul(x, p.W), p.B))) }
		train := autodiff.Compile(func(p params, x node) (params, node) {
			l, g := autodiff.ValueAndGrad(func(p params) node { return loss(p, x) })(p)
			return params{ops.Sub(p.W, ops.Mul(0.1, g.W)), ops.Sub(p.B, ops.Mul(0.1, g.B))}, l
		}, autodiff.Donate(0, 0))
		trainIn := []*tensor.Dense{zeros(d, 3, 4), zeros(d, 4), zeros(d, 5, 3)}
		trainDst := []*tensor.Dense{nil, nil, zeros(d)}
		steps = append(steps, step{"train " + d.String(), func() error { return train.RunInto(context.Background(), trainDst, trainIn) }})
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fn := autodiff.Compile(func(x node) node { return ops.Exp(x) })
	x, y := zeros(tensor.Float64, 100, 100), zeros(tensor.Float64, 100, 100)
	steps = append(steps, step{"cancellable", func() error { return fn.RunInto(ctx, []*tensor.Dense{y}, []*tensor.Dense{x}) }})
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			require.NoError(t, s.run())
			allocs := testing.AllocsPerRun(100, func() {
				if err := s.run(); err != nil {
					t.Error(err)
				}
			})
			if !raceEnabled { // under the race detector sync.Pool drops what it is given at random
				require.Zero(t, allocs)
			}
		})
	}
}

// Results that lie over inputs, or over each other, are as right as any.
func TestRunIntoOverlapping(t *testing.T) {
	fn := autodiff.Compile(func(x, y node) (sum, reversed node) {
		return ops.Add(x, ops.Sum(y)), ops.Transpose(y)
	})
	memory := make([]float64, 8)
	over := func(from int) (x, y, sum, reversed *tensor.Dense) {
		for i := range memory {
			memory[i] = float64(i)
		}
		x, y = f64s(memory[0:2]...), tensor.New(tensor.WithShape(2, 2), tensor.WithBacking(memory[4:8]))
		sum = f64s(memory[from : from+2]...)
		return x, y, sum, tensor.New(tensor.WithShape(2, 2), tensor.WithBacking(memory[4:8]))
	}
	for from := range 3 {
		x, y, sum, reversed := over(from)
		require.NoError(t, fn.RunInto(context.Background(), []*tensor.Dense{sum, reversed}, []*tensor.Dense{x, y}))
		require.Equal(t, []float64{22, 23}, memory[from:from+2], "sum written at %d", from)
		require.Equal(t, []float64{4, 6, 5, 7}, memory[4:8])
	}
	x, y, _, _ := over(0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, fn.RunInto(ctx, []*tensor.Dense{x, y}, []*tensor.Dense{x, y}), context.Canceled)
	require.Equal(t, []float64{0, 1, 2, 3, 4, 5, 6, 7}, memory, "a run that fails writes to no input")
}

func TestDonate(t *testing.T) {
	fn := autodiff.Compile(func(m, w, g node) (m2, w2, norm node) {
		m2 = ops.Add(ops.Mul(0.5, m), g)
		return m2, ops.Sub(w, m2), ops.Sum(ops.Square(w))
	}, autodiff.Donate(0, 0), autodiff.Donate(1, 1), autodiff.Verified())
	m, w := f64s(2, 4), f64s(10, 20)
	out, err := fn.Run(context.Background(), m, w, []float64{1, 1})
	require.NoError(t, err)
	require.Same(t, m, out[0], "the tensor fed is the result")
	require.Same(t, w, out[1])
	require.Equal(t, [][]float64{{2, 3}, {8, 17}, {500}}, floats(out))
	require.Equal(t, []float64{8, 17}, w.Float64s())

	ctx, cancel := context.WithCancelCause(context.Background())
	stopped := errors.New("stopped")
	cancel(stopped)
	_, err = fn.Run(ctx, m, w, []float64{1, 1})
	require.ErrorIs(t, err, stopped)
	require.Equal(t, []float64{2, 3, 8, 17}, append(m.Float64s(), w.Float64s()...), "a run that fails updates nothing")

	_, err = fn.Run(context.Background(), m, m, []float64{1, 1})
	require.ErrorContains(t, err, "shares memory with another input")
	require.Equal(t, []float64{2, 3}, m.Float64s())
}

func TestFailedRunKeepsDonated(t *testing.T) {
	fn := autodiff.Compile(func(w, i node) (node, node) {
		return ops.Mul(2, w), ops.Take(w, i, 0)
	}, autodiff.Donate(0, 0))
	w := f64s(1, 2)
	_, err := fn.Run(context.Background(), w, []int{5})
	require.ErrorIs(t, err, ops.ErrIndex)
	require.Equal(t, []float64{1, 2}, w.Float64s())
	out, err := fn.Run(context.Background(), w, []int{1})
	require.NoError(t, err)
	require.Equal(t, [][]float64{{2, 4}, {2}}, floats(out))
}

// Inputs that are views, transposed or column-major give the right answer, and results stay the caller's.
func TestInputsAreReadAsTheyLie(t *testing.T) {
	m := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6}))
	require.NoError(t, m.T())
	out, err := autodiff.Compile(func(x node) (node, node) { return x, ops.Sum(x, 1) }).Run(context.Background(), m)
	require.NoError(t, err)
	require.Equal(t, [][]float64{{1, 4, 2, 5, 3, 6}, {5, 7, 9}}, floats(out))

	x := f64s(1, 2)
	out, err = autodiff.Compile(func(x node) (node, node) { return x, x }).Run(context.Background(), x)
	require.NoError(t, err)
	out[0].Float64s()[0] = 9
	require.Equal(t, [][]float64{{9, 2}, {1, 2}}, floats(out), "results share memory with nothing")
	require.Equal(t, []float64{1, 2}, x.Float64s())
}

func TestEval(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, []float64{1, 2, 3}, 3)
	out, err := autodiff.Eval(ops.Sum(x), x, ops.Slice(x, ops.Range{Start: 3, Stop: 3}))
	require.NoError(t, err)
	require.Equal(t, []int{0}, []int(out[2].Shape()))
	require.Equal(t, [][]float64{{6}, {1, 2, 3}}, floats(out[:2]))
}

func TestWithoutPassIsTheSame(t *testing.T) {
	f := autodiff.Grad(func(x node) node { return ops.Sum(ops.Mul(ops.Sin(x), ops.Exp(x))) })
	want := evaluate(t, f, []float64{0.1, 0.2, 0.3})
	for _, opt := range []autodiff.CompileOption{
		autodiff.WithoutPass("unalias"), autodiff.WithoutPass("unalias", "simplify", "fuse"), autodiff.Workers(3), autodiff.Verified(),
	} {
		out, err := autodiff.Compile(f, opt).Run(context.Background(), []float64{0.1, 0.2, 0.3})
		require.NoError(t, err)
		for i, v := range floats(out)[0] {
			near(t, want[0][i], v)
		}
	}
}

// TestRunIntoOneTensorTwice: two results cannot be in one tensor, nor in memory that they share.
func TestRunIntoOneTensorTwice(t *testing.T) {
	fn := autodiff.Compile(func(x node) (node, node) { return ops.Add(x, 1), ops.Mul(x, 2) })
	x, memory := f64s(1, 2), make([]float64, 3)
	require.ErrorContains(t, fn.RunInto(context.Background(), []*tensor.Dense{x, x}, []*tensor.Dense{x}),
		"result tensors 0 and 1 share memory")
	require.ErrorContains(t, fn.RunInto(context.Background(), []*tensor.Dense{f64s(memory[:2]...), f64s(memory[1:]...)}, []*tensor.Dense{x}),
		"result tensors 0 and 1 share memory")
	require.NoError(t, fn.RunInto(context.Background(), []*tensor.Dense{x, f64s(memory[:2]...)}, []*tensor.Dense{x}))
	require.Equal(t, []float64{2, 4, 0}, memory)
}
