package autodiff_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// loopBodies are bodies of loops on numbers: c, which a step carries, k, which is the same for all, and x, which each has
// for itself. Each has nodes that are no numbers, which the compiler takes away, or leaves, or makes of numbers.
var loopBodies = map[string]func(c, k, x *graph.Node) *graph.Node{
	"number": func(c, k, x *graph.Node) *graph.Node { return ops.Sin(ops.Add(ops.Mul(c, k), x)) },
	"mean of a broadcast": func(c, k, x *graph.Node) *graph.Node {
		return ops.Add(x, ops.Mean(ops.BroadcastTo(ops.Mul(k, c), 5)))
	},
	"sum over one": func(c, k, x *graph.Node) *graph.Node {
		return ops.Sum(ops.Mul(ops.Reshape(ops.Mul(c, k), 1, 1), x))
	},
	"element of a stack": func(c, k, x *graph.Node) *graph.Node {
		return ops.Mul(k, ops.Squeeze(ops.Slice(ops.Stack([]*graph.Node{c, x, k}, 0), ops.At(0)), 0))
	},
	"custom": func(c, k, x *graph.Node) *graph.Node {
		double := autodiff.CustomVJP(func(z *graph.Node) *graph.Node { return ops.Mul(1.5, z) },
			func(_, _, ct *graph.Node) *graph.Node { return ops.Mul(1.5, ct) })
		return ops.MulAdd(k, double(c), x)
	},
	"branch": func(c, k, x *graph.Node) *graph.Node {
		return autodiff.Cond(ops.Lt(c, x), func() *graph.Node { return ops.Add(c, k) }, func() *graph.Node { return ops.Mul(c, x) })
	},
	"loop": func(c, k, x *graph.Node) *graph.Node {
		return autodiff.For(2, func(_, c *graph.Node) *graph.Node { return ops.Cos(ops.Mul(c, k)) }, ops.Add(c, x))
	},
	"scales":       func(c, k, x *graph.Node) *graph.Node { return ops.Mul(3, ops.Mul(0.1, ops.Add(c, ops.Mul(k, x)))) },
	"scales alone": func(c, k, x *graph.Node) *graph.Node { return ops.Mul(3, ops.Mul(0.1, c)) },
}

// vectorBodies are bodies of loops on vectors of three elements, of which some can be done for all steps at once.
var vectorBodies = map[string]func(c, k, x *graph.Node) *graph.Node{
	"scales": func(c, k, x *graph.Node) *graph.Node { return ops.Mul(3, ops.Mul(0.1, ops.Add(c, ops.Mul(k, x)))) },
	"before and behind": func(c, k, x *graph.Node) *graph.Node {
		return ops.Add(ops.Mul(0.5, c), ops.Tanh(ops.Mul(ops.Mul(1.7, ops.Exp(ops.Mul(0.3, x))), k)))
	},
	"choice": func(c, k, x *graph.Node) *graph.Node { return ops.Where(ops.Lt(c, x), ops.Mul(c, k), ops.Sin(c)) },
	"layer": func(c, k, x *graph.Node) *graph.Node {
		w := ops.Mul(ops.ExpandDims(k, 1), ops.Cos(ops.ExpandDims(x, 0)))
		return ops.Reshape(ops.Tanh(ops.MatMul(ops.Reshape(c, 1, 3), w)), 3)
	},
	"softmax": func(c, k, x *graph.Node) *graph.Node { return ops.Softmax(ops.MulAdd(c, k, x), 0) },
	"norm": func(c, k, x *graph.Node) *graph.Node {
		return ops.Div(ops.Add(ops.Mul(c, k), x), ops.Sum(ops.Square(c)))
	},
}

// twinLoops are ways to make steps steps of a body, and the first has them one after the other.
var twinLoops = []struct {
	name string
	run  func(body func(c, k, x *graph.Node) *graph.Node, steps int, c, k, xs *graph.Node) *graph.Node
}{
	{"unrolled", func(body func(c, k, x *graph.Node) *graph.Node, steps int, c, k, xs *graph.Node) *graph.Node {
		for t := range steps {
			c = body(c, k, ops.Squeeze(ops.Slice(xs, ops.At(t)), 0))
		}
		return c
	}},
	{"scan", func(body func(c, k, x *graph.Node) *graph.Node, steps int, c, k, xs *graph.Node) *graph.Node {
		c, _ = autodiff.Scan(func(c, x *graph.Node) (*graph.Node, *graph.Node) { return body(c, k, x), c }, c, xs)
		return c
	}},
	{"scan without results", func(body func(c, k, x *graph.Node) *graph.Node, steps int, c, k, xs *graph.Node) *graph.Node {
		c, _ = autodiff.Scan(func(c, x *graph.Node) (*graph.Node, []*graph.Node) { return body(c, k, x), nil }, c, xs)
		return c
	}},
	{"for", func(body func(c, k, x *graph.Node) *graph.Node, steps int, c, k, xs *graph.Node) *graph.Node {
		return autodiff.For(steps, func(i, c *graph.Node) *graph.Node { return body(c, k, ops.Take(xs, i, 0)) }, c)
	}},
	{"while", func(body func(c, k, x *graph.Node) *graph.Node, steps int, c, k, xs *graph.Node) *graph.Node {
		type state struct{ I, C *graph.Node }
		s := autodiff.While(func(s state) *graph.Node { return ops.Lt(s.I, steps) }, func(s state) state {
			return state{ops.Add(s.I, 1), body(s.C, k, ops.Take(xs, s.I, 0))}
		}, state{c.Graph().Scalar(graph.Int64, 0), c}, autodiff.MaxSteps(8))
		return s.C
	}},
}

// transforms are what is computed of a loop.
var transforms = []struct {
	name   string
	second bool
	of     func(f scalarFunc, p []*graph.Node) []*graph.Node
}{
	{name: "value", of: func(f scalarFunc, p []*graph.Node) []*graph.Node { return []*graph.Node{f(p)} }},
	{name: "grad", of: func(f scalarFunc, p []*graph.Node) []*graph.Node {
		return autodiff.Grad(f, autodiff.AllowUnreachable())(p)
	}},
	{name: "value and grad", of: func(f scalarFunc, p []*graph.Node) []*graph.Node {
		value, grads := autodiff.ValueAndGrad(f, autodiff.AllowUnreachable())(p)
		return append(grads, value)
	}},
	{name: "jvp", of: func(f scalarFunc, p []*graph.Node) []*graph.Node {
		value, tangent := autodiff.JVP(f, p, []*graph.Node{ops.Mul(0.5, p[0]), ops.Mul(2, p[1]), ops.Sin(p[2])})
		return []*graph.Node{value, tangent}
	}},
	{name: "hvp", second: true, of: func(f scalarFunc, p []*graph.Node) []*graph.Node {
		return autodiff.HVP(f, autodiff.AllowUnreachable())(p, []*graph.Node{ops.Mul(0.5, p[0]), ops.Mul(2, p[1]), ops.Sin(p[2])})
	}},
	{name: "vmap", of: func(f scalarFunc, p []*graph.Node) []*graph.Node {
		many := autodiff.Vmap(func(q []*graph.Node) *graph.Node { return f(append(q, p[2])) })
		return []*graph.Node{many([]*graph.Node{ops.Stack([]*graph.Node{p[0], p[1]}, 0), ops.Stack([]*graph.Node{p[1], p[0]}, 0)})}
	}},
}

// TestLoopsAreTheirSteps compares loops, and their derivatives, with their steps written one after the other: bit for bit
// where no rewrite may round otherwise. Second derivatives of loops are the derivatives of loops with tangents, which add up
// in another order.
func TestLoopsAreTheirSteps(t *testing.T) {
	exact := [][]autodiff.CompileOption{{autodiff.WithoutPass("fast")}, {autodiff.DebugNaN()}}
	for name, body := range loopBodies {
		alike := func(c, k, _ *graph.Node) *graph.Node { return body(c, k, c.Graph().Scalar(c.DType(), 0.25)) } // every step is
		for _, steps := range []int{0, 2, 5} {
			for i, opts := range [][]autodiff.CompileOption{nil, exact[steps%2]} {
				at := fmt.Sprintf("%s, %d steps, exact %d", name, steps, i)
				loopsAreTheirSteps[float32](t, at, body, steps, 0, opts)
				loopsAreTheirSteps[float64](t, at, body, steps, 0, opts)
				loopsAreTheirSteps[float64](t, at+", alike", alike, steps, 0, opts)
			}
		}
	}
	for name, body := range vectorBodies {
		for _, steps := range []int{2, 6} {
			for i, opts := range [][]autodiff.CompileOption{nil, exact[steps/3%2]} {
				at := fmt.Sprintf("vector, %s, %d steps, exact %d", name, steps, i)
				loopsAreTheirSteps[float32](t, at, body, steps, 3, opts)
				loopsAreTheirSteps[float64](t, at, body, steps, 3, opts)
			}
		}
	}
}

// loopsAreTheirSteps has c and k of width elements, 0 for numbers. With options, results are exact.
func loopsAreTheirSteps[T float32 | float64](
	t *testing.T, name string, body func(c, k, x *graph.Node) *graph.Node, steps, width int, opts []autodiff.CompileOption,
) {
	dense := func(first float64, n int) *tensor.Dense {
		shape := []int{n, width}
		switch {
		case width == 0:
			shape = shape[:1]
		case n == 0:
			shape = shape[1:]
		}
		data := make([]T, graph.Size(shape))
		for i := range data {
			data[i] = T(first - 0.3*float64(i%4))
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	}
	feeds := []any{T(0.7), T(1.1), dense(0.4, max(steps, 1))}
	if width > 0 {
		feeds[0], feeds[1] = dense(0.7, 0), dense(1.1, 0)
	}
	var number T = 1 + 0x1p-40
	eps := map[bool]float64{true: 0x1p-20, false: 0x1p-46}[number == 1]
	var want [][]float64
	for _, l := range twinLoops {
		f := func(p []*graph.Node) *graph.Node {
			xs := p[2]
			if l.name[0] == 's' {
				xs = ops.Slice(xs, ops.Range{Stop: steps})
			}
			return ops.Sum(l.run(body, steps, p[0], p[1], xs))
		}
		for i, transform := range transforms {
			fn := autodiff.Compile(func(p []*graph.Node) []*graph.Node { return transform.of(f, p) }, opts...)
			out, err := fn.Run(context.Background(), []any{feeds[0], feeds[1], feeds[2]})
			require.NoError(t, err, "%s, %s", name, l.name)
			got := elementsOf(out)
			if l.name == "unrolled" {
				want = append(want, got)
				continue
			}
			allowed := eps
			if opts != nil && !transform.second {
				allowed = 0
			}
			for k, w := range want[i] {
				assert.LessOrEqual(t, math.Abs(got[k]-w), allowed*(1+math.Abs(w)), "%s, %s, %T, %s: number %d, %v",
					name, l.name, number, transform.name, k, got[k])
			}
		}
	}
}

// elementsOf lists the elements of some tensors.
func elementsOf(tensors []*tensor.Dense) (list []float64) {
	for _, d := range tensors {
		switch data := d.Data().(type) {
		case float64:
			list = append(list, data)
		case float32:
			list = append(list, float64(data))
		case []float64:
			list = append(list, data...)
		case []float32:
			for _, x := range data {
				list = append(list, float64(x))
			}
		}
	}
	return list
}
