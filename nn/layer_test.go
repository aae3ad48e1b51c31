package nn_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
)

// twoThree is z = a·W + b with W = [[1 2 3] [4 5 6]] and b = [10 20 30].
func apply(l nn.Layer, x any) (*tensor.Dense, error) {
	y, err := autodiff.Compile(nn.Layer.Apply).Run(context.Background(), l, x)
	if err != nil {
		return nil, err
	}
	return y[0], nil
}

func twoThree(d graph.DType) *nn.Linear {
	return &nn.Linear{
		Weight: nn.NewParam(d, 2, 3).Fill(next([]float64{1, 2, 3, 4, 5, 6})),
		Bias:   nn.NewParam(d, 3).Fill(next([]float64{10, 20, 30})),
	}
}

func TestLinear(t *testing.T) {
	for _, d := range []graph.DType{graph.Float32, graph.Float64} {
		layer := twoThree(d)
		unbiased := &nn.Linear{Weight: layer.Weight}
		for _, c := range []struct {
			name  string
			layer *nn.Linear
			x     *nn.Param
			shape []int
			want  []float64
		}{
			{"vector", layer, nn.NewParam(d, 2).Fill(next([]float64{1, -1})), []int{3}, []float64{7, 17, 27}},
			{
				"batch", layer, nn.NewParam(d, 2, 2).Fill(next([]float64{1, 0, 0, 2})), []int{2, 3},
				[]float64{11, 22, 33, 18, 30, 42},
			},
			{"batch of one", layer, nn.NewParam(d, 1, 2), []int{1, 3}, []float64{10, 20, 30}},
			{"without bias", unbiased, nn.NewParam(d, 2).Fill(next([]float64{1, 1})), []int{3}, []float64{5, 7, 9}},
		} {
			y, err := apply(c.layer, c.x.Value)
			if err != nil {
				t.Fatalf("%v %s: %v", d, c.name, err)
			}
			if !slices.Equal(y.Shape(), c.shape) || !slices.Equal(wide(y), c.want) || y.Dtype() != c.x.Value.Dtype() {
				t.Errorf("%v %s: %v %v %v, want %v %v", d, c.name, y.Dtype(), y.Shape(), wide(y), c.shape, c.want)
			}
		}
	}
}

// TestNoLayer has layers, parameters and costs of which a part is nil.
func TestNoLayer(t *testing.T) {
	x := graph.New().Input("x", graph.Float64, 2, 3)
	var none *nn.Param
	for want, do := range map[string]func(){
		"layer: the function is nil":         func() { nn.Func(nil).Apply(x) },
		"sequential: layer 1 is nil":         func() { nn.Sequential{nn.Tanh, nil}.Apply(x) },
		"linear: the initialiser is nil":     func() { nn.NewLinear(graph.Float64, 3, 2, nil, nil) },
		"param: the parameter is":            func() { none.Node() },
		"param: a parameter without a value": func() { new(nn.Param).Node() },
		"param: the parameter is nil":        func() { new(nn.Linear).Apply(x) },
		"param: the parameter float64(2) is": func() { nn.NewParam(graph.Float64, 2).Node() },
		"quadratic: an input is nil":         func() { nn.Quadratic(nil, x) },
		"sigmoid_cross_entropy: an input is": func() { nn.SigmoidCrossEntropy(nil, nil) },
		"softmax_cross_entropy: an input is": func() { nn.SoftmaxCrossEntropy(x, nil) },
	} {
		err := graph.Try(do)
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "layer_test.go:") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestLayerErrors(t *testing.T) {
	layer := twoThree(graph.Float64)
	_, err := apply(layer, mat.NewDense(5, 4, nil))
	want := "matmul: inner dimensions 4 and 2 differ: input#2 f64[5,4] · weight f64[2,3] at layer_test.go:"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("wrong width: error %v, want %s…", err, want)
	}
	_, err = apply(layer, []float32{1, 2})
	if err == nil || !strings.Contains(err.Error(), "element types f32 and f64 differ") {
		t.Errorf("wrong element type: error %v", err)
	}
	_, err = autodiff.Compile(layer.Apply).Run(context.Background(), []float64{1, 2})
	want = "param: the parameter float64(2, 3) is used but is not in the model that is traced: it is in a field that is not " +
		"exported, or the function closes over it and does not take it as an argument at layer_test.go:"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("parameters of no argument: error %v, want %s…", err, want)
	}
}

// A Function follows its model's parameters.
func TestFunctionFollowsParams(t *testing.T) {
	layer := twoThree(graph.Float64)
	fn := autodiff.Compile(nn.Layer.Apply)
	for _, bias := range []float64{0, 5} {
		layer.Bias.Fill(func() float64 { return bias })
		y, err := fn.Run(context.Background(), layer, []float64{1, 0})
		if want := []float64{1 + bias, 2 + bias, 3 + bias}; err != nil || !slices.Equal(wide(y[0]), want) {
			t.Errorf("bias %v: %v, %v, want %v", bias, y, err, want)
		}
	}
}

// A parameter may be used more than once: its gradient is the sum over its uses.
func TestSharedParameter(t *testing.T) {
	w := &nn.Linear{Weight: nn.NewParam(graph.Float64, 1, 1).Fill(func() float64 { return 3 })}
	model := nn.Sequential{w, w} // y = w²x, dy/dw = 2wx
	params := nn.Params(model)
	out, err := autodiff.Compile(func(model nn.Sequential, x *graph.Node) nn.Sequential {
		return autodiff.Grad(func(model nn.Sequential) *graph.Node { // ½w⁴x², dy/dw = 2w³x²
			return nn.Quadratic(model.Apply(x), graph.Const(x.Graph(), []float64{0}, 1, 1))
		})(model)
	}).Run(context.Background(), model, mat.NewDense(1, 1, []float64{5}))
	if err != nil || len(params) != 1 || wide(out[0])[0] != 2*27*25 {
		t.Errorf("%d parameters, gradient %v, error %v, want %d", len(params), out, err, 2*27*25)
	}
}

func TestActivations(t *testing.T) {
	x := []float64{-2, 0, 3}
	e2, e3 := math.Exp(-2), math.Exp(3)
	for _, c := range []struct {
		name  string
		layer nn.Layer
		want  []float64
	}{
		{"sigmoid", nn.Sigmoid, []float64{e2 / (1 + e2), .5, e3 / (1 + e3)}},
		{"tanh", nn.Tanh, []float64{math.Tanh(-2), 0, math.Tanh(3)}},
		{"relu", nn.ReLU, []float64{0, 0, 3}},
		{"leaky relu", nn.LeakyReLU(.25), []float64{-.5, 0, 3}},
		{"step", nn.Step, []float64{0, 1, 1}},
		{"softmax", nn.Softmax, []float64{e2 / (e2 + 1 + e3), 1 / (e2 + 1 + e3), e3 / (e2 + 1 + e3)}},
	} {
		got := fires(t, c.layer.Apply, x)
		for i, want := range c.want {
			if !(math.Abs(got[i]-want) <= 10*eps*math.Abs(want)) { // one function of a few units in the last place
				t.Errorf("%s(%v) = %v, want %v", c.name, x[i], got[i], want)
			}
		}
	}
}

// Linear layers and hidden activations alternate; the output layer is linear.
func TestNewMLP(t *testing.T) {
	net := nn.NewMLP(graph.Float64, []int{4, 3, 5, 2}, nn.Tanh, nn.He, rand.New(rand.NewPCG(seed, 0)))
	want := []string{"0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"}
	if got := paths(net); len(net) != 5 || !slices.Equal(got, want) {
		t.Errorf("%d layers, parameters %q, want 5, %q", len(net), got, want)
	}
	shapes := [][]int{{4, 3}, {3}, {3, 5}, {5}, {5, 2}, {2}}
	for i, p := range nn.Params(net) {
		if !slices.Equal(p.Param.Value.Shape(), shapes[i]) {
			t.Errorf("%s has shape %v, want %v", p.Path, p.Param.Value.Shape(), shapes[i])
		}
	}
	y, err := apply(net, mat.NewDense(7, 4, nil))
	if err != nil || !slices.Equal(y.Shape(), []int{7, 2}) {
		t.Errorf("output %v, error %v", y, err)
	}
	// Biases are 0 and tanh 0 = 0: the output of zeros is zeros if the last layer is linear, and ½ if it were sigmoid.
	if slices.ContainsFunc(wide(y), func(v float64) bool { return v != 0 }) {
		t.Errorf("output %v of zeros", wide(y))
	}
	net = nn.NewMLP(graph.Float32, []int{4, 2}, nn.Tanh, nn.He, rand.New(rand.NewPCG(seed, 0)))
	if len(net) != 1 {
		t.Errorf("a net without hidden layers has %d layers", len(net))
	}
}
