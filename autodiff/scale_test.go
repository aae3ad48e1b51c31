package autodiff_test

import (
	"fmt"
	"math"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/graph"
)

// shape is a family of programs that grow with n in one way: build makes, differentiates, compiles and runs one.
type shape struct {
	name  string
	n     int
	build func(t testing.TB, n int) *graph.Graph
}

var shapes = []shape{
	{"constants", 8_000, constants},
	{"concat", 8_000, concat},
	{"concats", 4_000, concats},
	{"stack", 2_000, stack},
	{"users", 8_000, users},
	{"slices", 8_000, slicesOf},
	{"leaves", 4_000, leaves},
	{"inputs", 4_000, inputs},
	{"donated", 4_000, donated},
	{"swapped", 4_000, swapped},
	{"gradients", 2_000, gradients},
	{"carries", 400, carries},
	{"captured", 800, captured},
	{"scanned", 400, slicesScanned},
	{"long body", 2_000, longBody},
	{"loops", 200, loops},
	{"conds", 200, conds},
	{"wide cond", 800, wideCond},
	{"one group", 2_000, oneGroup},
	{"customs", 400, customs},
	{"checkpoints", 200, checkpoints},
	{"forward", 8_000, forwardMode},
	{"vmap", 4_000, vmapped},
	{"where", 2_000, wheres},
	{"groups", 1_000, groups},
	{"products", 2_000, products},
	{"text", 16_000, texts},
	{"dump", 2_000, dumped},
	{"sparse", 8_000, sparseTerms},
	{"blame", 4_000, blamed},
	{"tree", 16_000, treeSum},
	{"hessian", 2_000, hessianVector},
}

// Whatever grows, the work grows no faster: twice as much of it costs twice the nodes, the allocations and the bytes.
func TestShapesAreLinear(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			n := s.n
			if testing.Short() || raceEnabled {
				n = n / 4 &^ 15 // slices cut their vector into fours
			}
			small := measure(func() *graph.Graph { return s.build(t, n/4) })
			large := measure(func() *graph.Graph { return s.build(t, n) })
			t.Logf("one of %d costs %.1f nodes, %.1f objects, %.0f bytes",
				n, large.nodes/float64(n), large.objects/float64(n), large.bytes/float64(n))
			require.Less(t, large.nodes, 4.5*small.nodes+100, "nodes") // of 100 slices of nine, the last nine are missing
			require.Less(t, large.objects, 4.8*small.objects+1000, "objects")
			require.Less(t, large.bytes, 5.5*small.bytes+1e6, "bytes")
		})
	}
}

// The slope is that of the logarithm of the processor's time over the logarithm of n: 1 is linear.
func BenchmarkShapes(b *testing.B) {
	for _, s := range shapes {
		b.Run(fmt.Sprintf("%s/n=%d", s.name, s.n), func(b *testing.B) {
			var times [2]float64
			for b.Loop() {
				for i, n := range []int{s.n / 8, s.n} {
					start := processorTime()
					s.build(b, n)
					times[i] += processorTime() - start
				}
			}
			b.ReportMetric(math.Log(times[1]/times[0])/math.Log(8), "slope")
			b.ReportMetric(times[1]/float64(b.N)/float64(s.n)*1e9, "ns/one")
		})
	}
}

func processorTime() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
