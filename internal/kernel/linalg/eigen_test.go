package linalg

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestEigen: A·V = V·W and Vᵀ·V = I to a small multiple of n·eps·|A| (Golub and Van Loan, section 8.5: n² rotations
// in few sweeps, each backward stable), for equal eigenvalues too, in ascending order.
func TestEigen(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	for _, n := range []int{0, 1, 2, 3, 7, 8, 9, 24, 25, 33, 60, 150} {
		for _, kind := range []string{"random", "zero", "identity", "rank one", "graded", "graded up", "rank three", "tiny", "huge",
			"clusters", "Wilkinson", "near identity", "blocks"} {
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
					case "tiny":
						*v *= 0x1p-1000
					case "huge":
						*v *= 0x1p1000
					case "clusters": // two eigenvalues, each of many
						*v = 1 / float64(n)
						if i == j {
							*v -= 1
						}
					case "Wilkinson": // pairs of eigenvalues that agree to all digits
						switch *v = 0; {
						case i == j:
							*v = math.Abs(float64(2*i - n + 1))
						case i == j+1 || j == i+1:
							*v = 1
						}
					case "near identity":
						*v *= 1e-14
						if i == j {
							*v += 1
						}
					case "blocks":
						if i/10 != j/10 {
							*v = 0
						}
					case "rank three":
						*v = math.Sin(float64(i))*math.Sin(float64(j)) - 3*math.Cos(float64(i))*math.Cos(float64(j)) + 1e-3
					}
				}
			}
			v, w := a.clone(), make([]float64, n)
			if !eigen(v, w) {
				t.Fatalf("%s, n = %d: no end", kind, n)
			}
			if !v.intact() {
				t.Fatalf("%s, n = %d: written outside", kind, n)
			}
			again, values := a.clone(), make([]float64, n)
			if floats, ints := EigenScratch(n); !Eigen(again, values, make([]float64, floats), make([]int64, ints), 3) ||
				!equal(again.Data, v.Data) || !equal(values, w) {
				t.Errorf("%s, n = %d: three workers find other vectors", kind, n)
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

// TestSecondDifference: the eigenvalues of the matrix with 2 on the diagonal and −1 beside it are 2 − 2·cos(kπ/(n+1)).
func TestSecondDifference(t *testing.T) {
	for _, n := range []int{5, 40, 131, 300} {
		a, w := random[float64](rand.New(rand.NewPCG(7, 0)), n, n), make([]float64, n)
		for i := range n {
			row := a.row(i)
			clear(row)
			row[i] = 2
			if i > 0 {
				row[i-1] = -1
			}
			if i < n-1 {
				row[i+1] = -1
			}
		}
		if !eigen(a, w) {
			t.Fatal("no end")
		}
		for k, got := range w {
			sin := math.Sin(float64(k+1) * math.Pi / float64(2*n+2))
			if want := 4 * sin * sin; math.Abs(got-want) > 4*float64(n)*0x1p-52 {
				t.Errorf("n = %d: eigenvalue %d is %v, want %v", n, k, got, want)
			}
		}
	}
}

// TestSecular: roots lie between the poles, and the sum in math/big is next to 0 there, as far as a change of the distances
// to poles by some roundings makes it, for poles far from each other and close, and weights large and small.
func TestSecular(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 0))
	for range 200 {
		n := 1 + rng.IntN(12)
		eq := secular{d: make([]float64, n), w: make([]float64, n), squares: rng.IntN(2) == 1}
		pole := 0.0
		for i := range n {
			eq.d[i], eq.w[i] = pole, math.Exp(-30*rng.Float64())
			pole += math.Exp(-20 * rng.Float64())
		}
		square := func(x *big.Float) *big.Float {
			if eq.squares {
				return x.Mul(x, x)
			}
			return x
		}
		of := func(x float64) *big.Float { return new(big.Float).SetPrec(600).SetFloat64(x) }
		gaps, delta := make([]float64, n), make([]float64, n)
		for j := range n {
			origin, x := eq.root(j, gaps, delta)
			sum, slope := of(1), 0.0
			for i, d := range eq.d {
				distance := square(of(d))
				distance.Sub(distance, square(of(eq.d[origin]))).Sub(distance, of(x))
				if exact, _ := distance.Float64(); math.Abs(exact-delta[i]) > 4*0x1p-52*math.Abs(exact) {
					t.Errorf("pole %d is %g from root %d, not %g", i, exact, j, delta[i])
				}
				if (delta[i] < 0) != (i <= j) || delta[i] == 0 {
					t.Errorf("root %d is on the wrong side of pole %d", j, i)
				}
				term := of(0).Quo(of(eq.w[i]), distance)
				sum.Add(sum, term)
				size, _ := term.Float64()
				slope += math.Abs(size)
			}
			if off, _ := sum.Float64(); !(math.Abs(off) <= 16*0x1p-52*(1+slope)) {
				t.Errorf("root %d of %v, weights %v: the sum is %g of %g", j, eq.d, eq.w, off, 1+slope)
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

func eigen(a Matrix[float64], w []float64) bool {
	floats, ints := EigenScratch(a.Rows)
	return Eigen(a, w, make([]float64, floats), make([]int64, ints), 1)
}

func BenchmarkEigen(b *testing.B) {
	for _, n := range []int{4, 16, 24, 32, 64, 256, 512} {
		a := random[float64](rand.New(rand.NewPCG(6, 0)), n, n)
		c, w := a.clone(), make([]float64, n)
		floats, ints := EigenScratch(n)
		scratch, places := make([]float64, floats), make([]int64, ints)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(c.Data, a.Data)
				Eigen(c, w, scratch, places, 1)
			}
		})
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
	if !eigen(a.clone(), make([]float64, n)) {
		t.Fatal("no end")
	}
	whole := time.Since(begun)
	time.AfterFunc(whole/10, func() { close(stop) })
	if eigen(a.Until(stop), make([]float64, n)) {
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
