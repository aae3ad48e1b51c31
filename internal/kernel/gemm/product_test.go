package gemm

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"chainrule/internal/kernel/cpu"
)

// sized is a Product of contiguous matrices, and operands for it.
func sized[T Float](form string, m, n, k int) (p *Product[T], a, b, c []T) {
	p = &Product[T]{Count: 1, TransA: form[0] == 't', TransB: form[1] == 't', M: m, N: n, K: k, LDB: n, LDC: n}
	p.LDA = max(1, k)
	if p.TransA {
		p.LDA = m
	}
	if p.TransB {
		p.LDB = max(1, k)
	}
	a, b, c = make([]T, m*k), make([]T, k*n), make([]T, m*n)
	for i := range a {
		a[i] = T(i%17) - 8
	}
	for i := range b {
		b[i] = T(i%13) - 6
	}
	return p, a, b, c
}

// The trials of other tests run Products too: here, that small ones are written down, and what is not.
func TestProductIsWrittenDown(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		for _, s := range []struct {
			form    string
			m, n, k int
			calls   bool
		}{
			{"nn", 8, 8, 8, true}, {"tn", 16, 16, 16, true}, {"nn", 1, 100, 100, true}, {"nn", 100, 1, 100, true},
			{"nn", 3, 9, 700, true}, {"nn", 100, 100, 100, false}, {"nn", 3, 3, 0, false}, {"tt", 9, 9, 9, false},
		} {
			p, a, b, c := sized[float64](s.form, s.m, s.n, s.k)
			p.Run(a, b, c, nil, 3)
			if written := len(p.script.Load().calls) > 0; written != s.calls && cpu.HasAVX2() {
				t.Errorf("%s %d×%d×%d: written down: %v", s.form, s.m, s.n, s.k, written)
			}
			want := slices.Clone(c)
			clear(c)
			if got := testing.AllocsPerRun(20, func() { p.Run(a, b, c, nil, 1) }); got != 0 {
				t.Errorf("%s %d×%d×%d: %v allocations a run", s.form, s.m, s.n, s.k, got)
			}
			if !slices.Equal(c, want) {
				t.Errorf("%s %d×%d×%d: another result when run again", s.form, s.m, s.n, s.k)
			}
		}
	})
}

// TestColumnWithBias: a column of C is computed as a row, so that its bias, which has one element, is a row's. Runs after the
// first added what lay anywhere.
func TestColumnWithBias(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		for form := range 4 {
			for m := 1; m < 9; m++ {
				for k := 1; k < 9; k++ {
					c := trial[float32]{count: 1, transA: form&1 != 0, transB: form&2 != 0, m: m, n: 1, k: k, workers: 1, bias: true}
					c.run(t, 1)
				}
			}
		}
	})
}

// A Product may be asked for something else than the first time: with another epilogue, on shorter slices, at another
// level. It does what Gemm does.
func TestProductOfOtherKind(t *testing.T) {
	p, a, b, c := sized[float32]("nn", 5, 9, 20)
	row := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, first := range []*Epilogue[float32]{nil, {}, {Accumulate: true}, {Bias: row}} {
		p.script.Store(nil)
		p.Run(a, b, c, first, 1)
		for i, e := range []*Epilogue[float32]{nil, {}, {Accumulate: true}, {Bias: row}, {RowBias: row[:5]},
			{Accumulate: true, Bias: row}, {Bias: row, RowBias: row[:5]}} {
			for _, level := range cpu.Levels() {
				restore := cpu.Force(level)
				want := slices.Repeat([]float32{3}, len(c))
				Gemm(false, false, 5, 9, 20, a, 20, b, 9, want, 9, e, 1)
				got := slices.Repeat([]float32{3}, len(c))
				p.Run(a, b, got, e, 1)
				restore()
				if !slices.Equal(got, want) {
					t.Errorf("after %+v, epilogue %d at level %v: %v, want %v", first, i, level, got, want)
				}
			}
		}
	}
	defer func() {
		if got := recover(); got != "gemm: C: slice too short" {
			t.Errorf("on a short C: %v", got)
		}
	}()
	p.Run(a, b, c[:44], nil, 1)
}

// What is added to a single row may be the row itself, however long the sum is.
func TestRowOntoItself(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		for _, k := range []int{0, 3, 600, 5000} {
			for _, form := range []string{"nn", "nt"} {
				p, a, b, c := sized[float64](form, 1, 70, k)
				for run := range 2 {
					for j := range c {
						c[j] = float64(j)
					}
					want := slices.Clone(c)
					Gemm(p.TransA, p.TransB, 1, 70, k, a, p.LDA, b, p.LDB, want, 70, &Epilogue[float64]{Accumulate: true}, 1)
					p.Run(a, b, c, &Epilogue[float64]{Bias: c}, 1)
					if !slices.Equal(c, want) {
						t.Errorf("%s k=%d, run %d: %v, want %v", form, k, run, c, want)
					}
				}
			}
		}
	})
}

// Goroutines that run one Product for the first time, and again.
func TestProductConcurrently(t *testing.T) {
	p, a, b, want := sized[float64]("nn", 6, 20, 30)
	Gemm(false, false, 6, 20, 30, a, 30, b, 20, want, 20, nil, 1)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			c := make([]float64, len(want))
			for range 50 {
				clear(c)
				if p.Run(a, b, c, nil, 1); !slices.Equal(c, want) {
					t.Errorf("%v, want %v", c, want)
					return
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkProduct compares small products of sizes known beforehand with calls of Gemm.
func BenchmarkProduct(b *testing.B) {
	for _, n := range []int{4, 8, 16, 32} {
		p, x, y, z := sized[float32]("nn", n, n, n)
		b.Run(fmt.Sprintf("n=%d/by=product", n), func(b *testing.B) {
			for b.Loop() {
				p.Run(x, y, z, nil, 1)
			}
		})
		b.Run(fmt.Sprintf("n=%d/by=gemm", n), func(b *testing.B) {
			for b.Loop() {
				Gemm(false, false, n, n, n, x, n, y, n, z, n, nil, 1)
			}
		})
	}
}
