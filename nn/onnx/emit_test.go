package onnx_test

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/onnx"
	"chainrule/ops"
)

type node = *graph.Node

// notWritten are ops that ONNX has no operators for, or that no formula here does justice to.
var notWritten = map[string]string{
	"input": "fed", "param": "stands for a value of a function", "const": "no op of its own", "part": "no op of its own",
}

// TestEveryOp writes each op of the registry on its own cases, reads it back and compares: reading is held against ONNX's
// own tests.
func TestEveryOp(t *testing.T) {
	written, refused := 0, []string{}
	for _, op := range graph.Ops() {
		if notWritten[op.Name] != "" || len(op.Cases) == 0 {
			continue
		}
		ok := true
		for i, c := range op.Cases {
			if reason := roundTrip(t, op, c); reason != "" {
				ok = false
				if i == 0 {
					refused = append(refused, op.Name)
				}
				break
			}
		}
		if ok {
			written++
		}
	}
	t.Logf("%d ops are written; not: %v", written, refused)
	assert.GreaterOrEqual(t, written, 103)
}

// roundTrip returns why a case cannot be written.
func roundTrip(t *testing.T, op *graph.Op, c graph.Case) (reason string) {
	rng := rand.New(rand.NewPCG(3, 4))
	var args []any
	var data []*tensor.Dense
	for _, a := range c.In {
		d := a.DType
		if d == (graph.DType{}) {
			d = graph.Float64
		}
		if graph.Size(a.Shape) == 0 {
			return ""
		}
		x := drawn(rng, a, d)
		args, data = append(args, graph.T(d, a.Shape...)), append(data, x)
	}
	if len(args) == 0 {
		return ""
	}
	apply := func(in []*graph.Node) []*graph.Node {
		y := c.Apply(op, in...)
		if y.DType() == graph.Packed {
			return graph.PartsOf(y)
		}
		return []*graph.Node{y}
	}
	f := spread(apply, len(args))
	var file bytes.Buffer
	if err := onnx.Export(&file, f, args...); err != nil {
		require.ErrorContains(t, err, "cannot be written", op.Name)
		return err.Error()
	}
	m, err := onnx.Read(&file)
	require.NoError(t, err, "%s %s", op.Name, c.Name)
	want, wantErr := autodiff.Compile(apply).Run(context.Background(), data)
	got, err := autodiff.Compile(func(m *onnx.Model, in []*graph.Node) []*graph.Node { return m.Apply(in...) }).Run(context.Background(), m, data)
	if wantErr != nil {
		return ""
	}
	require.NoError(t, err, "%s %s", op.Name, c.Name)
	for i := range want {
		g, w := numbers(got[i]), numbers(want[i])
		require.Equal(t, len(w), len(g), "%s %s", op.Name, c.Name)
		for k := range w {
			if w[k] != g[k] && !(math.IsNaN(w[k]) && math.IsNaN(g[k])) && !(math.Abs(w[k]-g[k]) <= 1e-6*math.Max(1, math.Abs(w[k]))) {
				t.Errorf("%s %s: element %d is %v, want %v", op.Name, c.Name, k, g[k], w[k])
				break
			}
		}
	}
	return ""
}

// spread is f as a function of n nodes.
func spread(f func([]*graph.Node) []*graph.Node, n int) any {
	switch n {
	case 1:
		return func(a node) []node { return f([]node{a}) }
	case 2:
		return func(a, b node) []node { return f([]node{a, b}) }
	case 3:
		return func(a, b, c node) []node { return f([]node{a, b, c}) }
	case 4:
		return func(a, b, c, d node) []node { return f([]node{a, b, c, d}) }
	case 5:
		return func(a, b, c, d, e node) []node { return f([]node{a, b, c, d, e}) }
	}
	return func(a, b, c, d, e, g node) []node { return f([]node{a, b, c, d, e, g}) }
}

func drawn(rng *rand.Rand, a graph.Arg, d graph.DType) *tensor.Dense {
	lo, hi := a.Lo, a.Hi
	if lo == 0 && hi == 0 {
		lo, hi = -2, 2
	}
	v := make([]float64, graph.Size(a.Shape))
	for i := range v {
		v[i] = lo + (hi-lo)*rng.Float64()
		if a.Data != nil {
			v[i] = a.Data[i]
		}
	}
	shape := tensor.WithShape(a.Shape...)
	switch d {
	case graph.Float32:
		return tensor.New(shape, tensor.WithBacking(convert[float32](v)))
	case graph.Int64:
		return tensor.New(shape, tensor.WithBacking(convert[int64](v)))
	case graph.Bool:
		b := make([]bool, len(v))
		for i := range v {
			b[i] = v[i] > (lo+hi)/2
		}
		return tensor.New(shape, tensor.WithBacking(b))
	}
	return tensor.New(shape, tensor.WithBacking(v))
}

func convert[E float32 | int64](v []float64) []E {
	out := make([]E, len(v))
	for i, e := range v {
		out[i] = E(e)
	}
	return out
}

// A step of training goes out and comes back: the loss, and the parameters after it.
func TestExportOfTraining(t *testing.T) {
	net := nn.NewMLP(graph.Float64, []int{3, 4, 2}, ops.Tanh, nn.Xavier, rand.New(rand.NewPCG(1, 2)))
	step := func(net nn.Sequential, x, y node) (node, nn.Sequential) {
		loss, g := autodiff.ValueAndGrad(func(net nn.Sequential) node {
			return ops.Neg(ops.Mean(ops.Sum(ops.Mul(y, ops.LogSoftmax(net.Apply(x), -1)), -1)))
		})(net)
		grads := autodiff.Leaves(g)
		i := -1
		return loss, autodiff.MapTree(net, func(_ string, p node) node { i++; return ops.Sub(p, ops.Mul(0.5, grads[i].Node)) })
	}
	x := drawn(rand.New(rand.NewPCG(5, 6)), graph.Arg{Shape: []int{5, 3}}, graph.Float64)
	y := drawn(rand.New(rand.NewPCG(7, 8)), graph.Arg{Shape: []int{5, 2}, Lo: .1, Hi: 1}, graph.Float64)
	var file bytes.Buffer
	require.NoError(t, onnx.Export(&file, step, net, x, y))
	m, err := onnx.Read(&file)
	require.NoError(t, err)
	assert.Len(t, m.Parameters, 4)
	want, err := autodiff.Compile(step).Run(context.Background(), net, x, y)
	require.NoError(t, err)
	got, err := autodiff.Compile(func(m *onnx.Model, x, y node) []node { return m.Apply(x, y) }).Run(context.Background(), m, x, y)
	require.NoError(t, err)
	require.Len(t, got, 5)
	for i := range want {
		assert.InDeltaSlice(t, numbers(want[i]), numbers(got[i]), 1e-12)
	}
}

func TestExportOfLoops(t *testing.T) {
	fs := map[string]func(x node) []node{
		"scan": func(x node) []node {
			c, y := autodiff.Scan(func(c, x node) (node, node) {
				c = ops.Tanh(ops.Add(c, x))
				return c, ops.Mul(c, 2)
			}, ops.Zeros(x.Graph(), x.DType()), x)
			return []node{c, y}
		},
		"for": func(x node) []node {
			return []node{autodiff.For(3, func(i, c node) node { return ops.Mul(c, ops.Add(1.5, ops.Cast(i, c.DType()))) }, ops.Sum(x))}
		},
		"while": func(x node) []node {
			return []node{autodiff.While(func(c node) node { return ops.Lt(ops.Sum(c), 100.0) }, func(c node) node { return ops.Mul(2, c) }, ops.Abs(x))}
		},
		"cond": func(x node) []node {
			return []node{autodiff.Cond(ops.Gt(ops.Sum(x), 0.0), func() node { return ops.Sin(x) }, func() node { return ops.Cos(ops.Mul(x, x)) })}
		},
		"gradient": func(x node) []node {
			return []node{autodiff.Grad(func(x node) node { return ops.Sum(ops.Mul(ops.Softmax(x), ops.Log1p(ops.Square(x)))) })(x)}
		},
	}
	for name, f := range fs {
		for _, x := range [][]float64{{.3, -.2, .5}, {-1, -2, -3}} {
			var file bytes.Buffer
			require.NoError(t, onnx.Export(&file, f, graph.T(graph.Float64, 3)), name)
			m, err := onnx.Read(&file)
			require.NoError(t, err, name)
			want, err := autodiff.Compile(f).Run(context.Background(), x)
			require.NoError(t, err, name)
			got, err := autodiff.Compile(func(x node) []node { return m.Apply(x) }).Run(context.Background(), x)
			require.NoError(t, err, name)
			for i := range want {
				assert.InDeltaSlice(t, numbers(want[i]), numbers(got[i]), 1e-9, "%s %d", name, i)
			}
		}
	}
}
