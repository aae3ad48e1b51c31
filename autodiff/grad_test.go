package autodiff_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

type node = *graph.Node

// evaluate compiles f and runs it once. It returns the elements of every result, which are f64.
func evaluate(t testing.TB, f any, feeds ...any) [][]float64 {
	t.Helper()
	out, err := autodiff.Compile(f, autodiff.Verified()).Run(context.Background(), feeds...)
	require.NoError(t, err)
	return floats(out)
}

func floats(out []*tensor.Dense) [][]float64 {
	results := make([][]float64, len(out))
	for i, d := range out {
		if d.Shape().TotalSize() > 0 {
			results[i] = d.Float64s()
		}
	}
	return results
}

// near compares with an error of a few roundings of values of the given size.
func near(t testing.TB, want, got float64, message ...any) {
	t.Helper()
	require.InDelta(t, want, got, 64*0x1p-52*math.Max(1, math.Abs(want)), message...)
}

// Derivatives of functions of one variable, known in closed form, by reverse and by forward mode.
func TestKnownDerivatives(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(x node) node
		dfdx func(x float64) float64
		at   []float64
	}{
		{"logistic", ops.Sigmoid, func(x float64) float64 {
			s := 1 / (1 + math.Exp(-x))
			return s * (1 - s)
		}, []float64{-3, 0, 0.7, 5}},
		{"x·sin x", func(x node) node { return ops.Mul(x, ops.Sin(x)) },
			func(x float64) float64 { return math.Sin(x) + x*math.Cos(x) }, []float64{-2, 0, 1, 10}},
		{"fan-out: x·x·x + x + x", func(x node) node { return ops.Add(ops.Add(ops.Mul(ops.Mul(x, x), x), x), x) },
			func(x float64) float64 { return 3*x*x + 2 }, []float64{-1.5, 0, 2}},
		{"xˣ", func(x node) node { return ops.Pow(x, x) },
			func(x float64) float64 { return math.Pow(x, x) * (math.Log(x) + 1) }, []float64{0.5, 1, 2.5}},
		{"quotient", func(x node) node { return ops.Div(ops.Sub(x, 1), ops.Add(x, 2)) },
			func(x float64) float64 { return 3 / (x + 2) / (x + 2) }, []float64{-1, 0, 3}},
		{"e^−x²", func(x node) node { return ops.Exp(ops.Neg(ops.Square(x))) },
			func(x float64) float64 { return -2 * x * math.Exp(-x*x) }, []float64{-1, 0, 0.3}},
		{"log(1 + e^x)", func(x node) node { return ops.Log(ops.Add(1, ops.Exp(x))) },
			func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, []float64{-4, 0, 2}},
		{"broadcast: Σ x·[1 2 3]", func(x node) node { return ops.Sum(ops.Mul(x, vector(x, 1, 2, 3))) },
			func(float64) float64 { return 6 }, []float64{0, 4}},
		{"broadcast over two axes", func(x node) node {
			m := ops.Add(ops.Reshape(vector(x, 1, 2), 2, 1), ops.Reshape(ops.Mul(x, vector(x, 1, 1, 1)), 1, 3))
			return ops.Sum(ops.Square(m)) // Σᵢⱼ (aᵢ + x)²
		}, func(x float64) float64 { return 3 * 2 * (1 + x + 2 + x) }, []float64{0, 1.25}},
		{"third derivative of sin", autodiff.Grad(autodiff.Grad(autodiff.Grad(ops.Sin))),
			math.Sin, []float64{-1, 0, 0.5, 3}}, // its own derivative is sin again
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, x := range c.at {
				got := evaluate(t, func(x node) (dfdx, forward node) {
					_, forward = autodiff.JVP(c.f, x, x.Graph().Scalar(graph.Float64, 1))
					return autodiff.Grad(c.f)(x), forward
				}, x)
				near(t, c.dfdx(x), got[0][0], "reverse at %v", x)
				near(t, c.dfdx(x), got[1][0], "forward at %v", x)
			}
		})
	}
}

func vector(x node, v ...float64) node { return graph.Const(x.Graph(), v, len(v)) }

func TestRosenbrock(t *testing.T) {
	type point struct{ X, Y *graph.Node }
	f := func(p point) node {
		return ops.Add(ops.Square(ops.Sub(1, p.X)), ops.Mul(100, ops.Square(ops.Sub(p.Y, ops.Square(p.X)))))
	}
	hessian := func(p point) (xx, xy, yx, yy node) {
		dx := autodiff.Grad(func(p point) node { return autodiff.Grad(f)(p).X })(p)
		dy := autodiff.Grad(func(p point) node { return autodiff.Grad(f)(p).Y })(p)
		return dx.X, dx.Y, dy.X, dy.Y
	}
	x, y := -1.2, 1.0
	feed := map[string]float64{"X": x, "Y": y}
	grad := evaluate(t, autodiff.Grad(f), feed)
	near(t, -2*(1-x)-400*x*(y-x*x), grad[0][0])
	near(t, 200*(y-x*x), grad[1][0])
	h := evaluate(t, hessian, feed)
	near(t, 2-400*(y-3*x*x), h[0][0])
	near(t, -400*x, h[1][0])
	near(t, -400*x, h[2][0])
	near(t, 200, h[3][0])
}

// f(x) = xᵀAx/2 + bᵀx has the gradient (A + Aᵀ)x/2 + b and, along v, the second derivative (A + Aᵀ)v/2.
func TestQuadraticForm(t *testing.T) {
	f := func(x node) node {
		a := graph.Const(x.Graph(), []float64{1, 2, 0, -1, 3, 5, 4, 0, 2}, 3, 3)
		return ops.Add(ops.Mul(0.5, ops.MatMul(x, ops.MatMul(a, x))), ops.MatMul(vector(x, 1, -2, 3), x))
	}
	got := evaluate(t, func(x, v node) (grad, hv, vh node) {
		grad, hv = autodiff.JVP(autodiff.Grad(f), x, v) // forward over reverse
		vh = autodiff.Grad(func(x node) node { return ops.Sum(ops.Mul(v, autodiff.Grad(f)(x))) })(x)
		return grad, hv, vh
	}, []float64{1, 2, -1}, []float64{0.5, 0, 2})
	sym := [3][3]float64{{1, 0.5, 2}, {0.5, 3, 2.5}, {2, 2.5, 2}}
	for i, row := range sym {
		near(t, row[0]*1+row[1]*2-row[2]+[]float64{1, -2, 3}[i], got[0][i])
		near(t, row[0]*0.5+row[2]*2, got[1][i])
		near(t, row[0]*0.5+row[2]*2, got[2][i])
	}
}

// (r, φ) ↦ (x, y): the Jacobian by rows, from VJPs with unit cotangents, and by columns, from JVPs.
func TestPolarCoordinates(t *testing.T) {
	type polar struct{ R, Phi *graph.Node }
	type plane struct{ X, Y *graph.Node }
	f := func(p polar) plane { return plane{ops.Mul(p.R, ops.Cos(p.Phi)), ops.Mul(p.R, ops.Sin(p.Phi))} }
	got := evaluate(t, func(p polar) (value plane, xRow, yRow polar, rColumn, phiColumn plane) {
		one, zero := p.R.Graph().Scalar(graph.Float64, 1), p.R.Graph().Scalar(graph.Float64, 0)
		value, pull := autodiff.VJP(f, p)
		_, rColumn = autodiff.JVP(f, p, polar{one, zero})
		_, phiColumn = autodiff.JVP(f, p, polar{zero, one})
		return value, pull(plane{one, zero}), pull(plane{zero, one}), rColumn, phiColumn
	}, map[string]any{"R": 2.0, "Phi": 0.5})
	s, c := math.Sincos(0.5)
	for i, want := range []float64{2 * c, 2 * s, c, -2 * s, s, 2 * c, c, s, -2 * s, 2 * c} {
		near(t, want, got[i][0], "result %d", i)
	}
}

// A function that closes over what an outer derivative varies: the inner derivative holds it fixed.
func TestPerturbationConfusion(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(x node) node
		want func(x float64) float64
	}{
		// d/dx x·(d/dy (x + y)) = d/dx x·1
		{"Siskind and Pearlmutter", func(x node) node {
			return ops.Mul(x, autodiff.Grad(func(y node) node { return ops.Add(x, y) })(x.Graph().Scalar(graph.Float64, 1)))
		}, func(float64) float64 { return 1 }},
		// the same, at y = x: d/dx x·1
		{"at the outer variable", func(x node) node {
			return ops.Mul(x, autodiff.Grad(func(y node) node { return ops.Add(x, y) })(x))
		}, func(float64) float64 { return 1 }},
		// d/dx x·(d/dy x·y² at x) = d/dx x·2x² = 6x²
		{"closure over the differentiated node", func(x node) node {
			return ops.Mul(x, autodiff.Grad(func(y node) node { return ops.Mul(x, ops.Square(y)) })(x))
		}, func(x float64) float64 { return 6 * x * x }},
		// the same by forward mode inside
		{"forward inside reverse", func(x node) node {
			_, t := autodiff.JVP(func(y node) node { return ops.Mul(x, ops.Square(y)) }, x, x.Graph().Scalar(graph.Float64, 1))
			return ops.Mul(x, t)
		}, func(x float64) float64 { return 6 * x * x }},
		// d/dx of the value that f closes over before it was an argument: both count
		{"used inside and outside", func(x node) node {
			y := ops.Square(x)
			return ops.Add(y, autodiff.Grad(func(x node) node { return ops.Mul(ops.Square(x), y) })(x))
		}, func(x float64) float64 { return 2*x + 6*x*x }}, // x² + 2x·x²
	} {
		t.Run(c.name, func(t *testing.T) {
			near(t, c.want(1.5), evaluate(t, autodiff.Grad(c.f), 1.5)[0][0])
		})
	}
}

func TestValueAndGrad(t *testing.T) {
	got := evaluate(t, autodiff.ValueAndGrad(func(x node) node { return ops.Sum(ops.Square(x)) }), []float64{1, -2})
	require.Equal(t, [][]float64{{5}, {2, -4}}, got)
}

func TestGradients(t *testing.T) {
	g := graph.New()
	x, w := g.Input("x", graph.Float64, 2), g.Input("w", graph.Float64, 2)
	h := ops.Mul(x, w)
	y := ops.Sum(ops.Square(h))
	grads := autodiff.Gradients(y, w, h, y)
	fn, err := autodiff.CompileGraph([]node{x, w}, grads, autodiff.Verified())
	require.NoError(t, err)
	out, err := fn.Run(context.Background(), []float64{1, 2}, []float64{3, 4})
	require.NoError(t, err)
	require.Equal(t, [][]float64{{6, 32}, {6, 16}, {1}}, floats(out)) // 2x²w, 2h, 1
}

// Cotangents and tangents of what is no float are left out.
func TestLeavesThatAreNoFloats(t *testing.T) {
	type picked struct{ Value, Index *graph.Node }
	f := func(p picked) picked {
		return picked{ops.Square(ops.Take(p.Value, p.Index, 0)), ops.Add(p.Index, 1)}
	}
	got := evaluate(t, func(p picked) (pulled, tangent node) {
		value, pull := autodiff.VJP(f, p)
		grads := pull(picked{Value: ops.Add(ops.Mul(value.Value, 0), 1)})
		require.Nil(t, grads.Index)
		_, pushed := autodiff.JVP(f, p, picked{Value: ops.Mul(p.Value, 2)})
		require.Equal(t, graph.Int64, pushed.Index.DType())
		return grads.Value, pushed.Value
	}, map[string]any{"Value": []float64{1, 2, 3}, "Index": []int{2, 2, 0}})
	require.Equal(t, [][]float64{{2, 0, 12}, {36, 36, 4}}, got)
}

func TestJVPOfWhatDoesNotDepend(t *testing.T) {
	type pair struct{ A, B *graph.Node }
	got := evaluate(t, func(x node) node {
		_, tangent := autodiff.JVP(func(x node) pair { return pair{ops.Square(x), vector(x, 1, 2)} }, x, x)
		require.Equal(t, []int{2}, tangent.B.Shape())
		return tangent.B
	}, 3.0)
	require.Equal(t, [][]float64{{0, 0}}, got)
}
