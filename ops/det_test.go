package ops_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// leibniz is the determinant as the sum over permutations, by multiplications alone.
func leibniz(a *graph.Node) *graph.Node {
	n := a.Shape()[0]
	var expand func(row int, free []int) *graph.Node
	expand = func(row int, free []int) *graph.Node {
		if row == n {
			return ops.Full(a.Graph(), a.DType(), 1)
		}
		sum := ops.Full(a.Graph(), a.DType(), 0)
		for i, c := range free {
			rest := append(append([]int(nil), free[:i]...), free[i+1:]...)
			term := ops.Mul(ops.Reshape(ops.Slice(a, ops.At(row), ops.At(c))), expand(row+1, rest))
			if i%2 == 0 {
				sum = ops.Add(sum, term)
			} else {
				sum = ops.Sub(sum, term)
			}
		}
		return sum
	}
	free := make([]int, n)
	for i := range free {
		free[i] = i
	}
	return expand(0, free)
}

// ofRank is a matrix of small integers with the given rank at most.
func ofRank(rng *rand.Rand, n, rank int) []float64 {
	data := make([]float64, n*n)
	for range rank {
		u, v := make([]float64, n), make([]float64, n)
		for i := range n {
			u[i], v[i] = float64(rng.IntN(5)-2), float64(rng.IntN(5)-2)
		}
		for i := range data {
			data[i] += u[i/n] * v[i%n]
		}
	}
	return data
}

// TestDeterminantOfEveryRank: all derivatives to the third order, in every mode, are those of a sum of products.
func TestDeterminantOfEveryRank(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 0))
	for n := 1; n <= 4; n++ {
		for rank := range n + 1 {
			g := graph.New()
			x := graph.Const(g, ofRank(rng, n, rank), n, n)
			v := graph.Const(g, ofRank(rng, n, n), n, n)
			derivatives := func(f func(x *graph.Node) *graph.Node) []*graph.Node {
				slope := func(x *graph.Node) *graph.Node {
					_, d := autodiff.JVP(f, x, v)
					return d
				}
				_, twice := autodiff.JVP(slope, x, ops.Transpose(v))
				along := func(x *graph.Node) *graph.Node { return ops.Sum(ops.Mul(v, autodiff.Grad(f)(x))) }
				all := []*graph.Node{f(x), slope(x), twice}
				if n > 1 {
					all = append(all, autodiff.Grad(f)(x), autodiff.Hessian(f)(x), autodiff.Hessian(f, autodiff.ReverseMode())(x),
						autodiff.HVP(f)(x, v), autodiff.Grad(along)(x), autodiff.Grad(slope)(x))
				}
				if n > 2 {
					all = append(all, autodiff.Jacobian(autodiff.Hessian(f))(x), autodiff.Hessian(along)(x),
						autodiff.Grad(func(x *graph.Node) *graph.Node {
							return ops.Sum(ops.Mul(v, autodiff.HVP(f)(x, v)))
						})(x))
				}
				return all
			}
			got, want := derivatives(ops.Det), derivatives(leibniz)
			values := eval(t, append(got, want...)...)
			for i := range got {
				scale := math.Pow(float64(4*n), float64(n)) // of the terms that are added
				for k, w := range values[len(got)+i] {
					if d := math.Abs(values[i][k] - w); !(d <= 64*0x1p-52*scale) {
						t.Errorf("n = %d, rank %d, derivative %d of %v: element %d is %v, want %v",
							n, rank, i, eval(t, x)[0], k, values[i][k], w)
						break
					}
				}
			}
		}
	}
}

// TestDeterminantDerivativesGiven are the cases by which faults were found, with matrices far from 1.
func TestDeterminantDerivativesGiven(t *testing.T) {
	g := graph.New()
	det := func(x []*graph.Node) *graph.Node { return ops.Det(x[0]) }
	slopes := func(x []*graph.Node) *graph.Node { return autodiff.Grad(ops.Det)(x[0]) }
	for _, d := range floats {
		expect(t, grad(slopes, constant(g, d, []float64{1, 2, 2, 4}, 2, 2))[0], []int{2, 2}, []float64{1, -1, -1, 1})
		expect(t, grad(det, constant(g, d, diagonal(1e13, 1e13, 1e13), 3, 3))[0], []int{3, 3}, diagonal(1e26, 1e26, 1e26))
		expect(t, grad(det, constant(g, d, diagonal(1e-13, 1e-13, 1e-13), 3, 3))[0], []int{3, 3},
			diagonal(1e-26, 1e-26, 1e-26))
		expect(t, grad(det, constant(g, d, diagonal(1e-20, 1e20), 2, 2))[0], []int{2, 2}, diagonal(1e20, 1e-20))
		large, small := constant(g, d, diagonal(1e13, 1e13, 1e13), 3, 3), constant(g, d, diagonal(1e-13, 1e-13, 1e-13), 3, 3)
		both := ops.Stack([]*graph.Node{large, small}, 0)
		expect(t, grad(det, both)[0], []int{2, 3, 3}, append(diagonal(1e26, 1e26, 1e26), diagonal(1e-26, 1e-26, 1e-26)...))
		expect(t, ops.Det(constant(g, d, diagonal(1e30, 1e30, 1e-30, 1e-30), 4, 4)), nil, []float64{1})
		expect(t, ops.LogDet(large), nil, []float64{39 * math.Ln10})
		expect(t, grad(func(x []*graph.Node) *graph.Node { return ops.LogDet(x[0]) }, large)[0], []int{3, 3},
			diagonal(1e-13, 1e-13, 1e-13))
	}
	wide := constant(g, graph.Float64, diagonal(1e200, 1e200, 1e-200, 1e-200), 4, 4)
	expect(t, ops.Det(wide), nil, []float64{1})
	expect(t, grad(det, wide)[0], []int{4, 4}, diagonal(1e-200, 1e-200, 1e200, 1e200))
	expect(t, grad(det, constant(g, graph.Float64, diagonal(1e160, 1e160, 1e160), 3, 3))[0], []int{3, 3},
		diagonal(inf, inf, inf))
	// The coefficient of t² in det(c·I + tE) is c times the sum of E's principal minors of two rows.
	far := constant(g, graph.Float64, diagonal(1e160, 1e160, 1e160), 3, 3)
	e := constant(g, graph.Float64, []float64{1e-20, 2e-20, 0, 0, 1e-20, 0, 3e-20, 0, 2e-20}, 3, 3)
	slope := func(x *graph.Node) *graph.Node {
		_, d := autodiff.JVP(ops.Det, x, e)
		return d
	}
	_, curvature := autodiff.JVP(slope, far, e)
	expect(t, curvature, nil, []float64{2 * 1e160 * 5e-40}) // the minors 1·1 − 2·0, 1·2 − 0·3, 1·2 − 0
}

// diagonal is the matrix with the given elements on its diagonal.
func diagonal(d ...float64) []float64 {
	n := len(d)
	data := make([]float64, n*n)
	for i, v := range d {
		data[i*n+i] = v
	}
	return data
}

// TestLargeSingularDeterminants: the gradient of a determinant of many rows, of rank n − 1, is the product of the null
// vectors, and the gradient of that along a direction has a finite value that two orders of differentiation agree on.
func TestLargeSingularDeterminants(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 0))
	const n = 30
	g := graph.New()
	for missing := range 3 {
		a := normals(rng, n*n)
		for i := range n * missing {
			a[i] = 0
			for r := missing; r < missing+3; r++ {
				a[i] += a[r*n+i%n] * float64(1+i/n)
			}
		}
		x := graph.Const(g, a, n, n)
		u, v := graph.Const(g, normals(rng, n*n), n, n), graph.Const(g, normals(rng, n*n), n, n)
		along := func(e *graph.Node) func(x *graph.Node) *graph.Node {
			return func(x *graph.Node) *graph.Node { return ops.Sum(ops.Mul(e, autodiff.Grad(ops.Det)(x))) }
		}
		pair := func(a, b *graph.Node) *graph.Node { return ops.Sum(ops.Mul(a, autodiff.Grad(along(b))(x))) }
		// det(A + su + tv) by the differences of determinants alone: the coefficient of st.
		const h = 1e-4
		at := func(s, t float64) *graph.Node { return ops.Det(ops.Add(x, ops.Add(ops.Mul(s, u), ops.Mul(t, v)))) }
		difference := ops.Div(ops.Sub(ops.Add(at(h, h), at(-h, -h)), ops.Add(at(h, -h), at(-h, h))), 4*h*h)
		got := eval(t, pair(u, v), pair(v, u), difference)
		uv, vu, want := got[0][0], got[1][0], got[2][0]
		if !(math.Abs(uv-vu) <= 1e-9*math.Abs(uv)) || !(math.Abs(uv-want) <= 1e-3*math.Abs(uv)) {
			t.Errorf("rank %d of %d: second derivatives %v and %v, differences %v", n-missing, n, uv, vu, want)
		}
	}
}

// TestLogDetOfDenormals: the logarithms of pivots below the least normal number are right, too.
func TestLogDetOfDenormals(t *testing.T) {
	g := graph.New()
	x := constant(g, graph.Float64, []float64{0x1p-1060, 0, 0, 0, -0x1p-1030, 0, 0, 0, 0x1p1000}, 3, 3)
	expect(t, ops.LogDet(x), nil, []float64{-1090 * math.Ln2})
}
