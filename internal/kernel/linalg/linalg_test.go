package linalg

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

const fence = -12345

// sizes go through leaves, halves of odd size and several levels of them.
var sizes = []int{0, 1, 2, 3, 4, 7, 8, 9, 24, 25, 49, 50, 101, 130}

func eps[T Float]() float64 {
	if T(1)+T(0x1p-30) != 1 {
		return 0x1p-53
	}
	return 0x1p-24
}

// random returns a matrix whose rows lie apart, with fences between them.
func random[T Float](rng *rand.Rand, rows, cols int) Matrix[T] {
	ld := cols + 3
	m := Matrix[T]{Data: make([]T, rows*ld+1), Rows: rows, Cols: cols, LD: ld}
	for i := range m.Data {
		m.Data[i] = fence
		if i/ld < rows && i%ld < cols {
			m.Data[i] = T(rng.NormFloat64())
		}
	}
	return m
}

func (m Matrix[T]) at(i, j int) float64 { return float64(m.Data[i*m.LD+j]) }

func (m Matrix[T]) clone() Matrix[T] {
	m.Data = append([]T(nil), m.Data...)
	return m
}

func (m Matrix[T]) intact() bool {
	for i, v := range m.Data {
		if (i/m.LD >= m.Rows || i%m.LD >= m.Cols) && v != fence {
			return false
		}
	}
	return true
}

// scratchOf returns scratch with a fence behind it.
func scratchOf[T Float](n int) []T {
	s := make([]T, n+1)
	s[n] = fence
	return s
}

// residual is the largest |want - Σ a·b| over Σ |a·b|, in units of eps.
func residual[T Float](rows, cols, inner int, want func(i, j int) float64, a, b func(i, j int) float64) float64 {
	worst := 0.0
	for i := range rows {
		for j := range cols {
			sum, size := 0.0, 0.0
			for k := range inner {
				p := a(i, k) * b(k, j)
				sum, size = sum+p, size+math.Abs(p)
			}
			if d := math.Abs(sum - want(i, j)); d > 0 {
				worst = max(worst, d/size)
			}
		}
	}
	return worst / eps[T]()
}

func each(t *testing.T, f32, f64 func(t *testing.T)) {
	t.Run("float32", f32)
	t.Run("float64", f64)
}

// TestCholesky holds L·Lᵀ to γₙ₊₁ of |L|·|Lᵀ| (Higham, Accuracy and Stability, theorem 10.3), and one more for the
// rounding of this test's sums in float64.
func TestCholesky(t *testing.T) { each(t, cholesky[float32], cholesky[float64]) }

func cholesky[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for _, n := range sizes {
		b := random[T](rng, n, n)
		a := random[T](rng, n, n)
		for i := range n {
			for j := range n {
				sum := 0.0
				for k := range n {
					sum += b.at(i, k) * b.at(j, k)
				}
				a.Data[i*a.LD+j] = T(sum)
			}
			a.Data[i*a.LD+i] += T(n)
		}
		for i := range n { // skew: only the symmetric part counts
			for j := range i {
				d := T(float32(rng.NormFloat64()))
				a.Data[i*a.LD+j] += d
				a.Data[j*a.LD+i] -= d
			}
		}
		l, scratch := a.clone(), scratchOf[T](CholeskyScratch(n))
		if failed := Cholesky(l, scratch[:len(scratch)-1], 1); failed >= 0 {
			t.Fatalf("n = %d fails at %d", n, failed)
		}
		if !l.intact() || scratch[len(scratch)-1] != fence {
			t.Fatalf("n = %d: written outside", n)
		}
		for i := range n {
			for j := i + 1; j < n; j++ {
				if l.at(i, j) != 0 {
					t.Fatalf("n = %d: %g above the diagonal", n, l.at(i, j))
				}
			}
		}
		symmetric := func(i, j int) float64 { return float64(a.Data[i*a.LD+j]/2 + a.Data[j*a.LD+i]/2) }
		r := residual[T](n, n, n, symmetric, l.at, func(k, j int) float64 { return l.at(j, k) })
		if r > float64(n+2) {
			t.Errorf("n = %d: off by %.1f eps, %d allowed", n, r, n+2)
		}
		again := a.clone()
		if Cholesky(again, scratch, 3); !equal(again.Data, l.Data) {
			t.Errorf("n = %d: three workers find another factor", n)
		}
		if n > 0 {
			at := rng.IntN(n)
			a.Data[at*a.LD+at] = -1
			if failed := Cholesky(a, scratch, 1); failed != at {
				t.Errorf("n = %d: a negative diagonal element %d is noticed at %d", n, at, failed)
			}
		}
	}
}

func equal[T Float](a, b []T) bool {
	for i, v := range a {
		if v != b[i] {
			return false
		}
	}
	return true
}

// TestSolveTriangular holds op(T)·x to γₙ of |T|·|x| (Higham, theorem 8.5), one more for the test's own sums.
func TestSolveTriangular(t *testing.T) { each(t, triangular[float32], triangular[float64]) }

func triangular[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 0))
	for _, n := range sizes {
		for _, k := range []int{0, 1, 2, 40} {
			for form := range 8 {
				f := Triangle{form&1 != 0, form&2 != 0, form&4 != 0}
				a, b := random[T](rng, n, n), random[T](rng, n, k)
				for i := range n {
					for j := range n {
						if f.Unit { // unit triangular matrices of random elements overflow
							a.Data[i*a.LD+j] /= T(n)
						}
					}
					a.Data[i*a.LD+i] += T(3)
				}
				x, before, scratch := b.clone(), a.clone(), scratchOf[T](SolveScratch(n, k))
				SolveTriangular(a, f, x, scratch[:len(scratch)-1], 1)
				if !x.intact() || scratch[len(scratch)-1] != fence || !equal(before.Data, a.Data) {
					t.Fatalf("n = %d, k = %d, %+v: written outside", n, k, f)
				}
				op := func(i, j int) float64 {
					switch {
					case i == j && f.Unit:
						return 1
					case i != j && (i > j) != (f.Lower != f.Trans):
						return 0
					case f.Trans:
						i, j = j, i
					}
					return a.at(i, j)
				}
				if r := residual[T](n, k, n, b.at, op, x.at); r > float64(n+2) {
					t.Errorf("n = %d, k = %d, %+v: off by %.1f eps, %d allowed", n, k, f, r, n+2)
				}
			}
		}
	}
}

// TestLU holds L·U to γₙ of |L|·|U| (Higham, theorem 9.3), one more for the test's own sums, and both ways of solving
// to three times that of |L|·|U|·|x| (theorem 9.4).
func TestLU(t *testing.T) { each(t, lu[float32], lu[float64]) }

func lu[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	for _, n := range sizes {
		a := random[T](rng, n, n)
		f, pivots, scratch := a.clone(), make([]int64, n), scratchOf[T](LUScratch(n))
		sign := LU(f, pivots, scratch[:len(scratch)-1], 1)
		if !f.intact() || scratch[len(scratch)-1] != fence {
			t.Fatalf("n = %d: written outside", n)
		}
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		parity := T(1)
		for i, p := range pivots {
			if order[i], order[p] = order[p], order[i]; int(p) != i {
				parity = -parity
			}
		}
		if sign != parity || Singular(f) >= 0 {
			t.Errorf("n = %d: sign %v, want %v; singular at %d", n, sign, parity, Singular(f))
		}
		lower := func(i, j int) float64 {
			switch {
			case i == j:
				return 1
			case i < j:
				return 0
			}
			if v := f.at(i, j); math.Abs(v) > 1 {
				t.Fatalf("n = %d: the pivots leave a factor of %g", n, v)
			}
			return f.at(i, j)
		}
		upper := func(i, j int) float64 {
			if i > j {
				return 0
			}
			return f.at(i, j)
		}
		permuted := func(i, j int) float64 { return a.at(order[i], j) }
		if r := residual[T](n, n, n, permuted, lower, upper); r > float64(n+2) {
			t.Errorf("n = %d: off by %.1f eps, %d allowed", n, r, n+2)
		}
		size := func(i, j int) float64 { // (|L|·|U|) with rows put back
			sum := 0.0
			for k := range n {
				sum += math.Abs(lower(i, k) * upper(k, j))
			}
			return sum
		}
		back := make([]int, n)
		for i, o := range order {
			back[o] = i
		}
		for _, trans := range []bool{false, true} {
			b := random[T](rng, n, 3)
			x, scratch := b.clone(), scratchOf[T](SolveScratch(n, 3))
			SolveLU(f, pivots, trans, x, scratch[:len(scratch)-1], 1)
			for i := range n {
				for k := range 3 {
					sum, bound := 0.0, 0.0
					for j := range n {
						r, c := i, j
						if trans {
							r, c = j, i
						}
						sum += a.at(r, c) * x.at(j, k)
						bound += size(back[r], c) * math.Abs(x.at(j, k))
					}
					if d := math.Abs(sum - b.at(i, k)); d > float64(3*n+3)*eps[T]()*bound {
						t.Errorf("n = %d, trans %v: equation %d is off by %g, %g allowed", n, trans, i, d, float64(3*n+3)*eps[T]()*bound)
					}
				}
			}
		}
		if n > 1 {
			at := rng.IntN(n-1) + 1
			copy(a.row(at), a.row(0)) // a singular matrix has factors as good
			copy(f.Data, a.Data)
			LU(f, pivots, scratch, 1)
			for i := range order {
				order[i] = i
			}
			for i, p := range pivots {
				order[i], order[p] = order[p], order[i]
			}
			if r := residual[T](n, n, n, permuted, lower, upper); r > float64(n+2) {
				t.Errorf("n = %d, equal rows: off by %.1f eps, %d allowed", n, r, n+2)
			}
		}
	}
}

func BenchmarkFactor(b *testing.B) {
	for _, n := range []int{4, 16, 64, 256, 512} {
		rng := rand.New(rand.NewPCG(4, 0))
		a := random[float64](rng, n, n)
		for i := range n {
			for j := range i {
				a.Data[i*a.LD+j] = a.Data[j*a.LD+i]
			}
			a.Data[i*a.LD+i] += float64(2 * n)
		}
		f, pivots, scratch := a.clone(), make([]int64, n), make([]float64, CholeskyScratch(n))
		b.Run(fmt.Sprintf("op=cholesky/n=%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(f.Data, a.Data)
				Cholesky(f, scratch, 1)
			}
			b.ReportMetric(float64(n*n)*float64(n)/3*float64(b.N)/b.Elapsed().Seconds()*1e-9, "GFLOP/s")
		})
		b.Run(fmt.Sprintf("op=lu/n=%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(f.Data, a.Data)
				LU(f, pivots, scratch, 1)
			}
			b.ReportMetric(2*float64(n*n)*float64(n)/3*float64(b.N)/b.Elapsed().Seconds()*1e-9, "GFLOP/s")
		})
	}
}
