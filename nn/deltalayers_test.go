package nn_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/backprop"
)

// layers is the network as a model of this package, its weights [in, out].
func (d *deltaNet) layers(dtype graph.DType) nn.Sequential {
	var model nn.Sequential
	for l, layer := range d.net.Layers {
		out, in := layer.W.Dims()
		linear := &nn.Linear{Weight: nn.NewParam(dtype, in, out), Bias: nn.NewParam(dtype, out)}
		linear.Weight.Fill(next(mat.DenseCopyOf(layer.W.T()).RawMatrix().Data))
		linear.Bias.Fill(next(layer.B))
		model = append(model, linear)
		if l < len(d.net.Layers)-1 || d.net.Cost == backprop.Quadratic {
			model = append(model, nn.Func(func(z *graph.Node) *graph.Node { return activate(layer.Act, z) }))
		}
	}
	return model
}

func next(data []float64) func() float64 {
	i := -1
	return func() float64 { i++; return data[i] }
}

// costOf is the cost of this package for the network, whose model gives z for the cross-entropies.
func (d *deltaNet) costOf() nn.Cost {
	switch {
	case d.net.Cost == backprop.Quadratic:
		return nn.Quadratic
	case d.net.Layers[len(d.net.Layers)-1].Act == backprop.Softmax:
		return nn.SoftmaxCrossEntropy
	}
	return nn.SigmoidCrossEntropy
}

// byLayers is the network built from Linear, Sequential and a cost of this package.
func (d *deltaNet) byLayers(dtype graph.DType) (float64, []paramGrad, error) {
	model, cost := d.layers(dtype), d.costOf()
	fn := autodiff.Compile(func(model nn.Sequential, x, y *graph.Node) (*graph.Node, nn.Sequential) {
		return autodiff.ValueAndGrad(func(m nn.Sequential) *graph.Node { return cost(m.Apply(x), y) })(model)
	})
	out, err := fn.Run(context.Background(), model, dense(d.x, dtype), dense(d.y, dtype))
	if err != nil {
		return 0, nil, err
	}
	var got []paramGrad
	for i, g := range out[1:] {
		got = append(got, paramGrad{fmt.Sprintf("%c%d", "Wb"[i%2], i/2+1), wide(g)})
	}
	return wide(out[0])[0], got, nil
}

// dense copies a matrix to a tensor.
func dense(m *mat.Dense, dtype graph.DType) *tensor.Dense {
	rows, cols := m.Dims()
	return nn.NewParam(dtype, rows, cols).Fill(next(m.RawMatrix().Data)).Value
}

// wide gives a tensor's elements in f64.
func wide(t *tensor.Dense) []float64 {
	if t.Dtype() == tensor.Float64 {
		return t.Float64s()
	}
	var out []float64
	for _, v := range t.Float32s() {
		out = append(out, float64(v))
	}
	return out
}

// A single δ that is negated, or off in the ninth digit, fails the comparison by the name of its layer's weights.
func TestComparisonCanFail(t *testing.T) {
	spoilt := 0
	for _, d := range deltaNets(t, 1) {
		_, got, err := d.byHand()
		if err != nil {
			t.Fatal(d.name, err)
		}
		for l := range d.want.Layers {
			for _, factor := range []float64{-1, 1 + 1e-9} {
				want := flatten(d.want, false)
				if !d.spoil(&want[2*l], l, factor) {
					continue
				}
				spoilt++
				err := compareGrads(want, got, gradTol)
				if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("gradient of W%d: entry ", l+1)) {
					t.Errorf("%s: δ of layer %d times %v: error %v", d.name, l+1, factor, err)
				}
			}
		}
	}
	if spoilt < 100 {
		t.Errorf("%d wrong δ are too few", spoilt)
	}
}

// spoil changes the gradient of layer l+1's weights as if its largest δ were factor times as large. It does nothing
// for saturated nets, and where all δ or the activations below are 0.
func (d *deltaNet) spoil(dw *paramGrad, l int, factor float64) bool {
	delta := d.want.Layers[l].Delta
	largest, j, s := 0.0, 0, 0
	rows, batch := delta.Dims()
	for k := range rows * batch {
		if v := math.Abs(delta.At(k/batch, k%batch)); v > largest {
			largest, j, s = v, k/batch, k%batch
		}
	}
	below := mat.Row(nil, s, d.x)
	if l > 0 {
		below = mat.Col(nil, s, d.want.Layers[l-1].A)
	}
	size := largest * floats.Norm(below, math.Inf(1)) / float64(batch)
	if d.scale != scaled || size <= 1e-2*floats.Norm(dw.data, math.Inf(1)) {
		return false
	}
	dw.data = slices.Clone(dw.data)
	for k, a := range below {
		dw.data[j*len(below)+k] += (factor - 1) * delta.At(j, s) * a / float64(batch)
	}
	return true
}

// In f32 the gradients are those of f64 but for roundings of 6e-8: of sums of 64 terms they add up like their root,
// and every layer hands its own on, some of them enlarged. Units are saturated for f32 long before they are for f64, so
// that the recursion goes back from the z and a that the graph has in f32; 16 roundings for each layer leave room for
// the factor by which 1 − a² loses digits where the largest σ′ is but a few percent.
func TestGradientsF32(t *testing.T) {
	tried := 0
	for _, d := range deltaNets(t, 2) {
		if d.scale != scaled {
			continue
		}
		tried++
		d.roundToF32()
		cost, got, err := d.byLayers(graph.Float32)
		if err != nil {
			t.Fatal(d.name, err)
		}
		tol := 0.0
		for _, layer := range d.net.Layers {
			out, in := layer.W.Dims()
			tol += 16 * math.Sqrt(float64(in+out)) * eps32
		}
		if !(math.Abs(cost-d.cost) <= tol*math.Abs(d.cost)) {
			t.Errorf("%s: cost %.9g in f32, %.9g in f64", d.name, cost, d.cost)
		}
		want, _, err := d.recursion(graph.Float32, true)
		if err != nil {
			t.Fatal(d.name, err)
		}
		if err := compareGrads(flatten(want, true), got, tol); err != nil {
			t.Errorf("%s: %v, tolerance %.2g", d.name, err, tol)
		}
	}
	if tried < 50 {
		t.Errorf("%d networks are too few", tried)
	}
}

// roundToF32 rounds parameters and data to f32, so that both precisions start from the same numbers.
func (d *deltaNet) roundToF32() {
	round := func(v []float64) {
		for i := range v {
			v[i] = float64(float32(v[i]))
		}
	}
	round(d.x.RawMatrix().Data)
	round(d.y.RawMatrix().Data)
	for _, layer := range d.net.Layers {
		round(layer.W.RawMatrix().Data)
		round(layer.B)
	}
	var err error
	if d.want, d.cost, err = d.net.Gradients(d.x, d.y); err != nil {
		panic(err)
	}
}
