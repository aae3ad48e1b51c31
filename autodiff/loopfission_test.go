package autodiff_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// stackedBodies are bodies c, x ↦ c′, y on vectors, with weights w, for all that the pass "fission" tells apart.
var stackedBodies = map[string]func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node){
	"found, left": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		a := ops.Sin(ops.Add(ops.Mul(c.A, w), x))
		return pair{a, ops.Mul(c.B, ops.Cos(x))}, []*graph.Node{c.A, a, c.B, c.A, a}
	},
	"left": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		a := ops.Tanh(ops.Add(ops.Mul(c.B, w), x))
		return pair{a, a}, []*graph.Node{a}
	},
	"swapped, none stacked": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		return pair{c.B, ops.MulAdd(c.A, x, w)}, []*graph.Node{ops.Sum(x)}
	},
	"sums": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		b := ops.Mul(c.B, ops.Sigmoid(ops.Mul(x, w)))
		return pair{ops.Add(ops.Add(ops.Exp(x), c.A), b), b}, nil
	},
	"sums that another result sees": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		a := ops.Add(c.A, x)
		return pair{a, ops.Mul(c.B, a)}, []*graph.Node{ops.Square(a)}
	},
	"before and behind": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		before := ops.Tanh(ops.Mul(ops.Exp(x), w))
		a := ops.Sin(ops.Add(before, c.A))
		return pair{a, c.B}, []*graph.Node{ops.Sum(ops.Mul(ops.Cos(a), before)), ops.Where(ops.Gt(c.A, 0), ops.Sqrt(c.A), x), x, w}
	},
	"a constant from the first step on": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		return pair{w, ops.Mul(c.B, ops.Cos(x))}, []*graph.Node{w, ops.Add(w, x), c.A, ops.Sin(c.A)}
	},
	"a constant that may fail": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		k := ops.Take(w, ops.Arange(w.Graph(), w.Shape()[0]), 0)
		return pair{k, ops.Mul(c.B, k)}, []*graph.Node{k, ops.Mul(c.A, k), c.A}
	},
	"slices": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		return pair{x, ops.Mul(c.B, ops.Sin(ops.Add(x, c.A)))}, []*graph.Node{x, ops.Mul(c.A, x), c.A}
	},
	"from one carry to the next": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		b := ops.Sin(ops.Add(ops.Mul(c.A, w), x))
		return pair{c.B, b}, []*graph.Node{c.A, c.B, b, ops.Mul(ops.Cos(c.A), c.B), ops.Mul(b, c.B)}
	},
	"useless": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		return pair{ops.Sin(ops.Mul(c.A, w)), ops.Exp(c.B)}, nil
	},
	"parts of vectors": func(w *graph.Node, c pair, x *graph.Node) (pair, []*graph.Node) {
		n := x.Shape()[0]
		low, high := ops.Slice(c.A, ops.Range{Stop: n / 2}), ops.Slice(x, ops.Range{Start: n / 2, Stop: n})
		return pair{ops.Concat([]*graph.Node{high, low}, 0), ops.Mul(w, ops.Flip(c.B, 0))}, []*graph.Node{ops.Sum(low)}
	},
}

// TestStackedSteps compares loops, and what they give with their gradients, with the same without the passes "unzip" and
// "fission": bit for bit where these may not round otherwise, and to some roundings in every step where they may.
func TestStackedSteps(t *testing.T) {
	for name, body := range stackedBodies {
		for _, steps := range []int{0, 1, 2, 3, 4, 7} {
			for _, n := range []int{2, 14, 300} {
				for _, opts := range [][]autodiff.LoopOption{nil, {autodiff.Reversed()}} {
					f := func(p []*graph.Node) []*graph.Node {
						end, ys := autodiff.Scan(func(c pair, x *graph.Node) (pair, []*graph.Node) { return body(p[0], c, x) },
							pair{p[1], p[2]}, p[3], opts...)
						if name == "useless" {
							return []*graph.Node{end.A}
						}
						return append([]*graph.Node{end.A, end.B}, ys...)
					}
					both := func(p []*graph.Node) []*graph.Node {
						grads := autodiff.Grad(func(p []*graph.Node) *graph.Node {
							total := p[0].Graph().Scalar(graph.Float64, 0)
							for _, y := range f(p) {
								total = ops.Add(total, ops.Sum(ops.Square(y)))
							}
							return total
						}, autodiff.AllowUnreachable())(p)
						return append(f(p), grads...)
					}
					run := func(off ...string) [][]float64 { return runStacked(t, both, steps, n, off...) }
					want, exact, fast := run("fast", "unzip", "fission"), run("fast"), run()
					what := fmt.Sprintf("%s, %d steps, %d elements, %d options", name, steps, n, len(opts))
					for i := range want {
						require.Len(t, exact[i], len(want[i]), what)
						for k, v := range want[i] {
							require.Equal(t, math.Float64bits(v), math.Float64bits(exact[i][k]), "%s: result %d, %g and %g", what, i, v, exact[i][k])
							const roundings = 64 // of terms that are up to some times larger than the result
							require.InDelta(t, v, fast[i][k], roundings*float64(steps+1)*0x1p-52*(1+math.Abs(v)), what)
						}
					}
				}
			}
		}
	}
}

func runStacked(t *testing.T, f func([]*graph.Node) []*graph.Node, steps, n int, off ...string) (results [][]float64) {
	t.Helper()
	args := make([]*tensor.Dense, 4)
	for i := range args {
		data := make([]float64, n)
		shape := []int{n}
		if i == 3 {
			if steps == 0 {
				args[i] = zeroSize(0, n)
				continue
			}
			data, shape = make([]float64, steps*n), []int{steps, n}
		}
		for k := range data {
			data[k] = math.Sin(float64(3*i+k+1)) / 2
		}
		args[i] = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	}
	out, err := autodiff.Compile(f, autodiff.WithoutPass(off...)).Run(context.Background(), args)
	require.NoError(t, err)
	for _, y := range out {
		if y.Size() == 0 {
			results = append(results, nil)
			continue
		}
		results = append(results, y.Float64s())
	}
	return results
}

// TestWhatIsStacked expects the functions of slices, and of results that no step uses, to be computed outside of a loop,
// and a loop of neither to disappear.
func TestWhatIsStacked(t *testing.T) {
	count := func(list []string, name string) (n int) {
		for _, op := range list {
			if op == name {
				n++
			}
		}
		return n
	}
	run := func(f any, args ...any) []string {
		fn := autodiff.Compile(f)
		_, err := fn.Run(context.Background(), args...)
		require.NoError(t, err)
		return fn.Ops()
	}
	scan := func(c, xs *graph.Node) []*graph.Node {
		c, ys := autodiff.Scan(func(c, x *graph.Node) (*graph.Node, *graph.Node) {
			next := ops.Sin(ops.Add(c, ops.Exp(x)))
			return next, ops.Log(ops.Square(c))
		}, c, xs)
		return []*graph.Node{c, ys}
	}
	outside := run(scan, waves(1, 14), waves(2, 50, 14))
	require.Equal(t, []int{1, 1, 1, 0}, []int{count(outside, "loop"), count(outside, "exp"), count(outside, "log"), count(outside, "sin")})
	large := run(scan, waves(1, 1000), waves(2, 50, 1000)) // stacks of these would leave the caches
	require.Equal(t, []int{1, 0, 0, 0}, []int{count(large, "loop"), count(large, "exp"), count(large, "log"), count(large, "sin")})
	numbers := run(scan, 0.5, []float64{1, 2, 3, 4, 5}) // stays in registers
	require.Equal(t, []string{"loop"}, numbers)
	none := run(func(xs *graph.Node) *graph.Node {
		total, _ := autodiff.Scan(func(total, x *graph.Node) (*graph.Node, []*graph.Node) {
			return ops.Add(total, ops.Exp(x)), nil
		}, zeroNode(xs, 14), xs)
		return total
	}, waves(2, 50, 14))
	require.Zero(t, count(none, "loop"))
	require.Equal(t, 1, count(none, "sum"))
}

func zeroNode(x *graph.Node, n int) *graph.Node {
	return ops.BroadcastTo(x.Graph().Scalar(graph.Float64, 0), n)
}
