package benchmarks

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// BenchmarkCores runs a product on one core and on two in turn, and reports the least time of each, and how many times
// faster two are.
func BenchmarkCores(b *testing.B) {
	for _, d := range []graph.DType{graph.Float32, graph.Float64} {
		for _, n := range []int{512, 1024, 2048} {
			b.Run(fmt.Sprintf("dtype=%v/n=%d", d, n), func(b *testing.B) {
				operand := square(d, n)
				var runs [2]func(context.Context) error
				least := [2]float64{math.Inf(1), math.Inf(1)}
				for k := range runs {
					fn := autodiff.Compile(ops.MatMul, autodiff.Workers(k+1))
					var err error
					if runs[k], _, err = fn.Bind(operand, operand); err != nil {
						b.Fatal(err)
					}
				}
				for b.Loop() {
					for k, run := range runs {
						start := time.Now()
						if err := run(context.Background()); err != nil {
							b.Fatal(err)
						}
						least[k] = min(least[k], time.Since(start).Seconds())
					}
				}
				b.ReportMetric(0, "ns/op") // of both together: says nothing
				b.ReportMetric(least[0]*1e6, "one-µs")
				b.ReportMetric(least[1]*1e6, "two-µs")
				b.ReportMetric(least[0]/least[1], "one/two")
			})
		}
	}
}

// square is an n×n matrix.
func square(d graph.DType, n int) *tensor.Dense {
	if d == graph.Float32 {
		return tensor.New(tensor.WithShape(n, n), tensor.WithBacking(wave[float32](n*n)))
	}
	return tensor.New(tensor.WithShape(n, n), tensor.WithBacking(wave[float64](n*n)))
}

func wave[T float32 | float64](n int) []T {
	data := make([]T, n)
	for i := range data {
		data[i] = T(i%13) - 6
	}
	return data
}
