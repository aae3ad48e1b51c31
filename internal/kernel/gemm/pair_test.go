package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A pair's rows have the bits that they have alone, wherever they lie, first and again, and nothing around them is read
// or written.
func TestPair(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		testPair[float32](t)
		testPair[float64](t)
	})
}

func testPair[T Float](t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	walled := func(rows, n int, fill func() T) *fenced[T] { return newFenced(1, rows, n, 0, fill) }
	draw := func() T { return T(2*random.Float64() - 1) }
	nan := func() T { return T(math.NaN()) }
	sizes := [][2]int{{1, 1}, {1, 9}, {9, 0}, {4, 2600}, {300, 700}, {1100, 600}}
	for range 60 {
		sizes = append(sizes, [2]int{1 + random.IntN(140), 1 + random.IntN(140)})
	}
	for _, s := range sizes {
		n, k := s[0], s[1]
		for form := range 8 {
			transB, has := form&1 != 0, [2]bool{form&2 != 0, form&4 != 0}
			rows, cols := k, n
			if transB {
				rows, cols = n, k
			}
			p := NewPair[T](transB, n, k, max(1, cols))
			for run := range 3 {
				b, workers := walled(rows, cols, draw), 1+run
				var a, c, add [2]*fenced[T]
				var as, cs, adds [2][]T
				for _, i := range random.Perm(2) { // either comes first in memory, perhaps
					a[i], c[i] = walled(1, k, draw), walled(1, n, nan)
					if add[i] = walled(1, n, draw); has[i] {
						adds[i] = add[i].slice()
						if run == 2 {
							copy(c[i].slice(), adds[i])
							adds[i] = c[i].slice()
						}
					}
					as[i], cs[i] = a[i].slice(), c[i].slice()
				}
				want := [2][]T{make([]T, n), make([]T, n)}
				for i := range 2 {
					e := &Epilogue[T]{Accumulate: has[i]}
					copy(want[i], adds[i])
					Gemm(false, transB, 1, n, k, as[i], max(1, k), b.slice(), max(1, cols), want[i], n, e, 1)
				}
				p.Run(&Rows[T]{as, cs, adds}, b.slice(), workers)
				for i := range 2 {
					if !slices.EqualFunc(cs[i], want[i], sameFloat[T]) || !c[i].intact() {
						t.Fatalf("%T n=%d k=%d transB=%v adds %v, run %d: row %d is %v, alone %v", T(0), n, k, transB, has, run,
							i, cs[i], want[i])
					}
				}
				if got := testing.AllocsPerRun(2, func() { p.Run(&Rows[T]{as, cs, adds}, b.slice(), 1) }); run == 2 && got != 0 {
					t.Errorf("%v allocations", got)
				}
			}
		}
	}
}

func TestPairMisuse(t *testing.T) {
	p, x := NewPair[float64](false, 3, 4, 3), make([]float64, 12)
	defer func() {
		if got := recover(); got != "gemm: slice of a pair too short" {
			t.Errorf("panic %v", got)
		}
	}()
	p.Run(&Rows[float64]{A: [2][]float64{x[:4], x[:3]}, C: [2][]float64{x[:3], x[3:]}}, x, 1)
}

func BenchmarkPair(b *testing.B) {
	for _, n := range []int{8, 32, 128, 512, 1024} {
		p, _, y, z := sized[float64]("nn", 1, n, n)
		pair := NewPair[float64](false, n, n, n)
		a, c := [2][]float64{make([]float64, n), make([]float64, n)}, [2][]float64{z, make([]float64, n)}
		b.Run(fmt.Sprintf("n=%d/by=pair", n), func(b *testing.B) {
			for b.Loop() {
				pair.Run(&Rows[float64]{A: a, C: c}, y, 1)
			}
		})
		b.Run(fmt.Sprintf("n=%d/by=two", n), func(b *testing.B) {
			for b.Loop() {
				p.Run(a[0], y, c[0], nil, 1)
				p.Run(a[1], y, c[1], nil, 1)
			}
		})
	}
}
