package optest

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

// unrolled are the sweep's loops by name, without loops: step after step in straight nodes.
var unrolled = map[string]built{
	"for": unrolledFor, "for every 2": unrolledFor, "for, scalar": unrolledFor, "for, empty": unrolledFor,
	"scan": unrolledScan(false), "scan backward": unrolledScan(true), "scan, no step": unrolledScan(false),
	"while bounded": unrolledWhile, "while recorded": unrolledWhile, "while every 2": unrolledWhile,
	"checkpoint": func(in ...*graph.Node) *graph.Node { return ops.Exp(ops.Sin(ops.Mul(in[0], in[1]))) },
	"indices": func(in ...*graph.Node) *graph.Node {
		c := ops.Sum(in[0])
		for _, x := range ops.Unstack(in[0], 0) {
			c = ops.Mul(x, ops.Add(c, in[1]))
		}
		return c
	},
	"swap": func(in ...*graph.Node) *graph.Node {
		a, b := in[0], in[1]
		for range 3 {
			a, b = b, ops.Mul(a, b)
		}
		return ops.Sub(a, b)
	},
	"ints": func(in ...*graph.Node) *graph.Node {
		c := in[0]
		for i := range 3 {
			c = ops.Add(ops.Mul(c, 2), i)
		}
		return c
	},
	"in each other": func(in ...*graph.Node) *graph.Node {
		return unrolledFor(unrolledFor(in...), in[1])
	},
}

func unrolledFor(in ...*graph.Node) *graph.Node {
	x := in[0]
	for i := range 3 {
		x = ops.Sin(ops.Add(ops.Mul(x, in[1]), 0.25*float64(i)))
	}
	return x
}

func unrolledScan(backward bool) built {
	return func(in ...*graph.Node) *graph.Node {
		h, steps := in[0], in[1].Shape()[0]
		ys := make([]*graph.Node, steps)
		for t := range steps {
			if backward {
				t = steps - 1 - t
			}
			x := ops.Squeeze(ops.Slice(in[1], ops.At(t)), 0)
			next := ops.Tanh(ops.Add(ops.Sum(ops.Mul(h, in[2]), 1), x))
			h, ys[t] = next, ops.Mul(next, h)
		}
		if steps == 0 {
			return ops.Mul(in[1], ops.Square(h)) // of no element
		}
		return ops.Add(ops.Stack(ys, 0), ops.Square(h))
	}
}

func unrolledWhile(in ...*graph.Node) *graph.Node {
	x := in[0]
	for range 6 { // once the condition does not hold, x stays, and it does not hold again
		x = ops.Where(ops.Lt(ops.Sum(ops.Square(x)), 2), ops.Add(ops.Mul(1.5, x), ops.Mul(in[1], ops.Cos(x))), x)
	}
	return x
}

// TestLoopCasesUnrolled compares values and first and second derivatives of the sweep's loops with those of their
// unrolled twins. The twins share nothing with loops.
func TestLoopCasesUnrolled(t *testing.T) {
	for _, c := range loopCases() {
		plain := unrolled[c.Name]
		require.NotNil(t, plain, "the case %q has no unrolled twin", c.Name)
		for _, d := range []graph.DType{graph.Float64, graph.Float32} {
			eps := map[graph.DType]float64{graph.Float64: 0x1p-53, graph.Float32: 0x1p-24}[d]
			got, want := caseResults(t, c, c.Build, d), caseResults(t, c, plain, d)
			require.Len(t, got, len(want), c.Name)
			for i := range want {
				scale := 1.0
				for _, x := range want[i] {
					scale = max(scale, math.Abs(x))
				}
				// Some ten operations in each of six steps, and sums of products of their derivatives: 500 roundings.
				require.InDeltaSlice(t, want[i], got[i], 500*eps*scale, "%s, %v, result %d", c.Name, d, i)
			}
		}
	}
}

// caseResults are the value of a case, and the gradient and its derivative along the arguments if these are floats.
func caseResults(t *testing.T, c graph.Case, f built, d graph.DType) [][]float64 {
	var feeds []*tensor.Dense
	smooth := true
	for i, a := range c.In {
		if a.DType == graph.Int64 {
			smooth = false
			feeds = append(feeds, tensor.New(tensor.WithShape(a.Shape...), tensor.WithBacking([]int64{1, -2, 3, 7})))
			continue
		}
		n := graph.T(d, a.Shape...).Size()
		wide, narrow := make([]float64, n), make([]float32, n)
		for k := range n {
			narrow[k] = float32(0.8 * math.Sin(float64(3*i+2*k+1)))
			wide[k] = float64(narrow[k])
		}
		backing := tensor.WithBacking(wide)
		if d == graph.Float32 {
			backing = tensor.WithBacking(narrow)
		}
		feeds = append(feeds, tensor.New(tensor.WithShape(a.Shape...), backing))
	}
	loss := func(p []*graph.Node) *graph.Node { return ops.Sum(ops.Sin(f(p...))) }
	out, err := autodiff.Compile(func(p []*graph.Node) []*graph.Node {
		if !smooth {
			return []*graph.Node{ops.Cast(f(p...), graph.Float64)}
		}
		list := append([]*graph.Node{f(p...)}, autodiff.Grad(loss, autodiff.AllowUnreachable())(p)...)
		return append(list, autodiff.HVP(loss, autodiff.AllowUnreachable())(p, p)...)
	}).Run(context.Background(), feeds)
	require.NoError(t, err, c.Name)
	var all [][]float64
	for _, y := range out {
		var list []float64
		switch {
		case y.Shape().TotalSize() == 0 && !y.Shape().IsScalar():
		case y.Dtype() == tensor.Float64:
			list = y.Float64s()
		default:
			for _, x := range y.Float32s() {
				list = append(list, float64(x))
			}
		}
		all = append(all, list)
	}
	return all
}
