package gemm

import (
	"fmt"
	"testing"
)

// shapes are cubes, and the products of a training step of a 784-512-256-10 and of a 784-30-10 network: for each layer
// and batch the forward one (nn), that of the weights' gradient (tn) and that of the inputs' gradient (nt).
var shapes = func() (list []shape) {
	for _, n := range []int{8, 16, 32, 64, 128, 256, 512, 1024} {
		list = append(list, shape{"nn", n, n, n})
	}
	list = append(list, shape{"tn", 512, 512, 512}, shape{"nt", 512, 512, 512}, shape{"tt", 512, 512, 512})
	layers := [][2]int{{784, 512}, {784, 256}, {512, 256}, {256, 10}}
	for _, batch := range []int{10, 32, 64, 128, 512} {
		for _, l := range layers {
			list = append(list, layer(batch, l[0], l[1])...)
		}
	}
	list = append(list, layer(10, 784, 30)...)
	return append(list, layer(10, 30, 10)...)
}()

type shape struct {
	form    string
	m, n, k int
}

func layer(batch, in, out int) []shape {
	return []shape{{"nn", batch, out, in}, {"tn", in, out, batch}, {"nt", batch, in, out}}
}

func BenchmarkGemm(b *testing.B) {
	for _, s := range shapes {
		benchmark[float32](b, "f32", s, 1)
		benchmark[float64](b, "f64", s, 1)
	}
}

func BenchmarkGemmTwoWorkers(b *testing.B) {
	for _, s := range shapes {
		benchmark[float32](b, "f32", s, 2)
		benchmark[float64](b, "f64", s, 2)
	}
}

func benchmark[T Float](b *testing.B, dtype string, s shape, workers int) {
	b.Run(fmt.Sprintf("dtype=%s/form=%s/m=%d/k=%d/n=%d", dtype, s.form, s.m, s.k, s.n), func(b *testing.B) {
		x, y, z := make([]T, s.m*s.k), make([]T, s.k*s.n), make([]T, s.m*s.n)
		for i := range x {
			x[i] = T(i%17) - 8
		}
		for i := range y {
			y[i] = T(i%13) - 6
		}
		transA, transB := s.form[0] == 't', s.form[1] == 't'
		lda, ldb := s.k, s.n
		if transA {
			lda = s.m
		}
		if transB {
			ldb = s.k
		}
		b.ReportAllocs()
		for b.Loop() {
			Gemm(transA, transB, s.m, s.n, s.k, x, lda, y, ldb, z, s.n, nil, workers)
		}
		b.ReportMetric(2*float64(s.m*s.n*s.k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
	})
}

// BenchmarkBatch has many products of small matrices, of which one factor is the same for several.
func BenchmarkBatch(b *testing.B) {
	for _, form := range []string{"nn", "tn", "nt"} {
		for _, n := range []int{3, 4, 6, 8} {
			b.Run(fmt.Sprintf("form=%s/n=%d", form, n), func(b *testing.B) {
				const count = 572
				x, y, z := make([]float64, count*n*n), make([]float64, count*n*n), make([]float64, count*n*n)
				for b.Loop() {
					Batch(count, n*n, n*n, n*n, form[0] == 't', form[1] == 't', n, n, n, x, n, y, n, z, n, nil, 1)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/product")
			})
		}
	}
}
