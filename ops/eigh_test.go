package ops_test

import (
	"fmt"
	"math"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// smooth are functions of a symmetric matrix by its eigenvalues and vectors, and the same without these.
var smooth = []struct {
	name      string
	of, plain func(x *graph.Node) *graph.Node
	vectors   bool // uses them, so that the second order is the last
}{
	{"sum of squares", byValues(func(w *graph.Node) *graph.Node { return ops.Sum(ops.Square(w)) }),
		func(x *graph.Node) *graph.Node { return ops.Sum(ops.Square(symmetric(x))) }, false},
	{"sum", byValues(func(w *graph.Node) *graph.Node { return ops.Sum(w) }), ops.Trace, false},
	{"sum of cubes", byValues(func(w *graph.Node) *graph.Node { return ops.Sum(ops.Mul(w, ops.Square(w))) }),
		func(x *graph.Node) *graph.Node { return ops.Trace(power(symmetric(x), 3)) }, false},
	{"product", byValues(func(w *graph.Node) *graph.Node { return ops.Prod(w) }),
		func(x *graph.Node) *graph.Node { return ops.Det(symmetric(x)) }, false},
	{"sum of exponentials", byValues(func(w *graph.Node) *graph.Node { return ops.Sum(ops.Exp(w)) }),
		func(x *graph.Node) *graph.Node { return ops.Trace(exponential(symmetric(x))) }, false},
	{"log of a sum", byValues(func(w *graph.Node) *graph.Node { return ops.LogSumExp(w) }),
		func(x *graph.Node) *graph.Node { return ops.Log(ops.Trace(exponential(symmetric(x)))) }, false},
	{"sum of logarithms", byValues(func(w *graph.Node) *graph.Node { return ops.Sum(ops.Log(w)) }),
		func(x *graph.Node) *graph.Node { return ops.LogDet(symmetric(x)) }, false},
	{"variance", byValues(func(w *graph.Node) *graph.Node { return ops.Var(w, 0) }),
		func(x *graph.Node) *graph.Node {
			a, n := symmetric(x), float64(x.Shape()[0])
			return ops.Sub(ops.Div(ops.Sum(ops.Square(a)), n), ops.Square(ops.Div(ops.Trace(a), n)))
		}, false},
	{"an element of the exponential", func(x *graph.Node) *graph.Node { return weighted(function(x, ops.Exp)) },
		func(x *graph.Node) *graph.Node { return weighted(exponential(symmetric(x))) }, true},
	{"an element of the inverse", func(x *graph.Node) *graph.Node { return weighted(function(x, ops.Reciprocal)) },
		func(x *graph.Node) *graph.Node { return weighted(ops.Inverse(symmetric(x))) }, true},
	{"norm of a difference", func(x *graph.Node) *graph.Node {
		return ops.Sum(ops.Square(ops.Sub(function(x, ops.Square), x)))
	}, func(x *graph.Node) *graph.Node {
		return ops.Sum(ops.Square(ops.Sub(power(symmetric(x), 2), x)))
	}, true},
}

func symmetric(x *graph.Node) *graph.Node { return ops.Mul(0.5, ops.Add(x, ops.Transpose(x))) }

func byValues(f func(w *graph.Node) *graph.Node) func(x *graph.Node) *graph.Node {
	return func(x *graph.Node) *graph.Node {
		w, _ := ops.Eigh(x)
		return f(w)
	}
}

// function is V·f(W)·Vᵀ.
func function(x *graph.Node, f func(w *graph.Node) *graph.Node) *graph.Node {
	w, v := ops.Eigh(x)
	return ops.MatMul(ops.Mul(v, ops.ExpandDims(f(w), -2)), ops.Transpose(v))
}

func power(x *graph.Node, k int) *graph.Node {
	y := x
	for range k - 1 {
		y = ops.MatMul(y, x)
	}
	return y
}

// exponential sums the series of e^(x/16), and squares four times.
func exponential(x *graph.Node) *graph.Node {
	one := ops.Eye(x.Graph(), x.DType(), x.Shape()[0])
	y := one
	for k := 14; k > 0; k-- {
		y = ops.Add(one, ops.Div(ops.MatMul(ops.Div(x, 16), y), k))
	}
	for range 4 {
		y = ops.MatMul(y, y)
	}
	return y
}

// weighted is a sum of elements with weights that are not symmetric.
func weighted(x *graph.Node) *graph.Node {
	weights := make([]float64, x.Type().Size())
	for i := range weights {
		weights[i] = math.Round(8*math.Sin(float64(3*i+1))) / 8
	}
	return ops.Sum(ops.Mul(x, ops.Cast(graph.Const(x.Graph(), weights, x.Shape()...), x.DType())))
}

// rotated is the symmetric matrix with the given eigenvalues and fixed vectors, that are not those of the axes.
func rotated(w ...float64) []float64 {
	n := len(w)
	a := diagonal(w...)
	v := make([]float64, n) // a reflection I − 2·v·vᵀ
	norm := 0.0
	for i := range v {
		v[i] = math.Cos(float64(2*i + 1))
		norm += v[i] * v[i]
	}
	h := func(i, j int) float64 {
		if i == j {
			return 1 - 2*v[i]*v[j]/norm
		}
		return -2 * v[i] * v[j] / norm
	}
	out := make([]float64, n*n)
	for i := range n {
		for j := range n {
			for k := range n {
				out[i*n+j] += h(i, k) * a[k*n+k] * h(j, k)
			}
		}
	}
	for i := range n {
		for j := range i {
			out[i*n+j] = out[j*n+i]
		}
	}
	return out
}

// points are matrices with equal, nearly equal and different eigenvalues.
var points = map[string][]float64{
	"identity":          diagonal(1, 1, 1),
	"multiple":          diagonal(0.7, 0.7),
	"two equal":         diagonal(1, 1, 2),
	"two equal above":   diagonal(2, 1, 2),
	"two equal, turned": rotated(1, 1, 2),
	"three of four":     rotated(0.5, 0.5, 0.5, 1.5),
	"two pairs":         rotated(0.5, 1.5, 0.5, 1.5),
	"near":              diagonal(1, 1+1e-9, 2),
	"near, turned":      rotated(1, 1+1e-9, 2),
	"nearer, turned":    rotated(1, 1+4e-15, 1-3e-15),
	"not so near":       rotated(1, 1+1e-6, 2),
	"less near":         rotated(1, 1+1e-4, 2),
	"apart":             rotated(0.5, 1, 2),
}

// everyMode is where all derivatives are tried; elsewhere, gradients and Hessians.
var everyMode = map[string]bool{"identity": true, "two equal, turned": true, "near, turned": true}

// lost is the error of derivatives of order k. Differences of terms over w_j − w_i meet from the second order on, or
// for vectors from the first: where they are cut off, at a distance of ∛eps, they are off by eps/∛eps = eps^⅔, as is the
// series; and each further order divides by a distance once more.
func lost(eps float64, k int, vectors bool) float64 {
	if vectors {
		k++
	}
	return 64 * math.Pow(eps, []float64{1, 1, 2. / 3, 1. / 3}[k])
}

// TestSmoothFunctionsOfEigenvalues: derivatives at equal eigenvalues, in every mode, are those of the same function
// without an eigenvalue.
func TestSmoothFunctionsOfEigenvalues(t *testing.T) {
	for name, data := range points {
		for _, d := range floats {
			for _, f := range smooth {
				t.Run(fmt.Sprintf("%s/%v/%s", name, d, f.name), func(t *testing.T) {
					g := graph.New()
					n := int(math.Sqrt(float64(len(data))))
					x := constant(g, d, data, n, n)
					direction := []float64{0.5, 1, -0.25, 2, -1, 0.75, 0.125, 1.5, -0.5, 1, 0.25, -2, 1, -1, 0.5, 1}
					v := constant(g, d, direction[:n*n], n, n)
					derivatives := func(f func(x *graph.Node) *graph.Node) []*graph.Node {
						slope := func(x *graph.Node) *graph.Node {
							_, d := autodiff.JVP(f, x, v)
							return d
						}
						_, twice := autodiff.JVP(slope, x, ops.Transpose(v))
						along := func(x *graph.Node) *graph.Node { return ops.Sum(ops.Mul(v, autodiff.Grad(f)(x))) }
						hvp := func(x *graph.Node) *graph.Node { return ops.Sum(ops.Mul(v, autodiff.HVP(f)(x, v))) }
						opt := autodiff.AllowUnreachable()
						if !everyMode[name] {
							return []*graph.Node{f(x), slope(x), autodiff.Grad(f)(x), twice, autodiff.Hessian(f)(x),
								autodiff.Hessian(f, autodiff.ReverseMode())(x), autodiff.HVP(f)(x, v)}
						}
						return []*graph.Node{f(x), slope(x), autodiff.Grad(f)(x),
							twice, autodiff.Hessian(f)(x), autodiff.Hessian(f, autodiff.ReverseMode())(x), autodiff.HVP(f)(x, v),
							autodiff.Grad(along, opt)(x), autodiff.Grad(slope, opt)(x), autodiff.Laplacian(f)(x),
							autodiff.Hessian(along, opt)(x), autodiff.Grad(hvp, opt)(x)}
					}
					count := 12
					switch {
					case !everyMode[name]:
						count = 7
					case f.vectors:
						count = 10
					}
					got, want := derivatives(f.of)[:count], derivatives(f.plain)[:count]
					values := eval(t, append(got, want...)...)
					eps := 0x1p-52
					if d == graph.Float32 {
						eps = 0x1p-23
					}
					for i := range got {
						k := []int{0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3}[i]
						bound := lost(eps, k, f.vectors) // relative
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

// TestEigenvaluesOfBatches: the same holds for batches, under Vmap, and within a loop.
func TestEigenvaluesOfBatches(t *testing.T) {
	g := graph.New()
	data := append(append(diagonal(1, 1, 2), rotated(0.5, 0.5, 0.5)...), rotated(0.25, 1, 0.25)...)
	x := graph.Const(g, data, 3, 3, 3)
	each := func(f func(x *graph.Node) *graph.Node) []*graph.Node {
		mapped := autodiff.Vmap(autodiff.Hessian(f))(x)
		one := func(i int) *graph.Node {
			return autodiff.Hessian(f)(ops.Reshape(ops.Slice(x, ops.At(i)), 3, 3))
		}
		return []*graph.Node{mapped, ops.Stack([]*graph.Node{one(0), one(1), one(2)}, 0)}
	}
	for _, f := range smooth {
		values := eval(t, append(each(f.of), each(f.plain)...)...)
		for i, want := range values[3] {
			for k := range 2 {
				if !(math.Abs(values[k][i]-want) <= 1e-9*(1+math.Abs(want))) {
					t.Errorf("%s: element %d of Hessian %d is %v, want %v", f.name, i, k, values[k][i], want)
				}
			}
		}
	}
	batch := func(x *graph.Node) *graph.Node {
		w, v := ops.Eigh(x)
		y := ops.MatMul(ops.Mul(v, ops.ExpandDims(ops.Exp(w), -2)), ops.Transpose(v))
		return ops.Sum(ops.Mul(y, ops.Square(y)))
	}
	parts := func(x *graph.Node) *graph.Node {
		sum := ops.Full(g, graph.Float64, 0)
		for i := range 3 {
			y := exponential(symmetric(ops.Reshape(ops.Slice(x, ops.At(i)), 3, 3)))
			sum = ops.Add(sum, ops.Sum(ops.Mul(y, ops.Square(y))))
		}
		return sum
	}
	loop := func(step func(x *graph.Node) *graph.Node) func(x *graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node {
			return weighted(autodiff.For(2, func(_, x *graph.Node) *graph.Node { return ops.Mul(0.25, step(x)) }, x))
		}
	}
	one := graph.Const(g, diagonal(1, 1, 2), 3, 3)
	for name, pair := range map[string][2]*graph.Node{
		"batch gradient": {autodiff.Grad(batch)(x), autodiff.Grad(parts)(x)},
		"batch Hessian":  {autodiff.Hessian(batch)(x), autodiff.Hessian(parts)(x)},
		"loop gradient": {autodiff.Grad(loop(func(x *graph.Node) *graph.Node { return function(x, ops.Exp) }))(one),
			autodiff.Grad(loop(func(x *graph.Node) *graph.Node { return exponential(symmetric(x)) }))(one)},
		"loop Hessian": {autodiff.Hessian(loop(func(x *graph.Node) *graph.Node { return function(x, ops.Exp) }))(one),
			autodiff.Hessian(loop(func(x *graph.Node) *graph.Node { return exponential(symmetric(x)) }))(one)},
	} {
		values := eval(t, pair[0], pair[1])
		for i, want := range values[1] {
			if !(math.Abs(values[0][i]-want) <= 1e-9*(1+math.Abs(want))) {
				t.Errorf("%s: element %d is %v, want %v", name, i, values[0][i], want)
				break
			}
		}
	}
}
