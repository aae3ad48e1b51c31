package vec

import (
	"fmt"
	"math"
	"math/rand"
	"testing"
)

// TestBinaryTwins compares with the portable loop: every short length, odd offsets, repeated operands, in place on
// either side, fences around; and all pairs of special values.
func TestBinaryTwins(t *testing.T) {
	t.Run("float32", binaryTwins[float32])
	t.Run("float64", binaryTwins[float64])
}

func binaryTwins[T Float](t *testing.T) {
	const seed = 7
	const most = 67
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewSource(seed))
		for _, c := range binaryCases[T]() {
			for n := 0; n <= most; n++ {
				for _, form := range []string{"both", "x repeated", "y repeated", "onto x", "onto y"} {
					x, y := make([]T, n), make([]T, n)
					for i := range x {
						x[i], y[i] = T(rng.NormFloat64()), T(rng.NormFloat64())
						if c.positive {
							x[i] = max(x[i], -x[i])
						}
						if rng.Intn(20) == 0 {
							x[i] = T(specials[rng.Intn(len(specials))])
						}
					}
					if n > 0 && form == "x repeated" {
						x = x[:1]
					}
					if n > 0 && form == "y repeated" {
						y = y[:1]
					}
					want := make([]T, n)
					portable(func() { c.f(want, x, y) })
					offset := 1 + n%3
					out := make([]T, n+8)
					Fill(out, -12345)
					dst, a, b := out[offset:offset+n], fencedCopy(x), fencedCopy(y)
					switch form {
					case "onto x":
						copy(dst, x)
						a = dst
					case "onto y":
						copy(dst, y)
						b = dst
					}
					c.f(dst, a, b)
					label := fmt.Sprintf("seed %d: %s, n = %d, %s", seed, c.name, n, form)
					for i, v := range out {
						if i < offset || i >= offset+n {
							if v != -12345 {
								t.Fatalf("%s: the fence at %d is %g", label, i-offset, v)
							}
						} else if w := want[i-offset]; !agree(c, v, w) {
							j := i - offset
							t.Fatalf("%s: element %d is %g, want %g; x = %g, y = %g",
								label, j, v, w, x[min(j, len(x)-1)], y[min(j, len(y)-1)])
						}
					}
				}
			}
			specialPairs(t, c)
		}
	})
}

// agree is equality of bits where that is promised, else closeness.
func agree[T Float](c binaryCase[T], got, want T) bool {
	if same(got, want) {
		return true
	}
	d := math.Abs(float64(got) - float64(want))
	return !c.exact && want != 0 && d <= c.tolerance()*math.Abs(float64(want))
}

// specialPairs tries all pairs of special values.
func specialPairs[T Float](t *testing.T, c binaryCase[T]) {
	var x, y []T
	for _, a := range specials {
		for _, b := range specials {
			x, y = append(x, T(a)), append(y, T(b))
		}
	}
	got, want := make([]T, len(x)), make([]T, len(x))
	c.f(got, x, y)
	portable(func() { c.f(want, x, y) })
	for i := range x {
		if !agree(c, got[i], want[i]) {
			t.Fatalf("%s(%g, %g) = %g, want %g", c.name, x[i], y[i], got[i], want[i])
		}
	}
}

// fencedCopy is a copy of x, at an odd offset, with NaN on both sides.
func fencedCopy[T Float](x []T) []T {
	buf := make([]T, len(x)+24)
	Fill(buf, T(math.NaN()))
	dst := buf[3 : 3+len(x)]
	copy(dst, x)
	return dst
}

// TestChoices compares comparisons, Where and Clamp with their portable loops.
func TestChoices(t *testing.T) {
	t.Run("float32", choices[float32])
	t.Run("float64", choices[float64])
}

func choices[T Float](t *testing.T) {
	const seed = 8
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewSource(seed))
		for n := 0; n <= 150; n++ {
			for form := range 4 {
				x, y := make([]T, n), make([]T, n)
				for i := range x {
					x[i], y[i] = T(rng.Intn(5)-2), T(rng.Intn(5)-2)
					if rng.Intn(9) == 0 {
						x[i] = T(math.NaN())
					}
				}
				x, y = fencedCopy(x), fencedCopy(y)
				if form&1 != 0 && n > 0 {
					x = x[:1]
				}
				if form&2 != 0 && n > 0 {
					y = y[:1]
				}
				for name, f := range map[string]func(dst []bool, x, y []T){
					"eq": Eq[T], "ne": Ne[T], "lt": Lt[T], "le": Le[T], "gt": Gt[T], "ge": Ge[T],
				} {
					got, want := make([]bool, n+2), make([]bool, n+2)
					f(got[1:n+1], x, y)
					portable(func() { f(want[1:n+1], x, y) })
					for i := range want {
						if got[i] != want[i] {
							t.Fatalf("seed %d: %s, n = %d, form %d: element %d is %t", seed, name, n, form, i-1, got[i])
						}
					}
					if form == 0 {
						checkWhere(t, name, want[1:n+1], x, y)
					}
				}
				got, want := make([]T, n), make([]T, n)
				Clamp(got, x, y, []T{1})
				portable(func() { Clamp(want, x, y, []T{1}) })
				for i := range want {
					if !same(got[i], want[i]) {
						t.Fatalf("seed %d: clamp, n = %d, form %d: element %d is %g, want %g", seed, n, form, i, got[i], want[i])
					}
				}
			}
		}
	})
}

func checkWhere[T Float](t *testing.T, name string, c []bool, x, y []T) {
	n := len(c)
	for form := range 8 {
		a, b, q := x, y, c
		if form&1 != 0 && n > 0 {
			a = x[:1]
		}
		if form&2 != 0 && n > 0 {
			b = y[:1]
		}
		if form&4 != 0 && n > 0 {
			q = c[:1]
		}
		got, want := make([]T, n+2), make([]T, n+2)
		Where(got[1:n+1], q, a, b)
		portable(func() { Where(want[1:n+1], q, a, b) })
		for i := range want {
			if !same(got[i], want[i]) {
				t.Fatalf("where %s, n = %d, form %d: element %d is %g, want %g", name, n, form, i-1, got[i], want[i])
			}
		}
	}
}

// TestCast compares every pair of types with the portable loop on special values and lengths.
func TestCast(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for n := 0; n <= 67; n++ {
			f32, f64, i64, flags := make([]float32, n), make([]float64, n), make([]int64, n), make([]bool, n)
			for i := range n {
				v := specials[(i+n)%len(specials)] * float64(i*i)
				f32[i], f64[i], i64[i], flags[i] = float32(v), v, int64(i-20)<<(i%50)|int64(i), i%3 == 0
			}
			castFrom(t, f32)
			castFrom(t, f64)
			castFrom(t, i64)
			castFrom(t, flags)
		}
	})
}

func castFrom[S Value](t *testing.T, x []S) {
	castPair[float32](t, x)
	castPair[float64](t, x)
	castPair[int64](t, x)
	castPair[bool](t, x)
}

func castPair[D, S Value](t *testing.T, x []S) {
	n := len(x)
	got, want := make([]D, n+2), make([]D, n+2)
	Cast(got[1:n+1], x)
	portable(func() { Cast(want[1:n+1], x) })
	for i := range want {
		if got[i] != want[i] && (got[i] == got[i] || want[i] == want[i]) {
			t.Fatalf("cast %T to %T, n = %d: element %d is %v, want %v", x, got, n, i-1, got[i], want[i])
		}
	}
}
