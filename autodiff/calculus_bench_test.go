package autodiff_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// What derivatives cost beside the function itself. Programs run in turn on one core, and the least time of each
// counts: other programs on the machine only ever add to it.

// derivative is a program that a benchmark times.
type derivative struct {
	name string
	f    any
}

// compare times the first program, the primal, and the others in turn, and reports the least time of each, and its
// ratio to the primal's.
func compare(b *testing.B, feeds []any, programs ...derivative) {
	runs := make([]func(context.Context) error, len(programs))
	least := make([]float64, len(programs))
	for i, p := range programs {
		var err error
		runs[i], _, err = autodiff.Compile(p.f, autodiff.Workers(1)).Bind(feeds...)
		require.NoError(b, err)
		timed(b, runs[i])
		least[i] = math.Inf(1)
	}
	for b.Loop() {
		for i, run := range runs {
			least[i] = min(least[i], timed(b, run))
		}
	}
	b.ReportMetric(0, "ns/op") // of all together: says nothing
	for i, p := range programs {
		b.ReportMetric(least[i]/1e3, p.name+"-µs")
		if i > 0 {
			b.ReportMetric(least[i]/least[0], p.name+"/primal")
		}
	}
}

func timed(b *testing.B, run func(context.Context) error) float64 {
	start := time.Now()
	if err := run(context.Background()); err != nil {
		b.Fatal(err)
	}
	return float64(time.Since(start).Nanoseconds())
}

// wave is a tensor of the given size, of numbers that repeat nowhere.
func wave[T float32 | float64](scale float64, shape ...int) *tensor.Dense {
	data := make([]T, graph.Size(shape))
	for i := range data {
		data[i] = T(scale * math.Sin(float64(i*i%1009)+0.1*float64(i%7)))
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// Goal: the Hessian of a dense function of 100 variables in the time of 200 evaluations.
func BenchmarkHessian(b *testing.B) {
	const n = 100
	type function struct {
		name  string
		f     func(x, data node) node
		feeds []any
	}
	for _, c := range []function{
		{"logistic", func(x, data node) node { return ops.Sum(ops.Softplus(ops.MatMul(data, x))) },
			[]any{wave[float64](0.1, n), wave[float64](1, 1000, n)}},
		{"network", func(x, data node) node {
			return ops.Sum(ops.Tanh(ops.MatMul(ops.Tanh(ops.MatMul(x, data)), ops.Transpose(data))))
		},
			[]any{wave[float64](1, n), wave[float64](0.1, n, 256)}},
		{"logsumexp", func(x, data node) node {
			return ops.LogSumExp(ops.MatMul(data, ops.Square(x)))
		}, []any{wave[float64](0.1, n), wave[float64](1, 1000, n)}},
		{"quadratic", func(x, data node) node { return ops.Square(ops.MatMul(x, ops.MatMul(data, x))) },
			[]any{wave[float64](0.1, n), wave[float64](1, n, n)}},
		{"pairs", func(x, data node) node { // Σᵢⱼ aᵢⱼ/(1 + (xᵢ − xⱼ)²)
			d := ops.Sub(ops.Reshape(x, n, 1), x)
			return ops.Sum(ops.Div(data, ops.Add(1, ops.Square(d))))
		}, []any{wave[float64](1, n), wave[float64](1, n, n)}},
	} {
		b.Run(fmt.Sprintf("n=%d/f=%s", n, c.name), func(b *testing.B) {
			of := func(d func(f func(x node) node, v node) func(x node) node) any {
				return func(x, data, v node) node { return d(func(x node) node { return c.f(x, data) }, v)(x) }
			}
			feeds := append(c.feeds, wave[float64](0.3, n))
			compare(b, feeds, derivative{"primal", func(x, data, _ node) node { return c.f(x, data) }},
				derivative{"gradient", of(func(f func(node) node, v node) func(node) node { return autodiff.Grad(f) })},
				derivative{"hvp", of(func(f func(node) node, v node) func(node) node {
					return func(x node) node { return autodiff.HVP(f)(x, v) }
				})},
				derivative{"hvp-by-reverse", of(func(f func(node) node, v node) func(node) node {
					return func(x node) node {
						return autodiff.Grad(func(y node) node { return ops.Sum(ops.Mul(v, autodiff.Grad(f)(y))) })(x)
					}
				})},
				derivative{"hessian", of(func(f func(node) node, v node) func(node) node { return autodiff.Hessian(f) })},
				derivative{"laplacian", of(func(f func(node) node, v node) func(node) node { return autodiff.Laplacian(f) })},
				derivative{"trace", of(func(f func(node) node, v node) func(node) node {
					return func(x node) node {
						return ops.Sum(ops.Mul(autodiff.Hessian(f)(x), ops.OneHot(graph.Const(x.Graph(), count(n), n), n, x.DType())))
					}
				})})
		})
	}
}

// Goals: JVP/primal ≤ 2.5, gradient/primal ≤ 3.
func BenchmarkJVP(b *testing.B) {
	type model struct{ W, B []node }
	for _, batch := range []int{32, 128} {
		widths := []int{784, 512, 256, 10}
		loss := func(m model, x, y node) node {
			for l := range m.W {
				if l > 0 {
					x = ops.Tanh(x)
				}
				x = ops.Add(ops.MatMul(x, m.W[l]), m.B[l])
			}
			return ops.Neg(ops.Mean(ops.Mul(y, ops.LogSoftmax(x, -1))))
		}
		parameters := func(scale float64) any {
			var ws, bs []any
			for l := range widths[1:] {
				ws = append(ws, wave[float32](scale, widths[l], widths[l+1]))
				bs = append(bs, wave[float32](scale, widths[l+1]))
			}
			return map[string]any{"W": ws, "B": bs}
		}
		b.Run(fmt.Sprintf("mlp/batch=%d", batch), func(b *testing.B) {
			feeds := []any{parameters(0.05), parameters(0.03), wave[float32](1, batch, 784), wave[float32](0.1, batch, 10)}
			compare(b, feeds, derivative{"primal", func(m, _ model, x, y node) node { return loss(m, x, y) }},
				derivative{"jvp", func(m, t model, x, y node) (node, node) {
					return autodiff.JVP(func(m model) node { return loss(m, x, y) }, m, t)
				}},
				derivative{"gradient", func(m, _ model, x, y node) (node, model) {
					return autodiff.ValueAndGrad(func(m model) node { return loss(m, x, y) })(m)
				}})
		})
	}
	type chain struct{ X, W, B node }
	f := func(p chain) node {
		return ops.Sum(ops.Mul(ops.Tanh(ops.Add(ops.Mul(p.X, p.W), p.B)), ops.Sigmoid(p.X)))
	}
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		waves := func(scale float64) any {
			return map[string]any{"X": wave[float32](scale, n), "W": wave[float32](2*scale, n), "B": wave[float32](scale/2, n)}
		}
		b.Run(fmt.Sprintf("chain/n=%d", n), func(b *testing.B) {
			compare(b, []any{waves(1), waves(0.3)}, derivative{"primal", func(p, _ chain) node { return f(p) }},
				derivative{"jvp", func(p, t chain) (node, node) { return autodiff.JVP(f, p, t) }},
				derivative{"gradient", func(p, _ chain) (node, chain) { return autodiff.ValueAndGrad(f)(p) }})
		})
	}
}

// A Jacobian by columns and by rows, beside the function.
func BenchmarkJacobian(b *testing.B) {
	for _, c := range []struct{ in, out int }{{10, 1000}, {100, 100}, {1000, 10}} {
		b.Run(fmt.Sprintf("in=%d/out=%d", c.in, c.out), func(b *testing.B) {
			f := func(x, w node) node { return ops.Tanh(ops.MatMul(x, w)) }
			by := func(opts ...autodiff.JacobianOption) any {
				return func(x, w node) node { return autodiff.Jacobian(func(x node) node { return f(x, w) }, opts...)(x) }
			}
			compare(b, []any{wave[float64](1, c.in), wave[float64](0.1, c.in, c.out)}, derivative{"primal", f},
				derivative{"forward", by(autodiff.ForwardMode())}, derivative{"reverse", by(autodiff.ReverseMode())})
		})
	}
}
