package autodiff_test

import (
	"context"
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
		return ops.Mul(k, ops.Squeeze(ops.Slice(ops.Stack(0, c, x, k), ops.At(0)), 0))
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
	"scales": func(c, k, x *graph.Node) *graph.Node { return ops.Mul(3, ops.Mul(0.1, ops.Add(c, ops.Mul(k, x)))) },
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
var transforms = []func(f func([]*graph.Node) *graph.Node, p []*graph.Node) []*graph.Node{
	func(f func([]*graph.Node) *graph.Node, p []*graph.Node) []*graph.Node { return []*graph.Node{f(p)} },
	func(f func([]*graph.Node) *graph.Node, p []*graph.Node) []*graph.Node {
		return autodiff.Grad(f, autodiff.AllowUnreachable())(p)
	},
	func(f func([]*graph.Node) *graph.Node, p []*graph.Node) []*graph.Node {
		value, grads := autodiff.ValueAndGrad(f, autodiff.AllowUnreachable())(p)
		return append(grads, value)
	},
	func(f func([]*graph.Node) *graph.Node, p []*graph.Node) []*graph.Node {
		value, tangent := autodiff.JVP(f, p, []*graph.Node{ops.Mul(0.5, p[0]), ops.Mul(2, p[1]), ops.Sin(p[2])})
		return []*graph.Node{value, tangent}
	},
	func(f func([]*graph.Node) *graph.Node, p []*graph.Node) []*graph.Node {
		return autodiff.HVP(f, autodiff.AllowUnreachable())(p, []*graph.Node{ops.Mul(0.5, p[0]), ops.Mul(2, p[1]), ops.Sin(p[2])})
	},
	func(f func([]*graph.Node) *graph.Node, p []*graph.Node) []*graph.Node {
		many := autodiff.Vmap(func(q []*graph.Node) *graph.Node { return f(append(q, p[2])) })
		return []*graph.Node{many([]*graph.Node{ops.Stack(0, p[0], p[1]), ops.Stack(0, p[1], p[0])})}
	},
}

// TestLoopsAreTheirSteps compares loops, and their derivatives, with their steps written one after the other.
func TestLoopsAreTheirSteps(t *testing.T) {
	for name, body := range loopBodies {
		for _, steps := range []int{0, 1, 2, 3, 5} {
			loopsAreTheirSteps[float32](t, name, body, steps)
			loopsAreTheirSteps[float64](t, name, body, steps)
			alike := func(c, k, _ *graph.Node) *graph.Node { return body(c, k, k) } // every step is
			loopsAreTheirSteps[float64](t, name+" alike", alike, steps)
		}
	}
}

func loopsAreTheirSteps[T float32 | float64](
	t *testing.T, name string, body func(c, k, x *graph.Node) *graph.Node, steps int,
) {
	xs := make([]T, max(steps, 1))
	for i := range xs {
		xs[i] = T(0.4 - 0.3*float64(i))
	}
	var want []float64
	for _, l := range twinLoops {
		f := func(p []*graph.Node) *graph.Node {
			xs := p[2]
			if l.name[0] == 's' {
				xs = ops.Slice(xs, ops.Range{Stop: steps})
			}
			return l.run(body, steps, p[0], p[1], xs)
		}
		var got []float64
		for _, transform := range transforms {
			fn := autodiff.Compile(func(p []*graph.Node) []*graph.Node { return transform(f, p) })
			out, err := fn.Run(context.Background(), []any{T(0.7), T(1.1), tensor.New(tensor.WithShape(len(xs)), tensor.WithBacking(xs))})
			require.NoError(t, err, "%s, %s", name, l.name)
			got = append(got, elementsOf(out)...)
		}
		if want == nil {
			want = got
			continue
		}
		eps := 0x1p-20
		if _, single := any(xs).([]float64); single {
			eps = 0x1p-48
		}
		for i := range want {
			assert.InDelta(t, want[i], got[i], eps*(1+math.Abs(want[i])), "%s, %s, %d steps, %T: number %d", name, l.name, steps, xs, i)
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
