package autodiff_test

import (
	"context"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/internal/exec"
	"chainrule/ops"
)

func elem(x node, i ...int) node {
	ranges := make([]ops.Range, len(i))
	for k := range i {
		ranges[k] = ops.At(i[k])
	}
	return ops.Reshape(ops.Slice(x, ranges...))
}

func window(x node, from, length int) node {
	return ops.Slice(x, ops.Range{Start: from, Stop: from + length})
}

// sliced has functions of about n slices of a value of n elements.
var sliced = map[string]func(x node, n int) node{
	"elements": func(x node, n int) node {
		y := ops.Sin(elem(x, 0))
		for i := 1; i < n; i++ {
			y = ops.Add(y, ops.Mul(one(i), ops.Mul(elem(x, i-1), elem(x, i))))
		}
		return y
	},
	"elements of a matrix": func(x node, n int) node {
		m := ops.Reshape(x, -1, 4)
		y := ops.Sum(ops.Sin(m))
		for i := range n {
			y = ops.Add(y, ops.Mul(one(i), ops.Square(elem(m, i/4, i%4))))
		}
		return ops.Add(y, ops.Sum(ops.Square(m)))
	},
	"rows": func(x node, n int) node {
		m := ops.Reshape(x, -1, 4)
		y := ops.Sum(x)
		for i := range n / 4 {
			y = ops.Add(y, ops.Mul(one(i), ops.Prod(ops.Slice(m, ops.At(i)))))
		}
		return y
	},
	"columns": func(x node, n int) node {
		m := ops.Reshape(x, 4, -1)
		y := ops.Sum(ops.Exp(x))
		for i := range n / 4 {
			y = ops.Add(y, ops.Mul(one(i), ops.Prod(ops.Slice(m, ops.All, ops.At(i)))))
		}
		return y
	},
	"tiles": func(x node, n int) node {
		m := ops.Reshape(x, 4, -1)
		var y node
		for i := range n / 4 {
			tile := ops.Slice(m, ops.Range{Start: i % 2 * 2, Stop: i%2*2 + 2}, ops.Range{Start: i / 2 * 2, Stop: i/2*2 + 2})
			y = added(y, ops.Mul(one(i), ops.Prod(tile)))
		}
		return y
	},
	"windows": func(x node, n int) node {
		y := ops.Sum(ops.Sin(x))
		for i := range n - 5 {
			y = ops.Add(y, ops.Mul(one(i), ops.Prod(window(x, i, 5))))
		}
		return ops.Mul(y, ops.Mean(x))
	},
	"every other": func(x node, n int) node {
		y := ops.Sum(ops.Sin(x))
		for i := range n - 9 {
			y = ops.Add(y, ops.Mul(one(i), ops.Prod(ops.Slice(x, ops.Range{Start: i, Stop: i + 9, Step: 2}))))
		}
		return y
	},
	"stack": func(x node, n int) node {
		parts := make([]node, n)
		for i := range parts {
			parts[i] = ops.Mul(one(i), elem(x, n-1-i))
		}
		return ops.Sum(ops.Mul(x, ops.Sin(ops.Stack(parts, 0))))
	},
	"concat": func(x node, n int) node {
		var parts []node
		for i := 0; i < n-3; i += 2 {
			parts = append(parts, ops.Mul(one(i), window(x, i, 3)))
		}
		return ops.Sum(ops.Sin(ops.Concat(parts, 0)))
	},
	"slices of slices": func(x node, n int) node {
		var y node
		for i := 0; i+8 <= n; i += 8 {
			part := window(x, i, 8)
			for k := range 8 {
				y = added(y, ops.Mul(one(i+k), ops.Sin(elem(part, k))))
			}
		}
		return y
	},
	"gradients": func(x node, n int) node {
		var d node
		for i := 1; i < n; i++ {
			d = added(d, autodiff.Grad(func(x node) node {
				return ops.Mul(one(i), ops.Mul(elem(x, i-1), elem(x, i)))
			})(x))
		}
		return ops.Sum(ops.Sin(d))
	},
	"chain of windows": func(x node, n int) node {
		y := ops.Sum(window(x, 0, 2))
		for i := range n - 2 {
			y = ops.Add(ops.Sin(ops.Mul(y, 1e-3)), ops.Mul(one(i), ops.Sum(window(x, i, 2))))
		}
		return y
	},
}

func added(sum, x node) node {
	if sum == nil {
		return x
	}
	return ops.Add(sum, x)
}

func slicesShape(f func(x node, n int) node, order int, opts ...autodiff.CompileOption) func(t testing.TB, n int) *graph.Graph {
	return func(t testing.TB, n int) *graph.Graph {
		g := graph.New()
		x := g.Input("x", graph.Float64, n)
		grad := autodiff.Grad(func(x node) node { return f(x, n) })
		out := grad(x)
		if order == 2 {
			out = autodiff.Grad(func(x node) node { return ops.Sum(ops.Square(grad(x))) })(x)
		}
		runOnce(t, compileGraph(t, []node{x}, []node{out}, opts...), upTo(n))
		return g
	}
}

func init() {
	for _, name := range slices.Sorted(maps.Keys(sliced)) {
		shapes = append(shapes, shape{"slices: " + name, 1_600, slicesShape(sliced[name], 1)})
	}
	for _, name := range []string{"elements of a matrix", "windows", "rows"} {
		shapes = append(shapes,
			shape{"slices, exact: " + name, 1_600, slicesShape(sliced[name], 1, autodiff.WithoutPass("fast"))},
			shape{"slices, second order: " + name, 800, slicesShape(sliced[name], 2)})
	}
}

// Joined or scattered, the derivatives of slices are those of the additions one by one, to the last bit.
func TestSlicesAreExact(t *testing.T) {
	for name, f := range sliced {
		for _, n := range []int{16, 40} {
			g := graph.New()
			x := g.Input("x", graph.Float64, n)
			grad := autodiff.Grad(func(x node) node { return f(x, n) })
			out := []node{grad(x), autodiff.Grad(func(x node) node { return ops.Sum(ops.Square(grad(x))) })(x)}
			at := upTo(n)
			at[3], at[7], at[8] = 0, math.Copysign(0, -1), -at[8]
			fed, err := exec.Ingest(at)
			require.NoError(t, err)
			want, err := exec.Reference(out, map[node]exec.Value{x: fed})
			require.NoError(t, err)
			got, err := compileGraph(t, []node{x}, out, autodiff.WithoutPass("fast")).Run(context.Background(), at)
			require.NoError(t, err)
			for i := range out {
				for k, v := range got[i].Data().([]float64) {
					require.Equal(t, math.Float64bits(want[i].At(k)), math.Float64bits(v), "%s: %d of %d", name, i, k)
				}
			}
		}
	}
}
