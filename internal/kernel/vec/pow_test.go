package vec

import (
	"math"
	"math/big"
	"math/rand"
	"testing"

	"chainrule/internal/kernel/cpu"
)

// TestPrecisePow holds Pow to its bounds over results of every size, against sums of many bits.
func TestPrecisePow(t *testing.T) {
	const seed = 10
	rng := rand.New(rand.NewSource(seed))
	var x, y []float64
	var want []*big.Float
	for len(x) < 3000 {
		a := math.Exp(rng.NormFloat64() * math.Exp(4*rng.NormFloat64()-1))
		if a == 0 || math.IsInf(a, 0) || a == 1 {
			continue
		}
		b := (1480*rng.Float64() - 743) / math.Log(a)
		if rng.Intn(3) == 0 {
			b = 2 * rng.NormFloat64()
		}
		if r := math.Pow(a, b); r == 0 || math.IsInf(r, 0) || math.IsInf(b, 0) {
			continue
		}
		x, y = append(x, a), append(y, b)
		want = append(want, bigExp(times(num(b), bigLog(num(a)))))
	}
	x32, y32, want32 := make([]float32, len(x)), make([]float32, len(x)), make([]float64, len(x))
	for i := range x {
		x32[i], y32[i] = float32(math.Exp(20*rng.NormFloat64())), float32(3*rng.NormFloat64())
		want32[i] = math.Pow(float64(x32[i]), float64(y32[i]))
	}
	eachLevel(t, func(t *testing.T) {
		bound32, bound64 := 0.51, 1.0
		if cpu.Active() == cpu.Portable {
			bound64 = 3
		}
		got, got32 := make([]float64, len(x)), make([]float32, len(x))
		Pow(got, x, y)
		Pow(got32, x32, y32)
		worst, worst32 := 0.0, 0.0
		for i := range got {
			e, e32 := bigUlps(got[i], want[i]), ulps32(got32[i], want32[i])
			worst, worst32 = math.Max(worst, e), math.Max(worst32, e32)
			if !(e <= bound64) {
				t.Fatalf("seed %d: pow(%g, %g) is off by %.2f ulp, more than %g", seed, x[i], y[i], e, bound64)
			}
			if !(e32 <= bound32) {
				t.Fatalf("seed %d: float32 pow(%g, %g) is off by %.2f ulp, more than %g", seed, x32[i], y32[i], e32, bound32)
			}
		}
		t.Logf("float32 %.3f ulp, float64 %.3f ulp", worst32, worst)
	})
}

// TestPowExact: powers of small integers are representable, and come out exact.
func TestPowExact(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for base := -12.0; base <= 12; base++ {
			want := 1.0
			for exponent := 0.0; exponent <= 13; exponent++ {
				var got [1]float64
				Pow(got[:], []float64{base}, []float64{exponent})
				if got[0] != want {
					t.Errorf("pow(%g, %g) = %g, want %g", base, exponent, got[0], want)
				}
				want *= base
			}
		}
	})
}
