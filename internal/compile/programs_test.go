package compile_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/internal/exec"
	"chainrule/internal/optest"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// scalarPrograms are graphs of numbers.
var scalarPrograms = []struct {
	name  string
	build func(g *graph.Graph) rewrite.Unit
}{
	{"f64", func(g *graph.Graph) rewrite.Unit { return scalars(g, graph.Float64) }},
	{"f32", func(g *graph.Graph) rewrite.Unit { return scalars(g, graph.Float32) }},
	{"mixed", func(g *graph.Graph) rewrite.Unit {
		x, y, k := g.Input("x", graph.Float64), g.Input("y", graph.Float32), g.Input("k", graph.Int64)
		z := ops.Add(ops.Mul(x, x), ops.Cast(ops.Div(y, 3), graph.Float64))
		less := ops.Lt(z, ops.Cast(ops.Mul(k, k), graph.Float64))
		w := ops.Where(less, ops.Neg(z), ops.Reciprocal(z))
		return rewrite.Unit{Inputs: nodes{x, y, k}, Outputs: nodes{
			w, less, ops.Sub(ops.Cast(w, graph.Float32), y), ops.Add(ops.Cast(less, graph.Int64), k),
		}}
	}},
	{"of rank 2, updated in place", func(g *graph.Graph) rewrite.Unit {
		x, y := g.Input("x", graph.Float64, 1, 1), g.Input("y", graph.Float64, 1)
		z := ops.Sub(ops.Mul(x, y), 1)
		return rewrite.Unit{Inputs: nodes{x, y}, Outputs: nodes{ops.Add(x, z), ops.Square(z)}, Donated: []int{0, -1}}
	}},
}

// scalars is a ladder of 40 operations with its first and second derivative.
func scalars(g *graph.Graph, d graph.DType) rewrite.Unit {
	x, k := g.Input("x", d), g.Input("k", d)
	f := func(x *graph.Node) *graph.Node {
		v := x
		for range 10 {
			v = ops.Sub(ops.Tanh(ops.Add(ops.Mul(v, k), x)), ops.Div(ops.Square(v), 3))
		}
		return v
	}
	return rewrite.Unit{
		Inputs: nodes{x, k}, Outputs: nodes{f(x), autodiff.Grad(f)(x), autodiff.Grad(autodiff.Grad(f))(x)},
	}
}

func TestScalarProgramsAreReference(t *testing.T) {
	for _, c := range scalarPrograms {
		u := c.build(graph.New())
		for seed := range uint64(5) {
			feeds := drawn(u, seed)
			want := evaluateFeeds(t, u, feeds)
			for name, opts := range settings(1, 8) {
				p, err := compile.Compile(u, opts)
				require.NoError(t, err)
				p.Spoil(0xff)
				for i, got := range runOn(t, p, u, feeds) {
					require.NoError(t, optest.Differ(got, want[i]), "%s, %s, seed %d: output %d", c.name, name, seed, i)
				}
			}
		}
	}
}

// Fused, scalar and donated programs allocate nothing, on one core or two.
func TestProgramsDoNotAllocate(t *testing.T) {
	check := func(name string, u rewrite.Unit) {
		for _, workers := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, %d workers", name, workers), func(t *testing.T) {
				p, err := compile.Compile(u, compile.Options{Workers: workers})
				require.NoError(t, err)
				dst, in := buffers(u, drawn(u, 1))
				ctx := context.Background()
				allocs := testing.AllocsPerRun(20, func() { err = p.Run(ctx, dst, in) })
				require.NoError(t, err)
				require.Zero(t, allocs)
			})
		}
	}
	for _, c := range fusible {
		check(c.name, c.build(graph.New(), 70000))
	}
	for _, c := range scalarPrograms {
		check("scalars, "+c.name, c.build(graph.New()))
	}
	check("a step of the perceptron", mlpStep())
}

// One program runs on 64 goroutines at a time, each with data of its own.
func TestConcurrentFusedRunsAgree(t *testing.T) {
	for _, c := range fusible {
		u := c.build(graph.New(), 5000)
		for _, workers := range []int{1, 3} {
			p, err := compile.Compile(u, compile.Options{Workers: workers, Off: map[string]bool{"fast": true}})
			require.NoError(t, err)
			faults := make([]error, 64)
			var wg sync.WaitGroup
			for i := range faults {
				feeds := drawn(u, uint64(i%8))
				want := evaluateFeeds(t, u, feeds)
				wg.Go(func() { faults[i] = runsAgree(p, u, feeds, want) })
			}
			wg.Wait()
			require.NoError(t, errors.Join(faults...), "%s, %d workers", c.name, workers)
		}
	}
}

func runsAgree(p *exec.Program, u rewrite.Unit, feeds, want []exec.Value) error {
	for range 3 {
		dst, in := buffers(u, feeds)
		if err := p.Run(context.Background(), dst, in); err != nil {
			return err
		}
		for i := range dst {
			if err := optest.Differ(dst[i], want[i]); err != nil {
				return fmt.Errorf("output %d: %w", i, err)
			}
		}
	}
	return nil
}

var errNegative = errors.New("negative")

// picky is neg that refuses numbers below zero, as no op of the registry does.
func picky(x *graph.Node) *graph.Node {
	record := *graph.Lookup("neg")
	kernel := record.Kernel
	record.Name, record.Elementary = "picky", graph.NotElementary // no rule knows it
	record.Kernel = func(n *graph.Node) graph.Kernel {
		run := kernel(n)
		return func(w *graph.Work, out graph.Buffer, in []graph.Buffer) error {
			for _, v := range graph.Elements[float64](in[0]) {
				if v < 0 {
					return errNegative
				}
			}
			return run(w, out, in)
		}
	}
	return x.Graph().Apply(&record, nil, x)
}

// A member that fails makes the run fail, naming it, for any number of workers and wherever the data is; the next run,
// on good data, knows nothing of it.
func TestMembersThatFail(t *testing.T) {
	const n = 70000
	for _, size := range []int{0, n} { // 0 stands for scalars
		g := graph.New()
		var shape []int
		if size > 0 {
			shape = []int{size}
		}
		x := g.Input("x", graph.Float64, shape...)
		y := picky(ops.Mul(x, 3))
		u := rewrite.Unit{Inputs: nodes{x}, Outputs: nodes{ops.Add(y, 1), ops.Sum(y)}}
		good := exec.NewValue(x.Type())
		for _, workers := range []int{1, 2, 8} {
			p, err := compile.Compile(u, compile.Options{Workers: workers, Verify: true})
			require.NoError(t, err)
			for range 3 {
				bad := exec.NewValue(x.Type())
				for at := 0; at < bad.Buf.Len; at += 500 { // in every tile, so in every worker's
					graph.Elements[float64](bad.Buf)[at] = -1
				}
				dst, in := buffers(u, []exec.Value{bad})
				err := p.Run(context.Background(), dst, in)
				require.ErrorIs(t, err, errNegative)
				require.ErrorContains(t, err, "picky at programs_test.go:")
				runOn(t, p, u, []exec.Value{good})
			}
		}
	}
}
