package linalg

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestExponential compares with the series in 400 bits, of matrices of small and large norms. The method's error is that of a
// matrix off by rounding (Higham, theorem 2.1), and grows with what is squared: by the condition number of some norm.
func TestExponential(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 0))
	for _, n := range []int{0, 1, 2, 5, 9} {
		for _, size := range []float64{0, 1e-9, 0.3, 5, 40} {
			a := random[float64](rng, n, n)
			for i := range n {
				for j := range n {
					a.Data[i*a.LD+j] *= size / float64(n)
				}
			}
			got := a.clone()
			scratch := scratchOf[float64](ExponentialScratch(n))
			Exponential(got, make([]int64, n), scratch[:len(scratch)-1], 1)
			if !got.intact() || scratch[len(scratch)-1] != fence {
				t.Fatalf("n = %d: written outside", n)
			}
			want, largest := bigExponential(a), 0.0
			for _, w := range want {
				largest = max(largest, math.Abs(w))
			}
			for i, w := range want {
				tol := 64 * float64(n) * (1 + size) * 0x1p-52 * largest
				if d := math.Abs(got.at(i/n, i%n) - w); !(d <= tol) {
					t.Errorf("n = %d, size %g: element %d is %g, want %g: off by %g, %g allowed", n, size, i, got.at(i/n, i%n), w, d, tol)
				}
			}
		}
	}
}

// bigExponential sums the series.
func bigExponential(a Matrix[float64]) []float64 {
	n := a.Rows
	of := func(x float64) *big.Float { return new(big.Float).SetPrec(400).SetFloat64(x) }
	sum, term := make([]*big.Float, n*n), make([]*big.Float, n*n)
	for i := range sum {
		sum[i], term[i] = of(0), of(0)
		if i%(n+1) == 0 {
			sum[i], term[i] = of(1), of(1)
		}
	}
	for k := 1; k <= 400; k++ {
		next := make([]*big.Float, n*n)
		for i := range next {
			next[i] = of(0)
			for j := range n {
				next[i].Add(next[i], of(0).Mul(term[i/n*n+j], of(a.at(j, i%n))))
			}
			next[i].Quo(next[i], of(float64(k)))
			sum[i].Add(sum[i], next[i])
		}
		term = next
	}
	out := make([]float64, n*n)
	for i, x := range sum {
		out[i], _ = x.Float64()
	}
	return out
}
