package nn_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/backprop"
	"chainrule/ops"
)

// The gradients that the graph finds are those of the closed-form recursion
//
//	δᴸ = ∇ₐC ⊙ σ′(zᴸ),  δˡ = ((Wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ),  ∂C/∂wˡⱼₖ = aˡ⁻¹ₖ δˡⱼ,  ∂C/∂bˡⱼ = δˡⱼ
//
// for networks written out by hand in ops.

// gradTol is a promise to users, not a bound: sums of 64 terms through 6 layers carry some hundred roundings of
// 1.1e-16. forwardTol is for z and a of saturated nets, where every layer of wide σ enlarges what it gets.
const gradTol, forwardTol, costTol = 1e-12, 1e-12, 1e-13

// layerNodes are the parameters of a layer.
type layerNodes struct {
	W, B *graph.Node
}

// activate is σ of one layer.
func activate(a backprop.Activation, z *graph.Node) *graph.Node {
	var alpha float64
	switch a {
	case backprop.Linear:
		return z
	case backprop.Sigmoid:
		return ops.Sigmoid(z)
	case backprop.Tanh:
		return ops.Tanh(z)
	case backprop.ReLU:
		return ops.ReLU(z)
	case backprop.Softmax:
		return ops.Softmax(z, -1)
	}
	if _, err := fmt.Sscanf(a.String(), "leakyrelu(%g)", &alpha); err != nil {
		panic(err)
	}
	return ops.LeakyReLU(z, alpha)
}

// costNode is the cost of the last layer's z, averaged over the rows.
func costNode(cost backprop.Cost, out backprop.Activation, z, y *graph.Node) *graph.Node {
	var terms *graph.Node
	switch {
	case cost == backprop.Quadratic:
		terms = ops.Mul(0.5, ops.Square(ops.Sub(y, activate(out, z))))
	case out == backprop.Softmax: // −y log a
		terms = ops.Neg(ops.Mul(y, ops.LogSoftmax(z, -1)))
	default: // −y log σ(z) − (1 − y) log σ(−z)
		terms = ops.Add(ops.Mul(y, ops.Softplus(ops.Neg(z))), ops.Mul(ops.Sub(1, y), ops.Softplus(z)))
	}
	return ops.Mean(ops.Sum(terms, -1))
}

// forward is z and a of every layer, for weights [out, in], or [in, out] if they are transposed.
func (d *deltaNet) forward(layers []layerNodes, x *graph.Node, transposed bool) (z, a []*graph.Node) {
	for l, p := range layers {
		w := p.W
		if !transposed {
			w = ops.Transpose(w)
		}
		below := x
		if l > 0 {
			below = a[l-1]
		}
		z = append(z, ops.Add(ops.MatMul(below, w), p.B))
		a = append(a, activate(d.net.Layers[l].Act, z[l]))
	}
	return z, a
}

// costOfGraph is the cost of the network whose pass forward is forward.
func (d *deltaNet) costOfGraph(layers []layerNodes, x, y *graph.Node, transposed bool) *graph.Node {
	z, _ := d.forward(layers, x, transposed)
	last := len(z) - 1
	return costNode(d.net.Cost, d.net.Layers[last].Act, z[last], y)
}

// byHand builds the graph node by node, and takes the gradients by autodiff.Gradients.
func (d *deltaNet) byHand() (float64, []paramGrad, error) {
	g := graph.New()
	batch, in := d.x.Dims()
	_, classes := d.y.Dims()
	x, y := g.Input("x", graph.Float64, batch, in), g.Input("y", graph.Float64, batch, classes)
	inputs, feeds := []*graph.Node{x, y}, []any{d.x, d.y}
	var layers []layerNodes
	for l, layer := range d.net.Layers {
		out, in := layer.W.Dims()
		p := layerNodes{
			W: g.Input(fmt.Sprintf("W%d", l+1), graph.Float64, out, in),
			B: g.Input(fmt.Sprintf("b%d", l+1), graph.Float64, out),
		}
		layers = append(layers, p)
		inputs, feeds = append(inputs, p.W, p.B), append(feeds, layer.W, layer.B)
	}
	cost := d.costOfGraph(layers, x, y, false)
	grads := autodiff.Gradients(cost, inputs[2:]...)
	fn, err := autodiff.CompileGraph(inputs, append([]*graph.Node{cost}, grads...))
	if err != nil {
		return 0, nil, err
	}
	out, err := fn.Run(context.Background(), feeds...)
	if err != nil {
		return 0, nil, err
	}
	var got []paramGrad
	for i, n := range inputs[2:] {
		got = append(got, paramGrad{n.Name(), out[1+i].Float64s()})
	}
	return out[0].Float64s()[0], got, nil
}

// layerValues are the parameters of a layer.
type layerValues struct{ W, B any }

// values are the parameters that layerNodes stand for, W as [out, in], or [in, out] if transposed.
func (d *deltaNet) values(dtype graph.DType, transposed bool) []layerValues {
	var all []layerValues
	for _, layer := range d.net.Layers {
		w, out := mat.Matrix(layer.W), len(layer.B)
		if transposed {
			w = w.T()
		}
		v := layerValues{w, layer.B}
		if dtype != graph.Float64 {
			v = layerValues{dense(mat.DenseCopyOf(w), dtype), nn.NewParam(dtype, out).Fill(next(layer.B)).Value}
		}
		all = append(all, v)
	}
	return all
}

// byTransform is a function on a slice of structs, transformed by autodiff.ValueAndGrad. Weights are [in, out].
func (d *deltaNet) byTransform() (float64, []paramGrad, error) {
	fn := autodiff.Compile(func(layers []layerNodes, x, y *graph.Node) (*graph.Node, []layerNodes) {
		return autodiff.ValueAndGrad(func(layers []layerNodes) *graph.Node {
			return d.costOfGraph(layers, x, y, true)
		})(layers)
	})
	out, err := fn.Run(context.Background(), d.values(graph.Float64, true), d.x, d.y)
	if err != nil {
		return 0, nil, err
	}
	return out[0].Float64s()[0], named(out[1:]), nil
}

// recursion goes back from z and a of every layer as the graph computes them, all [batch, width].
func (d *deltaNet) recursion(dtype graph.DType, transposed bool) (*backprop.Grads, float64, error) {
	fn := autodiff.Compile(func(layers []layerNodes, x *graph.Node) (z, a []*graph.Node) {
		return d.forward(layers, x, transposed)
	})
	out, err := fn.Run(context.Background(), d.values(dtype, transposed), dense(d.x, dtype))
	if err != nil {
		return nil, 0, err
	}
	var za []mat.Matrix
	for _, v := range out {
		za = append(za, mat.NewDense(v.Shape()[0], v.Shape()[1], wide(v)))
	}
	depth := len(d.net.Layers)
	return d.net.Backward(za[:depth], za[depth:], d.x, d.y)
}

// named lists the gradients of W1, b1, W2, b2 …
func named(grads []*tensor.Dense) []paramGrad {
	var all []paramGrad
	for i, g := range grads {
		all = append(all, paramGrad{fmt.Sprintf("%c%d", "Wb"[i%2], i/2+1), g.Float64s()})
	}
	return all
}

func checkCost(got, want float64) error {
	if !(math.Abs(got-want) <= costTol*math.Abs(want)) {
		return fmt.Errorf("cost %.17g, by the formula %.17g: off by %.2g", got, want, math.Abs(got-want)/math.Abs(want))
	}
	return nil
}

// match compares one way to write the network as a graph with the recursion. A saturated unit's σ′ = a(1 − a) is a
// matter of the last digits of a, in any program: there z and a are compared first, and the recursion goes back from
// those of the graph.
func (d *deltaNet) match(transposed bool, run func(*deltaNet) (float64, []paramGrad, error)) error {
	cost, got, err := run(d)
	if err != nil {
		return err
	}
	want, wantCost := d.want, d.cost
	if d.scale == saturated {
		if want, wantCost, err = d.recursion(graph.Float64, transposed); err != nil {
			return err
		}
		for l, g := range d.want.Layers {
			z, a := want.Layers[l].Z.RawMatrix().Data, want.Layers[l].A.RawMatrix().Data
			if err := compareEntries(fmt.Sprint("z", l+1), g.Z.RawMatrix().Data, z, forwardTol); err != nil {
				return err
			}
			if err := compareEntries(fmt.Sprint("a", l+1), g.A.RawMatrix().Data, a, forwardTol); err != nil {
				return err
			}
		}
	}
	if err := checkCost(cost, wantCost); err != nil {
		return err
	}
	return compareGrads(flatten(want, transposed), got, gradTol)
}

func TestGradientsMatchDeltaRecursion(t *testing.T) {
	ways := []struct {
		name       string
		transposed bool
		run        func(*deltaNet) (float64, []paramGrad, error)
	}{
		{"Gradients", false, (*deltaNet).byHand},
		{"ValueAndGrad", true, (*deltaNet).byTransform},
		{"Linear, Sequential and Cost", true, func(d *deltaNet) (float64, []paramGrad, error) {
			return d.byLayers(graph.Float64)
		}},
	}
	nets := deltaNets(t, 6)
	seen := map[[3]string]int{}
	for _, d := range nets {
		for _, way := range ways {
			if err := d.match(way.transposed, way.run); err != nil {
				t.Errorf("%s: %s: %v", way.name, d.name, err)
			}
		}
		last := len(d.net.Layers) - 1
		for _, layer := range d.net.Layers[:last] {
			seen[[3]string{kind(layer.Act), kind(d.net.Layers[last].Act), d.net.Cost.String()}]++
		}
	}
	t.Logf("%d networks, each in %d ways", len(nets), len(ways))
	if len(nets) < 200 {
		t.Errorf("%d networks are too few", len(nets))
	}
	for _, h := range hiddens {
		for _, out := range outputs {
			combination := [3]string{kind(h(deterministic())), kind(out.act), out.cost.String()}
			if seen[combination] < 5 {
				t.Errorf("hidden layers %v occurred %d times, want 5", combination, seen[combination])
			}
		}
	}
}
