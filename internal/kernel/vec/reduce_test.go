package vec

import (
	"fmt"
	"math"
	"math/big"
	"math/rand"
	"testing"
)

// shapes are views [outer, r, inner] that meet every path: empty, shorter and longer than a vector, a stripe, a block.
var shapes = func() (all [][3]int) {
	for _, r := range []int{0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 130, 511, 513, 1024, 1025, 3000} {
		for _, inner := range []int{1, 2, 5, 16, 33, 64, 67, 130} {
			all = append(all, [3]int{2, r, inner})
		}
	}
	return append(all, [3]int{0, 5, 3}, [3]int{3, 5, 0}, [3]int{7, 10, 1})
}()

// TestReduceTwins compares every reduction with its portable loop, bit for bit: sums share one tree.
func TestReduceTwins(t *testing.T) {
	t.Run("float32", reduceTwins[float32])
	t.Run("float64", reduceTwins[float64])
}

func reduceTwins[T Float](t *testing.T) {
	const seed = 3
	reductions := []struct {
		name string
		f    func(dst, x []T, outer, r, inner int)
	}{{"sum", Sum[T]}, {"prod", Prod[T]}, {"max", Max[T]}, {"min", Min[T]}}
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewSource(seed))
		for _, s := range shapes {
			outer, r, inner := s[0], s[1], s[2]
			x := make([]T, outer*r*inner)
			for _, kind := range []string{"normal", "zeros", "NaN", "infinite"} {
				for i := range x {
					x[i] = T(rng.NormFloat64())
					switch {
					case kind == "zeros":
						x[i] = T(math.Copysign(0, rng.Float64()-0.9))
					case kind == "NaN" && rng.Intn(len(x)) < 2:
						x[i] = T(math.NaN())
					case kind == "infinite" && rng.Intn(len(x)) < 2:
						x[i] = T(math.Inf(1))
					}
				}
				for _, c := range reductions {
					got, want := make([]T, outer*inner), make([]T, outer*inner)
					Fill(got, -12345)
					c.f(got, x, outer, r, inner)
					portable(func() { c.f(want, x, outer, r, inner) })
					for i := range got {
						if !same(got[i], want[i]) {
							t.Fatalf("seed %d: %s of %v, %s: element %d is %g, want %g",
								seed, c.name, s, kind, i, got[i], want[i])
						}
					}
				}
			}
		}
	})
}

// TestSumError holds sums to the bound in the documentation of the tree, against exact sums.
func TestSumError(t *testing.T) {
	const seed = 4
	rng := rand.New(rand.NewSource(seed))
	for _, n := range []int{1, 10, 1000, 1 << 17} {
		x := make([]float32, n)
		exact, size := new(big.Float).SetPrec(400), 0.0
		for i := range x {
			x[i] = float32(rng.NormFloat64() * math.Exp(4*rng.NormFloat64()))
			exact.Add(exact, new(big.Float).SetFloat64(float64(x[i])))
			size += math.Abs(float64(x[i]))
		}
		var got [1]float32
		Sum(got[:], x, 1, n, 1)
		want, _ := exact.Float64()
		bound := (22 + math.Max(0, math.Log2(float64(n)/1024))) * 0x1p-24 * size
		if e := math.Abs(float64(got[0]) - want); e > bound {
			t.Errorf("seed %d: the sum of %d numbers is off by %g, more than %g", seed, n, e, bound)
		}
	}
}

// TestSoftmax compares with the definition in float64, for every level, in place and not.
func TestSoftmax(t *testing.T) {
	t.Run("float32", func(t *testing.T) { softmaxAgainstDefinition[float32](t, 0x1p-24) })
	t.Run("float64", func(t *testing.T) { softmaxAgainstDefinition[float64](t, 0x1p-53) })
}

func softmaxAgainstDefinition[T Float](t *testing.T, eps float64) {
	const seed = 5
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewSource(seed))
		for _, s := range shapes {
			outer, r, inner := s[0], s[1], s[2]
			x := make([]T, outer*r*inner)
			for i := range x {
				x[i] = T(10 * rng.NormFloat64())
			}
			soft, logSoft, lse := make([]T, len(x)), append([]T(nil), x...), make([]T, outer*inner)
			Softmax(soft, x, outer, r, inner)
			LogSoftmax(logSoft, logSoft, outer, r, inner)
			LogSumExp(lse, x, outer, r, inner)
			for o := range outer {
				for j := range inner {
					label := fmt.Sprintf("seed %d: %v [%d, %d]", seed, s, o, j)
					checkSoftmax(t, label, x, soft, logSoft, lse, o, r, inner, j, eps)
				}
			}
		}
	})
}

func checkSoftmax[T Float](t *testing.T, label string, x, soft, logSoft, lse []T, o, r, inner, j int, eps float64) {
	t.Helper()
	at := func(k int) int { return (o*r+k)*inner + j }
	top, sum := math.Inf(-1), 0.0
	for k := range r {
		top = math.Max(top, float64(x[at(k)]))
	}
	for k := range r {
		sum += math.Exp(float64(x[at(k)]) - top)
	}
	want := top + math.Log(sum)
	if r == 0 {
		want = math.Inf(-1)
	}
	// Elements spread over about 80, so x - max is rounded by 40 eps, which exp passes on as a relative error; the sum
	// here adds r eps, and
	// the functions and the division less than 50.
	rounding := 100 + float64(r)
	if got := float64(lse[o*inner+j]); got != want && !(math.Abs(got-want) <= rounding*eps*math.Max(1, math.Abs(want))) {
		t.Fatalf("%s: logsumexp is %g, want %g", label, got, want)
	}
	for k := range r {
		p := math.Exp(float64(x[at(k)])-top) / sum
		if got := float64(soft[at(k)]); !(math.Abs(got-p) <= rounding*eps*p) {
			t.Fatalf("%s: softmax %d is %g, want %g", label, k, got, p)
		}
		l := float64(x[at(k)]) - want
		if got := float64(logSoft[at(k)]); !(math.Abs(got-l) <= rounding*eps*math.Max(1, math.Abs(l))) {
			t.Fatalf("%s: log softmax %d is %g, want %g", label, k, got, l)
		}
	}
}

// TestSoftSpecial: rows with NaN and infinities, of lengths that take different paths.
func TestSoftSpecial(t *testing.T) {
	t.Run("float32", softSpecial[float32])
	t.Run("float64", softSpecial[float64])
}

func softSpecial[T Float](t *testing.T) {
	inf, nan := T(math.Inf(1)), T(math.NaN())
	cases := []struct {
		name         string
		first, rest  T // the row is first, rest, rest, …
		lse          T // log Σ e^x
		soft, others T // softmax of first, and of the rest
	}{
		{"NaN", nan, 1, nan, nan, nan},
		{"NaN and +Inf", nan, inf, nan, nan, nan},
		{"+Inf", inf, 1, inf, nan, nan},
		{"all -Inf", -inf, -inf, -inf, nan, nan},
		{"-Inf but one", 2, -inf, 2, 1, 0},
		{"huge", 1e30, -1e30, 1e30, 1, 0},
	}
	eachLevel(t, func(t *testing.T) {
		for _, n := range []int{2, 7, 8, 9, 16, 17, 33, 64, 65, 1100} {
			for _, c := range cases {
				x, soft, logSoft := make([]T, 3*n), make([]T, 3*n), make([]T, 3*n)
				var lse [3]T
				Fill(x, 1)
				Fill(x[n:2*n], c.rest) // the middle one of three rows
				x[n] = c.first
				Softmax(soft, x, 3, n, 1)
				LogSoftmax(logSoft, x, 3, n, 1)
				LogSumExp(lse[:], x, 3, n, 1)
				if !same(lse[1], c.lse) || !same(soft[n], c.soft) || !same(soft[2*n-1], c.others) {
					t.Errorf("%s, n = %d: log Σ %g, softmax %g, %g", c.name, n, lse[1], soft[n], soft[2*n-1])
				}
				want := T(math.Log(float64(c.soft)))
				if !same(logSoft[n], want) {
					t.Errorf("%s, n = %d: log softmax %g, want %g", c.name, n, logSoft[n], want)
				}
				if e := lse[0] - 1 - T(math.Log(float64(n))); lse[0] != lse[2] || !(e < 1e-5 && e > -1e-5) {
					t.Errorf("%s, n = %d: the rows beside are %g and %g", c.name, n, lse[0], lse[2])
				}
			}
		}
	})
}
