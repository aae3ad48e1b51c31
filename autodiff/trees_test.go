package autodiff_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/ops"
)

func TestLeavesAndMapTree(t *testing.T) {
	g := graph.New()
	x, y := g.Input("x", graph.Float64, 2), g.Input("y", graph.Float64)
	m := model{
		Layers: []layer{{W: x, B: y, Label: "first", width: 3}}, Scales: map[string]node{"b": x, "a": y}, Pair: [2]node{x, nil},
	}
	var paths []string
	for _, l := range autodiff.Leaves(m) {
		paths = append(paths, l.Path+"="+l.Node.Name())
	}
	require.Equal(t, []string{"Layers[0].W=x", "Layers[0].B=y", "Scales.a=y", "Scales.b=x", "Pair[0]=x"}, paths)
	var seen []string
	twice := autodiff.MapTree(m, func(path string, n node) node {
		seen = append(seen, path+"="+n.Name())
		return ops.Mul(2, n)
	})
	require.Equal(t, paths, seen)
	require.Same(t, ops.Mul(2, x), twice.Layers[0].W)
	require.Same(t, ops.Mul(2, y), twice.Scales["a"])
	require.Equal(t, "first", twice.Layers[0].Label)
	require.Equal(t, 3, twice.Layers[0].width)
	require.Nil(t, twice.Pair[1])
	require.Same(t, x, m.Scales["b"], "the tree given is not changed")
}

// Unravel takes Ravel back, and a gradient goes through both.
func TestRavel(t *testing.T) {
	type tree struct {
		A []node
		B map[string]node
	}
	fn := autodiff.Compile(func(in tree) (node, tree, tree) {
		v := autodiff.Ravel(in)
		grad := autodiff.Grad(func(in tree) node {
			v := autodiff.Ravel(in)
			return ops.Sum(ops.Mul(ops.Cast(ops.Arange(v.Graph(), v.Shape()[0]), graph.Float64), v))
		})(in)
		return v, autodiff.Unravel(in, ops.Neg(v)), grad
	})
	var out struct {
		Vector        []float64
		Negated, Grad struct {
			A []any
			B map[string]any
		}
	}
	in := map[string]any{"A": []any{1.0, []float64{2, 3}}, "B": map[string]any{"y": []float64{5, 6}, "x": []float64{4}}}
	require.NoError(t, fn.RunTo(context.Background(), &out, in))
	require.Equal(t, []float64{1, 2, 3, 4, 5, 6}, out.Vector)
	require.Equal(t, -1.0, data(out.Negated.A[0]))
	require.Equal(t, []float64{-5, -6}, data(out.Negated.B["y"]))
	require.Equal(t, []float64{1, 2}, data(out.Grad.A[1]))
	require.Equal(t, []float64{3}, data(out.Grad.B["x"]))

	g := graph.New()
	x, n := g.Input("x", graph.Float64, 2), g.Input("n", graph.Int64)
	for want, mistake := range map[string]func(){
		"ravel: the tree has no leaf":                      func() { autodiff.Ravel([]node{}) },
		"ravel: leaves of two element types":               func() { autodiff.Ravel([]node{x, n}) },
		"unravel: want a vector of 4 elements: x f64[2]":   func() { autodiff.Unravel([]node{x, x}, x) },
		"unravel: want a vector of 2 elements at trees_te": func() { autodiff.Unravel(x, nil) },
	} {
		require.ErrorContains(t, graph.Try(mistake), want)
	}
}

func data(x any) any { return x.(interface{ Data() any }).Data() }

// neuron is a model of the user's.
type neuron struct {
	W, B  *nn.Param
	Slope float64
	act   func(x node) node
}

func (m *neuron) apply(x node) node {
	return ops.Mul(m.Slope, m.act(ops.Add(ops.Mul(m.W.Node(), x), m.B.Node())))
}

func newNeuron() *neuron {
	fill := func(v float64) *nn.Param { return nn.NewParam(graph.Float64).Fill(func() float64 { return v }) }
	return &neuron{W: fill(2), B: fill(3), Slope: 1, act: ops.Square}
}

// Models are arguments and results like any other: of Grad, of JVP, of Vmap, of Compile and of its options. Here
// y = s·(w·x + b)², so ∂y/∂w = 2s·x·(w·x + b).
func TestModelsAreTrees(t *testing.T) {
	m := newNeuron()
	loss := func(m *neuron, x node) node { return m.apply(x) }
	at := func(x node) func(m *neuron) node { return func(m *neuron) node { return loss(m, x) } }
	fn := autodiff.Compile(func(m *neuron, x node) (node, *neuron, node, node) {
		value, grad := autodiff.ValueAndGrad(at(x))(m)
		_, along := autodiff.JVP(at(x), m, grad)
		many := autodiff.Vmap(func(x node) *neuron { return autodiff.Grad(at(x))(m) })(ops.Stack([]*graph.Node{x, ops.Neg(x)}, 0))
		return value, grad, along, many.W.Node()
	}, autodiff.Verified())
	var out struct {
		Value float64
		Grad  *neuron
		Along float64
		Many  []float64
	}
	require.NoError(t, fn.RunTo(context.Background(), &out, m, 5.0))
	require.Equal(t, 169.0, out.Value)
	require.Equal(t, 130.0, out.Grad.W.Value.Data())
	require.Equal(t, 26.0, out.Grad.B.Value.Data())
	require.Equal(t, 130.0*130+26*26, out.Along)
	require.Equal(t, []float64{130, 70}, out.Many)

	// What is no parameter is part of the program.
	m.Slope = 2
	require.NoError(t, fn.RunTo(context.Background(), &out, m, 5.0))
	require.Equal(t, 338.0, out.Value)
	m.act = func(x node) node { return x }
	require.NoError(t, fn.RunTo(context.Background(), &out, m, 5.0))
	require.Equal(t, 26.0, out.Value)
	for k := range 3 {
		m.act = func(x node) node { return ops.Mul(k, x) } // the same code, another closure
		require.NoError(t, fn.RunTo(context.Background(), &out, m, 5.0))
		require.Equal(t, 26.0*float64(k), out.Value)
	}
	programs := fn.Cached()
	m.W.Fill(func() float64 { return 7 })
	require.NoError(t, fn.RunTo(context.Background(), &out, m, 5.0))
	require.Equal(t, 2.0*2*38, out.Value)
	require.Equal(t, programs, fn.Cached(), "values of parameters are no part of the program")

	step := autodiff.Compile(func(m *neuron) *neuron {
		return autodiff.MapTree(m, func(path string, n node) node { return ops.Add(n, len(path)) })
	}, autodiff.Donate(0, 0))
	w := m.W.Value
	_, err := step.Run(context.Background(), m)
	require.NoError(t, err)
	require.Equal(t, 8.0, w.Data(), "a parameter that is donated is updated in place")
}

// A parameter that is shared has one gradient.
func TestSharedParametersOfATree(t *testing.T) {
	type tied struct{ A, B *nn.Param }
	p := newNeuron().W
	fn := autodiff.Compile(func(m tied) tied {
		return autodiff.Grad(func(m tied) node { return ops.Mul(m.A.Node(), m.B.Node()) })(m)
	})
	out, err := fn.Run(context.Background(), tied{p, p}) // w², with the derivative 2w
	require.NoError(t, err)
	require.Equal(t, [][]float64{{4}}, floats(out))
	out, err = fn.Run(context.Background(), tied{p, newNeuron().B})
	require.NoError(t, err)
	require.Equal(t, [][]float64{{3}, {2}}, floats(out))
}

// A parameter that is used but is no argument: the message has its shape, the line, and what may have happened.
func TestParametersOutsideOfTheModel(t *testing.T) {
	m := newNeuron()
	closes := func(x node) node { return m.apply(x) }
	want := []string{"param: the parameter float64() is used but is not in the model that is traced", "a field that is not exported",
		"closes over it", " at trees_test.go:"}
	_, err := autodiff.Compile(closes).Run(context.Background(), 1.0)
	for _, w := range want {
		require.ErrorContains(t, err, w)
	}
	err = graph.Try(func() { autodiff.Grad(func(m *neuron) node { return m.W.Node() })(m) })
	require.ErrorContains(t, err, want[0])
	_, err = autodiff.Compile(func(m *neuron) node { return m.W.Node() }).Run(context.Background(), &neuron{W: &nn.Param{}})
	require.ErrorContains(t, err, "input 0 (argument 0.W): the parameter has no value")
}

// Inputs is for graphs built by hand.
func TestInputsOfAModel(t *testing.T) {
	g := graph.New()
	net := nn.Sequential{&nn.Linear{Weight: nn.NewParam(graph.Float32, 2, 3), Bias: nn.NewParam(graph.Float32, 3)}, nn.Tanh}
	y := autodiff.Inputs(g, net).Apply(g.Input("x", graph.Float32, 4, 2))
	var names []string
	for _, n := range g.Inputs() {
		names = append(names, n.String())
	}
	slices.Sort(names)
	require.Equal(t, "0.bias f32[3],0.weight f32[2,3],x f32[4,2]", strings.Join(names, ","))
	require.Equal(t, []int{4, 3}, y.Shape())
	err := graph.Try(func() { autodiff.Inputs(g, &nn.Linear{Weight: new(nn.Param)}) })
	require.ErrorContains(t, err, "the parameter has no value")
}
