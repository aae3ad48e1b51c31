package vec

import (
	"math/rand"
	"testing"
)

// TestRecurrence compares with the recurrence written down, in both directions, and cumulative sums with those of
// factors 1.
func TestRecurrence(t *testing.T) {
	rng := rand.New(rand.NewSource(12))
	for _, s := range [][3]int{{0, 3, 2}, {2, 0, 3}, {3, 1, 2}, {1, 7, 1}, {2, 5, 3}, {2, 3, 0}} {
		outer, r, inner := s[0], s[1], s[2]
		n := outer * r * inner
		a, b, ones := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range a {
			a[i], b[i], ones[i] = rng.NormFloat64(), rng.NormFloat64(), 1
		}
		for _, back := range []bool{false, true} {
			f, sum := Recurrence[float64], CumSum[float64]
			if back {
				f, sum = RecurrenceBack[float64], CumSumBack[float64]
			}
			written := func(a []float64) []float64 {
				h := make([]float64, n)
				for o := range outer {
					for i := range inner {
						last := 0.0
						for k := range r {
							if back {
								k = r - 1 - k
							}
							at := (o*r+k)*inner + i
							last = float64(a[at]*last) + b[at]
							h[at] = last
						}
					}
				}
				return h
			}
			compare := func(name string, got, want []float64) {
				for i := range want {
					if got[i] != want[i] {
						t.Errorf("%s, %v, back %v: element %d is %v, want %v", name, s, back, i, got[i], want[i])
						return
					}
				}
			}
			got := make([]float64, n)
			f(got, a, b, outer, r, inner)
			compare("recurrence", got, written(a))
			over := append([]float64(nil), b...)
			f(over, a, over, outer, r, inner)
			compare("recurrence over b", over, written(a))
			over = append([]float64(nil), a...)
			f(over, over, b, outer, r, inner)
			compare("recurrence over a", over, written(a))
			sum(got, b, outer, r, inner)
			compare("sum", got, written(ones))
		}
	}
}
