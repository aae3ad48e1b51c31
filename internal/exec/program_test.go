package exec_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// layer is tanh(x·w + b) and an updated w and b, of which the latter two overwrite the inputs.
func layer(d graph.DType) rewrite.Unit {
	g := graph.New()
	x, w, b := g.Input("x", d, 5, 3), g.Input("w", d, 3, 4), g.Input("b", d, 4)
	y := ops.Tanh(ops.Add(ops.MatMul(x, w), b))
	w2 := ops.Sub(w, ops.Mul(0.125, ops.MatMul(ops.Transpose(x), y)))
	b2 := ops.Sub(b, ops.Mul(0.125, ops.Sum(y, 0)))
	return rewrite.Unit{Inputs: []*graph.Node{x, w, b}, Outputs: []*graph.Node{y, w2, b2}, Donated: []int{-1, 1, 2}}
}

func mustCompile(t testing.TB, u rewrite.Unit) *exec.Program {
	t.Helper()
	p, err := compile.Compile(u, compile.Options{Verify: true})
	require.NoError(t, err)
	return p
}

// feedsOf makes inputs for a unit, the same for the same seed, and places for its outputs.
func feedsOf(u rewrite.Unit, seed uint64) (dst, in []exec.Value) {
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, n := range u.Inputs {
		in = append(in, random(n.Type(), rng))
	}
	for i, n := range u.Outputs {
		if u.Donated != nil && u.Donated[i] >= 0 {
			dst = append(dst, in[u.Donated[i]])
		} else {
			dst = append(dst, exec.NewValue(n.Type()))
		}
	}
	return dst, in
}

func copies(values []exec.Value) (all [][]byte) {
	for _, v := range values {
		all = append(all, append([]byte(nil), v.Bytes()...))
	}
	return all
}

func TestConcurrentRunsAgree(t *testing.T) {
	u := layer(graph.Float64)
	p := mustCompile(t, u)
	const seeds = 4
	var want [seeds][][]byte
	for s := range want {
		dst, in := feedsOf(u, uint64(s))
		require.NoError(t, p.Run(context.Background(), dst, in))
		want[s] = copies(dst)
	}
	require.NotEqual(t, want[0], want[1])
	var wg sync.WaitGroup
	errs := make(chan error, 64)
	for k := range 64 {
		wg.Go(func() {
			for round := range 20 {
				s := (k + round) % seeds
				dst, in := feedsOf(u, uint64(s))
				if err := p.Run(context.Background(), dst, in); err != nil {
					errs <- err
					return
				}
				if got := copies(dst); fmt.Sprint(got) != fmt.Sprint(want[s]) {
					errs <- fmt.Errorf("goroutine %d, round %d: results differ", k, round)
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
}

var errStopped = errors.New("stopped by the test")

// hook returns a unit with a step, of an op that is not registered, that calls f when it runs.
func hook(u rewrite.Unit, at int, f func() error) rewrite.Unit {
	x := u.Outputs[at]
	op := &graph.Op{
		Name: "hook", Arity: 1, Class: graph.Opaque,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) { return in[0].Type(), nil },
		Kernel: func(*graph.Node) graph.Kernel {
			return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
				copy(graph.Elements[float64](out), graph.Elements[float64](in[0]))
				return f()
			}
		},
	}
	u.Outputs = append([]*graph.Node(nil), u.Outputs...)
	u.Outputs[at] = x.Graph().Apply(op, nil, x)
	return u
}

func TestCancelledBefore(t *testing.T) {
	u := layer(graph.Float64)
	p := mustCompile(t, u)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dst, in := feedsOf(u, 1)
	before := copies(in)
	require.ErrorIs(t, p.Run(ctx, dst, in), context.Canceled)
	require.Equal(t, before, copies(in), "a cancelled run touched its donated inputs")
}

func TestCancelledDuring(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	u := layer(graph.Float64)
	reached := false
	u = hook(u, 0, func() error {
		reached = true
		cancel(errStopped)
		return nil
	})
	p := mustCompile(t, u)
	dst, in := feedsOf(u, 1)
	before := copies(in)
	require.ErrorIs(t, p.Run(ctx, dst, in), errStopped)
	require.True(t, reached)
	require.Equal(t, before, copies(in), "a cancelled run touched its donated inputs")

	require.NoError(t, p.Run(context.Background(), dst, in), "the program can be used again")
	require.NotEqual(t, before[1], in[1].Bytes(), "a run that succeeds updates what is donated")
}

// Once the first donated input is being written, a run is not stopped any more: all of them change or none.
func TestCancelledWhileCommitting(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	op := &graph.Op{
		Name: "cancel", Arity: 1, Class: graph.Map,
		Infer: func(in []*graph.Node, _ any) (graph.Type, error) { return in[0].Type(), nil },
		Kernel: func(*graph.Node) graph.Kernel {
			return func(_ *graph.Work, out graph.Buffer, in []graph.Buffer) error {
				copy(graph.Elements[float64](out), graph.Elements[float64](in[0]))
				cancel()
				return nil
			}
		},
	}
	g := graph.New()
	a, b, c := g.Input("a", graph.Float64, 2), g.Input("b", graph.Float64, 2), g.Input("c", graph.Float64, 2)
	u := rewrite.Unit{
		Inputs:  []*graph.Node{a, b, c},
		Outputs: []*graph.Node{g.Apply(op, nil, c), ops.Sub(b, c)},
		Donated: []int{0, 1},
	}
	p := mustCompile(t, u)
	require.Equal(t, 0, p.Plan().Commit, "both steps write to donated inputs")
	dst, in := feedsOf(u, 1)
	before := copies(in)
	require.NoError(t, p.Run(ctx, dst, in))
	require.ErrorIs(t, ctx.Err(), context.Canceled)
	require.NotEqual(t, before[0], in[0].Bytes())
	require.NotEqual(t, before[1], in[1].Bytes())
}

// A step that fails leaves donated inputs as they were, wherever it stands.
func TestFailingKernel(t *testing.T) {
	broken := errors.New("broken")
	for at := range 3 {
		fail := true
		u := hook(layer(graph.Float64), at, func() error {
			if fail {
				return broken
			}
			return nil
		})
		p := mustCompile(t, u)
		dst, in := feedsOf(u, 1)
		before := copies(in)
		err := p.Run(context.Background(), dst, in)
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, "hook at program_test.go:")
		require.Equal(t, before, copies(in), "a failed run touched its donated inputs")
		fail = false
		require.NoError(t, p.Run(context.Background(), dst, in))

		dst2, in2 := feedsOf(u, 1)
		require.NoError(t, mustCompile(t, u).Run(context.Background(), dst2, in2))
		require.Equal(t, copies(dst2), copies(dst), "a failure changed what the next run computes")
	}
}

func TestIndexOutOfRange(t *testing.T) {
	g := graph.New()
	x, index, step := g.Input("x", graph.Float64, 3, 2), g.Input("index", graph.Int64, 2), g.Input("step", graph.Float64, 2, 2)
	u := rewrite.Unit{
		Inputs:  []*graph.Node{x, index, step},
		Outputs: []*graph.Node{ops.Mul(2, x), ops.Sub(step, ops.Take(x, index, 0))},
		Donated: []int{0, 2},
	}
	p := mustCompile(t, u)
	dst, in := feedsOf(u, 3)
	indices := graph.Elements[int64](in[1].Buf)
	for _, bad := range []int64{3, -4, 1 << 62} {
		indices[0], indices[1] = 1, bad
		before := copies(in)
		err := p.Run(context.Background(), dst, in)
		require.ErrorIs(t, err, ops.ErrIndex)
		require.ErrorContains(t, err, "take at program_test.go:")
		require.ErrorContains(t, err, fmt.Sprintf("index %d, at position 1, for an axis of length 3", bad))
		require.Equal(t, before, copies(in))
	}
	indices[1] = 2
	require.NoError(t, p.Run(context.Background(), dst, in))
}

func TestRunAllocatesNothing(t *testing.T) {
	for _, d := range []graph.DType{graph.Float32, graph.Float64} {
		u := layer(d)
		p := mustCompile(t, u)
		dst, in := feedsOf(u, 1)
		ctx, cancel := context.WithCancel(context.Background())
		allocs := testing.AllocsPerRun(100, func() {
			if err := p.Run(ctx, dst, in); err != nil {
				t.Error(err)
			}
		})
		cancel()
		require.Zero(t, allocs, "%v", d)
	}
}

func TestRunRefusesOtherTypes(t *testing.T) {
	u := layer(graph.Float64)
	p := mustCompile(t, u)
	dst, in := feedsOf(u, 1)
	var feed *exec.FeedError

	wrong := append([]exec.Value(nil), in...)
	wrong[1] = exec.NewValue(graph.T(graph.Float32, 3, 4))
	err := p.Run(context.Background(), dst, wrong)
	require.ErrorAs(t, err, &feed)
	require.Equal(t, "input 1 (w): fed f32[3,4], wants f64[3,4]", err.Error())

	require.ErrorContains(t, p.Run(context.Background(), dst, in[:2]), "2 inputs fed, 3 wanted")
	require.ErrorContains(t, p.Run(context.Background(), dst[:1], in), "1 outputs given, 3 wanted")
	dst[0] = exec.NewValue(graph.T(graph.Float64, 4, 5))
	require.EqualError(t, p.Run(context.Background(), dst, in), "output 0: given f64[4,5], wants f64[5,4]")
}

func TestReferenceErrors(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64, 2)
	y := ops.Sin(x)
	_, err := exec.Reference([]*graph.Node{y}, nil)
	require.ErrorContains(t, err, "no value fed")
	_, err = exec.Reference([]*graph.Node{y}, map[*graph.Node]exec.Value{x: exec.NewValue(graph.T(graph.Float64, 3))})
	require.ErrorContains(t, err, "fed f64[3], wants f64[2]")
}
