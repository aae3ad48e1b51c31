package vec

import (
	"math"
	"math/big"
	"math/rand"
	"testing"
)

// TestRunningSums holds running sums to their bound, against sums of all digits, as rows and as columns, from both ends: in
// float32 to one rounding but for a rounding of float64 in a thousand million.
func TestRunningSums(t *testing.T) {
	runningSums(t, 0x1.00001p-24/9, func() func() float32 { return func() float32 { return 0.1 } })
	runningSums(t, 0x1.00001p-24/9, func() func() float32 {
		rng := rand.New(rand.NewSource(21))
		return func() float32 { return rng.Float32() - 0.25 }
	})
	runningSums(t, 0x1p-52, func() func() float64 { return func() float64 { return 0.1 } })
	runningSums(t, 0x1p-52, func() func() float64 {
		rng := rand.New(rand.NewSource(22))
		return func() float64 { return math.Exp(4 * rng.NormFloat64()) }
	})
}

func runningSums[T Float](t *testing.T, eps float64, source func() func() T) {
	t.Helper()
	for _, inner := range []int{1, 3, 70} {
		r := 1 << 17 / inner
		next := source()
		x, got := make([]T, r*inner), make([]T, r*inner)
		for i := range x {
			x[i] = next()
		}
		for _, back := range []bool{false, true} {
			CumSum(got, x, 1, r, inner)
			if back {
				CumSumBack(got, x, 1, r, inner)
			}
			for _, c := range []int{0, inner - 1} {
				exact, sizes := new(big.Float).SetPrec(200), 0.0
				for k := range r {
					at := k
					if back {
						at = r - 1 - k
					}
					v := float64(x[at*inner+c])
					exact.Add(exact, big.NewFloat(v))
					sizes += math.Abs(v)
					want, _ := exact.Float64()
					if g := float64(got[at*inner+c]); !(math.Abs(g-want) <= 9*eps*sizes) {
						t.Fatalf("%T, inner %d, back %v: sum %d is %v, want %v", x[0], inner, back, k, g, want)
					}
				}
			}
		}
	}
}

// TestRunningSpecials: infinities stay, two of both signs are NaN, −0 is kept, and the sums may be written over x.
func TestRunningSpecials(t *testing.T) {
	inf, r := math.Inf(1), 3*runBlock
	for _, inner := range []int{1, 2} {
		x := make([]float64, r*inner)
		for i := range x {
			x[i] = math.Copysign(0, -1)
		}
		CumSum(x, x, 1, r, inner)
		for i, v := range x {
			if v != 0 || !math.Signbit(v) {
				t.Fatalf("inner %d: element %d of running sums of −0 is %v", inner, i, v)
			}
		}
		x[inner*5], x[inner*(runBlock+5)], x[inner*(2*runBlock+5)] = inf, 1, -inf
		CumSum(x, x, 1, r, inner)
		for k, want := range map[int]float64{4: 0, 5: inf, runBlock + 9: inf, 2*runBlock + 4: inf, 2*runBlock + 5: math.NaN()} {
			if got := x[k*inner]; got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
				t.Errorf("inner %d: running sum %d is %v, want %v", inner, k, got, want)
			}
		}
	}
}

// TestLongProducts: running products of float32 numbers are rounded once each, not at every step.
func TestLongProducts(t *testing.T) {
	const n = 1 << 16
	for _, inner := range []int{1, 2} {
		a, b := make([]float32, n*inner), make([]float32, n*inner)
		for i := range a {
			a[i] = 1 + 0x1p-20
		}
		for j := range inner {
			b[j] = 1
		}
		Recurrence(b, a, b, 1, n, inner)
		for k := range n {
			want := math.Exp(float64(k) * math.Log1p(0x1p-20))
			if got := float64(b[k*inner]); math.Abs(got-want) > 0x1p-23*want {
				t.Fatalf("inner %d: the product of %d is %v, want %v", inner, k, got, want)
			}
		}
	}
}
