package vec

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// TestInt64 is a table of the kernels that take integers, with what is particular to them.
func TestInt64(t *testing.T) {
	const lowest, highest = math.MinInt64, math.MaxInt64
	x, y := []int64{7, -7, 0, lowest, highest}, []int64{-2, 2, 0, -1, 1}
	for _, c := range []struct {
		name string
		f    func(dst []int64)
		want []int64
	}{
		{"add wraps", func(d []int64) { Add(d, x, y) }, []int64{5, -5, 0, highest, lowest}},
		{"sub", func(d []int64) { Sub(d, x, y) }, []int64{9, -9, 0, lowest + 1, highest - 1}},
		{"mul", func(d []int64) { Mul(d, x, y) }, []int64{-14, -14, 0, lowest, highest}},
		{"div truncates, by zero is 0", func(d []int64) { Div(d, x, y) }, []int64{-3, -3, 0, lowest, highest}},
		{"mod has the sign of x", func(d []int64) { Mod(d, x, y) }, []int64{1, -1, 0, 0, 0}},
		{"neg", func(d []int64) { Neg(d, x) }, []int64{-7, 7, 0, lowest, -highest}},
		{"abs", func(d []int64) { Abs(d, x) }, []int64{7, 7, 0, lowest, highest}},
		{"sign", func(d []int64) { Sign(d, x) }, []int64{1, -1, 0, -1, 1}},
		{"minimum", func(d []int64) { Minimum(d, x, y) }, []int64{-2, -7, 0, lowest, 1}},
		{"maximum", func(d []int64) { Maximum(d, x, y) }, []int64{7, 2, 0, -1, highest}},
		{"clamp", func(d []int64) { Clamp(d, x, []int64{-3}, []int64{3}) }, []int64{3, -3, 0, -3, 3}},
		{"sum", func(d []int64) { Sum(d, append(x, x...), 1, 2, 5) }, []int64{14, -14, 0, 0, -2}},
		{"cumsum", func(d []int64) { CumSum(d[:3], x[:3], 1, 3, 1); CumSum(d[3:], x[:2], 2, 1, 1) }, []int64{7, 0, 0, 7, -7}},
		{"prod", func(d []int64) { Prod(d, append(x[:5:5], y...), 1, 2, 5) }, []int64{-14, -14, 0, lowest, highest}},
		{"max of nothing", func(d []int64) { Max(d, nil, 5, 0, 1) }, []int64{lowest, lowest, lowest, lowest, lowest}},
		{"where", func(d []int64) { Where(d, []bool{true, false, true, false, true}, x, y) }, []int64{7, 2, 0, -1, highest}},
	} {
		eachLevel(t, func(t *testing.T) {
			got := make([]int64, 5)
			if c.f(got); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		})
	}
}

// TestLogical is the truth tables.
func TestLogical(t *testing.T) {
	x, y, dst := []bool{false, false, true, true}, []bool{false, true, false, true}, make([]bool, 4)
	for _, c := range []struct {
		name string
		f    func()
		want []bool
	}{
		{"and", func() { And(dst, x, y) }, []bool{false, false, false, true}},
		{"or", func() { Or(dst, x, y) }, []bool{false, true, true, true}},
		{"xor", func() { Xor(dst, x, y) }, []bool{false, true, true, false}},
		{"not", func() { Not(dst, x) }, []bool{true, true, false, false}},
		{"and, repeated", func() { And(dst, x, y[1:2]) }, x},
	} {
		if c.f(); !slices.Equal(dst, c.want) {
			t.Errorf("%s: %v, want %v", c.name, dst, c.want)
		}
	}
}

// TestArgColumns compares columns with rows, among elements of which many are equal and some are NaN.
func TestArgColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	eachLevel(t, func(t *testing.T) {
		for _, inner := range []int{2, 3, argTile - 1, argTile, argTile + 1, 3*argTile + 5} {
			const outer, r = 2, 7
			x, columns := make([]float64, outer*r*inner), make([]float64, outer*r*inner)
			for i := range x {
				if x[i] = float64(rng.IntN(4)); rng.IntN(20) == 0 {
					x[i] = math.NaN()
				}
				o, k, j := i/(r*inner), i/inner%r, i%inner
				columns[(o*inner+j)*r+k] = x[i]
			}
			var got, want [2][]int64
			for i := range got {
				got[i], want[i] = make([]int64, outer*inner), make([]int64, outer*inner)
			}
			ArgMax(got[0], x, outer, r, inner)
			ArgMax(want[0], columns, outer*inner, r, 1)
			ArgMin(got[1], x, outer, r, inner)
			ArgMin(want[1], columns, outer*inner, r, 1)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%d columns: %v, as rows %v", inner, got, want)
			}
		}
	})
}

// TestLengths: a wrong length panics before anything is written.
func TestLengths(t *testing.T) {
	for name, f := range map[string]func(dst []float32){
		"unary":  func(dst []float32) { Exp(dst, make([]float32, 2)) },
		"binary": func(dst []float32) { Add(dst, dst, make([]float32, 4)) },
		"empty":  func(dst []float32) { Add(dst, dst, nil) },
		"where":  func(dst []float32) { Where(dst, make([]bool, 2), dst, dst) },
		"cast":   func(dst []float32) { Cast(dst, make([]float64, 5)) },
		"sum":    func(dst []float32) { Sum(dst, make([]float32, 5), 3, 2, 1) },
		"take":   func(dst []float32) { Take(dst, dst, []int64{0}, 1, 3, 1) },
	} {
		eachLevel(t, func(t *testing.T) {
			dst := []float32{1, 2, 3}
			defer func() {
				if recover() == nil || dst[0] != 1 {
					t.Errorf("%s: no panic, or dst is %v", name, dst)
				}
			}()
			f(dst)
		})
	}
}
