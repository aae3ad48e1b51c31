package vec

import (
	"fmt"
	"math"
	"math/rand"
	"testing"

	"chainrule/internal/kernel/cpu"
)

// eachLevel runs f with every level of instructions that the machine has, as a subtest.
func eachLevel(t *testing.T, f func(t *testing.T)) {
	for _, level := range cpu.Levels() {
		t.Run(level.String(), func(t *testing.T) {
			defer cpu.Force(level)()
			f(t)
		})
	}
}

// portable runs f with the portable loops.
func portable(f func()) {
	defer cpu.Force(cpu.Portable)()
	f()
}

// TestUnaryBits32 compares over all exponents and signs, densely, with the float64 function of package math.
func TestUnaryBits32(t *testing.T) {
	x := bits32()
	eachLevel(t, func(t *testing.T) {
		for _, c := range unaryCases[float32]() {
			got := make([]float32, len(x))
			c.f(got, x)
			if c.exact {
				want := make([]float32, len(x))
				portable(func() { c.f(want, x) })
				for i := range x {
					if !same(got[i], want[i]) {
						t.Fatalf("%s(%g) = %g, want %g", c.name, x[i], got[i], want[i])
					}
				}
				continue
			}
			worst, at := 0.0, float32(0)
			for i := range x {
				if e := ulps32(got[i], c.ref(float64(x[i]))); e > worst {
					worst, at = e, x[i]
				}
			}
			t.Logf("%s: %.2f ulp at %g", c.name, worst, at)
			if worst > c.ulp32 {
				t.Errorf("%s(%g) is off by %.2f ulp, more than %g", c.name, at, worst, c.ulp32)
			}
		}
	})
}

// bits32 is a dense sample of all float32: a step through the bit patterns that is prime to their number.
func bits32() []float32 {
	var x []float32
	for b := uint64(0); b < 1<<32; b += 4099 {
		x = append(x, math.Float32frombits(uint32(b)))
	}
	for _, s := range specials {
		x = append(x, float32(s))
	}
	return x
}

var specials = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, math.Inf(1), math.Inf(-1), math.NaN(),
	1e-40, -1e-40, 5e-324, -5e-324, math.MaxFloat32, -math.MaxFloat32, math.MaxFloat64, -math.MaxFloat64,
	88.72, 88.73, -87.3, -87.4, -103.9, -104.1, 709.78, 709.79, -708.3, -708.5, -745.1, -745.2, math.Pi, math.Pi / 2, 1e22, 1 << 23, 1 << 24, 1<<52 + 1,
	0x1p-126, 0x1p-1022, 9, 19, 22, 17.3, -17.4, 37.5, -37.6, 36.8, 1 - 0x1p-24, 1 + 0x1p-23, 1 - 0x1p-53, 1 + 0x1p-52,
}

// same is equality of bits, all NaN alike.
func same[T Float](a, b T) bool {
	if a != a || b != b {
		return a != a && b != b
	}
	return a == b && math.Signbit(float64(a)) == math.Signbit(float64(b))
}

// ulps32 is the distance of got from the value want in units of the last place of a float32 of want's size.
func ulps32(got float32, want float64) float64 {
	rounded := float32(want)
	if same(got, rounded) {
		return 0 // correctly rounded, also where that is infinite
	}
	d := math.Abs(float64(got) - want)
	if math.IsNaN(d) || float64(rounded) == 0 && got == 0 || math.IsInf(d, 0) {
		return math.Inf(1)
	}
	return d / ulp32(want)
}

func ulp32(want float64) float64 {
	_, e := math.Frexp(want)
	return math.Ldexp(1, max(e-24, -149))
}

// TestUnaryBits64 compares with the portable loop: bits where that is promised, else what is special: NaN, infinities,
// zeros with their sign, and to a part in 2^40 the rest. TestPrecise64 is the sharp one.
func TestUnaryBits64(t *testing.T) {
	const seed = 1
	rng := rand.New(rand.NewSource(seed))
	x := append([]float64(nil), specials...)
	for range 1 << 16 {
		x = append(x, math.Float64frombits(rng.Uint64()), rng.NormFloat64(), 20*rng.NormFloat64(), 400*rng.NormFloat64())
	}
	eachLevel(t, func(t *testing.T) {
		for _, c := range unaryCases[float64]() {
			got := make([]float64, len(x))
			c.f(got, x)
			want := make([]float64, len(x))
			portable(func() { c.f(want, x) })
			for i := range x {
				d := math.Abs(got[i] - want[i])
				if !same(got[i], want[i]) && (c.exact || !(d <= 0x1p-40*math.Abs(want[i])+5e-324) || want[i] == 0) {
					t.Fatalf("seed %d: %s(%g) = %g, want %g", seed, c.name, x[i], got[i], want[i])
				}
			}
		}
	})
}

// TestUnaryFenced tries every short length at odd offsets between fences, out of place and in place, and the repeated
// operand: each element must be what it is alone.
func TestUnaryFenced(t *testing.T) {
	t.Run("float32", fenced[float32])
	t.Run("float64", fenced[float64])
}

func fenced[T Float](t *testing.T) {
	const seed = 2
	const most = 67
	rng := rand.New(rand.NewSource(seed))
	var x [most]T
	for i := range x {
		x[i] = T(2 * rng.NormFloat64())
	}
	fence := T(-12345)
	eachLevel(t, func(t *testing.T) {
		for _, c := range unaryCases[T]() {
			var alone [most]T
			for i := range x {
				c.f(alone[i:i+1], x[i:i+1])
			}
			for n := 0; n <= most; n++ {
				for _, offset := range []int{1, 2, 3} {
					for _, form := range []string{"apart", "in place", "repeated"} {
						in, out := make([]T, most+8), make([]T, most+8)
						Fill(in, T(math.NaN()))
						Fill(out, fence)
						dst, src := out[offset:offset+n], in[offset+1:offset+1+n]
						want := alone[:n]
						switch copy(src, x[:n]); form {
						case "in place":
							copy(dst, x[:n])
							src = dst
						case "repeated":
							src, want = x[5:6], make([]T, n)
							Fill(want, alone[5])
						}
						c.f(dst, src)
						label := fmt.Sprintf("seed %d: %s, n = %d, offset %d, %s", seed, c.name, n, offset, form)
						for i := range out {
							w := fence
							if i >= offset && i < offset+n {
								w = want[i-offset]
							}
							if !same(out[i], w) {
								t.Fatalf("%s: element %d is %g, want %g", label, i-offset, out[i], w)
							}
						}
					}
				}
			}
		}
	})
}
