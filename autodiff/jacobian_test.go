package autodiff_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

var modes = map[string][]autodiff.JacobianOption{
	"by shape": nil, "forward": {autodiff.ForwardMode()}, "reverse": {autodiff.ReverseMode()},
}

// A linear function's Jacobian is its matrix, whatever the shapes: [m…, n…].
func TestJacobianShapes(t *testing.T) {
	matrix := func(x node, shape ...int) node {
		w := make([]float64, graph.Size(shape))
		for i := range w {
			w[i] = float64(i*i%7) - 3
		}
		return graph.Const(x.Graph(), w, shape...)
	}
	for _, c := range []struct {
		name string
		f    func(x node) node
		in   []int
		want []int
	}{
		{"vector", func(x node) node { return ops.Slice(x, ops.Range{Stop: 2}) }, []int{3}, []int{2, 3}},
		{"wide", func(x node) node { return ops.Concat([]*graph.Node{x, x, x}, 0) }, []int{2}, []int{6, 2}},
		{"scalar to scalar", ops.Sin, nil, []int{}},
		{"scalar to vector", func(x node) node { return ops.BroadcastTo(x, 4) }, nil, []int{4}},
		{"vector to scalar", func(x node) node { return ops.Sum(x) }, []int{4}, []int{4}},
		{"matrix to matrix", func(x node) node { return ops.Transpose(x) }, []int{2, 3}, []int{3, 2, 2, 3}},
		{"itself", func(x node) node { return x }, []int{3}, []int{3, 3}},
		{"x·B", func(x node) node { return ops.MatMul(x, matrix(x, 3, 2)) }, []int{3}, []int{2, 3}},
		{"A·x", func(x node) node { return ops.MatMul(matrix(x, 2, 3), x) }, []int{3}, []int{2, 3}},
		{"x·Bᵀ", func(x node) node {
			return ops.Product(ops.Reshape(x, 1, 3), matrix(x, 4, 3), false, true)
		}, []int{3}, []int{1, 4, 3}},
		{"xᵀ·B", func(x node) node {
			return ops.Product(ops.Reshape(x, 3, 1), matrix(x, 3, 3), true, false)
		}, []int{3}, []int{1, 3, 3}},
		{"Aᵀ·x", func(x node) node {
			return ops.Product(matrix(x, 3, 4), ops.Reshape(x, 3, 1), true, false)
		}, []int{3}, []int{4, 1, 3}},
		{"A·xᵀ", func(x node) node {
			return ops.Product(matrix(x, 3, 3), ops.Reshape(x, 1, 3), false, true)
		}, []int{3}, []int{3, 1, 3}},
		{"x·row, an outer product", func(x node) node {
			return ops.MatMul(ops.Reshape(x, 3, 1), matrix(x, 1, 2))
		}, []int{3}, []int{3, 2, 3}},
		{"a matrix of another shape, times one", func(x node) node {
			return ops.MatMul(ops.Reshape(x, 2, 3), matrix(x, 3, 2))
		}, []int{6}, []int{2, 2, 6}},
		{"transposed first", func(x node) node {
			return ops.MatMul(ops.Reshape(ops.Transpose(x), 1, 6), matrix(x, 6, 2))
		}, []int{2, 3}, []int{1, 2, 2, 3}},
		{"two vectors", func(x node) node { return ops.MatMul(x, matrix(x, 3)) }, []int{3}, []int{3}},
		{"a batch of matrices", func(x node) node { return ops.MatMul(x, matrix(x, 2, 3, 4)) }, []int{3}, []int{2, 4, 3}},
		{"one number times a row", func(x node) node { return ops.MatMul(x, matrix(x, 1, 3)) }, []int{1}, []int{3, 1}},
		{"twice", func(x node) node {
			return ops.MatMul(ops.MatMul(x, matrix(x, 3, 3)), matrix(x, 3, 2))
		}, []int{3}, []int{2, 3}},
		{"one element", func(x node) node { return ops.Reshape(x, 1) }, []int{1, 1}, []int{1, 1, 1}},
		{"nothing in", func(x node) node { return ops.BroadcastTo(ops.Sum(x), 2) }, []int{0}, []int{2, 0}},
		{"nothing out", func(x node) node { return ops.Slice(x, ops.Range{Start: 3}) }, []int{3}, []int{0, 3}},
	} {
		for mode, opts := range modes {
			t.Run(c.name+"/"+mode, func(t *testing.T) {
				g := graph.New()
				x := g.Input("x", graph.Float64, c.in...)
				j := autodiff.Jacobian(c.f, opts...)(x)
				require.Equal(t, c.want, append([]int{}, j.Shape()...))
				fn, err := autodiff.CompileGraph([]node{x}, []node{j, c.f(x)}, autodiff.Verified())
				require.NoError(t, err)
				feed, n := zeros(tensor.Float64, c.in...), graph.Size(c.in)
				for k := range n { // a linear function of 1, 2, … is what the matrix gives for it
					feed.Set(k, float64(k+1))
				}
				out, err := fn.Run(context.Background(), feed)
				require.NoError(t, err)
				if c.name == "scalar to scalar" || j.Type().Size() == 0 {
					return
				}
				matrix, y := values(out[0]), values(out[1])
				for i := range y {
					sum := 0.0
					for k := range n {
						sum += matrix[i*n+k] * float64(k+1)
					}
					require.Equal(t, y[i], sum)
				}
			})
		}
	}
}

// values lists the elements of a tensor, or of a scalar.
func values(d *tensor.Dense) []float64 {
	if v, ok := d.Data().(float64); ok {
		return []float64{v}
	}
	return d.Float64s()
}

// Columns of a product with a matrix are read off it, not multiplied with zeros: an infinite weight stays where it is.
func TestJacobianWithInfiniteWeights(t *testing.T) {
	w := func(x node) node { return graph.Const(x.Graph(), []float64{1, math.Inf(1), 2, 3}, 2, 2) }
	for name, f := range map[string]func(x node) node{
		"x·W": func(x node) node { return ops.MatMul(x, ops.Transpose(w(x))) },
		"W·x": func(x node) node { return ops.MatMul(w(x), x) },
	} {
		got := evaluate(t, autodiff.Jacobian(f, autodiff.ForwardMode()), []float64{1, 1})
		require.Equal(t, []float64{1, math.Inf(1), 2, 3}, got[0], name)
	}
}

// Every mode gives the same Jacobian of a function made of everything, and that is what differences give.
func TestJacobianModesAgree(t *testing.T) {
	x := []float64{0.5, -1, 2}
	f := func(x node) node {
		w := graph.Const(x.Graph(), []float64{1, -2, 0.5, 3, 0.25, -1}, 3, 2)
		h := ops.Tanh(ops.MatMul(x, w))
		return ops.Concat([]*graph.Node{ops.Softmax(h, -1), ops.Mul(h, ops.Sum(ops.Sin(x))), ops.Reshape(ops.Max(x), 1)}, 0)
	}
	got := evaluate(t, func(x node) []node {
		return []node{
			autodiff.Jacobian(f, autodiff.ForwardMode())(x), autodiff.Jacobian(f, autodiff.ReverseMode())(x),
			autodiff.Jacobian(f)(x), f(x),
		}
	}, x)
	require.InDeltaSlice(t, got[0], got[1], 64*eps)
	require.InDeltaSlice(t, got[0], got[2], 64*eps)
	const h = 1e-5
	for k := range x {
		moved := func(s float64) []float64 {
			at := slices.Clone(x)
			at[k] += s
			return evaluate(t, f, at)[0]
		}
		up, down := moved(h), moved(-h)
		for i := range up { // off by h²/6 times a third derivative below 10³, and by the rounding of values below 10
			require.InDelta(t, (up[i]-down[i])/(2*h), got[0][i*3+k], h*h*1e3/6+10*eps/h, "∂y%d/∂x%d", i, k)
		}
	}
}

type affine struct{ W, B node }

// Trees in, trees out: each leaf of the argument becomes [f…, leaf…], and blocks are found by path.
func TestJacobianOfTrees(t *testing.T) {
	x := func(n node) node { return vector(n, 3, 5) }
	f := func(p affine) node { return ops.Add(ops.MatMul(x(p.W), p.W), p.B) } // xᵀW + b: [3]
	for mode, opts := range modes {
		t.Run(mode, func(t *testing.T) {
			got := evaluate(t, func(p affine) (affine, autodiff.Blocks) {
				j := autodiff.Jacobian(f, opts...)(p)
				require.Equal(t, []int{3, 2, 3}, j.W.Shape())
				require.Equal(t, []int{3, 3}, j.B.Shape())
				b := autodiff.JacobianBlocks(func(p affine) map[string]node {
					return map[string]node{"y": f(p), "bias": ops.Mul(2, p.B)}
				}, opts...)(p)
				require.Equal(t, []string{"bias", "y"}, b.Rows())
				require.Equal(t, []string{"W", "B"}, b.Cols())
				require.Equal(t, b.Of[1][0], b.At("y", "W"))
				require.Equal(t, []int{3, 2, 3}, b.At("bias", "W").Shape())
				return j, b
			}, map[string]any{"W": zeros(tensor.Float64, 2, 3), "B": []float64{1, 2, 3}})
			identity := []float64{1, 0, 0, 0, 1, 0, 0, 0, 1}
			byW := []float64{3, 0, 0, 5, 0, 0, 0, 3, 0, 0, 5, 0, 0, 0, 3, 0, 0, 5} // ∂yᵢ/∂Wⱼₖ = xⱼδᵢₖ
			require.Equal(t, [][]float64{byW, identity}, got[:2])
			require.Equal(t, [][]float64{make([]float64, 18), {2, 0, 0, 0, 2, 0, 0, 0, 2}, byW, identity}, got[2:])
		})
	}
}

// The Hessian of Σ log(1 + e^(xW+b)) in blocks: W with W, W with b, b with b, and their transposes.
func TestHessianOfTrees(t *testing.T) {
	f := func(p affine) node { return ops.Sum(ops.Softplus(ops.Add(ops.MatMul(vector(p.W, 3, 5), p.W), p.B))) }
	for mode, opts := range modes {
		t.Run(mode, func(t *testing.T) {
			got := evaluate(t, func(p affine) []node {
				b := autodiff.HessianBlocks(f, opts...)(p)
				require.Equal(t, []int{2, 3, 2, 3}, b.At("W", "W").Shape())
				require.Equal(t, []int{3, 2, 3}, b.At("B", "W").Shape())
				return []node{b.At("W", "W"), b.At("W", "B"), b.At("B", "W"), b.At("B", "B")}
			}, map[string]any{"W": zeros(tensor.Float64, 2, 3), "B": []float64{0.5, -1, 0}})
			x := []float64{3, 5}
			for i, b := range []float64{0.5, -1, 0} {
				s := 1 / (1 + math.Exp(-b))
				d := s * (1 - s)
				for j := range 3 {
					want := 0.0
					if i == j {
						want = d
					}
					require.InDelta(t, want, got[3][i*3+j], 8*eps)
					for k, xk := range x {
						require.InDelta(t, xk*want, got[1][k*9+i*3+j], 8*eps*xk, "∂²/∂W∂b")
						require.Equal(t, got[1][k*9+i*3+j], got[2][j*6+k*3+i], "its transpose")
						for l, xl := range x {
							require.InDelta(t, xk*xl*want, got[0][k*18+i*6+l*3+j], 8*eps*xk*xl, "∂²/∂W∂W")
						}
					}
				}
			}
		})
	}
}

// What is linear has a Hessian of zeros, and so has what is linear in a part.
func TestHessianOfLinearFunctions(t *testing.T) {
	type pair struct{ A, B node }
	got := evaluate(t, func(p pair) []node {
		b := autodiff.HessianBlocks(func(p pair) node { return ops.Add(ops.Sum(p.A), ops.Sum(ops.Square(p.B))) })(p)
		return []node{
			autodiff.Hessian(func(x node) node { return ops.Sum(x) })(p.A), b.At("A", "A"), b.At("A", "B"), b.At("B", "B"),
			autodiff.HVP(func(x node) node { return ops.Sum(x) })(p.A, p.A),
		}
	}, map[string]any{"A": []float64{1, 2}, "B": []float64{3, 4}})
	zero := []float64{0, 0, 0, 0}
	require.Equal(t, [][]float64{zero, zero, zero, {2, 0, 0, 2}, {0, 0}}, got)
}

// Transformations nest in any order, and every way to the same derivative gives the same numbers.
func TestNesting(t *testing.T) {
	f := func(x node) node { return ops.Sum(ops.Exp(ops.Mul(x, ops.Sin(ops.Sum(x))))) } // no two derivatives alike
	hessian := autodiff.Hessian(f)
	hvp := autodiff.HVP(f)
	one := func(x node, i int) node {
		return ops.OneHot(graph.Const(x.Graph(), []int64{int64(i)}, 1), 2, graph.Float64)
	}
	column := func(x node, i int) node { return ops.Squeeze(one(x, i), 0) }
	ways := map[string]func(x node) node{ // fourth derivatives, [2,2,2,2]
		"Hessian of Hessian": func(x node) node { // of each element
			h := func(i int) func(x node) node {
				return func(x node) node { return element(ops.Reshape(hessian(x), 4), i) }
			}
			return ops.Reshape(ops.Stack([]*graph.Node{autodiff.Hessian(h(0))(x), autodiff.Hessian(h(1))(x), autodiff.Hessian(h(2))(x), autodiff.Hessian(h(3))(x)}, 0), 2, 2, 2, 2)
		},
		"Jacobians": func(x node) node {
			return autodiff.Jacobian(autodiff.Jacobian(autodiff.Jacobian(autodiff.Jacobian(f))))(x)
		},
		"Jacobians, forward over reverse": func(x node) node {
			j := autodiff.Jacobian(autodiff.Jacobian(hessian, autodiff.ReverseMode()), autodiff.ForwardMode())
			return j(x)
		},
		"Jacobian of Jacobian of Jacobian of Grad": func(x node) node {
			return autodiff.Jacobian(autodiff.Jacobian(autodiff.Jacobian(autodiff.Grad(f))))(x)
		},
		"HVP inside Vmap": func(x node) node { // columns of the Hessian by many vectors at once
			h := func(x node) node {
				units := ops.Concat([]*graph.Node{one(x, 0), one(x, 1)}, 0)
				return autodiff.Vmap(func(v node) node { return hvp(x, v) })(units)
			}
			return autodiff.Jacobian(autodiff.Jacobian(h))(x)
		},
		"Vmap of Hessian": func(x node) node {
			h := func(x node) node {
				two := autodiff.Vmap(hessian)(ops.Concat([]*graph.Node{ops.Reshape(x, 1, 2), ops.Reshape(ops.Square(x), 1, 2)}, 0))
				return ops.Squeeze(ops.Slice(two, ops.At(0)), 0)
			}
			return autodiff.Jacobian(autodiff.Jacobian(h))(x)
		},
		"HVP of directional derivatives": func(x node) node {
			var blocks []node
			for i := range 2 {
				for j := range 2 {
					d := along(f)
					dd := along(func(x node) node { return d(x, column(x, i)) })
					g := func(x node) node { return dd(x, column(x, j)) }
					for k := range 2 {
						blocks = append(blocks, autodiff.HVP(g)(x, column(x, k)))
					}
				}
			}
			return ops.Reshape(ops.Stack(blocks, 0), 2, 2, 2, 2)
		},
		"Grad of Laplacian's integrand": func(x node) node {
			return autodiff.Jacobian(autodiff.Grad(func(y node) node { // ∂²/∂y² of f's Hessian, one element at a time
				return ops.Sum(hessian(y))
			}))(x)
		},
	}
	x := []float64{0.5, -0.25}
	want := evaluate(t, ways["Jacobians"], x)[0]
	size := 0.0
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	require.Greater(t, size, 1.0)
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			got := evaluate(t, way, x)[0]
			expected := want
			if len(got) == 4 { // summed over the first two axes
				expected = make([]float64, 4)
				for i, w := range want {
					expected[i%4] += w
				}
			}
			// Every element is a sum of some hundred products, none much larger than the largest of them.
			require.InDeltaSlice(t, expected, got, 256*eps*size)
		})
	}
	require.NoError(t, autodiff.Checker{Order: 1}.Check(ways["HVP inside Vmap"], x), "and it is the derivative")
}

// Captured nodes are constants: d/dx of x·(d/dy xy²) does not confuse the two, in any transformation.
func TestCalculusPerturbationConfusion(t *testing.T) {
	inner := map[string]func(x, at node) node{ // ∂/∂y or ∂²/∂y² of x·y² at y
		"Jacobian": func(x, at node) node {
			return autodiff.Jacobian(func(y node) node { return ops.Mul(x, ops.Square(y)) })(at)
		},
		"Hessian": func(x, at node) node {
			return ops.Mul(at, autodiff.Hessian(func(y node) node { return ops.Mul(x, ops.Square(y)) })(at))
		},
		"HVP": func(x, at node) node {
			return autodiff.HVP(func(y node) node { return ops.Mul(x, ops.Square(y)) })(at, at)
		},
		"Laplacian": func(x, at node) node {
			return ops.Mul(at, autodiff.Laplacian(func(y node) node { return ops.Mul(x, ops.Square(y)) })(at))
		},
		"Derivatives": func(x, at node) node {
			return autodiff.Derivatives(func(y node) node { return ops.Mul(x, ops.Square(y)) }, 2)(at)[1]
		},
	}
	for name, d := range inner {
		got := evaluate(t, autodiff.Grad(func(x node) node { return ops.Mul(x, d(x, x)) }), 1.5) // d/dx x·2x²
		require.InDelta(t, 6*1.5*1.5, got[0][0], 16*eps*10, name)
	}
}

func TestValueAndGradAux(t *testing.T) {
	type notes struct{ Squares, Largest node }
	out, err := autodiff.Compile(func(x node) (value node, aux notes, grad node) {
		return autodiff.ValueAndGradAux(func(x node) (node, notes) {
			y := ops.Square(x)
			return ops.Sum(y), notes{y, ops.ArgMax(y, 0)}
		})(x)
	}).Run(context.Background(), []float64{1, -2})
	require.NoError(t, err)
	require.Equal(t, 5.0, out[0].Data())
	require.Equal(t, []float64{1, 4}, out[1].Data())
	require.Equal(t, int64(1), out[2].Data())
	require.Equal(t, []float64{2, -4}, out[3].Data())

	// What is handed on may be differentiated from outside.
	got := evaluate(t, autodiff.Grad(func(x node) node {
		_, y, _ := autodiff.ValueAndGradAux(func(x node) (node, node) { return ops.Sum(x), ops.Sum(ops.Square(x)) })(x)
		return y
	}), []float64{1, -2})
	require.Equal(t, []float64{2, -4}, got[0])
}

// f32 in, f32 out.
func TestCalculusInFloat32(t *testing.T) {
	out, err := autodiff.Compile(func(x node) []node {
		return []node{
			autodiff.Jacobian(ops.Square)(x), autodiff.Hessian(func(x node) node { return ops.Sum(ops.Square(x)) })(x),
			autodiff.Laplacian(func(x node) node { return ops.Sum(ops.Square(x)) })(x),
		}
	}).Run(context.Background(), []float32{1, 2})
	require.NoError(t, err)
	require.Equal(t, []float32{2, 0, 0, 4}, out[0].Float32s())
	require.Equal(t, []float32{2, 0, 0, 2}, out[1].Float32s())
	require.Equal(t, float32(4), out[2].Data())
}

// Interning keeps the 2ⁿ terms of the product rule down: the nodes of the first n derivatives of a product or of a
// composition are a quadratic function of n, whose second differences are constant.
func TestDerivativesShareTheirTerms(t *testing.T) {
	for name, f := range map[string]func(x node) node{
		"sin(exp x)":    func(x node) node { return ops.Sin(ops.Exp(x)) },
		"x·sin x·exp x": func(x node) node { return ops.Mul(ops.Mul(x, ops.Sin(x)), ops.Exp(x)) },
	} {
		nodes := func(n int) int {
			return len(graph.Topo(autodiff.Derivatives(f, n)(graph.New().Input("x", graph.Float64))...))
		}
		bend := func(n int) int { return nodes(n+1) - 2*nodes(n) + nodes(n-1) }
		require.Equal(t, bend(4), bend(20), name)
	}
}
