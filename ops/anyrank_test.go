package ops_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// times is a product of row-major matrices by the definition.
func times(a, b []float64, m, k, n int) []float64 {
	c := make([]float64, m*n)
	for i := range m {
		for j := range n {
			for l := range k {
				c[i*n+j] += a[i*k+l] * b[l*n+j]
			}
		}
	}
	return c
}

// elementsNear holds all elements to tol.
func elementsNear(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	for i, w := range want {
		if d := math.Abs(got[i] - w); !(d <= tol) {
			t.Errorf("%s: element %d is %v, want %v", what, i, got[i], w)
			return
		}
	}
}

// TestPinv: the four conditions of Penrose (1955) for matrices of any rank: A·C·A = A, C·A·C = C, and A·C and C·A are symmetric.
func TestPinv(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 0))
	for _, s := range [][3]int{{4, 3, 3}, {3, 5, 3}, {6, 4, 2}, {4, 7, 1}, {20, 20, 20}, {30, 20, 5}, {3, 3, 0}} {
		m, n, rank := s[0], s[1], s[2]
		a := times(normals(rng, m*rank), normals(rng, rank*n), m, rank, n)
		g := graph.New()
		x := graph.Const(g, a, m, n)
		values := eval(t, ops.Pinv(x, -1), ops.MatrixRank(x, -1))
		c := values[0]
		if int(values[1][0]) != rank {
			t.Errorf("%v: rank %v", s, values[1][0])
		}
		ac, ca := times(a, c, m, n, m), times(c, a, n, m, n)
		top := func(x []float64) float64 {
			size := 0.0
			for _, v := range x {
				size = max(size, math.Abs(v))
			}
			return size
		}
		tol := 64 * float64(m*n) * 0x1p-52 * (1 + top(a)*top(c)) // rounding, by the condition number
		elementsNear(t, "A·C·A", times(ac, a, m, m, n), a, tol*(1+top(a)))
		elementsNear(t, "C·A·C", times(ca, c, n, n, m), c, tol*(1+top(c)))
		for i := range m {
			for j := range m {
				if math.Abs(ac[i*m+j]-ac[j*m+i]) > tol {
					t.Errorf("%v: A·C is not symmetric", s)
				}
			}
		}
		for i := range n {
			for j := range n {
				if math.Abs(ca[i*n+j]-ca[j*n+i]) > tol {
					t.Errorf("%v: C·A is not symmetric", s)
				}
			}
		}
	}
}

// TestPinvOfRankOne: derivatives where the rank stays 1 are those of c·bᵀ/(|b|²·|c|²), the pseudo-inverse of b·cᵀ.
func TestPinvOfRankOne(t *testing.T) {
	g := graph.New()
	b, c := graph.Const(g, []float64{1, -2, 0.5, 3}, 4), graph.Const(g, []float64{0.25, 1, -1}, 3)
	of := func(x []*graph.Node) *graph.Node { return weighted(ops.Pinv(ops.Outer(x[0], x[1]), -1)) }
	plain := func(x []*graph.Node) *graph.Node {
		size := ops.Mul(ops.Dot(x[0], x[0]), ops.Dot(x[1], x[1]))
		return weighted(ops.Div(ops.Outer(x[1], x[0]), size))
	}
	results := func(f func(x []*graph.Node) *graph.Node) []*graph.Node {
		h := func(b *graph.Node) *graph.Node { return f([]*graph.Node{b, ops.Square(c)}) }
		return append(grad(f, b, c), f([]*graph.Node{b, c}), autodiff.Hessian(h)(b))
	}
	got, want := eval(t, results(of)...), eval(t, results(plain)...)
	for i := range got {
		elementsNear(t, "rank one", got[i], want[i], 1e-13)
	}
}

// TestLstsq: for full rank it is the solution of the normal equations, and for more columns than rows the shortest one.
func TestLstsq(t *testing.T) {
	rng := rand.New(rand.NewPCG(22, 0))
	g := graph.New()
	a, b := graph.Const(g, normals(rng, 18), 6, 3), graph.Const(g, normals(rng, 6), 6)
	wide, c := ops.Transpose(a), graph.Const(g, normals(rng, 3), 3)
	f := func(solve func(a, b *graph.Node) *graph.Node) func(x []*graph.Node) *graph.Node {
		return func(x []*graph.Node) *graph.Node { return ops.Sum(ops.Sin(solve(x[0], x[1]))) }
	}
	svd := func(a, b *graph.Node) *graph.Node { return ops.Lstsq(a, b, -1) }
	shortest := func(a, b *graph.Node) *graph.Node {
		return ops.MatMul(ops.Transpose(a), ops.Solve(ops.Product(a, a, false, true), b))
	}
	got := eval(t, append(append(grad(f(svd), a, b), grad(f(svd), wide, c)...), svd(a, b), svd(wide, c))...)
	want := eval(t, append(append(grad(f(ops.LeastSquares), a, b), grad(f(shortest), wide, c)...), ops.LeastSquares(a, b), shortest(wide, c))...)
	for i := range got {
		elementsNear(t, "Lstsq", got[i], want[i], 1e-12)
	}
}

// TestLU: x = p·l·u by the definition, for all shapes.
func TestLU(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 0))
	for _, s := range [][2]int{{1, 1}, {4, 4}, {6, 3}, {3, 6}, {40, 30}, {2, 0}, {0, 2}} {
		m, n := s[0], s[1]
		k := min(m, n)
		a := normals(rng, m*n)
		if m == 4 {
			copy(a[4:8], a[:4]) // singular
		}
		g := graph.New()
		p, l, u := ops.LU(graph.Const(g, a, m, n))
		v := eval(t, p, l, u)
		product := times(v[0], times(v[1], v[2], m, k, n), m, m, n)
		elementsNear(t, "P·L·U", product, a, 64*float64(k)*0x1p-52)
		for i := range m {
			for j := range k {
				switch x := v[1][i*k+j]; {
				case i == j && x != 1, i < j && x != 0, math.Abs(x) > 1:
					t.Errorf("%v: L has %v at %d, %d", s, x, i, j)
				}
			}
		}
	}
	g := graph.New()
	x := graph.Const(g, normals(rng, 8), 2, 4) // more columns than rows: derivatives of the product are those of x
	f := func(x []*graph.Node) *graph.Node {
		p, l, u := ops.LU(x[0])
		return weighted(ops.Sin(ops.MatMul(p, ops.MatMul(l, u))))
	}
	plain := func(x []*graph.Node) *graph.Node { return weighted(ops.Sin(x[0])) }
	v := eval(t, grad(f, x)[0], grad(plain, x)[0])
	elementsNear(t, "the gradient of P·L·U", v[0], v[1], 1e-13)
}

// TestMatrixExp: turns, shears and large matrices, by closed forms.
func TestMatrixExp(t *testing.T) {
	g := graph.New()
	for _, angle := range []float64{0, 1e-8, 1, 100} {
		of := func(a *graph.Node) *graph.Node {
			turn := graph.Const(g, []float64{0, -1, 1, 0}, 2, 2)
			return ops.Flatten(ops.MatrixExp(ops.Mul(a, turn)))
		}
		a := graph.Const(g, []float64{angle})
		a = ops.Reshape(a)
		_, slope := autodiff.JVP(of, a, ops.FullLike(a, 1))
		v := eval(t, of(a), slope)
		sin, cos := math.Sincos(angle)
		tol := 64 * (1 + angle) * 0x1p-52
		elementsNear(t, "a turn", v[0], []float64{cos, -sin, sin, cos}, tol)
		elementsNear(t, "its derivative", v[1], []float64{-sin, -cos, cos, -sin}, 4*tol)
	}
	v := eval(t, ops.MatrixExp(graph.Const(g, []float64{2, 1e6, 0, 2}, 2, 2)), ops.MatrixExp(graph.Const(g, []float64{1, nan, 0, 2}, 2, 2)))
	elementsNear(t, "a shear", v[0], []float64{math.Exp(2), 1e6 * math.Exp(2), 0, math.Exp(2)},
		16*0x1p-52*1e6*math.Exp(2)) // without the 18 halvings that its norm asks for, which would make rounding errors grow as much
	for _, x := range v[1] {
		if !math.IsNaN(x) {
			t.Errorf("the exponential of NaN has %v", x)
		}
	}
}

// TestMatrixPower compares with products one by one.
func TestMatrixPower(t *testing.T) {
	g := graph.New()
	data := []float64{0.5, 1, -0.25, 0.75}
	x := graph.Const(g, data, 2, 2)
	want := []float64{1, 0, 0, 1}
	for n := range 12 {
		elementsNear(t, "a power", eval(t, ops.MatrixPower(x, n))[0], want, 1e-15*float64(n))
		back := eval(t, ops.MatMul(ops.MatrixPower(x, n), ops.MatrixPower(x, -n)))[0]
		elementsNear(t, "a power times its inverse", back, []float64{1, 0, 0, 1}, 1e-12)
		want = times(want, data, 2, 2, 2)
	}
}

// TestMatrixNorms: of a matrix with the singular values 3, 2 and 0, after turns.
func TestMatrixNorms(t *testing.T) {
	g := graph.New()
	x := graph.Const(g, times([]float64{0.6, -0.8, 0, 0.8, 0.6, 0, 0, 0, 1}, []float64{0, 3, 0, 2, 0, 0, 0, 0, 0}, 3, 3, 3), 3, 3)
	expectNear := func(what string, n *graph.Node, want float64) {
		t.Helper()
		elementsNear(t, what, eval(t, n)[0], []float64{want}, 1e-14)
	}
	expectNear("the nuclear norm", ops.NuclearNorm(x), 5)
	expectNear("the spectral norm", ops.SpectralNorm(x), 3)
	expectNear("the condition of a part", ops.Cond(ops.Slice(x, ops.Range{Stop: 2}, ops.Range{Stop: 2})), 1.5)
	expectNear("the rank", ops.MatrixRank(x, -1), 2)
}

// TestVectorNorm: values in and out of the range of powers, gradients sign(x)·(|x|/norm)^(p−1), and 0 at 0.
func TestVectorNorm(t *testing.T) {
	for _, p := range []float64{-inf, -2, 0, 0.5, 1, 1.5, 2, 3, 7, inf} {
		for _, scale := range []float64{1, 1e200, 1e-200} {
			g := graph.New()
			data := []float64{3 * scale, -4 * scale, 0.5 * scale}
			x := graph.Const(g, data, 3)
			sum, least, most := 0.0, inf, 0.0
			for _, v := range data {
				v = math.Abs(v) / scale
				sum += math.Pow(v, p)
				least, most = min(least, v), max(most, v)
			}
			want := math.Pow(sum, 1/p) * scale
			switch p {
			case -inf:
				want = least * scale
			case inf:
				want = most * scale
			case 0:
				want = 3
			}
			v := eval(t, ops.VectorNorm(x, p))[0][0]
			if !(math.Abs(v-want) <= 16*0x1p-52*want) {
				t.Errorf("p = %v, scale %v: %v, want %v", p, scale, v, want)
			}
			if math.IsInf(p, 0) || p == 0 {
				continue
			}
			slope := eval(t, grad(func(x []*graph.Node) *graph.Node { return ops.VectorNorm(x[0], p) }, x)[0])[0]
			for i, d := range slope {
				w := math.Copysign(math.Pow(math.Abs(data[i])/want, p-1), data[i])
				if !(math.Abs(d-w) <= 32*0x1p-52*(1+math.Abs(w))) {
					t.Errorf("p = %v, scale %v: derivative %d is %v, want %v", p, scale, i, d, w)
				}
			}
		}
		g := graph.New()
		zero := graph.Const(g, []float64{0, 0}, 2)
		if p != 0 {
			slope := eval(t, grad(func(x []*graph.Node) *graph.Node { return ops.VectorNorm(x[0], p) }, zero)[0])[0]
			elementsNear(t, "the derivative at 0", slope, []float64{0, 0}, 0)
		}
	}
}

// TestComplement: a complete basis is orthogonal, and the factors are those of x, for tall, wide and square matrices.
func TestComplement(t *testing.T) {
	rng := rand.New(rand.NewPCG(24, 0))
	for _, s := range [][2]int{{5, 2}, {2, 5}, {3, 3}, {40, 17}, {3, 0}} {
		m, n := s[0], s[1]
		a := normals(rng, m*n)
		g := graph.New()
		x := graph.Const(g, a, m, n)
		q, r := ops.CompleteQR(x)
		u, w, vt := ops.FullSVD(x)
		v := eval(t, q, r, u, w, vt)
		tol := 64 * float64(m+n) * 0x1p-52
		elementsNear(t, "Q·R", times(v[0], v[1], m, m, n), a, 4*tol)
		for k, size := range map[int]int{0: m, 2: m, 4: n} {
			one := make([]float64, size*size)
			transposed := make([]float64, size*size)
			for i := range size {
				one[i*size+i] = 1
				for j := range size {
					transposed[j*size+i] = v[k][i*size+j]
				}
			}
			elementsNear(t, "an orthogonal factor", times(v[k], transposed, size, size, size), one, tol)
		}
		middle := make([]float64, m*n)
		for i, value := range v[3] {
			middle[i*n+i] = value
		}
		elementsNear(t, "U·S·Vᵀ", times(times(v[2], middle, m, m, n), v[4], m, n, n), a, 4*tol)
	}
}

// TestTridiagonalSolve compares with a dense solution, with its gradients by all diagonals, in sizes that need pivots and not.
func TestTridiagonalSolve(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 0))
	for _, n := range []int{1, 2, 3, 30} {
		g := graph.New()
		below, d, above := graph.Const(g, normals(rng, n-1), n-1), graph.Const(g, normals(rng, n), n), graph.Const(g, normals(rng, n-1), n-1)
		b := graph.Const(g, normals(rng, n), n)
		dense := func(x []*graph.Node) *graph.Node {
			place := func(v *graph.Node, row, col int) *graph.Node {
				return ops.Pad(ops.Diag(v), []int{row, col}, []int{col, row}, []int{0, 0})
			}
			return ops.Solve(ops.Add(ops.Add(ops.Diag(x[1]), place(x[0], 1, 0)), place(x[2], 0, 1)), x[3])
		}
		if n == 1 {
			dense = func(x []*graph.Node) *graph.Node { return ops.Div(x[3], x[1]) }
		}
		of := func(x []*graph.Node) *graph.Node { return ops.TridiagonalSolve(x[0], x[1], x[2], x[3]) }
		in := []*graph.Node{below, d, above, b}
		var results func(f func(x []*graph.Node) *graph.Node) []*graph.Node
		if n == 1 {
			results = func(f func(x []*graph.Node) *graph.Node) []*graph.Node { return []*graph.Node{f(in)} }
		} else {
			results = func(f func(x []*graph.Node) *graph.Node) []*graph.Node {
				return append(grad(func(x []*graph.Node) *graph.Node { return weighted(ops.Sin(f(x))) }, in...), f(in))
			}
		}
		got, want := eval(t, results(of)...), eval(t, results(dense)...)
		for i := range got {
			size := 1.0
			for _, w := range want[i] {
				size = max(size, math.Abs(w))
			}
			elementsNear(t, "a tridiagonal system", got[i], want[i], 1e5*0x1p-52*size*size) // random systems have condition numbers of some n²
		}
	}
	g := graph.New()
	zero := graph.Const(g, []float64{0, 0}, 2)
	_, err := autodiff.Eval(ops.TridiagonalSolve(graph.Const(g, []float64{0}, 1), zero, graph.Const(g, []float64{1}, 1), zero))
	if !errors.Is(err, ops.ErrSingular) {
		t.Errorf("a singular system: %v", err)
	}
}

// TestMatrixSqrt: its square is the matrix, and a negative eigenvalue makes NaN.
func TestMatrixSqrt(t *testing.T) {
	g := graph.New()
	data := []float64{2, 1, 0.5, 1, 3, -1, 0.5, -1, 2}
	root := ops.MatrixSqrt(graph.Const(g, data, 3, 3))
	elementsNear(t, "the square of the root", eval(t, ops.MatMul(root, root))[0], data, 1e-14)
	if v := eval(t, ops.MatrixSqrt(graph.Const(g, []float64{-1, 0, 0, 1}, 2, 2)))[0]; !math.IsNaN(v[0]) {
		t.Errorf("the root of a negative matrix is %v", v)
	}
}
