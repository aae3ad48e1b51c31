package autodiff_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// Real and imaginary parts of analytic functions are harmonic in the plane; 1/r, and polynomials such as 2z² − x² − y²,
// in space. What is left of their Laplacians is the rounding of a few terms, each as large as a second derivative.
func TestHarmonicFunctions(t *testing.T) {
	coordinates := func(x node) (node, node, node) {
		if x.Shape()[0] == 2 {
			return element(x, 0), element(x, 1), nil
		}
		return element(x, 0), element(x, 1), element(x, 2)
	}
	for _, c := range []struct {
		name string
		f    func(x, y, z node) node
		at   []float64
	}{
		{"Re z³", func(x, y, _ node) node { return ops.Sub(ops.Pow(x, 3), ops.Mul(3, ops.Mul(x, ops.Square(y)))) }, []float64{1.5, -0.5}},
		{"Im z²", func(x, y, _ node) node { return ops.Mul(2, ops.Mul(x, y)) }, []float64{1.5, -0.5}},
		{"Re exp z", func(x, y, _ node) node { return ops.Mul(ops.Exp(x), ops.Cos(y)) }, []float64{1, 2}},
		{"log |z|", func(x, y, _ node) node { return ops.Log(ops.Add(ops.Square(x), ops.Square(y))) }, []float64{0.5, -1}},
		{"Re 1/z", func(x, y, _ node) node { return ops.Div(x, ops.Add(ops.Square(x), ops.Square(y))) }, []float64{-1, 0.75}},
		{"1/r", func(x, y, z node) node {
			return ops.Reciprocal(ops.Sqrt(ops.Add(ops.Square(x), ops.Add(ops.Square(y), ops.Square(z)))))
		}, []float64{1, -0.5, 0.75}},
		{"2z² − x² − y²", func(x, y, z node) node {
			return ops.Sub(ops.Mul(2, ops.Square(z)), ops.Add(ops.Square(x), ops.Square(y)))
		}, []float64{3, 1, -2}},
		{"eˣ·sin(y/√2)·cos(z/√2)", func(x, y, z node) node {
			return ops.Mul(ops.Exp(x), ops.Mul(ops.Sin(ops.Mul(y, math.Sqrt2/2)), ops.Cos(ops.Mul(z, math.Sqrt2/2))))
		}, []float64{0.5, 1, -1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := func(v node) node { return c.f(coordinates(v)) }
			got := evaluate(t, func(v node) (delta, hessian node) {
				return autodiff.Laplacian(f)(v), autodiff.Hessian(f)(v)
			}, c.at)
			size := 0.0
			for _, h := range got[1] {
				size = max(size, math.Abs(h))
			}
			require.Greater(t, size, 0.1, "it bends")
			require.InDelta(t, 0, got[0][0], 64*eps*size)
		})
	}
}

// The Laplacian is the Hessian's trace, for functions made of everything: products, reductions, softmax, indexing. Each
// is taken as it is, and of a product of x with a matrix, which is pushed forward in another way.
func TestLaplacianIsTheTrace(t *testing.T) {
	for name, f := range map[string]func(x node) node{
		"network":   perceptron(3, 5),
		"logsumexp": func(x node) node { return ops.LogSumExp(ops.Square(x)) },
		"softmax":   func(x node) node { return ops.Sum(ops.Mul(x, ops.Softmax(x, -1))) },
		"max":       func(x node) node { return ops.Square(ops.Max(ops.Sin(x))) },
		"product":   func(x node) node { return ops.Prod(ops.Sin(x)) },
		"take": func(x node) node {
			return ops.Sum(ops.Exp(ops.Take(x, graph.Const(x.Graph(), []int64{2, 0, 2}, 3), 0)))
		},
		"outer":      func(x node) node { return ops.Sum(ops.Sin(ops.Mul(ops.Reshape(x, 3, 1), x))) },
		"quadratic":  func(x node) node { return ops.MatMul(x, ops.Square(x)) },
		"rosenbrock": rosenbrock,
		"nested": func(x node) node {
			return ops.Sum(ops.Square(autodiff.Grad(func(x node) node { return ops.Sum(ops.Sin(x)) })(x)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			mixed := func(x node) node {
				return f(ops.MatMul(x, graph.Const(x.Graph(), []float64{1, 0.5, 0, -0.5, 1, 0.25, 0, 0.5, 1}, 3, 3)))
			}
			for _, f := range []func(x node) node{f, mixed} {
				got := evaluate(t, func(x node) (delta, hessian node) {
					return autodiff.Laplacian(f)(x), autodiff.Hessian(f)(x)
				}, []float64{0.5, -1, 0.75})
				trace, size := 0.0, 1.0
				for i := range 3 {
					trace += got[1][4*i]
					size = max(size, math.Abs(got[1][4*i]))
				}
				require.InDelta(t, trace, got[0][0], 64*eps*size)
			}
		})
	}
}

// perceptron is Σ tanh(tanh(x·w)·w′) with fixed weights.
func perceptron(in, hidden int) func(x node) node {
	weights := func(x node, n, m int) node {
		w := make([]float64, n*m)
		for i := range w {
			w[i] = math.Sin(float64(7*i+n)) / math.Sqrt(float64(n))
		}
		return graph.Const(x.Graph(), w, n, m)
	}
	return func(x node) node {
		h := ops.Tanh(ops.MatMul(x, weights(x, in, hidden)))
		return ops.Sum(ops.Tanh(ops.MatMul(h, weights(x, hidden, hidden))))
	}
}

// Leaves of a tree are coordinates like any other; functions that are linear, and leaves of which they are, add nothing.
func TestLaplacianOfTrees(t *testing.T) {
	type pair struct{ A, B node }
	got := evaluate(t, func(p pair) []node {
		return []node{
			autodiff.Laplacian(func(p pair) node { return ops.Sum(ops.Mul(ops.Square(p.A), p.B)) })(p), // Σ 2b
			autodiff.Laplacian(func(p pair) node { return ops.Add(ops.Sum(p.A), ops.Sum(p.B)) })(p),
			autodiff.Laplacian(func(p pair) node { return ops.Sum(ops.Square(p.B)) }, autodiff.AllowUnreachable())(p),
			// ∂/∂a of Δ Σ a⁴ = 12a², by leaf
			autodiff.Grad(func(a node) node {
				return autodiff.Laplacian(func(a node) node { return ops.Sum(ops.Pow(a, 4)) })(a)
			})(p.A),
		}
	}, map[string]any{"A": []float64{1, -2}, "B": []float64{3, 5}})
	require.Equal(t, [][]float64{{16}, {0}, {4}, {24, -48}}, got)
}

func count(n int) []int64 {
	c := make([]int64, n)
	for i := range c {
		c[i] = int64(i)
	}
	return c
}
