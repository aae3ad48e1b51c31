package ops_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
	"chainrule/ops"
)

// Reductions large enough to be cut give the bits that one worker gives, for rows, columns and both, and do not allocate.
func TestFoldsOfManyWorkers(t *testing.T) {
	const seed = 11
	random := rand.New(rand.NewPCG(seed, seed))
	for _, c := range []struct {
		shape []int
		axis  int
	}{
		{[]int{3, 30000}, 1}, {[]int{700, 101}, 1}, {[]int{101, 700}, 0}, {[]int{33, 1999}, 0}, {[]int{15, 5001}, 0},
		{[]int{7, 77, 129}, 1}, {[]int{1, 70000}, 0}, {[]int{40000, 2}, 0},
	} {
		for name, build := range map[string]func(x *graph.Node) *graph.Node{
			"sum":       func(x *graph.Node) *graph.Node { return ops.Sum(x, c.axis) },
			"max":       func(x *graph.Node) *graph.Node { return ops.Max(x, c.axis) },
			"argmin":    func(x *graph.Node) *graph.Node { return ops.ArgMin(x, c.axis) },
			"logsumexp": func(x *graph.Node) *graph.Node { return ops.LogSumExp(x, c.axis) },
			"softmax":   func(x *graph.Node) *graph.Node { return ops.Softmax(x, c.axis) },
			"cumsum":    func(x *graph.Node) *graph.Node { return ops.CumSum(x, false, c.axis) },
		} {
			t.Run(fmt.Sprint(name, c.shape, c.axis), func(t *testing.T) {
				n := build(graph.New().Input("x", graph.Float32, c.shape...))
				x := make([]float32, graph.Size(c.shape))
				for i := range x {
					x[i] = float32(random.NormFloat64())
				}
				run := func(workers int) []int64 {
					out := make([]int64, n.Type().Bytes()/8+1)
					kernel := n.Op().Kernel(n)
					buf := graph.BufferOf(out)
					buf.Len = n.Type().Size()
					work, in := &graph.Work{Workers: workers}, []graph.Buffer{graph.BufferOf(x)}
					if allocs := testing.AllocsPerRun(5, func() {
						if err := kernel(work, buf, in); err != nil {
							t.Fatal(err)
						}
					}); allocs >= 1 {
						t.Errorf("%d workers: %v allocations", workers, allocs)
					}
					return out
				}
				want := run(1)
				for _, workers := range []int{2, 3, 8} {
					require.Equal(t, want, run(workers), "%d workers, seed %d", workers, seed)
				}
			})
		}
	}
}
