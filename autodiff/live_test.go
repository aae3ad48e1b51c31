package autodiff_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// chosenCase is a function of a vector that chooses, per element or as a whole, away from a value with a partial
// derivative that is not finite.
type chosenCase struct {
	name string
	f    func(x node) node // to a scalar
	x    []float64
	grad []float64
	// curve is the sum over each row of the Hessian.
	curve []float64
}

func chosenCases() []chosenCase {
	nan, inf := math.NaN(), math.Inf(1)
	gt := func(x node, v float64) node { return ops.Gt(x, v) }
	return []chosenCase{
		{"√x or 0", func(x node) node { return ops.Sum(ops.Where(gt(x, 0), ops.Sqrt(x), 0)) },
			[]float64{-1, 0, 4, nan}, []float64{0, 0, 0.25, 0}, []float64{0, 0, -1.0 / 32, 0}},
		{"log x or x", func(x node) node { return ops.Sum(ops.Where(gt(x, 0), ops.Log(x), x)) },
			[]float64{-1, 0, 4}, []float64{1, 1, 0.25}, []float64{0, 0, -1.0 / 16}},
		{"1 or sin x / x", func(x node) node { return ops.Sum(ops.Where(ops.Eq(x, 0), 1, ops.Div(ops.Sin(x), x))) },
			[]float64{0, math.Pi}, []float64{0, -1 / math.Pi}, []float64{0, 2 / math.Pi / math.Pi}},
		{"0 or x/|x|", func(x node) node { return ops.Sum(ops.Where(ops.Eq(x, 0), 0, ops.Div(x, ops.Abs(x)))) },
			[]float64{0, -2, 3}, []float64{0, 0, 0}, []float64{0, 0, 0}},
		{"0 or x/‖x‖, ‖x‖ = 0", func(x node) node {
			norm := ops.Sqrt(ops.Sum(ops.Square(x)))
			return ops.Sum(ops.Where(ops.Eq(norm, 0), 0, ops.Div(x, norm)))
		}, []float64{0, 0}, []float64{0, 0}, []float64{0, 0}},
		{"xᵃ or 0", func(x node) node { return ops.Sum(ops.Where(gt(x, 0), ops.Pow(x, 0.5), 0)) },
			[]float64{-1, 0, 4}, []float64{0, 0, 0.25}, []float64{0, 0, -1.0 / 32}},
		{"√log x², deep", func(x node) node {
			return ops.Sum(ops.Where(gt(x, 1), ops.Sqrt(ops.Log(ops.Square(x))), ops.Square(x)))
		}, []float64{0, 0.5}, []float64{0, 1}, []float64{2, 2}},
		{"exp x where it overflows", func(x node) node { return ops.Sum(ops.Where(gt(x, 700), x, ops.Exp(x))) },
			[]float64{1000, 0}, []float64{1, 1}, []float64{0, 1}},
		{"nested", func(x node) node {
			inner := ops.Where(gt(x, 1), ops.Sqrt(ops.Sub(x, 1)), ops.Log(x))
			return ops.Sum(ops.Where(gt(x, 0), inner, ops.Neg(x)))
		}, []float64{-1, 0, 0.5, 1.25}, []float64{-1, -1, 2, 1}, []float64{0, 0, -4, -2}},
		{"both branches of one value", func(x node) node {
			y := ops.Reciprocal(x)
			return ops.Sum(ops.Where(gt(x, 1), ops.Square(y), ops.Where(gt(x, 0), y, 5)))
		}, []float64{0, 0.5, 2}, []float64{0, -4, -0.25}, []float64{0, 16, 0.375}},
		{"broadcast operand", func(x node) node { // element 0 of x is used where it is bad, and nowhere else
			m := ops.Log(ops.Mul(ops.Reshape(x, 3, 1), vector(x, 1, 2)))
			return ops.Sum(ops.Where(ops.Gt(ops.Reshape(x, 3, 1), 0), m, 0))
		}, []float64{0, 1, 2}, []float64{0, 2, 1}, []float64{0, -2, -0.5}},
		{"broadcast operand, some live", func(x node) node {
			cond := graph.Const(x.Graph(), []bool{true, false}, 2, 1)
			return ops.Sum(ops.Where(cond, ops.Log(ops.BroadcastTo(x, 2, 2)), 0))
		}, []float64{1, 2}, []float64{1, 0.5}, []float64{-1, -0.25}},
		{"scalar condition", func(x node) node {
			return ops.Where(ops.Gt(ops.Sum(x), 1), ops.Sum(ops.Log(x)), ops.Sum(x))
		}, []float64{0, 0.5}, []float64{1, 1}, []float64{0, 0}},
		{"sum of bad values", func(x node) node {
			s := ops.Sum(ops.Sqrt(ops.Reshape(x, 2, 2)), 1)
			return ops.Sum(ops.Where(graph.Const(x.Graph(), []bool{true, false}, 2), s, 0))
		}, []float64{1, 4, -1, 0}, []float64{0.5, 0.25, 0, 0}, []float64{-0.25, -1.0 / 32, 0, 0}},
		{"product, largest and logsumexp of bad values", func(x node) node {
			l := ops.Log(ops.Reshape(x, 2, 2))
			y := ops.Add(ops.Add(ops.Prod(l, 1), ops.Max(l, 1)), ops.LogSumExp(l, 1)) // of 2: log x₀·log x₁ + log x₁ + log(x₀+x₁)
			return ops.Sum(ops.Where(graph.Const(x.Graph(), []bool{false, true}, 2), y, 0))
		}, []float64{0, -1, 1, math.E},
			[]float64{0, 0, 1 + 1/(1+math.E), 1/math.E + 1/(1+math.E)},
			[]float64{0, 0, -1 + 1/math.E - 2/(1+math.E)/(1+math.E),
				1/math.E - 1/math.E/math.E - 2/(1+math.E)/(1+math.E)}},
		{"softmax of a row without numbers", func(x node) node {
			s := ops.Softmax(ops.Log(ops.Reshape(x, 2, 2)), 1) // x₀/(x₀+x₁)
			rows := graph.Const(x.Graph(), []bool{false, true}, 2, 1)
			return ops.Sum(ops.Mul(ops.Where(rows, s, 0), vector(x, 1, 0)))
		}, []float64{0, 0, 1, 1}, []float64{0, 0, 0.25, -0.25}, []float64{0, 0, -0.25, 0.25}},
		{"views", func(x node) node {
			r := ops.Transpose(ops.Reshape(ops.Sqrt(x), 2, 3)) // [[0 3] [1 4] [2 5]]
			y := ops.Slice(r, ops.Range{Start: 1, Stop: 3}, ops.All)
			cond := graph.Const(x.Graph(), []bool{true, false, true, true}, 2, 2)
			return ops.Sum(ops.Where(cond, y, 0)) // 1, not 4, 2, 5
		}, []float64{4, 1, 1, 4, 0, 1}, []float64{0, 0.5, 0.5, 0, 0, 0.5}, []float64{0, -0.25, -0.25, 0, 0, -0.25}},
		{"joined and taken", func(x node) node {
			y := ops.Concat([]*graph.Node{ops.Sqrt(x), ops.Log(x)}, 0)
			y = ops.Take(y, graph.Const(x.Graph(), []int64{0, 2, 3, 3}, 4), 0)
			cond := graph.Const(x.Graph(), []bool{false, false, true, false}, 4)
			return ops.Sum(ops.Where(cond, y, 0)) // log x₁
		}, []float64{0, 2}, []float64{0, 0.5}, []float64{0, -0.25}},
		{"columns of a product", func(x node) node { // a = x, b has a bad column
			b := graph.Const(x.Graph(), []float64{2, nan, 3, inf}, 2, 2)
			y := ops.MatMul(ops.Reshape(ops.Square(x), 1, 2), b)
			return ops.Sum(ops.Where(graph.Const(x.Graph(), []bool{true, false}, 2), y, 0))
		}, []float64{1, 1}, []float64{4, 6}, []float64{4, 6}},
		{"rows of a product", func(x node) node { // log x has a bad row
			l := ops.Log(ops.Reshape(x, 2, 2))
			w := graph.Const(x.Graph(), []float64{1, 2, 3, 4}, 2, 2)
			y := ops.MatMul(l, ops.Mul(w, ops.Slice(x, ops.At(3)))) // x₃ in W, too
			rows := graph.Const(x.Graph(), []bool{false, true}, 2, 1)
			return ops.Sum(ops.Where(rows, y, 0)) // x₃·(3·log x₂ + 7·log x₃)
		}, []float64{0, -1, 1, 1}, []float64{0, 0, 3, 7}, []float64{0, 0, -3 + 3, 3 + 7}},
		{"transposed and batched products", func(x node) node {
			l := ops.Log(ops.Reshape(x, 2, 2, 1)) // two matrices [2,1]
			y := ops.Product(l, l, false, true)   // log xᵢ·log xⱼ for i, j = 0, 1 and 2, 3
			cond := graph.Const(x.Graph(), []bool{false, false, false, true, true, true, true, true}, 2, 2, 2)
			return ops.Sum(ops.Where(cond, y, 0)) // log²x₁ + (log x₂ + log x₃)²
		}, []float64{0, math.E, math.E, math.E},
			[]float64{0, 2 / math.E, 4 / math.E, 4 / math.E},
			[]float64{0, 0, 0, 0}},
		{"kinks behind it", func(x node) node {
			r := ops.Maximum(ops.ReLU(ops.Sqrt(x)), ops.Abs(ops.Log(x)))
			return ops.Sum(ops.Where(gt(x, 2), r, ops.Minimum(x, 0)))
		}, []float64{-1, 0, 4}, []float64{1, 0.5, 0.25}, []float64{0, 0, -1.0 / 32}},
	}
}

// A value that is not chosen has the gradient zero, whatever its partial derivatives are, to second order too.
func TestGradientOfWhatIsNotChosen(t *testing.T) {
	for _, c := range chosenCases() {
		t.Run(c.name, func(t *testing.T) {
			total := func(x node) node { return ops.Sum(autodiff.Grad(c.f)(x)) }
			got := evaluate(t, func(x node) (grad, rows, pushed, pulled, slope node) {
				ones := ops.BroadcastTo(x.Graph().Scalar(graph.Float64, 1), x.Shape()...)
				grad = autodiff.Grad(c.f)(x)
				rows = autodiff.Grad(total)(x)                        // reverse over reverse
				_, pushed = autodiff.JVP(autodiff.Grad(c.f), x, ones) // forward over reverse
				pulled = autodiff.Grad(func(x node) node {            // reverse over forward
					_, t := autodiff.JVP(c.f, x, ones)
					return t
				})(x)
				_, slope = autodiff.JVP(c.f, x, ones)
				return
			}, c.x)
			for i := range c.x {
				near(t, c.grad[i], got[0][i], "gradient %d", i)
				near(t, c.curve[i], got[1][i], "reverse over reverse %d", i)
				near(t, c.curve[i], got[2][i], "forward over reverse %d", i)
				near(t, c.curve[i], got[3][i], "reverse over forward %d", i)
			}
			sum := 0.0
			for _, g := range c.grad {
				sum += g
			}
			near(t, sum, got[4][0], "forward")
		})
	}
}

// A value that is chosen shows what it is.
func TestGradientOfWhatIsChosenStaysBad(t *testing.T) {
	f := func(x node) node { return ops.Sum(ops.Where(ops.Ge(x, 0), ops.Sqrt(x), ops.Log(x))) }
	got := evaluate(t, autodiff.Grad(f), []float64{0, -1, 4})
	require.True(t, math.IsInf(got[0][0], 1))
	require.Equal(t, -1.0, got[0][1]) // 1/x, of log x, which is NaN itself
	require.Equal(t, 0.25, got[0][2])
	// A zero that is a number does not annihilate: 0·∞.
	got = evaluate(t, autodiff.Grad(func(x node) node {
		return ops.Sum(ops.Where(ops.Ge(x, 0), ops.Mul(0, ops.Sqrt(x)), 1))
	}), []float64{0})
	require.True(t, math.IsNaN(got[0][0]))
	// The derivative of a product whose other factor is zero at the moment is not lost.
	second := evaluate(t, autodiff.Grad(autodiff.Grad(func(x node) node {
		return ops.Where(ops.Gt(x, -1), ops.Square(ops.Sin(x)), 0)
	})), 0.0)
	near(t, 2, second[0][0])
}

// Forward mode, too: what where takes from elsewhere does not move, so √ of it does not.
func TestTangentOfWhatIsNotChosen(t *testing.T) {
	for _, f := range []func(x node) node{
		func(x node) node { return ops.Sqrt(ops.Where(ops.Gt(x, 0), x, 0)) },
		func(x node) node {
			return ops.Sqrt(ops.Mul(ops.Reshape(ops.Where(ops.Le(x, 0), 0, x), 2, 2), x.Graph().Scalar(graph.Float64, 1)))
		},
		func(x node) node {
			safe := ops.Where(ops.Gt(x, 0), x, 0)
			return ops.Pow(ops.Concat([]*graph.Node{safe, safe}, 0), 0.5)
		},
		func(x node) node { return ops.Sqrt(ops.Where(ops.Gt(x, 0), x, ops.Where(ops.Gt(x, -5), 0, x))) },
	} {
		got := evaluate(t, func(x node) (pulled, pushed node) {
			pulled = autodiff.Grad(func(x node) node { return ops.Sum(f(x)) })(x)
			y, pushed := autodiff.JVP(f, x, ops.Add(ops.Mul(0, x), 1))
			if y.Type().Size() > 4 {
				pulled = ops.Mul(0.5, pulled)
			}
			return pulled, pushed
		}, []float64{-1, 0, 4, 1})
		for i, want := range []float64{0, 0, 0.25, 0.5} {
			near(t, want, got[0][i])
			near(t, want, got[1][i])
		}
	}
}

// Under Vmap, inside of it and around it, and in the bodies of loops and branches.
func TestWhatIsNotChosenComposes(t *testing.T) {
	safe := func(x node) node { return ops.Where(ops.Gt(x, 0), ops.Sqrt(x), 0) }
	values, want := []float64{-1, 0, 4, 1}, []float64{0, 0, 0.25, 0.5}
	total := func(f func(x node) node) func(x node) node {
		return func(x node) node { return ops.Sum(f(x)) }
	}
	for name, f := range map[string]func(x node) node{
		"vmap of grad": autodiff.Vmap(autodiff.Grad(safe)),
		"grad of vmap": autodiff.Grad(total(autodiff.Vmap(safe))),
		"vmap of vmap of grad": func(x node) node {
			return ops.Reshape(autodiff.Vmap(autodiff.Vmap(autodiff.Grad(safe)))(ops.Reshape(x, 2, 2)), 4)
		},
		"vmap of grad of a sum of rows": func(x node) node {
			return ops.Reshape(autodiff.Vmap(autodiff.Grad(total(safe)))(ops.Reshape(x, 2, 2)), 4)
		},
		"vmap of a product": func(x node) node {
			row := func(x node) node { // [1] · [1,2], of which column 0 is chosen
				y := ops.MatMul(ops.Sqrt(ops.Reshape(x, 1)), graph.Const(x.Graph(), []float64{1, math.Inf(1)}, 1, 2))
				cond := ops.And(graph.Const(x.Graph(), []bool{true, false}, 2), ops.Gt(x, 0))
				return ops.Sum(ops.Where(cond, y, 0))
			}
			return autodiff.Vmap(autodiff.Grad(row))(x)
		},
		"scan": autodiff.Grad(func(x node) node {
			sum, _ := autodiff.Scan(func(c, x node) (node, node) { return ops.Add(c, safe(x)), c },
				x.Graph().Scalar(graph.Float64, 0), x)
			return sum
		}),
		"where around a scan": autodiff.Grad(func(x node) node {
			_, roots := autodiff.Scan(func(c, x node) (node, node) { return c, ops.Sqrt(ops.Where(ops.Gt(x, 0), x, 1)) },
				x.Graph().Scalar(graph.Float64, 0), x)
			return ops.Sum(ops.Where(ops.Gt(x, 0), roots, 0))
		}),
		"where around an unsafe loop": autodiff.Vmap(autodiff.Grad(func(x node) node {
			root := autodiff.For(1, func(_, c node) node { return ops.Sqrt(c) }, x)
			return ops.Where(ops.Gt(x, 0), root, 0)
		})),
		"branch": autodiff.Vmap(autodiff.Grad(func(x node) node {
			return autodiff.Cond(ops.Gt(x, 0), func() node { return ops.Sqrt(x) }, func() node { return ops.Mul(0, x) })
		})),
		"checkpoint": autodiff.Grad(total(autodiff.Checkpoint(safe))),
		"jacobian": func(x node) node {
			return ops.Sum(autodiff.Jacobian(safe)(x), 0)
		},
		"forward jacobian": func(x node) node {
			return ops.Sum(autodiff.Jacobian(safe, autodiff.ForwardMode())(x), 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := evaluate(t, f, values)[0]
			for i := range want {
				near(t, want[i], got[i], "element %d", i)
			}
		})
	}
}

// Where there is no where, there are no masks: the derivatives of a network are made of the same nodes as ever.
func TestNoMasksWithoutWhere(t *testing.T) {
	g := graph.New()
	x, w := g.Input("x", graph.Float64, 4, 3), g.Input("w", graph.Float64, 3, 2)
	loss := func(w node) node {
		h := ops.Maximum(ops.MatMul(x, w), ops.Abs(ops.Sqrt(ops.Exp(ops.Sum(w)))))
		return ops.Mean(ops.LogSumExp(ops.ReLU(h), 1))
	}
	grad := autodiff.Grad(loss)(w)
	_, tangent := autodiff.JVP(autodiff.Grad(loss), w, w)
	for _, n := range graph.Topo(grad, tangent) {
		require.NotContains(t, []string{"where", "and", "or", "not"}, n.Op().Name)
	}
}
