package autodiff_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// work is what building, differentiating, compiling and running something has cost, by the count.
type work struct{ nodes, objects, bytes float64 }

func measure(f func() *graph.Graph) work {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	g := f()
	runtime.ReadMemStats(&after)
	return work{float64(g.Len()), float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc)}
}

// sines is sin(sin(…)) and its derivative, the product of the cosines on the way, against a plain loop.
func sines(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	y := x
	for range n {
		y = ops.Sin(y)
	}
	fn, err := autodiff.CompileGraph([]node{x}, append(autodiff.Gradients(y, x), y))
	require.NoError(t, err)
	out, err := fn.Run(context.Background(), 0.5)
	require.NoError(t, err)
	v, d := 0.5, 1.0
	for range n {
		d *= math.Cos(v)
		v = math.Sin(v)
	}
	// Each link rounds a few times, and neither sin nor the product magnifies what came before.
	require.InEpsilon(t, v, out[1].Float64s()[0], 8*0x1p-52*float64(n))
	require.InEpsilon(t, d, out[0].Float64s()[0], 8*0x1p-52*float64(n))
	return g
}

// recurrence is h ← tanh(W·h + x), whose W and x are used at every link, with the gradients by both.
func recurrence(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	w, x := g.Input("w", graph.Float64, 2, 2), g.Input("x", graph.Float64, 2)
	h := x
	for range n {
		h = ops.Tanh(ops.Add(ops.MatMul(w, h), x))
	}
	y := ops.Sum(h)
	grads := autodiff.Gradients(y, w, x)
	fn, err := autodiff.CompileGraph([]node{w, x}, []node{y, ops.Sub(w, grads[0]), grads[1]}, autodiff.Donate(0, 1))
	require.NoError(t, err)
	out, err := fn.Run(context.Background(),
		tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{0.5, 0.1, -0.2, 0.3})), []float64{0.1, 0.2})
	require.NoError(t, err)
	require.False(t, math.IsNaN(out[2].Float64s()[0]))
	return g
}

// fan adds up many uses of one node, half of them used twice.
func fan(t testing.TB, n int) *graph.Graph {
	g := graph.New()
	x := g.Input("x", graph.Float64)
	terms := make([]node, n)
	for i := range terms {
		terms[i] = ops.Sin(ops.Mul(x, i))
	}
	sum := terms[0]
	for i, term := range terms[1:] {
		sum = ops.Add(sum, ops.Mul(term, terms[i/2]))
	}
	fn, err := autodiff.CompileGraph([]node{x}, append(autodiff.Gradients(sum, x), sum))
	require.NoError(t, err)
	_, err = fn.Run(context.Background(), 0.5)
	require.NoError(t, err)
	return g
}

// Long graphs overflow no stack, and ten times the length costs ten times the nodes, the allocations and the bytes. Time
// is not looked at; tables that double, and buffers that grow, may make bytes half as much again.
func TestLongGraphsAreLinear(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(t testing.TB, n int) *graph.Graph
		n     int
	}{
		{"sines", sines, 1_000_000},
		{"recurrence", recurrence, 20_000},
		{"fan", fan, 50_000},
	} {
		t.Run(fmt.Sprintf("%s/n=%d", c.name, c.n), func(t *testing.T) {
			n := c.n
			if testing.Short() || raceEnabled {
				n /= 10
			}
			small := measure(func() *graph.Graph { return c.build(t, n/10) })
			large := measure(func() *graph.Graph { return c.build(t, n) })
			t.Logf("a link costs %.1f nodes, %.2f objects, %.0f bytes",
				large.nodes/float64(n), large.objects/float64(n), large.bytes/float64(n))
			require.InEpsilon(t, 10, large.nodes/small.nodes, 0.01, "nodes")
			require.Less(t, large.objects, 12*small.objects+1000, "objects")
			require.Less(t, large.bytes, 15*small.bytes+1e6, "bytes")
		})
	}
}
