package linalg

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func svd(a, u, v Matrix[float64], w []float64, workers int) bool {
	floats, ints := SVDScratch(a.Cols, a.Rows)
	scratch := scratchOf[float64](floats)
	ok := SVD(a, u, v, w, scratch[:floats], make([]int64, ints), workers)
	return ok && scratch[floats] == fence
}

// TestSVD: A = U·W·Vᵀ, UᵀU = VᵀV = I to a small multiple of m·eps (Golub and Van Loan, section 8.6: all turns are backward
// stable), with singular values in descending order, none negative, for equal and vanishing ones too.
func TestSVD(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 0))
	for _, s := range [][2]int{{0, 0}, {3, 0}, {1, 1}, {5, 1}, {4, 4}, {8, 8}, {9, 9}, {12, 9}, {33, 33}, {64, 40}, {65, 65}, {130, 130}, {200, 33}} {
		m, n := s[0], s[1]
		for _, kind := range []string{"random", "zero", "identity", "rank one", "graded", "equal columns", "tiny", "huge",
			"bidiagonal", "orthogonal", "zero columns", "denormal", "steep"} {
			a := random[float64](rng, n, m) // rows are columns
			for i := range n {
				for j, x := range a.row(i) {
					v := &a.row(i)[j]
					switch kind {
					case "zero":
						*v = 0
					case "identity", "bidiagonal":
						*v = 0
						if i == j || kind == "bidiagonal" && i == j+1 {
							*v = 1
						}
					case "rank one":
						*v = float64(i+1) * float64(j+1)
					case "graded":
						*v *= math.Exp2(-float64(i + j))
					case "steep": // into denormal numbers
						*v *= math.Exp2(-10 * float64(i+j))
					case "equal columns":
						*v = a.row(0)[j]
					case "tiny":
						*v *= 0x1p-1000
					case "huge":
						*v *= 0x1p1000
					case "denormal":
						*v *= 0x1p-1060
					case "zero columns":
						if i%3 == 0 {
							*v = 0
						}
					case "orthogonal": // to rounding
						*v = math.Sqrt(2/float64(m)) * math.Cos(math.Pi*(float64(j)+0.5)*float64(i)/float64(m))
						if i == 0 {
							*v = math.Sqrt(1 / float64(m))
						}
					default:
						*v = x
					}
				}
			}
			where := fmt.Sprintf("%d × %d, %s", m, n, kind)
			u, v, w := random[float64](rng, n, m), random[float64](rng, n, n), make([]float64, n)
			if !svd(a.clone(), u, v, w, 1) {
				t.Fatalf("%s: no end, or written outside", where)
			}
			if !u.intact() || !v.intact() {
				t.Fatalf("%s: written outside", where)
			}
			u3, v3, w3 := u.clone(), v.clone(), make([]float64, n)
			if !svd(a.clone(), u3, v3, w3, 3) || !equal(u3.Data, u.Data) || !equal(v3.Data, v.Data) || !equal(w3, w) {
				t.Errorf("%s: three workers find other vectors", where)
			}
			norm := 0.0
			for i := range n {
				for j := range m {
					norm = math.Hypot(norm, a.at(i, j))
				}
			}
			tol := 8 * float64(m+1) * 0x1p-52
			for i := range n {
				if w[i] < 0 || i > 0 && w[i] > w[i-1] {
					t.Errorf("%s: singular value %d is %g", where, i, w[i])
				}
				for j := range m {
					sum := 0.0
					for k := range n {
						sum += u.at(k, j) * w[k] * v.at(k, i)
					}
					if d := math.Abs(sum - a.at(i, j)); !(d <= tol*norm+float64(2*n)*0x1p-1074) { // each term is rounded twice where numbers are denormal
						t.Errorf("%s: U·W·Vᵀ is off by %g at %d, %d", where, d, j, i)
					}
				}
				for j := range i + 1 {
					one := 0.0
					if i == j {
						one = 1
					}
					for name, x := range map[string]Matrix[float64]{"U": u, "V": v} {
						dot := 0.0
						for k := range x.Cols {
							dot += x.at(i, k) * x.at(j, k)
						}
						if !(math.Abs(dot-one) <= tol) {
							t.Errorf("%s: columns %d and %d of %s have the product %g", where, i, j, name, dot)
						}
					}
				}
			}
		}
	}
}

// TestSVDStops: a stop while it runs ends it.
func TestSVDStops(t *testing.T) {
	const n = 400
	a := random[float64](rand.New(rand.NewPCG(6, 0)), n, n)
	stop := make(chan struct{})
	begun := time.Now()
	if !svd(a.clone(), a.clone(), a.clone(), make([]float64, n), 1) {
		t.Fatal("no end")
	}
	time.AfterFunc(time.Since(begun)/10, func() { close(stop) })
	if svd(a.Until(stop), a.clone(), a.clone(), make([]float64, n), 1) {
		t.Error("it went on to the end")
	}
}

func BenchmarkSVD(b *testing.B) {
	for _, n := range []int{4, 8, 9, 16, 64, 256, 512} {
		a := random[float64](rand.New(rand.NewPCG(6, 0)), n, n)
		c, u, v, w := a.clone(), a.clone(), a.clone(), make([]float64, n)
		floats, ints := SVDScratch(n, n)
		scratch, places := make([]float64, floats), make([]int64, ints)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(c.Data, a.Data)
				SVD(c, u, v, w, scratch, places, 1)
			}
		})
	}
}
