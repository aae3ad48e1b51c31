package vec

import (
	"fmt"
	"math/rand"
	"testing"
)

// TestMulAdd compares with Mul and Add after each other, bit for bit: every short length, odd offsets, each operand
// repeated or not, in place on each, fences around; and all triples of some special values.
func TestMulAdd(t *testing.T) {
	t.Run("float32", mulAdds[float32])
	t.Run("float64", mulAdds[float64])
}

func mulAdds[T Float](t *testing.T) {
	const seed = 9
	const most = 67
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewSource(seed))
		for n := 0; n <= most; n++ {
			for repeat := range 8 {
				for onto := range 4 {
					var in [3][]T
					for j := range in {
						in[j] = make([]T, n)
						for i := range in[j] {
							in[j][i] = T(rng.NormFloat64())
							if rng.Intn(20) == 0 {
								in[j][i] = T(specials[rng.Intn(len(specials))])
							}
						}
						if n > 0 && repeat>>j&1 != 0 {
							in[j] = in[j][:1]
						}
						in[j] = fencedCopy(in[j])
					}
					want := make([]T, n)
					twoPasses(want, in[0], in[1], in[2])
					offset := 1 + n%3
					out := make([]T, n+8)
					Fill(out, -12345)
					dst := out[offset : offset+n]
					if onto < 3 && len(in[onto]) == n {
						copy(dst, in[onto])
						in[onto] = dst
					}
					MulAdd(dst, in[0], in[1], in[2])
					label := fmt.Sprintf("seed %d: mul_add, n = %d, repeated %03b, onto operand %d", seed, n, repeat, onto)
					for i, v := range out {
						w := T(-12345)
						if i >= offset && i < offset+n {
							w = want[i-offset]
						}
						if !same(v, w) {
							t.Fatalf("%s: element %d is %g, want %g", label, i-offset, v, w)
						}
					}
				}
			}
		}
		specialTriples[T](t)
	})
}

func specialTriples[T Float](t *testing.T) {
	var a, b, c []T
	for _, x := range specials {
		for _, y := range specials {
			for _, z := range specials {
				a, b, c = append(a, T(x)), append(b, T(y)), append(c, T(z))
			}
		}
	}
	got, want := make([]T, len(a)), make([]T, len(a))
	MulAdd(got, a, b, c)
	twoPasses(want, a, b, c)
	for i := range got {
		if !same(got[i], want[i]) {
			t.Fatalf("mul_add(%g, %g, %g) = %g, want %g", a[i], b[i], c[i], got[i], want[i])
		}
	}
}

// twoPasses is what MulAdd stands for.
func twoPasses[T Float](dst, a, b, c []T) {
	portable(func() {
		product := make([]T, len(dst))
		Mul(product, a, b)
		Add(dst, product, c)
	})
}

// TestSlopes compares with the arithmetic that the slopes stand for, bit for bit. A fused product of float32 that is
// rounded once would differ on about a quarter of these.
func TestSlopes(t *testing.T) {
	t.Run("float32", slopes[float32])
	t.Run("float64", slopes[float64])
}

func slopes[T Float](t *testing.T) {
	const seed = 10
	rng := rand.New(rand.NewSource(seed))
	y := make([]T, 5000)
	for i := range y {
		y[i] = T(2*rng.Float64() - 1)
	}
	for _, s := range specials {
		y = append(y, T(s))
	}
	got, square, want := make([]T, len(y)), make([]T, len(y)), make([]T, len(y))
	eachLevel(t, func(t *testing.T) {
		SlopeTanh(got, y)
		Square(square, y)
		Sub(want, []T{1}, square)
		for i := range y {
			if !same(got[i], want[i]) {
				t.Fatalf("seed %d: slope_tanh(%g) = %g, want %g", seed, y[i], got[i], want[i])
			}
		}
		SlopeSigmoid(got, y)
		Sub(want, []T{1}, y)
		Mul(want, y, want)
		for i := range y {
			if !same(got[i], want[i]) {
				t.Fatalf("seed %d: slope_sigmoid(%g) = %g, want %g", seed, y[i], got[i], want[i])
			}
		}
	})
}
