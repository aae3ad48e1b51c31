package solve_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/autodiff/solve"
	"chainrule/graph"
	"chainrule/ops"
)

// line is the parameters of a straight line.
type line struct{ Slope, Offset node }

// points are what it is fitted to.
type points struct{ X, Y node }

func offLine(d points, l line) node {
	return ops.Sub(ops.Add(l.Offset, ops.Mul(l.Slope, d.X)), d.Y)
}

var lineX, lineY = []float64{1, 2, 4, 7, 11}, []float64{3.1, 4.8, 9.3, 15.2, 22.7}

func feedLine(f func(d points) []node) func(x, y node) []node {
	return func(x, y node) []node { return f(points{x, y}) }
}

// The fit of a straight line, with the covariance of slope and offset, is known in closed form.
func TestLeastSquaresOfALine(t *testing.T) {
	var n, sx, sy, sxx, sxy float64
	for i, x := range lineX {
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+lineY[i], sxx+x*x, sxy+x*lineY[i]
	}
	det := n*sxx - sx*sx
	slope, offset, rss := (n*sxy-sx*sy)/det, (sxx*sy-sx*sxy)/det, 0.0
	for i, x := range lineX {
		rss += math.Pow(offset+slope*x-lineY[i], 2)
	}
	s2 := rss / (n - 2)
	fit := solve.LeastSquares(offLine)
	got := runAll(t, feedLine(func(d points) []node {
		zero := d.X.Graph().Scalar(graph.Float64, 0)
		got := fit(d, line{zero, zero})
		return []node{got.X.Slope, got.X.Offset, got.RSS, got.Covariance, got.Deviations.Slope, got.Deviations.Offset}
	}), lineX, lineY)
	want := []float64{slope, offset, rss, s2 * n / det, -s2 * sx / det, -s2 * sx / det, s2 * sxx / det,
		math.Sqrt(s2 * n / det), math.Sqrt(s2 * sxx / det)}
	require.Len(t, got, len(want))
	for i, w := range want { // differences of sums of squares lose two digits in the closed form
		require.InEpsilon(t, w, got[i], 1e3*eps, "%d", i)
	}
}

// growth is a curve that is not linear in its parameters, of which two have other units than the third.
func growth(d points, b node) node {
	bx := ops.Mul(entry(b, 1), d.X)
	return ops.Sub(ops.Add(ops.Mul(entry(b, 0), ops.Sub(1, ops.Exp(ops.Neg(bx)))), ops.Mul(entry(b, 2), d.X)), d.Y)
}

var growthX, growthY = []float64{0.5, 1, 2, 3, 5, 8, 9}, []float64{81, 147, 237, 306, 371, 412, 440}

// Every derivative by the data, of all that a fit gives, is the difference of two fits. Forward mode, reverse mode, and second
// derivatives are checked by what Check does, which fits again.
func TestDerivativesOfAFit(t *testing.T) {
	fit := solve.LeastSquares(growth)
	all := func(y node) node {
		x := graph.Const(y.Graph(), growthX, len(growthX))
		got := fit(points{x, y}, graph.Const(y.Graph(), []float64{300, 0.2, 1}, 3))
		return ops.Concat([]*graph.Node{got.X, got.Deviations, ops.ExpandDims(got.RSS, 0), ops.Reshape(got.Covariance, -1)}, 0)
	}
	const k = 3 + 3 + 1 + 9
	fn := autodiff.Compile(all)
	at := func(y []float64) []float64 {
		out, err := fn.Run(t.Context(), y)
		require.NoError(t, err)
		return elements(out[0])
	}
	forward := run1(t, autodiff.Jacobian(all, autodiff.ForwardMode()), growthY)
	reverse := run1(t, autodiff.Jacobian(all, autodiff.ReverseMode()), growthY)
	value := at(growthY)
	for j := range growthY {
		h := 1e-4 * growthY[j]
		shifted := func(by float64) []float64 {
			y := append([]float64(nil), growthY...)
			y[j] += by
			return at(y)
		}
		p1, m1, p2, m2 := shifted(h), shifted(-h), shifted(2*h), shifted(-2*h)
		for i := range k {
			want := (8*(p1[i]-m1[i]) - (p2[i] - m2[i])) / (12 * h) // off by h⁴
			size := math.Abs(value[i]) / growthY[j]
			require.InDelta(t, want, forward[i*len(growthY)+j], 1e-7*size, "%d by %d", i, j)
			require.InDelta(t, want, reverse[i*len(growthY)+j], 1e-7*size, "%d by %d", i, j)
		}
	}
}

// The second derivative of a fit by the data is the derivative of the first by differences.
func TestSecondDerivativesOfAFit(t *testing.T) {
	fit := solve.LeastSquares(growth)
	rate := func(y node) node {
		x := graph.Const(y.Graph(), growthX, len(growthX))
		return entry(fit(points{x, y}, graph.Const(y.Graph(), []float64{300, 0.2, 1}, 3)).X, 1)
	}
	grad := autodiff.Compile(autodiff.Grad(rate))
	hess := run1(t, autodiff.Hessian(rate), growthY)
	n := len(growthY)
	for j := range growthY {
		h := 1e-4 * growthY[j]
		shifted := func(by float64) []float64 {
			y := append([]float64(nil), growthY...)
			y[j] += by
			out, err := grad.Run(t.Context(), y)
			require.NoError(t, err)
			return elements(out[0])
		}
		p1, m1, p2, m2 := shifted(h), shifted(-h), shifted(2*h), shifted(-2*h)
		for i := range growthY {
			want := (8*(p1[i]-m1[i]) - (p2[i] - m2[i])) / (12 * h)
			require.InDelta(t, want, hess[i*n+j], 1e-6*0.2/(growthY[i]*growthY[j]), "%d %d", i, j)
		}
	}
}

// Residuals are a tree: a fit with a prior is one of all its leaves.
func TestLeastSquaresOfTrees(t *testing.T) {
	type parts struct {
		Data  node
		Prior []node
	}
	fit := solve.LeastSquares(func(d points, l line) parts {
		return parts{offLine(d, l), []node{l.Slope, ops.Mul(3, l.Offset)}}
	})
	got := runAll(t, feedLine(func(d points) []node {
		zero := d.X.Graph().Scalar(graph.Float64, 0)
		at := fit(d, line{zero, zero})
		return []node{at.X.Slope, at.X.Offset}
	}), lineX, lineY)
	var a, b, c, d, e float64 // the normal equations
	for i, x := range lineX {
		a, b, c, d, e = a+x*x, b+x, c+1, d+x*lineY[i], e+lineY[i]
	}
	a, c = a+1, c+9
	require.InEpsilon(t, (d*c-b*e)/(a*c-b*b), got[0], 1e3*eps)
	require.InEpsilon(t, (a*e-b*d)/(a*c-b*b), got[1], 1e3*eps)
}
