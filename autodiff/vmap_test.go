package autodiff_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// loop is what Vmap promises, in the simplest form: f on each example along axis 0, the results stacked.
func loop(f func(node) node) func(node) node {
	return func(x node) node {
		var results []node
		for i := range x.Shape()[0] {
			results = append(results, f(ops.Squeeze(ops.Slice(x, ops.At(i)), 0)))
		}
		return ops.Stack(results, 0)
	}
}

// vectorFunction is a function of vectors with many kinds of ops in it: products, sums, indices, choices and shapes.
func vectorFunction(w node) func(x node) node {
	return func(x node) node {
		h := ops.Tanh(ops.MatMul(x, w)) // [3]
		s := ops.Softmax(ops.MatMul(w, h), 0)
		picked := ops.Take(s, ops.ArgMax(x, 0), 0)
		outer := ops.MatMul(ops.ExpandDims(h, 1), ops.ExpandDims(x, 0)) // [3,2]
		chosen := ops.Where(ops.Gt(outer, 0), outer, ops.Square(outer))
		return ops.Concat([]*graph.Node{ops.Mul(h, picked), ops.Sum(chosen, 1), ops.Reshape(ops.LogSumExp(x), 1)}, 0)
	}
}

// vectorScan is a function of vectors with a loop in it.
func vectorScan(w node) func(x node) node {
	return func(x node) node {
		last, all := autodiff.Scan(func(c, row node) (node, node) {
			c = ops.Tanh(ops.Add(ops.Mul(c, x), row))
			return c, ops.Sum(c)
		}, x, ops.Transpose(w))
		return ops.Concat([]*graph.Node{last, all}, 0)
	}
}

// Vmap, Grad, VJP and JVP in every order agree with loops.
func TestVmapComposes(t *testing.T) {
	w := []float64{0.3, -0.8, 0.5, 0.9, 0.1, -0.4}
	x := []float64{1, -2, 0.5, 0.25, -1.5, 3}
	total := func(f func(node) node) func(node) node { return func(x node) node { return ops.Sum(ops.Sin(f(x))) } }
	for name, pair := range map[string]func(many func(func(node) node) func(node) node, f func(node) node, x node) node{
		"Vmap": func(many func(func(node) node) func(node) node, f func(node) node, x node) node {
			return many(f)(x)
		},
		"Vmap(Grad)": func(many func(func(node) node) func(node) node, f func(node) node, x node) node {
			return many(autodiff.Grad(total(f)))(x)
		},
		"Grad(Vmap)": func(many func(func(node) node) func(node) node, f func(node) node, x node) node {
			return autodiff.Grad(total(many(f)))(x)
		},
		"Vmap(Grad(sum of Grad))": func(many func(func(node) node) func(node) node, f func(node) node, x node) node {
			return many(autodiff.Grad(total(autodiff.Grad(total(f)))))(x)
		},
		"Grad(Vmap(Grad))": func(many func(func(node) node) func(node) node, f func(node) node, x node) node {
			return autodiff.Grad(total(many(autodiff.Grad(total(f)))))(x)
		},
		"JVP(Vmap)": func(many func(func(node) node) func(node) node, f func(node) node, x node) node {
			_, t := autodiff.JVP(many(f), x, ops.Cos(x))
			return t
		},
		"Vmap(JVP)": func(many func(func(node) node) func(node) node, f func(node) node, x node) node {
			return many(func(x node) node {
				_, t := autodiff.JVP(f, x, ops.Cos(x))
				return t
			})(x)
		},
		"Vmap(JVP(Grad))": func(many func(func(node) node) func(node) node, f func(node) node, x node) node {
			return many(func(x node) node {
				_, t := autodiff.JVP(autodiff.Grad(total(f)), x, ops.Cos(x))
				return t
			})(x)
		},
		"Vmap(Vmap)": func(many func(func(node) node) func(node) node, f func(node) node, x node) node {
			return many(many(f))(ops.Stack([]*graph.Node{x, ops.Neg(x)}, 0))
		},
		"Grad(Vmap(Grad(Vmap)))": func(many func(func(node) node) func(node) node, f func(node) node, x node) node {
			inner := autodiff.Grad(total(many(f)))
			return autodiff.Grad(total(many(inner)))(ops.Stack([]*graph.Node{x, ops.Neg(x)}, 0))
		},
		"pairs": func(many func(func(node) node) func(node) node, f func(node) node, x node) node {
			return many(func(a node) node {
				return many(func(b node) node { return ops.Mul(f(a), ops.Sum(f(b))) })(x)
			})(x)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, of := range []func(w node) func(node) node{vectorFunction, vectorScan} {
				both := evaluate(t, func(w, x node) (a, b node) {
					w, x = ops.Reshape(w, 2, 3), ops.Reshape(x, 3, 2)
					vmap := func(f func(node) node) func(node) node { return autodiff.Vmap(f) }
					return pair(vmap, of(w), x), pair(loop, of(w), x)
				}, w, x)
				require.Len(t, both[0], len(both[1]))
				for i := range both[1] {
					near(t, both[1][i], both[0][i], i)
				}
			}
		})
	}
}

// What f closes over is the same for all examples, even if it is the argument itself.
func TestVmapTellsArgumentAndClosureApart(t *testing.T) {
	got := evaluate(t, func(x node) (a, b, c node) {
		a = autodiff.Vmap(func(z node) node { return ops.Mul(z, x) })(x)
		b = autodiff.Vmap(func(z node) node { return autodiff.Grad(func(y node) node { return ops.Mul(y, z) })(z) })(x)
		c = autodiff.Grad(func(y node) node {
			return ops.Sum(autodiff.Vmap(func(z node) node { return ops.Sum(ops.Mul(z, y)) })(x))
		})(x)
		return a, b, c
	}, []float64{1, 2, 3})
	require.Equal(t, []float64{1, 2, 3, 2, 4, 6, 3, 6, 9}, got[0])
	require.Equal(t, []float64{1, 2, 3}, got[1])
	require.Equal(t, []float64{6, 6, 6}, got[2])
}

type sample struct {
	X      node
	Label  node
	Nets   []linear
	Unused node
	Name   string
}

// Leaves of several types and shapes, in trees, along different axes, in and out.
func TestVmapOverTrees(t *testing.T) {
	type result struct{ Score, Hit, Fixed node }
	f := func(s sample) map[string]result {
		y := ops.Add(ops.MatMul(s.X, s.Nets[0].W), s.Nets[0].B)
		require.Equal(t, "a", s.Name)
		require.Nil(t, s.Unused)
		require.Equal(t, []int{2}, s.X.Shape())
		require.Equal(t, 0, s.Label.Rank())
		return map[string]result{"r": {y, ops.Eq(ops.ArgMax(y, 0), s.Label), s.Nets[0].B}}
	}
	run := autodiff.Compile(func(x, labels, w, b node) (score, hit, fixed node) {
		r := autodiff.Vmap(f, autodiff.InAxis(-1, "X"), autodiff.Unmapped("Nets"), autodiff.InAxis(1, "Nets[0].W"),
			autodiff.OutAxis(1, "r.Score"))(
			sample{X: x, Label: labels, Nets: []linear{{w, b}}, Name: "a"})["r"]
		return r.Score, r.Hit, r.Fixed
	})
	out, err := run.Run(context.Background(),
		f64Tensor([]float64{1, 2, 3, 4, 5, 6}, 2, 3), []int64{0, 1, 1},
		f64Tensor([]float64{1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0}, 2, 3, 2), []float64{0.5, 0})
	require.NoError(t, err)
	// Examples are (1,4), (2,5), (3,6) with W = [[1 0] [0 1]], [[0 0] [1 1]], [[0 1] [0 0]].
	require.Equal(t, []float64{1.5, 5.5, 0.5, 4, 5, 3}, out[0].Data())
	require.Equal(t, []int{2, 3}, []int(out[0].Shape()))
	require.Equal(t, []bool{false, false, true}, out[1].Data())
	require.Equal(t, []float64{0.5, 0, 0.5, 0, 0.5, 0}, out[2].Data())
}

// One example, and none.
func TestVmapOfOneAndNone(t *testing.T) {
	for _, size := range []int{0, 1} {
		g := graph.New()
		x, w := g.Input("x", graph.Float64, size, 2), g.Input("w", graph.Float64, 2, 3)
		f := vectorFunction(w)
		require.Equal(t, []int{size, 7}, autodiff.Vmap(f)(x).Shape())
		grads := autodiff.Vmap(autodiff.Grad(func(x node) node { return ops.Sum(f(x)) }))(x)
		require.Equal(t, []int{size, 2}, grads.Shape())
		total := autodiff.Grad(func(w node) node { return ops.Sum(autodiff.Vmap(vectorFunction(w))(x)) })(w)
		require.Equal(t, []int{2, 3}, total.Shape())
	}
}

// Indices that differ between examples pick from the example's own entries, and must be in range of those.
func TestVmapOfTake(t *testing.T) {
	run := autodiff.Compile(func(x, index node) node {
		return autodiff.Vmap(func(p [2]node) node { return ops.Take(p[0], p[1], 0) })([2]node{x, index})
	})
	x := f64Tensor([]float64{1, 2, 3, 4}, 2, 2)
	out, err := run.Run(context.Background(), x, []int64{1, 0})
	require.NoError(t, err)
	require.Equal(t, []float64{2, 3}, out[0].Data())
	out, err = run.Run(context.Background(), x, []int64{0, -1})
	require.NoError(t, err)
	require.Equal(t, []float64{1, 4}, out[0].Data(), "from the end of the example's own")
	_, err = run.Run(context.Background(), x, []int64{0, -3})
	require.ErrorIs(t, err, ops.ErrIndex)
	_, err = run.Run(context.Background(), x, []int64{2, 0})
	require.ErrorIs(t, err, ops.ErrIndex)
}

// Gradients by matrices that take more memory than caches have are outer products of another kind.
func TestVmapOfLargeOuterProducts(t *testing.T) {
	const examples, rows, cols = 40, 480, 512
	a, b := make([]float32, examples*rows), make([]float32, examples*cols)
	for i := range a {
		a[i] = float32(i%13) - 6
	}
	for i := range b {
		b[i] = float32(i%7) - 3
	}
	run := autodiff.Compile(func(a, b node) node {
		outer := func(p [2]node) node { return ops.MatMul(ops.ExpandDims(p[0], 1), ops.ExpandDims(p[1], 0)) }
		return autodiff.Vmap(outer)([2]node{ops.Reshape(a, examples, rows), ops.Reshape(b, examples, cols)})
	})
	out, err := run.Run(context.Background(), a, b)
	require.NoError(t, err)
	y := out[0].Data().([]float32)
	for k := range examples {
		for i := range rows {
			for j := range cols {
				if want := a[k*rows+i] * b[k*cols+j]; y[(k*rows+i)*cols+j] != want {
					t.Fatalf("example %d, row %d, column %d: %v, want %v", k, i, j, y[(k*rows+i)*cols+j], want)
				}
			}
		}
	}
}

// A loop whose steps have nothing to record for their gradient, as Vmap makes of many examples of a linear op without a
// batching rule.
func TestGradientOfStepsWithoutARecord(t *testing.T) {
	got := evaluate(t, func(x, w node) (byX, byW node) {
		pair := autodiff.Grad(func(p [2]node) node {
			_, ys := autodiff.Scan(func(none []node, x node) ([]node, node) { return none, ops.Add(x, p[1]) }, nil, p[0])
			return ops.Sum(ops.Mul(ys, ys))
		})([2]node{x, w})
		return pair[0], pair[1]
	}, []float64{1, 2, 3}, 10.0)
	require.Equal(t, []float64{22, 24, 26}, got[0])
	require.Equal(t, []float64{72}, got[1])
}

// Mistakes are found where Vmap's result is called, and say which leaf is wrong.
func TestVmapErrors(t *testing.T) {
	g := graph.New()
	x, y, s := g.Input("x", graph.Float64, 3, 4), g.Input("y", graph.Float64, 5), g.Input("s", graph.Float64)
	type pair struct{ A, B node }
	first := func(p pair) node { return p.A }
	for want, call := range map[string]func(){
		"3 examples along axis 0 of A (x f64[3,4]), but 5 along axis 0 of B (y f64[5])": func() {
			autodiff.Vmap(first)(pair{x, y})
		},
		"4 examples along axis 1 of A (x f64[3,4]), but 3 along axis 0 of B (x f64[3,4])": func() {
			autodiff.Vmap(first, autodiff.InAxis(-1, "A"))(pair{x, x})
		},
		"B (s f64) has no axis along which examples could lie: make it Unmapped": func() {
			autodiff.Vmap(first)(pair{x, s})
		},
		"axis 2 is out of range for A (x f64[3,4])": func() { autodiff.Vmap(first, autodiff.InAxis(2))(pair{x, x}) },
		"axis -3 is out of range for A (stop_gradient": func() {
			autodiff.Vmap(func(p pair) pair { return pair{A: ops.StopGradient(p.A)} }, autodiff.OutAxis(-3, "A"))(pair{x, x})
		},
		"no leaf of the argument has an axis of examples": func() {
			autodiff.Vmap(first, autodiff.Unmapped())(pair{x, y})
		},
		"no leaf of the argument is called \"C\"": func() {
			autodiff.Vmap(first, autodiff.Unmapped("C"))(pair{x, y})
		},
		"no leaf of the result is called \"C\"": func() {
			autodiff.Vmap(first, autodiff.OutAxis(0, "C"))(pair{x, x})
		},
		"lies on another graph": func() {
			autodiff.Vmap(func(pair) node { return graph.New().Input("z", graph.Float64) })(pair{x, x})
		},
		"do not broadcast": func() {
			autodiff.Vmap(func(p pair) node { return ops.Add(p.A, ops.Reshape(x, 4, 3)) }, autodiff.Unmapped("B"))(pair{x, y})
		},
	} {
		t.Run(want, func(t *testing.T) {
			err := graph.Try(call)
			require.ErrorContains(t, err, want)
			var e *graph.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "vmap_test.go", filepath.Base(e.File))
		})
	}
	_, _, line, _ := runtime.Caller(0)
	err := graph.Try(func() { autodiff.Vmap(first)(pair{x, y}) })
	require.ErrorContains(t, err, fmt.Sprintf("vmap_test.go:%d", line+1))
}

func f64Tensor(v []float64, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
}

// A node that f makes of one example means nothing outside of f.
func TestVmapLeaks(t *testing.T) {
	var line int
	leaky := func(x node) node {
		var leak node
		y := autodiff.Vmap(func(x node) node {
			leak = ops.Square(at(&line, x))
			return ops.Sin(x)
		})(x)
		return ops.Add(ops.Sum(y), leak)
	}
	_, err := autodiff.Compile(leaky).Run(t.Context(), []float64{5, 6})
	var e *graph.Error
	require.ErrorAs(t, err, &e)
	require.Contains(t, e.Reason, "is used outside of it")
	require.Equal(t, line, e.Line)
}
