package graph_test

import (
	"fmt"
	"testing"

	"chainrule/graph"
	"chainrule/ops"
)

// shapes of graphs to build; each returns its last node after at least n nodes.
var builds = []struct {
	name  string
	build func(x *graph.Node, n int) *graph.Node
}{
	{"chain", func(x *graph.Node, n int) *graph.Node {
		for range n {
			x = ops.Sin(x)
		}
		return x
	}},
	{"diamonds", func(x *graph.Node, n int) *graph.Node {
		for range n {
			x = ops.Add(x, x)
		}
		return x
	}},
	{"attributes", func(x *graph.Node, n int) *graph.Node {
		for range n / 2 {
			x = ops.Add(ops.BroadcastTo(ops.Sum(x, 0), 3, 4), x)
		}
		return x
	}},
}

// BenchmarkBuild reports what one new node costs, and one that exists already.
func BenchmarkBuild(b *testing.B) {
	for _, c := range builds {
		for _, n := range []int{1000, 100_000} {
			b.Run(fmt.Sprintf("graph=%s/nodes=%d", c.name, n), func(b *testing.B) {
				made := 0
				b.ReportAllocs()
				for b.Loop() {
					g := graph.New()
					c.build(g.Input("x", graph.Float32, 3, 4), n)
					made += g.Len()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(made), "ns/node")
			})
		}
	}
	b.Run("graph=known", func(b *testing.B) {
		x := graph.New().Input("x", graph.Float32, 3, 4)
		for b.Loop() {
			ops.Sin(x)
		}
	})
}
