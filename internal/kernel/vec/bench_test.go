package vec

import (
	"fmt"
	"math/rand"
	"testing"
	"unsafe"
)

// BenchmarkVec times kernels on slices that stay in the first-level cache, as the executor's tiles do, and on larger
// ones. Bytes are those read and written.
func BenchmarkVec(b *testing.B) {
	for _, n := range []int{256, 1024, 65536} {
		benchType[float32](b, "f32", n)
		benchType[float64](b, "f64", n)
	}
}

func benchType[T Float](b *testing.B, dtype string, n int) {
	rng := rand.New(rand.NewSource(1))
	x, y, dst := make([]T, n), make([]T, n), make([]T, n)
	for i := range x {
		x[i], y[i] = T(rng.NormFloat64()), T(rng.NormFloat64())
	}
	for _, op := range unaryCases[T]() {
		in := x
		if op.positive {
			in = make([]T, n)
			Abs(in, x)
		}
		bench(b, op.name, dtype, n, 2, dst, func() { op.f(dst, in) })
	}
	for _, op := range binaryCases[T]() {
		left := x
		if op.positive {
			left = make([]T, n)
			Abs(left, x)
		}
		bench(b, op.name, dtype, n, 3, dst, func() { op.f(dst, left, y) })
		bench(b, op.name+"-scalar", dtype, n, 2, dst, func() { op.f(dst, left, y[:1]) })
	}
	bench(b, "mul_add", dtype, n, 4, dst, func() { MulAdd(dst, x, y, x) })
	bench(b, "mul_add-scalars", dtype, n, 2, dst, func() { MulAdd(dst, x, y[:1], y[1:2]) })
	bench(b, "sum", dtype, n, 1, dst, func() { Sum(dst[:1], x, 1, n, 1) })
	bench(b, "max", dtype, n, 1, dst, func() { Max(dst[:1], x, 1, n, 1) })
	bench(b, "sum-columns", dtype, n, 1, dst, func() { Sum(dst[:64], x, 1, n/64, 64) })
	bench(b, "softmax", dtype, n, 2, dst, func() { Softmax(dst, x, 1, n, 1) })
	bench(b, "softmax-rows10", dtype, n, 2, dst, func() { Softmax(dst[:n/10*10], x[:n/10*10], n/10, 10, 1) })
	bench(b, "logsumexp", dtype, n, 1, dst, func() { LogSumExp(dst[:1], x, 1, n, 1) })
	bench(b, "transpose", dtype, n, 2, dst, func() { CopyStrided(dst, []int{n / 16, 16}, x, 0, []int{1, n / 16}) })
	flags := make([]bool, n)
	bench(b, "lt", dtype, n, 2, dst, func() { Lt(flags, x, y) })
	bench(b, "where", dtype, n, 3, dst, func() { Where(dst, flags, x, y) })
	other := make([]float32, n)
	bench(b, "cast-f32", dtype, n, 2, dst, func() { Cast(other, x) })
	whole := make([]int64, n)
	bench(b, "cast-int64", dtype, n, 3, dst, func() { Cast(whole, x) })
}

func bench[T Float](b *testing.B, op, dtype string, n, streams int, dst []T, f func()) {
	b.Run(fmt.Sprintf("op=%s/dtype=%s/n=%d", op, dtype, n), func(b *testing.B) {
		b.SetBytes(int64(n*streams) * int64(unsafe.Sizeof(dst[0])))
		b.ReportAllocs()
		for b.Loop() {
			f()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/elem")
	})
}

// BenchmarkChain streams tiles through the twelve kernels of the gradient of Σ tanh(x·w+b)·σ(x), as the executor does
// with a fused group.
func BenchmarkChain(b *testing.B) {
	const n = 10000
	x, grad := make([]float32, n), make([]float32, n)
	rng := rand.New(rand.NewSource(1))
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	weight, bias, one := []float32{1.5}, []float32{0.3}, []float32{1}
	for _, tile := range []int{256, 512, 1024, 2048} {
		tanh, sigma, slope := make([]float32, tile), make([]float32, tile), make([]float32, tile)
		b.Run(fmt.Sprintf("tile=%d/n=%d", tile, n), func(b *testing.B) {
			for b.Loop() {
				for from := 0; from < n; from += tile {
					to := min(n, from+tile)
					x, g := x[from:to], grad[from:to]
					t, s, d := tanh[:len(x)], sigma[:len(x)], slope[:len(x)]
					Mul(t, x, weight)
					Add(t, t, bias)
					Tanh(t, t)
					Sigmoid(s, x)
					Square(d, t)
					Sub(d, one, d)
					Mul(d, d, s)
					Mul(d, d, weight)
					Sub(g, one, s)
					Mul(g, g, s)
					Mul(g, g, t)
					Add(g, g, d)
				}
			}
		})
	}
}
