package linalg

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestEigen: A·V = V·W and Vᵀ·V = I to a small multiple of n·eps·|A| (Golub and Van Loan, section 8.5: n² rotations
// in few sweeps, each backward stable), for equal eigenvalues too, in ascending order.
func TestEigen(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	for _, n := range []int{0, 1, 2, 3, 7, 24, 25, 60, 150} {
		for _, kind := range []string{"random", "zero", "identity", "rank one", "graded", "graded up", "rank three"} {
			a := random[float64](rng, n, n)
			for i := range n {
				for j := range n {
					v := &a.Data[i*a.LD+j]
					switch kind {
					case "zero":
						*v = 0
					case "identity":
						*v = 0
						if i == j {
							*v = 1
						}
					case "rank one":
						*v = float64(i+1) * float64(j+1)
					case "graded":
						*v *= math.Exp2(-float64(i + j))
					case "graded up":
						*v *= math.Exp2(float64(i + j))
					case "rank three":
						*v = math.Sin(float64(i))*math.Sin(float64(j)) - 3*math.Cos(float64(i))*math.Cos(float64(j)) + 1e-3
					}
				}
			}
			v, w := a.clone(), make([]float64, n)
			if !Eigen(v, w, make([]float64, EigenScratch(n)), make([]float64, n*n)) {
				t.Fatalf("%s, n = %d: no end", kind, n)
			}
			if !v.intact() {
				t.Fatalf("%s, n = %d: written outside", kind, n)
			}
			norm := 0.0
			for i := range n {
				for j := range n {
					norm = math.Hypot(norm, a.at(i, j))
				}
			}
			tol := 8 * float64(n) * 0x1p-52
			for i := range n {
				if i > 0 && w[i] < w[i-1] {
					t.Errorf("%s, n = %d: eigenvalues %d and %d out of order", kind, n, i-1, i)
				}
				for j := range n {
					left, dot := 0.0, 0.0
					for k := range n {
						left += (a.at(i, k) + a.at(k, i)) / 2 * v.at(k, j)
						dot += v.at(k, i) * v.at(k, j)
					}
					if d := math.Abs(left - v.at(i, j)*w[j]); !(d <= tol*norm) {
						t.Errorf("%s, n = %d: A·v is off by %g at %d, %d", kind, n, d, i, j)
					}
					if i == j {
						dot--
					}
					if !(math.Abs(dot) <= tol) {
						t.Errorf("%s, n = %d: vectors %d and %d have the product %g", kind, n, i, j, dot)
					}
				}
			}
		}
	}
}

// TestCofactor compares with the determinants of minors, for matrices of full rank and of one and two less.
// Elimination moves each of the n² elements by some 8n·eps of its row's norm (Higham, theorem 9.3), which moves a
// minor by as much of the product of its rows' norms (Hadamard).
func TestCofactor(t *testing.T) { each(t, cofactor[float32], cofactor[float64]) }

func cofactor[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 0))
	for n := range 6 {
		for rank := n; rank >= max(0, n-2); rank-- {
			a := random[T](rng, n, n)
			for i := rank; i < n; i++ { // exact sums, so that the rank is what it says
				for j := range n {
					sum := T(0)
					for k := range rank {
						a.Data[k*a.LD+j] = T(math.Round(4 * a.at(k, j)))
						sum += a.Data[k*a.LD+j]
					}
					a.Data[i*a.LD+j] = sum
				}
			}
			minor := func(i, j int) float64 {
				var rest [][]float64
				for r := range n {
					if r != i {
						row := append([]float64(nil), widen(a.row(r))...)
						rest = append(rest, append(row[:j], row[j+1:]...))
					}
				}
				return float64(1-(i+j)%2*2) * laplace(rest)
			}
			want := make([]float64, n*n)
			for i := range want {
				want[i] = minor(i/n, i%n)
			}
			norms := make([]float64, n)
			for i := range norms {
				for _, v := range widen(a.row(i)) {
					norms[i] = math.Hypot(norms[i], v)
				}
			}
			slices.Sort(norms)
			tol := 8 * float64(n*n*n) * eps[T]()
			for _, norm := range norms[min(1, n):] {
				tol *= norm
			}
			c := random[T](rng, n, n)
			scratch := scratchOf[float64](CofactorScratch(n, 0))
			Cofactor(c, a, nil, make([]int64, 3*n), scratch[:len(scratch)-1], 1)
			if !c.intact() || scratch[len(scratch)-1] != fence {
				t.Fatalf("n = %d: written outside", n)
			}
			for i := range want {
				if d := math.Abs(c.at(i/n, i%n) - want[i]); !(d <= tol) {
					t.Errorf("n = %d, rank %d: cofactor %d is %g, want %g", n, rank, i, c.at(i/n, i%n), want[i])
				}
			}
		}
	}
}

func widen[T Float](x []T) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// laplace is the determinant, by minors of the first row.
func laplace(a [][]float64) float64 {
	if len(a) == 0 {
		return 1
	}
	sum := 0.0
	for j, v := range a[0] {
		var rest [][]float64
		for _, row := range a[1:] {
			rest = append(rest, append(append([]float64(nil), row[:j]...), row[j+1:]...))
		}
		sum += float64(1-j%2*2) * v * laplace(rest)
	}
	return sum
}

// TestEigenStops: a stop while it runs ends the iterations, and nothing goes on behind.
func TestEigenStops(t *testing.T) {
	const n = 400
	a := random[float64](rand.New(rand.NewPCG(6, 0)), n, n)
	stop := make(chan struct{})
	begun := time.Now()
	if !Eigen(a.clone(), make([]float64, n), make([]float64, EigenScratch(n)), make([]float64, n*n)) {
		t.Fatal("no end")
	}
	whole := time.Since(begun)
	time.AfterFunc(whole/10, func() { close(stop) })
	if Eigen(a.Until(stop), make([]float64, n), make([]float64, EigenScratch(n)), make([]float64, n*n)) {
		t.Error("it went on to the end")
	}
	for i := range n {
		for j := range n {
			if i == j {
				a.Data[i*a.LD+j] = math.NaN() // it is nobody else's now
			}
		}
	}
}
