package linalg

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestQR: A = Q·R and QᵀQ = I to a small multiple of m·n·eps (Higham, theorem 19.4), R is upper triangular and no element
// of its diagonal negative, for matrices of less than full rank too.
func TestQR(t *testing.T) { each(t, qr[float32], qr[float64]) }

func qr[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 0))
	for _, s := range [][2]int{{0, 0}, {1, 1}, {3, 0}, {2, 2}, {5, 3}, {40, 40}, {70, 33}, {64, 64}, {200, 65}, {97, 96}} {
		for _, kind := range []string{"random", "equal columns", "zero"} {
			m, n := s[0], s[1]
			a := random[T](rng, m, n)
			for i := range m {
				for j := range n {
					switch {
					case kind == "zero":
						a.Data[i*a.LD+j] = 0
					case kind == "equal columns" && j > 0:
						a.Data[i*a.LD+j] = a.Data[i*a.LD]
					}
				}
			}
			q, r, scratch := a.clone(), random[T](rng, n, n), scratchOf[T](QRScratch(m, n))
			QR(q, r, scratch[:len(scratch)-1], 1)
			if !q.intact() || !r.intact() || scratch[len(scratch)-1] != fence {
				t.Fatalf("%v, %s: written outside", s, kind)
			}
			again, upper := a.clone(), r.clone()
			if QR(again, upper, scratch, 3); !equal(again.Data, q.Data) || !equal(upper.Data, r.Data) {
				t.Errorf("%v, %s: three workers find other factors", s, kind)
			}
			tol := 4 * float64(m*n+1) * eps[T]()
			norm := 0.0
			for i := range m {
				for j := range n {
					norm = math.Hypot(norm, a.at(i, j))
				}
			}
			for j := range n {
				if r.at(j, j) < 0 {
					t.Errorf("%v, %s: %g on the diagonal", s, kind, r.at(j, j))
				}
				for i := range m {
					sum := 0.0
					for k := range n {
						sum += q.at(i, k) * r.at(k, j)
					}
					if d := math.Abs(sum - a.at(i, j)); !(d <= tol*norm) {
						t.Errorf("%v, %s: Q·R is off by %g at %d, %d", s, kind, d, i, j)
					}
				}
				for i := range n {
					dot := 0.0
					for k := range m {
						dot += q.at(k, i) * q.at(k, j)
					}
					if i == j {
						dot--
					}
					if i > j && r.at(i, j) != 0 || !(math.Abs(dot) <= tol) {
						t.Errorf("%v, %s: R has %g at %d, %d, and QᵀQ is off by %g", s, kind, r.at(i, j), i, j, dot)
					}
				}
			}
		}
	}
}

func BenchmarkQR(b *testing.B) {
	for _, n := range []int{4, 8, 12, 16, 64, 256, 512} {
		a := random[float64](rand.New(rand.NewPCG(6, 0)), n, n)
		c, r, scratch := a.clone(), a.clone(), make([]float64, QRScratch(n, n))
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(c.Data, a.Data)
				QR(c, r, scratch, 1)
			}
		})
	}
}
