package vec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestChosenRows holds Take and ScatterAdd at every level against the loops that their comments give, for rows shorter
// and longer than registers, and looks at what lies around the results.
func TestChosenRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		chosenRowsTest[float32](t)
		chosenRowsTest[float64](t)
		chosenRowsTest[int64](t)
	})
}

func chosenRowsTest[T Num](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, inner := range []int{1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 100} {
		for _, count := range []int{0, 1, 7, 8, 9, 40} {
			const outer, axis, guard = 2, 5, 3
			name := fmt.Sprintf("%T, rows of %d, %d of them", T(0), inner, count)
			idx := make([]int64, count)
			for k := range idx {
				idx[k] = rng.Int64N(axis)
			}
			whole, taken := randomRow[T](rng, outer*axis*inner), randomRow[T](rng, outer*count*inner)
			wantTaken, wantWhole := slices.Clone(taken), slices.Clone(whole)
			for o := range outer {
				for k, at := range idx {
					for j := range inner {
						to, from := (o*count+k)*inner+j, (o*axis+int(at))*inner+j
						wantTaken[to] = whole[from]
						wantWhole[from] += taken[to]
					}
				}
			}
			fenced := func(x []T) []T { return slices.Concat(make([]T, guard), x, make([]T, guard)) }
			gotTaken, gotWhole := fenced(taken), fenced(whole)
			if !Take(gotTaken[guard:guard+len(taken)], whole, idx, outer, axis, inner) ||
				!ScatterAdd(gotWhole[guard:guard+len(whole)], taken, idx, outer, axis, inner) {
				t.Fatalf("%s: good indices were refused", name)
			}
			if !slices.Equal(gotTaken, fenced(wantTaken)) {
				t.Errorf("%s: Take differs", name)
			}
			if !slices.Equal(gotWhole, fenced(wantWhole)) {
				t.Errorf("%s: ScatterAdd differs", name)
			}
		}
	}
}

func randomRow[T Num](rng *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(1000 * (rng.Float64() - 0.5))
	}
	return x
}

// TestFill sets slices of every length around those of registers, and nothing beside them.
func TestFill(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		fillTest(t, float32(1.5))
		fillTest(t, -2.5)
		fillTest(t, int64(-1<<62))
		fillTest(t, true)
	})
}

func fillTest[T comparable](t *testing.T, v T) {
	var zero T
	for n := range 140 {
		x := make([]T, n+2)
		Fill(x[1:n+1], v)
		for i, got := range x {
			if want := i > 0 && i <= n; got == v != want || got == zero == want {
				t.Fatalf("%d of type %T: element %d is %v", n, v, i-1, got)
			}
		}
	}
}
