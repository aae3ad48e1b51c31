package vec

import (
	"math"
	"math/rand"
	"testing"
)

// TestCopyStrided compares with indices computed one by one, for random shapes, orders of axes, signs and repeats.
func TestCopyStrided(t *testing.T) {
	const seed = 9
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewSource(seed))
		for range 3000 {
			rank := rng.Intn(5)
			shape, strides := make([]int, rank), make([]int, rank)
			size, offset := 1, 0
			for _, axis := range rng.Perm(rank) { // the last axis drawn varies slowest
				shape[axis] = 1 + rng.Intn(4+36/(1+rng.Intn(9)))
				if size > 1<<14 {
					shape[axis] = 1
				}
				strides[axis] = size
				size *= shape[axis]
				switch rng.Intn(8) {
				case 0:
					strides[axis] = 0
				case 1:
					offset += strides[axis] * (shape[axis] - 1)
					strides[axis] = -strides[axis]
				}
			}
			checkStrided[float32](t, seed, shape, offset, strides, size)
			checkStrided[float64](t, seed, shape, offset, strides, size)
			checkStrided[uint8](t, seed, shape, offset, strides, size)
		}
	})
}

func checkStrided[T uint8 | float32 | float64](
	t *testing.T, seed int, shape []int, offset int, strides []int, size int,
) {
	t.Helper()
	src := make([]T, size)
	for i := range src {
		src[i] = T(i % 251)
	}
	n := 1
	for _, s := range shape {
		n *= s
	}
	dst := make([]T, n+2)
	Fill(dst, 252)
	CopyStrided(dst[1:n+1], shape, src, offset, strides)
	if dst[0] != 252 || dst[n+1] != 252 {
		t.Fatalf("seed %d: shape %v, strides %v: written outside", seed, shape, strides)
	}
	for i := range n {
		at, rest := offset, i
		for k := len(shape) - 1; k >= 0; k-- {
			at += rest % shape[k] * strides[k]
			rest /= shape[k]
		}
		if dst[1+i] != src[at] {
			t.Fatalf("seed %d: shape %v, strides %v: element %d is %v, want %v", seed, shape, strides, i, dst[1+i], src[at])
		}
	}
}

// TestCopyStridedEmpty: no element, nothing read.
func TestCopyStridedEmpty(t *testing.T) {
	CopyStrided([]float32{}, []int{3, 0, 2}, nil, 0, []int{0, 2, 1})
}

// TestTake checks gather and its transpose on a view with outer and inner axes, and that a bad index writes nothing.
func TestTake(t *testing.T) {
	src := []float64{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15} // [2, 3, 2]
	dst := make([]float64, 8)
	if !Take(dst, src, []int64{2, 0}, 2, 3, 2) {
		t.Fatal("Take refused good indices")
	}
	for i, want := range []float64{4, 5, 0, 1, 14, 15, 10, 11} {
		if dst[i] != want {
			t.Fatalf("Take: %v", dst)
		}
	}
	sum := make([]float64, 12)
	if !ScatterAdd(sum, []float64{1, 2, 3, 4, 5, 6, 7, 8}, []int64{1, 1}, 2, 3, 2) {
		t.Fatal("ScatterAdd refused good indices")
	}
	for i, want := range []float64{0, 0, 4, 6, 0, 0, 0, 0, 12, 14, 0, 0} {
		if sum[i] != want {
			t.Fatalf("ScatterAdd: %v", sum)
		}
	}
	for _, bad := range []int64{-1, 3, 1 << 62} {
		before := dst[0]
		if Take(dst, src, []int64{0, bad}, 2, 3, 2) || ScatterAdd(sum, dst, []int64{0, bad}, 2, 3, 2) {
			t.Errorf("index %d was accepted", bad)
		}
		if dst[0] != before || sum[0] != 0 {
			t.Errorf("index %d: something was written", bad)
		}
	}
}

// TestArg: the first of equals wins, a NaN wins over all, -0 and +0 are equal.
func TestArg(t *testing.T) {
	nan := nan[float64]()
	for _, c := range []struct {
		x        []float64
		max, min int64
	}{
		{[]float64{1, 3, 2, 3, 1}, 1, 0},
		{[]float64{1, nan, 2, nan, 0}, 1, 1},
		{[]float64{nan, nan}, 0, 0},
		{[]float64{5, 0, math.Copysign(0, -1)}, 0, 1},
		{[]float64{math.Copysign(0, -1), 0}, 0, 0},
		{nil, 0, 0},
	} {
		var most, least [1]int64
		ArgMax(most[:], c.x, 1, len(c.x), 1)
		ArgMin(least[:], c.x, 1, len(c.x), 1)
		if most[0] != c.max || least[0] != c.min {
			t.Errorf("%v: ArgMax %d, want %d; ArgMin %d, want %d", c.x, most[0], c.max, least[0], c.min)
		}
	}
}

// TestAllocations: no kernel allocates, whatever the level.
func TestAllocations(t *testing.T) {
	x, flags, whole := make([]float32, 600), make([]bool, 600), make([]int64, 600)
	dst, wide := make([]float32, 600), make([]float64, 600)
	shape, strides := []int{20, 30}, []int{1, 20}
	eachLevel(t, func(t *testing.T) {
		n := testing.AllocsPerRun(10, func() {
			Exp(dst, x)
			Sin(dst, x)
			LeakyRelu(dst, x, 0.1)
			Add(dst, x, x[:1])
			Clamp(dst, x, x[:1], x[1:2])
			Lt(flags, x, dst)
			Where(dst, flags, x, x)
			Cast(wide, x)
			Cast(whole, x)
			Cast(dst, flags)
			Sum(dst[:20], x, 20, 30, 1)
			Sum(dst[:30], x, 1, 20, 30)
			Max(dst[:30], x, 1, 20, 30)
			ArgMax(whole[:20], x, 20, 30, 1)
			ArgMax(whole[:30], x, 1, 20, 30)
			Softmax(dst, x, 20, 30, 1)
			Softmax(dst, x, 1, 30, 20)
			LogSumExp(dst[:20], x, 20, 30, 1)
			LogSoftmax(dst, x, 1, 30, 20)
			CopyStrided(dst, shape, x, 0, strides)
			var stack [4]float64
			Tanh(stack[:], stack[:])
			Sum(stack[:1], stack[:], 1, 4, 1)
		})
		if n != 0 {
			t.Errorf("%g allocations", n)
		}
	})
}
