package vec

import (
	"math"
	"math/big"
	"math/rand"
	"strings"
	"testing"

	"chainrule/internal/kernel/cpu"
)

// TestPrecise64 holds the float64 functions to the bounds in their documentation, against sums of many bits.
func TestPrecise64(t *testing.T) {
	const seed = 6
	rng := rand.New(rand.NewSource(seed))
	x := append([]float64(nil), specials...)
	for range 400 {
		x = append(x, math.Float64frombits(rng.Uint64()), rng.NormFloat64(), 5*rng.NormFloat64(), 20*rng.NormFloat64(),
			300*rng.NormFloat64(), math.Copysign(math.Exp(-20*rng.Float64()), rng.NormFloat64()))
	}
	references := []struct {
		name   string
		domain func(x float64) bool
		f      func(x *big.Float) *big.Float
	}{
		{"exp", between(-745.2, 709.78), bigExp},
		{"expm1", between(-100, 709.78), bigExpm1},
		{"log", between(5e-324, math.MaxFloat64), bigLog},
		{"log1p", between(-1+0x1p-53, math.MaxFloat64), bigLog1p},
		{"sigmoid", between(-700, 700), bigSigmoid},
		{"tanh", between(-50, 50), bigTanh},
		{"sinh", between(-710, 710), bigSinh},
		{"cosh", between(-710, 710), bigCosh},
		{"atan", between(-math.MaxFloat64, math.MaxFloat64), bigAtan},
		{"asin", between(-1, 1), bigAsin},
		{"acos", between(-1, 0.9999), func(x *big.Float) *big.Float { return minus(shift(bigPi, -1), bigAsin(x)) }},
		{"asinh", between(-1e300, 1e300), bigAsinh},
		{"acosh", between(1+0x1p-40, 1e300), bigAcosh},
		{"atanh", between(-1+0x1p-40, 1-0x1p-40), bigAtanh},
		{"softplus", between(-700, 700), bigSoftplus},
		{"erf", between(-7, 7), bigErf},
		{"erfc", between(-7, 26.5), bigErfc},
		{"sin", between(-1<<29, 1<<29), bigSin},
		{"cos", between(-1<<29, 1<<29), bigCos},
		{"tan", between(-1<<29, 1<<29), func(x *big.Float) *big.Float { return quo(bigSin(x), bigCos(x)) }},
	}
	for _, r := range references {
		var in []float64
		var want []*big.Float
		for i, a := range x {
			if strings.HasPrefix(r.name, "erf") && i%4 != 0 {
				continue // slow
			}
			if r.domain(a) && a != 0 && math.Abs(a) > 1e-300 {
				in = append(in, a)
				want = append(want, r.f(num(a)))
			}
		}
		var c unaryCase[float64]
		for _, c = range unaryCases[float64]() {
			if c.name == r.name {
				break
			}
		}
		t.Run(r.name, func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				got := make([]float64, len(in))
				c.f(got, in)
				worst, at := 0.0, 0.0
				for i := range in {
					if e := bigUlps(got[i], want[i]); !(e <= worst) {
						worst, at = e, in[i]
					}
				}
				t.Logf("%s: %.2f ulp at %g", c.name, worst, at)
				bound := c.ulp64
				if cpu.Active() == cpu.Portable && c.loose64 != 0 {
					bound = c.loose64
				}
				if !(worst <= bound) {
					t.Errorf("seed %d: %s(%g) is off by %.2f ulp, more than %g", seed, c.name, at, worst, bound)
				}
			})
		})
	}
}

func between(lo, hi float64) func(float64) bool {
	return func(x float64) bool { return lo <= x && x <= hi }
}

func bigUlps(got float64, want *big.Float) float64 {
	if math.IsNaN(got) || math.IsInf(got, 0) {
		return math.Inf(1)
	}
	nearest, _ := want.Float64()
	_, e := math.Frexp(nearest)
	d, _ := new(big.Float).Sub(num(got), want).Float64()
	return math.Abs(d) / math.Ldexp(1, max(e-53, -1074))
}

// TestPreciseAtan2 holds Atan2 to its bound in all four quadrants.
func TestPreciseAtan2(t *testing.T) {
	const seed = 11
	rng := rand.New(rand.NewSource(seed))
	var x, y []float64
	var want []*big.Float
	for range 2000 {
		a, b := rng.NormFloat64()*math.Exp(5*rng.NormFloat64()), rng.NormFloat64()
		angle := bigAtan(quo(num(a), num(b)))
		if b < 0 {
			angle = plus(angle, times(bigPi, num(math.Copysign(1, a))))
		}
		x, y, want = append(x, b), append(y, a), append(want, angle)
	}
	eachLevel(t, func(t *testing.T) {
		got := make([]float64, len(x))
		Atan2(got, y, x)
		for i := range got {
			if e := bigUlps(got[i], want[i]); !(e <= 3) {
				t.Fatalf("seed %d: atan2(%g, %g) is off by %.2f ulp", seed, y[i], x[i], e)
			}
		}
	})
}
