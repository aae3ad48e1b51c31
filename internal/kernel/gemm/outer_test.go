package gemm

import (
	"math"
	"math/rand/v2"
	"testing"

	"chainrule/internal/kernel/cpu"
)

// Outer products written past the caches have the bits of those that tiles compute, for any cut into parts.
func TestOuter(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		testOuter[float32](t)
		testOuter[float64](t)
	})
}

func testOuter[T Float](t *testing.T) {
	e := engineOf[T]()
	if e.outer == nil {
		return
	}
	random := rand.New(rand.NewPCG(7, 7))
	lanes := 1 << e.laneShift
	for _, size := range [][3]int{{1, 1, 1}, {1, 13, 4}, {3, 5, 7}, {17, 2, 9}, {2, 40, 5}} {
		count, m, n := size[0], size[1], size[2]*lanes
		for form := range 4 {
			for workers := 1; workers <= 3; workers++ {
				transA, transB := form&1 != 0, form&2 != 0
				lda, ldb := 1+random.IntN(3), n
				if transA {
					lda = m + random.IntN(3)
				}
				if transB {
					ldb = 1
				}
				strideA, strideB := m*lda+random.IntN(3), n*random.IntN(2)
				draw := func(n int) []T {
					x := make([]T, n)
					for i := range x {
						x[i] = T(random.NormFloat64())
					}
					return x
				}
				a, b := draw(count*strideA), draw(n+count*strideB)
				a[0], b[0], b[n-1] = T(math.Inf(-1)), 0, T(math.Copysign(0, -1))
				var want, got buffer[T]
				want.grow(count * m * n)
				got.grow(count*m*n + lanes)
				Batch(count, strideA, strideB, m*n, transA, transB, m, n, 1, a, lda, b, ldb, want.elements, n, nil, 1)
				for i := range got.elements {
					got.elements[i] = 77
				}
				r := &run[T]{problem: problem[T]{count: count, strideA: strideA, strideB: strideB, strideC: m * n,
					transA: transA, transB: transB, m: m, n: n, k: 1, a: a, lda: lda, b: b, ldb: ldb,
					c: got.elements[:count*m*n], ldc: n}}
				r.stream(e, workers)
				for i, x := range want.elements {
					if y := got.elements[i]; math.Float64bits(float64(x)) != math.Float64bits(float64(y)) && (x == x || y == y) {
						t.Fatalf("%T count=%d m=%d n=%d form=%d workers=%d: element %d is %v, want %v",
							x, count, m, n, form, workers, i, y, x)
					}
				}
				for _, y := range got.elements[count*m*n:] {
					if y != 77 {
						t.Fatalf("%T count=%d m=%d n=%d form=%d workers=%d: writes behind C", y, count, m, n, form, workers)
					}
				}
			}
		}
	}
}

// What is written past the caches: large outer products in whole, aligned vectors, and nothing else.
func TestStreams(t *testing.T) {
	defer cpu.Force(cpu.Levels()[len(cpu.Levels())-1])()
	e := engineOf[float32]()
	if e.outer == nil {
		return
	}
	var c buffer[float32]
	c.grow(streamBytes/4 + 64)
	const m, n = streamBytes / 4 / 1024, 1024
	of := func(change func(p *problem[float32])) *problem[float32] {
		p := &problem[float32]{count: 1, m: m, n: n, k: 1, lda: 1, ldb: n, c: c.elements[:m*n], ldc: n}
		change(p)
		return p
	}
	for name, c := range map[string]struct {
		want   bool
		change func(p *problem[float32])
	}{
		"large":              {true, func(p *problem[float32]) {}},
		"batch":              {true, func(p *problem[float32]) { p.count, p.m, p.strideC = 2, m/2, m/2*n }},
		"column":             {true, func(p *problem[float32]) { p.transB, p.ldb = true, 1 }},
		"small":              {false, func(p *problem[float32]) { p.m-- }},
		"k = 2":              {false, func(p *problem[float32]) { p.k = 2 }},
		"accumulated":        {false, func(p *problem[float32]) { p.epilogue.Accumulate = true }},
		"with a bias":        {false, func(p *problem[float32]) { p.epilogue.Bias = make([]float32, n) }},
		"with a row bias":    {false, func(p *problem[float32]) { p.epilogue.RowBias = make([]float32, m) }},
		"rows apart":         {false, func(p *problem[float32]) { p.ldc = n + 16 }},
		"items apart":        {false, func(p *problem[float32]) { p.count, p.m, p.strideC = 2, m/2, m/2*n+16 }},
		"no whole vectors":   {false, func(p *problem[float32]) { p.m, p.n, p.ldc = 2*m, n-1, n-1 }},
		"not aligned":        {false, func(p *problem[float32]) { p.c = c.elements[1:][:m*n] }},
		"column with a step": {false, func(p *problem[float32]) { p.transB, p.ldb = true, 2 }},
	} {
		if got := of(c.change).streams(e); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	a, b := make([]float32, m), make([]float32, n)
	for i := range a {
		a[i] = float32(i%17) - 8
	}
	for i := range b {
		b[i] = float32(i % 5)
	}
	Gemm(false, false, m, n, 1, a, 1, b, n, c.elements, n, nil, 2)
	for i, x := range c.elements[:m*n] {
		if want := a[i/n] * b[i%n]; x != want {
			t.Fatalf("element %d is %v, want %v", i, x, want)
		}
	}
}
