package ops_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// TestLogDetGradient: ∂/∂A log|det A| = A⁻ᵀ, with the inverse from a system of equations.
func TestLogDetGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 0))
	for _, n := range []int{1, 2, 5, 40} {
		g := graph.New()
		a := graph.Const(g, normals(rng, n*n), n, n)
		grads := grad(func(x []*graph.Node) *graph.Node { return ops.LogDet(x[0]) }, a)
		inverse := ops.Transpose(ops.Solve(a, ops.Eye(g, graph.Float64, n)))
		got := eval(t, grads[0], inverse, ops.MatMul(ops.Transpose(a), grads[0]))
		if err := near(got[0], got[1]); err != nil {
			t.Errorf("n = %d: %v", n, err)
		}
		for i, v := range got[2] { // Aᵀ·A⁻ᵀ = I, to the condition number, some n² for such matrices
			want := 0.0
			if i%(n+1) == 0 {
				want = 1
			}
			if math.Abs(v-want) > 1e4*float64(n*n)*0x1p-52 {
				t.Errorf("n = %d: element %d of Aᵀ·A⁻ᵀ is %v", n, i, v)
			}
		}
	}
}

func normals(rng *rand.Rand, n int) []float64 {
	data := make([]float64, n)
	for i := range data {
		data[i] = rng.NormFloat64()
	}
	return data
}

// TestGaussianLogDensity differentiates log N(x; m, S) = −½ (zᵀz + n log 2π) − Σ log Lᵢᵢ with L·z = x − m, and
// compares with ∂/∂m = S⁻¹(x − m) and ∂/∂S = ½ (S⁻¹(x − m)(x − m)ᵀS⁻¹ − S⁻¹).
func TestGaussianLogDensity(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 0))
	for _, n := range []int{1, 3, 30} {
		g := graph.New()
		x, mean := graph.Const(g, normals(rng, n), n), graph.Const(g, normals(rng, n), n)
		b := graph.Const(g, normals(rng, n*n), n, n)
		cov := ops.Add(ops.MatMul(b, ops.Transpose(b)), ops.Mul(float64(n), ops.Eye(g, graph.Float64, n)))
		logDensity := func(p []*graph.Node) *graph.Node {
			l := ops.Cholesky(p[1])
			z := ops.TriangularSolve(l, ops.Sub(x, p[0]), true, false)
			quadratic := ops.Mul(0.5, ops.Add(ops.Dot(z, z), float64(n)*math.Log(2*math.Pi)))
			return ops.Neg(ops.Add(quadratic, ops.Sum(ops.Log(ops.Diagonal(l)))))
		}
		grads := grad(logDensity, mean, cov)
		inverse := ops.Inverse(cov)
		byMean := ops.MatMul(inverse, ops.Sub(x, mean))
		byCov := ops.Mul(0.5, ops.Sub(ops.Outer(byMean, byMean), inverse))
		got := eval(t, grads[0], byMean, grads[1], byCov)
		if err := near(got[0], got[1]); err != nil {
			t.Errorf("n = %d: by the mean: %v", n, err)
		}
		if err := near(got[2], got[3]); err != nil {
			t.Errorf("n = %d: by the covariance: %v", n, err)
		}
	}
}

// TestSingularDeterminants: the gradient of a determinant is the cofactors for singular matrices too.
func TestSingularDeterminants(t *testing.T) {
	for _, d := range floats {
		g := graph.New()
		for _, c := range []struct{ a, cofactor []float64 }{
			{[]float64{1, 2, 2, 4}, []float64{4, -2, -2, 1}},
			{[]float64{0, 0, 0, 0}, []float64{0, 0, 0, 0}},
			{[]float64{2, 0, 0, 0}, []float64{0, 0, 0, 2}},
		} {
			a := constant(g, d, c.a, 2, 2)
			if got := eval(t, ops.Det(a))[0][0]; got != 0 {
				t.Errorf("the determinant of %v is %v", c.a, got)
			}
			got := eval(t, grad(func(x []*graph.Node) *graph.Node { return ops.Det(x[0]) }, a)[0])[0]
			for i, want := range c.cofactor {
				if got[i] != want {
					t.Errorf("the cofactors of %v are %v, want %v", c.a, got, c.cofactor)
					break
				}
			}
		}
		sign, logAbs := ops.SlogDet(constant(g, d, []float64{1, 2, 2, 4}, 2, 2))
		expect(t, sign, nil, []float64{0})
		expect(t, logAbs, nil, []float64{-inf})
		expect(t, ops.Det(constant(g, d, []float64{1, nan, 2, 3}, 2, 2)), nil, []float64{nan})
	}
}

// TestNoFactor: errors of a run name the op, the user's line and the place, and the program runs again afterwards.
func TestNoFactor(t *testing.T) {
	g := graph.New()
	x := g.Input("x", graph.Float64, 2, 2, 2)
	b := g.Input("b", graph.Float64, 2)
	regular, singular := []float64{3, 1, 1, 3, 4, 0, 0, 4}, []float64{2, 1, 1, 2, 1, 2, 2, 4}
	for name, c := range map[string]struct {
		y    *graph.Node
		want error
		says string
	}{
		"cholesky": {ops.Cholesky(x), ops.ErrNotPositiveDefinite, "leading minor 2 of matrix 1 of the batch"},
		"solve": {ops.Solve(x, ops.ExpandDims(b, 1)), ops.ErrSingular,
			"no pivot for column 1 of matrix 1 of the batch"},
		"inverse": {ops.Inverse(x), ops.ErrSingular, "no pivot for column 1 of matrix 1 of the batch"},
		"triangular_solve": {ops.TriangularSolve(ops.Sub(x, 2), ops.ExpandDims(b, 1), true, false), ops.ErrSingular,
			"0 at place 0 of the diagonal, matrix 0"},
	} {
		f, err := autodiff.CompileGraph([]*graph.Node{x, b}, []*graph.Node{c.y})
		if err != nil {
			t.Fatal(err)
		}
		b := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 1}))
		_, err = f.Run(t.Context(), tensor.New(tensor.WithShape(2, 2, 2), tensor.WithBacking(singular)), b)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) ||
			!strings.Contains(err.Error(), name+" at linalg_test.go:") {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
		if _, err = f.Run(t.Context(), tensor.New(tensor.WithShape(2, 2, 2), tensor.WithBacking(regular)), b); err != nil {
			t.Errorf("%s: %v after an error", name, err)
		}
	}
}

// TestLeastSquares compares the solution and its derivatives, by QR and by Cholesky, with those of the normal equations,
// aᵀa·x = aᵀb.
func TestLeastSquares(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 0))
	g := graph.New()
	a, b := graph.Const(g, normals(rng, 40), 10, 4), graph.Const(g, normals(rng, 10), 10)
	weights := graph.Const(g, normals(rng, 4), 4)
	by := func(solve func(a, b *graph.Node) *graph.Node) []*graph.Node {
		f := func(x []*graph.Node) *graph.Node { return ops.Dot(solve(x[0], x[1]), weights) }
		return append(grad(f, a, b), solve(a, b))
	}
	normal := func(solve func(a, b *graph.Node) *graph.Node) func(a, b *graph.Node) *graph.Node {
		return func(a, b *graph.Node) *graph.Node {
			return solve(ops.MatMul(ops.Transpose(a), a), ops.MatMul(ops.Transpose(a), b))
		}
	}
	want := eval(t, by(normal(ops.Solve))...)
	for name, solve := range map[string]func(a, b *graph.Node) *graph.Node{
		"qr": ops.LeastSquares,
		"cholesky": normal(func(a, b *graph.Node) *graph.Node {
			return ops.CholeskySolve(ops.Cholesky(a), b)
		}),
	} {
		for i, got := range eval(t, by(solve)...) {
			if err := near(got, want[i]); err != nil {
				t.Errorf("%s, %s: %v", name, []string{"gradient by a", "gradient by b", "solution"}[i], err)
			}
		}
	}
}

// TestDependentColumns: where QR has no derivative, and least squares no single solution, running is an error that names
// the user's line; columns that are independent by more than rounding pass, whatever their sizes.
func TestDependentColumns(t *testing.T) {
	for _, d := range floats {
		for _, c := range []struct {
			a           []float64
			m, n        int
			independent bool
		}{
			{[]float64{1, 2, 2, 4, 3, 6}, 3, 2, false},
			{[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, 3, 3, false},
			{[]float64{0.1, 0.3, 0.7, 2.1, -0.9, -2.7}, 3, 2, false},
			{[]float64{1, 0, 2, 0, 3, 0}, 3, 2, false},
			{[]float64{0, 1, 0, 2, 0, 3}, 3, 2, false},
			{[]float64{0, 0, 0, 0}, 2, 2, false}, {[]float64{0, 0}, 2, 1, false},
			{[]float64{1, 1, 2, 2, 3, 3.001}, 3, 2, true},
			{[]float64{1, 1e-20, 2, 3e-20, 0, 1e-20}, 3, 2, true},
		} {
			g := graph.New()
			a := constant(g, d, c.a, c.m, c.n)
			b := constant(g, d, make([]float64, c.m), c.m)
			both := func(a *graph.Node) *graph.Node {
				q, r := ops.QR(a)
				return ops.Add(ops.Sum(ops.Square(ops.Sin(q))), ops.Sum(ops.Square(r)))
			}
			_, slope := autodiff.JVP(both, a, a)
			for name, n := range map[string]*graph.Node{
				"gradient": autodiff.Grad(both)(a), "tangent": slope, "least squares": ops.LeastSquares(a, b),
			} {
				_, err := autodiff.Eval(n)
				told := errors.Is(err, ops.ErrSingular) && strings.Contains(err.Error(), "linalg_test.go:")
				if c.independent && err != nil || !c.independent && !told {
					t.Errorf("%v: %s of %v: %v", d, name, c.a, err)
				}
			}
			if _, err := autodiff.Eval(both(a)); err != nil {
				t.Errorf("%v: the factors of %v: %v", d, c.a, err)
			}
		}
	}
}

// near allows 64 roundings of the largest element: both sides sum up to 20 products, of which some cancel, and take a
// few ULP in each function.
func near(got, want []float64) error {
	size := 0.0
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	for i, w := range want {
		if tol := 64 * 0x1p-52 * size; !(math.Abs(got[i]-w) <= tol) {
			return fmt.Errorf("element %d is %v, want %v: differs by %.3g, %.3g allowed", i, got[i], w, math.Abs(got[i]-w), tol)
		}
	}
	return nil
}
