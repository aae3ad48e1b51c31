package autodiff_test

import (
	"context"
	"fmt"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// tower is a chain of scalars and its derivative: what a node costs where it does next to nothing.
func tower(n int) (x node, outputs []node) {
	g := graph.New()
	x = g.Input("x", graph.Float64)
	y := x
	for k := range n {
		switch k % 4 {
		case 0:
			y = ops.Mul(y, x)
		case 1:
			y = ops.Add(y, 1)
		case 2:
			y = ops.Sub(x, y)
		default:
			y = ops.Div(y, 2)
		}
	}
	return x, append(autodiff.Gradients(y, x), y)
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		x, outputs := tower(n)
		nodes := len(graph.Topo(outputs...))
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := autodiff.CompileGraph([]node{x}, outputs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(nodes), "ns/node")
		})
	}
}

func BenchmarkRun(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		x, outputs := tower(n)
		nodes := len(graph.Topo(outputs...))
		for _, passes := range []string{"all", "none"} {
			b.Run(fmt.Sprintf("chain/nodes=%d/passes=%s", nodes, passes), func(b *testing.B) {
				var opts []autodiff.CompileOption
				if passes == "none" {
					opts = append(opts, autodiff.WithoutPass("unalias", "simplify", "fuse"))
				}
				fn, err := autodiff.CompileGraph([]node{x}, outputs, opts...)
				if err != nil {
					b.Fatal(err)
				}
				in := []*tensor.Dense{tensor.New(tensor.WithShape(), tensor.WithBacking([]float64{0.5}))}
				dst := []*tensor.Dense{zeros(tensor.Float64), zeros(tensor.Float64)}
				b.ReportAllocs()
				for b.Loop() {
					if err := fn.RunInto(context.Background(), dst, in); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(nodes), "ns/node")
			})
		}
	}
}
