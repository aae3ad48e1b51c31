package gemm

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"chainrule/internal/kernel/cpu"
)

// atEachLevel runs a test once for each CPU level that the machine has; with the race detector, for the highest.
func atEachLevel(t *testing.T, test func(t *testing.T)) {
	levels := cpu.Levels()
	if raceEnabled {
		levels = levels[len(levels)-1:]
	}
	for _, level := range levels {
		t.Run(level.String(), func(t *testing.T) {
			defer cpu.Force(level)()
			test(t)
		})
	}
}

func TestSizes(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		testSizes[float32](t)
		testSizes[float64](t)
	})
}

// testSizes tries every form on all small sizes up to 5, on a random sample of sizes up to 67, and on sizes around
// those at which the path or the blocking changes.
func testSizes[T Float](t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var sizes [][3]int
	for m := range 6 {
		for n := range 6 {
			for k := range 6 {
				sizes = append(sizes, [3]int{m, n, k})
			}
		}
	}
	samples := 200
	if raceEnabled {
		sizes, samples = nil, 10
	}
	for range samples {
		sizes = append(sizes, [3]int{random.IntN(68), random.IntN(68), random.IntN(68)})
	}
	if !raceEnabled {
		sizes = append(sizes, [][3]int{
			{1, 1, 300}, {1, 300, 40}, {300, 1, 40}, {2, 131, 17}, {3, 129, 600}, {7, 65, 258}, {10, 30, 784},
			{10, 10, 30}, {784, 30, 10}, {29, 33, 256}, {28, 32, 257}, {43, 97, 513}, {225, 63, 3}, {15, 270, 515},
			{230, 290, 30}, {65, 40, 300}, {150, 70, 130}, {300, 70, 1000}, {40, 1100, 33},
		}...)
	}
	for i, s := range sizes {
		for form := range 4 {
			trial[T]{
				count: 1, transA: form&1 != 0, transB: form&2 != 0, m: s[0], n: s[1], k: s[2],
				padA: random.IntN(4), padB: random.IntN(4), padC: random.IntN(4), workers: 1 + random.IntN(3),
				accumulate: random.IntN(3) == 0, bias: random.IntN(3) == 0, rowBias: random.IntN(4) == 0,
			}.run(t, uint64(i))
		}
	}
}

func TestBatch(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		for i, c := range []trial[float32]{
			{count: 0, m: 3, n: 3, k: 3},
			{count: 1, m: 3, n: 4, k: 5},
			{count: 7, m: 9, n: 11, k: 6, padA: 3, padB: 1, padC: 2, transB: true},
			{count: 5, m: 65, n: 33, k: 70, transA: true, workers: 3, bias: true},
			{count: 40, m: 30, n: 30, k: 30, workers: 8, rowBias: true, accumulate: true, padC: 1},
			{count: 3, m: 200, n: 150, k: 300, workers: 2, transA: true, transB: true},
			{count: 6, m: 2, n: 5, k: 0, bias: true},
		} {
			c.run(t, uint64(i))
		}
	})
}

// TestBatchOfTiles has items that are one tile each, by every height and beyond the widths that a tile has, in the forms
// that are computed by one call of a micro-kernel and in those that are not.
func TestBatchOfTiles(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		testBatchOfTiles[float32](t)
		testBatchOfTiles[float64](t)
	})
}

func testBatchOfTiles[T Float](t *testing.T) {
	for m := 1; m <= maxTileRows+1; m++ {
		for i, n := range []int{1, 3, 4, 8, 17, 33, 70} {
			for _, c := range []trial[T]{
				{k: 4}, {k: 6, transB: true, padB: 1},
				{k: 3, transA: true, padA: 1, padB: 2, padC: 3},
				{k: 5, accumulate: true, padC: 1},
				{k: 2, bias: true, transB: n == 4},
				{k: 4, bias: true, accumulate: true},
				{k: 4, rowBias: true, transA: true},
				{k: 1},
				{k: 0, accumulate: true},
			} {
				c.count, c.m, c.n = 3+30*(m%2), m, n
				c.run(t, uint64(i))
			}
		}
	}
	many := trial[T]{count: 20000, m: 4, n: 4, k: 4, workers: 3} // cut into parts
	many.run(t, 1)
}

func TestSharedOperand(t *testing.T) {
	const count, m, n, k = 4, 5, 6, 7
	a, b := make([]float64, count*m*k), make([]float64, k*n)
	for i := range a {
		a[i] = float64(i%11) - 5
	}
	for i := range b {
		b[i] = float64(i%7) - 3
	}
	got, want := make([]float64, count*m*n), make([]float64, count*m*n)
	for _, transB := range []bool{false, true} {
		ldb := n
		if transB {
			ldb = k
		}
		Batch(count, m*k, 0, m*n, false, transB, m, n, k, a, k, b, ldb, got, n, nil, 1)
		Gemm(false, transB, count*m, n, k, a, k, b, ldb, want, n, nil, 1)
		for i := range want {
			if got[i] != want[i] { // small integers: both are exact
				t.Fatalf("element %d: %v with a shared B, %v stacked", i, got[i], want[i])
			}
		}
	}
}

func TestSameBitsForAnyWorkers(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		sameBits[float32](t)
		sameBits[float64](t)
	})
}

func sameBits[T Float](t *testing.T) {
	sizes := [][3]int{
		{64, 300, 400}, {130, 257, 60}, {700, 30, 64}, {9, 100, 2500}, {1, 3000, 300}, {3000, 1, 300},
	}
	if raceEnabled {
		sizes = sizes[:1]
	}
	for i, s := range sizes {
		for form := range 4 {
			c := trial[T]{
				count: 1, transA: form&1 != 0, transB: form&2 != 0, m: s[0], n: s[1], k: s[2], workers: 1, bias: true,
			}
			want := c.compute(uint64(i)).got.all
			for _, workers := range []int{2, 3, 8} {
				c.workers = workers
				for j, x := range c.compute(uint64(i)).got.all {
					if x != want[j] && (x == x || want[j] == want[j]) {
						t.Fatalf("%v: element %d is %v, with one worker %v", c, j, x, want[j])
					}
				}
			}
		}
	}
}

// TestSameBitsInBatch: an item has the same bits whether the batch is cut into items or into parts of items.
func TestSameBitsInBatch(t *testing.T) {
	for _, s := range [][3]int{{40, 50, 60}, {100, 100, 500}} {
		c := trial[float32]{count: 24, m: s[0], n: s[1], k: s[2], workers: 1, transB: true}
		want := c.compute(1).got.all
		c.workers = 4
		for j, x := range c.compute(1).got.all {
			if x != want[j] && (x == x || want[j] == want[j]) {
				t.Fatalf("%v: element %d is %v, with one worker %v", c, j, x, want[j])
			}
		}
	}
}

// TestNonFinite holds products to the IEEE rules: 0·∞ and 0·NaN are NaN wherever they occur.
func TestNonFinite(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for _, s := range [][3]int{{1, 40, 20}, {40, 1, 20}, {5, 5, 5}, {33, 47, 290}} {
				m, n, k := s[0], s[1], s[2]
				for form := range 4 {
					a, b, c := make([]float64, m*k), make([]float64, k*n), make([]float64, m*n)
					transA, transB := form&1 != 0, form&2 != 0
					lda, ldb := k, n
					j, q := n/2, k/2
					b[q*n+j] = bad
					if transA {
						lda = m
					}
					if transB {
						ldb = k
						b[q*n+j], b[j*k+q] = 0, bad
					}
					Gemm(transA, transB, m, n, k, a, lda, b, ldb, c, n, nil, 1)
					for i, x := range c {
						if math.IsNaN(x) != (i%n == j) {
							t.Fatalf("%v in column %d of B, A zero: C[%d,%d] = %v (m=%d n=%d k=%d form %d)",
								bad, j, i/n, i%n, x, m, n, k, form)
						}
					}
				}
			}
		}
	})
}

func TestNoAllocations(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		for _, s := range [][3]int{{1, 50, 50}, {50, 1, 50}, {10, 30, 784}, {64, 64, 64}, {100, 130, 300}} {
			for form := range 4 {
				for _, workers := range []int{1, 4} {
					m, n, k := s[0], s[1], s[2]
					a, b, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
					transA, transB := form&1 != 0, form&2 != 0
					lda, ldb := k, n
					if transA {
						lda = m
					}
					if transB {
						ldb = k
					}
					e := &Epilogue[float32]{Bias: make([]float32, n)}
					call := func() { Gemm(transA, transB, m, n, k, a, lda, b, ldb, c, n, e, workers) }
					for range 20 {
						call()
					}
					if got := testing.AllocsPerRun(20, call); got != 0 {
						t.Errorf("%v form %d workers %d: %v allocations a call", s, form, workers, got)
					}
				}
			}
		}
	})
}

func TestMisuse(t *testing.T) {
	x := make([]float32, 12)
	bias := &Epilogue[float32]{Bias: x[:2]}
	call := func(transA, transB bool, m, n, k, lda, ldb, ldc int, e *Epilogue[float32]) func() {
		return func() { Gemm(transA, transB, m, n, k, x, lda, x, ldb, x, ldc, e, 1) }
	}
	batch := func(strideA, strideC int) func() {
		return func() { Batch(2, strideA, 0, strideC, false, false, 2, 2, 2, x, 2, x, 2, x, 2, nil, 1) }
	}
	for name, call := range map[string]func(){
		"gemm: negative size":                         call(false, false, -1, 3, 4, 4, 3, 3, nil),
		"gemm: A: leading dimension smaller than row": call(false, false, 3, 3, 4, 3, 3, 3, nil),
		"gemm: B: leading dimension smaller than row": call(false, true, 3, 3, 4, 4, 3, 3, nil),
		"gemm: C: leading dimension smaller than row": call(false, false, 3, 3, 4, 4, 3, 2, nil),
		"gemm: A: slice too short":                    call(true, false, 4, 3, 4, 4, 3, 3, nil),
		"gemm: C: slice too short":                    call(false, false, 3, 3, 4, 4, 3, 5, nil),
		"gemm: wrong length of bias":                  call(false, false, 3, 3, 4, 4, 3, 3, bias),
		"gemm: negative stride":                       batch(-1, 4),
		"gemm: items of C overlap":                    batch(0, 0),
	} {
		func() {
			defer func() {
				if got := recover(); got != name {
					t.Errorf("panic %v, want %q", got, name)
				}
			}()
			call()
		}()
	}
}

// TestConcurrentCalls: the memory kept between calls is never shared by two of them.
func TestConcurrentCalls(t *testing.T) {
	want := make([][]float32, 8)
	sizes := []trial[float32]{{m: 40, n: 70, k: 90, transB: true}, {m: 130, n: 100, k: 50}, {m: 5, n: 300, k: 200}}
	for i := range want {
		c := sizes[i%len(sizes)]
		c.count = 1
		want[i] = c.compute(uint64(i)).got.all
	}
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			c := sizes[i%len(want)%len(sizes)]
			c.count, c.workers = 1, 1+i%4
			for j, x := range c.compute(uint64(i % len(want))).got.all {
				if y := want[i%len(want)][j]; x != y && (x == x || y == y) {
					t.Errorf("%v: element %d is %v, alone %v", c, j, x, y)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestLongMatrix: so many rows that A is packed in chunks give the bits that the same rows give in two calls.
func TestLongMatrix(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		const m, n, k = 6000, 96, 2 * cacheDepth
		var p plan
		p.set(engineOf[float32](), false, false, m, n, k, n, 1)
		if !p.packA || p.tiles <= p.chunkTiles {
			t.Fatalf("not packed in chunks: %+v", p)
		}
		a, b := make([]float32, m*k), make([]float32, k*n)
		for i := range a {
			a[i] = float32(i%1013)/1013 - 0.5
		}
		for i := range b {
			b[i] = float32(i%619)/619 - 0.5
		}
		got, want := make([]float32, m*n), make([]float32, m*n)
		Gemm(false, false, m, n, k, a, k, b, n, got, n, nil, 1)
		for i := 0; i < m; i += m / 2 {
			Gemm(false, false, m/2, n, k, a[i*k:], k, b, n, want[i*n:], n, nil, 1)
		}
		for i, x := range want {
			if got[i] != x {
				t.Fatalf("C[%d,%d] = %v, in a call for half the rows %v", i/n, i%n, got[i], x)
			}
		}
	})
}
