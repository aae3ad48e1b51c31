package random

import (
	"math"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"chainrule/internal/kernel/cpu"
)

// TestThreefry has the published answers of Threefry-2x32 with 20 rounds: Random123, tests/kat_vectors.
func TestThreefry(t *testing.T) {
	for _, c := range []struct{ counter, key, want [2]uint32 }{
		{[2]uint32{0, 0}, [2]uint32{0, 0}, [2]uint32{0x6b200159, 0x99ba4efe}},
		{[2]uint32{0xffffffff, 0xffffffff}, [2]uint32{0xffffffff, 0xffffffff}, [2]uint32{0x1cb996fc, 0xbb002be7}},
		{[2]uint32{0x243f6a88, 0x85a308d3}, [2]uint32{0x13198a2e, 0x03707344}, [2]uint32{0xc4923a9c, 0x483df7a0}},
	} {
		x0, x1 := block(c.key, c.counter[0], c.counter[1])
		assert.Equal(t, c.want, [2]uint32{x0, x1})
		at := uint64(c.counter[0])<<32 | uint64(c.counter[1])
		assert.Equal(t, Key(c.want), Key(c.key).Fold(at))
		dst := make([]int64, 21) // the counter passes from its low word to its high one, too
		Bits(dst, c.key, at)
		assert.Equal(t, uint64(c.want[0])<<32|uint64(c.want[1]), uint64(dst[0]))
	}
}

// forced runs f on every level of the CPU that there is.
func forced(t *testing.T, f func(t *testing.T)) {
	for _, level := range cpu.Levels() {
		t.Run(level.String(), func(t *testing.T) {
			defer cpu.Force(level)()
			f(t)
		})
	}
}

// TestPortable holds twins against words one by one, bit by bit, at odd lengths and offsets, next to where the counter's low
// word overflows, and with what lies behind the slices untouched.
func TestPortable(t *testing.T) {
	forced(t, func(t *testing.T) {
		for _, key := range []Key{{0, 0}, {0xdeadbeef, 7}, {1, 0x80000001}} {
			for _, at := range []uint64{0, 5, 1<<32 - 9, 1<<63 + 1<<32 - 40} {
				for n := range 70 {
					same(t, n, at, Bits, key, func(w uint64) int64 { return int64(w) })
					same(t, n, at, Uniform[float64], key, unit)
					same(t, n, at, Uniform[float32], key, func(w uint64) float32 {
						return float32((uint32(w>>32)^uint32(w))>>8) / (1 << 24)
					})
					same(t, n, at, Normal[float64], key, normalOf)
					same(t, n, at, Exponential[float64], key, func(w uint64) float64 { return -ln(open(w)) })
					same(t, n, at, Gumbel[float32], key, func(w uint64) float32 { return float32(-ln(-ln(open(w)))) })
					same(t, n, at, Laplace[float64], key, func(w uint64) float64 {
						return math.Copysign(ln(1-2*math.Abs(centred(w))), centred(w))
					})
					same(t, n, at, Normal[float32], key, func(w uint64) float32 { return float32(normalOf(w)) })
				}
			}
		}
	})
}

// TestFarTails holds the normal twins against the portable function where a far tail is among the numbers: Threefry is
// undone to find the counter of a word.
func TestFarTails(t *testing.T) {
	key := Key{3, 4}
	forced(t, func(t *testing.T) {
		for _, w := range []uint64{1<<63 - 1, 1 << 63, 1<<63 - 1<<25, 1<<63 + 1<<26} {
			at := counterOf(key, w)
			require.Equal(t, w, word(key, at))
			require.Greater(t, math.Abs(normalOf(w)), 6.67)
			for before := range uint64(16) {
				same(t, 32, at-before, Normal[float64], key, normalOf)
			}
		}
	})
}

// counterOf is the counter whose word is w.
func counterOf(key Key, w uint64) uint64 {
	schedule := [3]uint32{key[0], key[1], key[0] ^ key[1] ^ parity}
	x0, x1 := uint32(w>>32), uint32(w)
	for r := 4; r >= 0; r-- {
		x0 -= schedule[(r+1)%3]
		x1 -= schedule[(r+2)%3] + uint32(r+1)
		row := [2][4]int{{13, 15, 26, 6}, {17, 29, 16, 24}}[r%2]
		for i := 3; i >= 0; i-- {
			x1 = bits.RotateLeft32(x1^x0, -row[i])
			x0 -= x1
		}
	}
	return uint64(x0-key[0])<<32 | uint64(x1-key[1])
}

func normalOf(w uint64) float64 {
	q := centred(w)
	return quantile(q, 0.5-math.Abs(q))
}

func same[T comparable](t *testing.T, n int, at uint64, draw func([]T, Key, uint64), key Key, one func(uint64) T) {
	t.Helper()
	room := make([]T, n+34)
	draw(room[17:17+n], key, at)
	var zero T
	for i, v := range room {
		want := zero
		if k := i - 17; k >= 0 && k < n {
			want = one(word(key, at+uint64(k)))
		}
		if v != want {
			t.Fatalf("element %d of %d at %d is %v, want %v", i-17, n, at, v, want)
		}
	}
}

// TestEnds has what the least and the greatest words become.
func TestEnds(t *testing.T) {
	ones := ^uint64(0)
	assert.Equal(t, 0.0, unit(0))
	assert.Equal(t, 1-0x1p-53, unit(ones))
	assert.Equal(t, 0x1p-53, open(0))
	assert.Equal(t, 1-0x1p-53, open(ones))
	assert.Equal(t, -0.5+0x1p-54, centred(1<<63))
	assert.Equal(t, 0.5-0x1p-54, centred(1<<63-1))
	assert.Equal(t, -0x1p-54, centred(ones))
	assert.Equal(t, 0x1p-54, centred(0))
	assert.InDelta(t, 8.292361075813595, normalOf(1<<63-1), 1e-14) // the quantile of 1 − 2⁻⁵⁴
	assert.Equal(t, -normalOf(1<<63-1), normalOf(1<<63))
}

// TestQuantile holds normal numbers against the distribution function of package math, over the middle and both tails: an
// error of u ulp in z is one of u·z² ulp in the tail, some of which the distribution function has itself.
func TestQuantile(t *testing.T) {
	for _, p := range []float64{0x1p-54, 1e-15, 3e-12, 2e-11, 1e-6, 0.01, 0.0749, 0.0751, 0.2, 0.4, 0.4999} {
		z := quantile(p-0.5, p)
		assert.InEpsilon(t, p, 0.5*math.Erfc(-z/math.Sqrt2), 0x1p-52*(4+2*z*z), p)
		assert.Equal(t, -z, quantile(0.5-p, p))
	}
	assert.InDelta(t, 0.6744897501960817, quantile(0.25, 0.25), 1e-15)
	assert.InDelta(t, 1.959963984540054, quantile(0.475, 0.025), 1e-15)
}

// TestLogarithm holds the logarithm and the exponential against those of package math.
func TestLogarithm(t *testing.T) {
	for x := 0x1p-1000; x < 0x1p1000; x *= 1.37 {
		assert.InEpsilon(t, math.Log(x), ln(x), 0x1p-51, x)
	}
	for _, e := range []float64{0x1p-53, 1e-9, 1e-3} {
		y := 1 - e
		assert.InEpsilon(t, math.Log1p(y-1), ln(y), 0x1p-51)
	}
	for x := -700.0; x < 700; x += 0.37 {
		assert.InEpsilon(t, math.Exp(x), exp(x), 0x1p-51*3, x)
	}
	for x := -36.0; x < 6; x += 0.0625 {
		assert.InEpsilon(t, 0.5*math.Erfc(-x/math.Sqrt2), below(x), 0x1p-52*(16+x*x), x)
	}
}

func BenchmarkDraw(b *testing.B) {
	const n = 1 << 14
	key := Key{1, 2}
	f64, f32, i64 := make([]float64, n), make([]float32, n), make([]int64, n)
	for name, draw := range map[string]func(){
		"bits": func() { Bits(i64, key, 0) }, "uniform64": func() { Uniform(f64, key, 0) },
		"uniform32": func() { Uniform(f32, key, 0) }, "normal64": func() { Normal(f64, key, 0) },
		"normal32": func() { Normal(f32, key, 0) }, "exponential64": func() { Exponential(f64, key, 0) },
	} {
		b.Run("draw="+name, func(b *testing.B) {
			for b.Loop() {
				draw()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/number")
		})
	}
}
