package ops_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// bySingular are functions of a matrix by its singular values and vectors, and the same without these.
var bySingular = []struct {
	name      string
	of, plain func(x *graph.Node) *graph.Node
	vectors   bool
}{
	{"sum of squares", func(x *graph.Node) *graph.Node { return ops.Sum(ops.Square(ops.SingularValues(x))) },
		func(x *graph.Node) *graph.Node { return ops.Sum(ops.Square(x)) }, false},
	{"sum of fourth powers", func(x *graph.Node) *graph.Node { return ops.Sum(ops.Square(ops.Square(ops.SingularValues(x)))) },
		func(x *graph.Node) *graph.Node { return ops.Sum(ops.Square(ops.Product(x, x, true, false))) }, false},
	{"sum of hyperbolic cosines", func(x *graph.Node) *graph.Node { return ops.Sum(ops.Cosh(ops.SingularValues(x))) },
		func(x *graph.Node) *graph.Node {
			y, least := ops.Product(x, x, true, false), ops.Product(x, x, false, true)
			if least.Shape()[0] < y.Shape()[0] {
				y = least
			}
			term := ops.Eye(x.Graph(), x.DType(), y.Shape()[0])
			sum := term
			for k := 1; k <= 12; k++ { // the series of cosh √y
				term = ops.Div(ops.MatMul(term, y), float64(2*k*(2*k-1)))
				sum = ops.Add(sum, term)
			}
			return ops.Trace(sum)
		}, false},
	{"elements of the cube", func(x *graph.Node) *graph.Node {
		return weighted(timesOdd(x, func(s *graph.Node) *graph.Node { return ops.Pow(s, 3) }))
	},
		func(x *graph.Node) *graph.Node { return weighted(ops.MatMul(ops.Product(x, x, false, true), x)) }, true},
	{"elements of 3x + x³x'x", func(x *graph.Node) *graph.Node {
		return weighted(timesOdd(x, func(s *graph.Node) *graph.Node { return ops.Add(ops.Mul(3, s), ops.Pow(s, 5)) }))
	}, func(x *graph.Node) *graph.Node {
		y := ops.Product(x, x, false, true)
		return weighted(ops.Add(ops.Mul(3, x), ops.MatMul(ops.MatMul(y, y), x)))
	}, true},
}

// timesOdd is U·g(S)·Vᵀ.
func timesOdd(x *graph.Node, g func(s *graph.Node) *graph.Node) *graph.Node {
	u, s, vt := ops.SVD(x)
	return ops.MatMul(ops.Mul(u, ops.ExpandDims(g(s), -2)), vt)
}

// singularPoints are matrices with equal singular values, nearly equal ones, and zeros.
var singularPoints = map[string]struct {
	data []float64
	m, n int
}{
	"identity":      {[]float64{1, 0, 0, 1}, 2, 2},
	"turn":          {[]float64{0.6, -0.8, 0.8, 0.6}, 2, 2},
	"two equal":     {[]float64{0, 1, 0, 1, 0, 0, 0, 0, -0.5}, 3, 3},
	"near":          {[]float64{1, 0, 0, 0, 1 + 1e-9, 0, 0, 0, 0.5}, 3, 3},
	"apart":         {[]float64{1, 0.5, -0.25, 0.75, -1, 0.5, 0.25, 0.5, 1.25}, 3, 3},
	"tall":          {[]float64{1, 0, 0, 1, 0, 0}, 3, 2},
	"wide":          {[]float64{0, 0.5, 0, 0.5, 0, 0}, 2, 3},
	"singular":      {[]float64{1, 2, 0.5, 1}, 2, 2},
	"tall singular": {[]float64{1, 0.5, 0.5, 0.25, 0.25, 0.125}, 3, 2},
	"wide zero":     {[]float64{0, 0, 0, 0, 0, 0}, 2, 3},
	"zero":          {[]float64{0, 0, 0, 0}, 2, 2},
	"two zeros":     {[]float64{1, 1, 1, 1, 1, 1, 1, 1, 1}, 3, 3},
}

// TestSmoothFunctionsOfSingularValues: derivatives at equal singular values and at zeros are those of the same function without
// a singular value.
func TestSmoothFunctionsOfSingularValues(t *testing.T) {
	for name, p := range singularPoints {
		for _, d := range floats {
			for _, f := range bySingular {
				t.Run(fmt.Sprintf("%s/%v/%s", name, d, f.name), func(t *testing.T) {
					g := graph.New()
					x := constant(g, d, p.data, p.m, p.n)
					v := constant(g, d, []float64{0.5, 1, -0.25, 2, -1, 0.75, 0.125, 1.5, -0.5}[:p.m*p.n], p.m, p.n)
					derivatives := func(f func(x *graph.Node) *graph.Node) []*graph.Node {
						slope := func(x *graph.Node) *graph.Node {
							_, d := autodiff.JVP(f, x, v)
							return d
						}
						_, twice := autodiff.JVP(slope, x, ops.Neg(ops.Square(v)))
						return []*graph.Node{f(x), slope(x), autodiff.Grad(f)(x), twice, autodiff.Hessian(f)(x), autodiff.HVP(f)(x, v)}
					}
					got, want := derivatives(f.of), derivatives(f.plain)
					values := eval(t, append(got, want...)...)
					eps := 0x1p-52
					if d == graph.Float32 {
						eps = 0x1p-23
					}
					for i := range got {
						bound := lost(eps, []int{0, 1, 1, 2, 2, 2}[i], f.vectors)
						scale := 1.0
						for _, w := range values[len(got)+i] {
							scale = max(scale, math.Abs(w))
						}
						for k, w := range values[len(got)+i] {
							if d := math.Abs(values[i][k] - w); !(d <= bound*scale) {
								t.Errorf("derivative %d, element %d is %v, want %v", i, k, values[i][k], w)
								break
							}
						}
					}
				})
			}
		}
	}
}

// TestThirdOrderOfSingularVectors: there, an error names the matrix; where singular values lie apart, there is none.
func TestThirdOrderOfSingularVectors(t *testing.T) {
	for name, p := range singularPoints {
		g := graph.New()
		x := graph.Const(g, p.data, p.m, p.n)
		f := bySingular[3].of
		hvp := func(x *graph.Node) *graph.Node { return ops.Sum(autodiff.HVP(f)(x, ops.Add(x, 1))) }
		_, err := autodiff.Eval(autodiff.Grad(hvp)(x))
		if name == "apart" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if name == "singular" {
			continue // of one that is 0: Y vanishes
		}
		if err == nil || !strings.Contains(err.Error(), "matrix 0 of the batch") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSVDOfNothing: what is not finite makes NaN, and no error.
func TestSVDOfNothing(t *testing.T) {
	g := graph.New()
	u, s, vt := ops.SVD(graph.Const(g, []float64{1, nan, 2, 3, 4, 5}, 3, 2))
	for _, values := range eval(t, u, s, vt) {
		for _, v := range values {
			if !math.IsNaN(v) {
				t.Errorf("%v of a matrix with NaN", v)
			}
		}
	}
	expect(t, ops.SingularValues(graph.Const(g, []float64{inf, 1, 1, 1}, 2, 2)), []int{2}, []float64{nan, nan})
}
