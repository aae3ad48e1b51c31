package nn_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/backprop"
	"chainrule/ops"
)

// The gradients that the graph finds are those of the closed-form recursion
//
//	δᴸ = ∇ₐC ⊙ σ′(zᴸ),  δˡ = ((Wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ),  ∂C/∂wˡⱼₖ = aˡ⁻¹ₖ δˡⱼ,  ∂C/∂bˡⱼ = δˡⱼ
//
// for networks written out by hand in ops.

// gradTol is a promise to users, not a bound: sums of 64 terms through 6 layers carry some hundred roundings of
// 1.1e-16.
const gradTol, costTol = 1e-12, 1e-13

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
		return ops.Relu(z)
	case backprop.Softmax:
		return ops.Softmax(z, -1)
	}
	if _, err := fmt.Sscanf(a.String(), "leakyrelu(%g)", &alpha); err != nil {
		panic(err)
	}
	return ops.LeakyRelu(z, alpha)
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

// forward is the cost of a network whose weights are [out, in], or [in, out] if they are transposed.
func (d *deltaNet) forward(layers []layerNodes, x, y *graph.Node, transposed bool) *graph.Node {
	a, z := x, x
	for l, p := range layers {
		w := p.W
		if !transposed {
			w = ops.Transpose(w)
		}
		z = ops.Add(ops.MatMul(a, w), p.B)
		if l < len(layers)-1 {
			a = activate(d.net.Layers[l].Act, z)
		}
	}
	return costNode(d.net.Cost, d.net.Layers[len(layers)-1].Act, z, y)
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
	cost := d.forward(layers, x, y, false)
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

// byTransform is a function on a slice of structs, transformed by autodiff.ValueAndGrad. Weights are [in, out].
func (d *deltaNet) byTransform() (float64, []paramGrad, error) {
	fn := autodiff.Compile(func(layers []layerNodes, x, y *graph.Node) (*graph.Node, []layerNodes) {
		return autodiff.ValueAndGrad(func(layers []layerNodes) *graph.Node {
			return d.forward(layers, x, y, true)
		})(layers)
	})
	type values struct{ W, B any }
	var layers []values
	for _, layer := range d.net.Layers {
		layers = append(layers, values{layer.W.T(), layer.B})
	}
	out, err := fn.Run(context.Background(), layers, d.x, d.y)
	if err != nil {
		return 0, nil, err
	}
	return out[0].Float64s()[0], named(out[1:]), nil
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
	beyond := 0
	for _, d := range nets {
		for _, way := range ways {
			cost, got, err := way.run(&d)
			if err != nil {
				t.Fatal(d.name, err)
			}
			if err := checkCost(cost, d.cost); err != nil {
				t.Errorf("%s: %s: %v", way.name, d.name, err)
			}
			want := d.wantGrads(way.transposed)
			err = compareGrads(want, got, gradTol, nil)
			if err != nil && d.scale == saturated {
				beyond++
				err = compareGrads(want, got, gradTol, d.slack())
			}
			if err != nil {
				t.Errorf("%s: %s: %v", way.name, d.name, err)
			}
		}
		last := len(d.net.Layers) - 1
		for _, layer := range d.net.Layers[:last] {
			seen[[3]string{kind(layer.Act), kind(d.net.Layers[last].Act), d.net.Cost.String()}]++
		}
	}
	t.Logf("%d networks, each in %d ways; %d comparisons through saturated units alone", len(nets), len(ways), beyond)
	if beyond > len(nets)*len(ways)/10 {
		t.Errorf("%d comparisons needed the allowance for saturated units", beyond)
	}
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
