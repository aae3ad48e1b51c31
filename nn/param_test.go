package nn_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
)

func paths(model any) []string {
	var all []string
	for _, p := range nn.Params(model) {
		all = append(all, p.Path)
	}
	return all
}

func TestParamsPaths(t *testing.T) {
	param := func() *nn.Param { return nn.NewParam(graph.Float64, 2) }
	linear := func() *nn.Linear {
		return nn.NewLinear(graph.Float64, 1, 1, nn.Zeros, rand.New(rand.NewPCG(seed, 0)))
	}
	type block struct {
		In, Out *nn.Linear
		Scale   *nn.Param
		Name    string
	}
	type tied struct{ Encode, Decode *nn.Linear }
	type ring struct {
		W    *nn.Param
		Next *ring
	}
	shared, first := linear(), &ring{W: param()}
	first.Next = &ring{W: param()}
	for _, c := range []struct {
		name  string
		model any
		want  []string
	}{
		{"param", param(), []string{""}},
		{"layer", linear(), []string{"weight", "bias"}},
		{"without bias", &nn.Linear{Weight: param()}, []string{"weight"}},
		{
			"sequential", nn.Sequential{linear(), nn.Sigmoid, linear()},
			[]string{"0.weight", "0.bias", "2.weight", "2.bias"},
		},
		{
			"struct", block{In: linear(), Scale: param(), Name: "b"},
			[]string{"in.weight", "in.bias", "scale"},
		},
		{
			"nested", &struct {
				Layers [2]*block
				Head   nn.Layer
				Any    any
			}{[2]*block{{Scale: param()}, {Scale: param()}}, linear(), param()},
			[]string{"layers.0.scale", "layers.1.scale", "head.weight", "head.bias", "any"},
		},
		{
			"map", map[string]any{"b": param(), "a": linear(), "c": 7},
			[]string{"a.weight", "a.bias", "b"},
		},
		{"chain", first, []string{"w", "next.w"}},
		{"shared", tied{shared, shared}, []string{"encode.weight", "encode.bias"}},
		{"nothing", nn.Sequential{nn.ReLU}, nil},
		{"nil", nil, nil},
		{"nil pointer", (*nn.Linear)(nil), nil},
	} {
		if got := paths(c.model); !slices.Equal(got, c.want) {
			t.Errorf("%s: paths %q, want %q", c.name, got, c.want)
		}
	}
	if a, b := nn.Params(shared), nn.Params(tied{shared, nil}); a[0].Param != b[0].Param {
		t.Error("the parameter listed is not the model's own")
	}
}

// A parameter that cannot be reached would be a constant: that is an error, which names its field.
func TestParamsThatCannotBeReached(t *testing.T) {
	type ring struct {
		W    *nn.Param
		Next *ring
	}
	round := &ring{W: nn.NewParam(graph.Float64)}
	round.Next = round
	type hidden struct {
		W     *nn.Param
		inner *nn.Param
	}
	type layers struct {
		Name string
		list []nn.Layer
	}
	type deep struct {
		Head struct{ body map[string]nn.Layer }
	}
	for _, c := range []struct {
		model any
		want  string
	}{
		{&hidden{inner: nn.NewParam(graph.Float64)}, "the field inner of nn_test.hidden holds parameters but is not exported"},
		{layers{list: []nn.Layer{nn.Tanh, &nn.Linear{Weight: nn.NewParam(graph.Float64, 1, 1)}}}, "the field list of nn_test.layers"},
		{deep{struct{ body map[string]nn.Layer }{map[string]nn.Layer{"a": &nn.Linear{Weight: nn.NewParam(graph.Float64)}}}}, "the field body of struct { body map[string]nn.Layer } holds"},
		{round, "it contains itself"},
	} {
		for name, use := range map[string]func(){
			"Params": func() { nn.Params(c.model) },
			"Inputs": func() { autodiff.Inputs(graph.New(), c.model) },
		} {
			err := graph.Try(use)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), " at param_test.go:") {
				t.Errorf("%s: error %v, want %s", name, err, c.want)
			}
		}
		_, err := autodiff.Compile(func(x *graph.Node, m struct {
			W   *nn.Param
			Any any
		}) *graph.Node {
			return x
		}).Run(
			context.Background(), 1.0, struct {
				W   *nn.Param
				Any any
			}{nn.NewParam(graph.Float64), c.model})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Run: error %v, want %s", err, c.want)
		}
	}
	fine := layers{list: []nn.Layer{nn.Tanh}}
	if got := nn.Params(&fine); got != nil {
		t.Errorf("%v in a model without parameters", got)
	}
}

func TestNewParam(t *testing.T) {
	for _, d := range []graph.DType{graph.Float32, graph.Float64} {
		p := nn.NewParam(d, 2, 3)
		if p.DType() != d || !slices.Equal(p.Value.Shape(), []int{2, 3}) {
			t.Errorf("%v: have %v%v", d, p.DType(), p.Value.Shape())
		}
		v := 0.0
		p.Fill(func() float64 { v += .5; return v })
		if got := wide(p.Value); !slices.Equal(got, []float64{.5, 1, 1.5, 2, 2.5, 3}) {
			t.Errorf("%v: filled with %v", d, got)
		}
	}
}

// An initialiser's n draws have a mean within 5σ/√n of 0, and a variance within 5·σ²·√(2/n) of σ², as those of
// normal numbers have but once in a million.
func TestInitialisers(t *testing.T) {
	const in, out, n = 300, 100, 200_000
	for _, c := range []struct {
		name string
		draw nn.Initialiser
		want float64
	}{
		{"normal", nn.Normal, 1},
		{"xavier", nn.Xavier, 2. / (in + out)},
		{"he", nn.He, 2. / in},
		{"zeros", nn.Zeros, 0},
	} {
		random := rand.New(rand.NewPCG(seed, 2))
		sum, squares := 0.0, 0.0
		for range n {
			v := c.draw(random, in, out)
			sum += v
			squares += v * v
		}
		if mean := sum / n; !(math.Abs(mean) <= 5*math.Sqrt(c.want/n)) {
			t.Errorf("%s: mean %v", c.name, mean)
		}
		if variance := squares / n; !(math.Abs(variance-c.want) <= 5*c.want*math.Sqrt(2./n)) {
			t.Errorf("%s: variance %v, want %v (seed %d)", c.name, variance, c.want, seed)
		}
	}
}

func TestNewLinear(t *testing.T) {
	build := func(s uint64) *nn.Linear {
		return nn.NewLinear(graph.Float32, 300, 100, nn.Xavier, rand.New(rand.NewPCG(s, 0)))
	}
	layer := build(seed)
	w, b := layer.Weight.Value.Float32s(), layer.Bias.Value.Float32s()
	wShape, bShape := layer.Weight.Value.Shape(), layer.Bias.Value.Shape()
	if !slices.Equal(wShape, []int{300, 100}) || !slices.Equal(bShape, []int{100}) {
		t.Errorf("shapes %v and %v", wShape, bShape)
	}
	squares := 0.0
	for _, v := range w {
		squares += float64(v) * float64(v)
	}
	if got := squares / 30000 * 200; !(math.Abs(got-1) <= 5*math.Sqrt(2./30000)) { // as for TestInitialisers
		t.Errorf("the weights' variance is %v times Xavier's", got)
	}
	if slices.ContainsFunc(b, func(v float32) bool { return v != 0 }) {
		t.Errorf("biases %v, want zeros", b)
	}
	if !slices.Equal(w, build(seed).Weight.Value.Float32s()) || slices.Equal(w, build(seed+1).Weight.Value.Float32s()) {
		t.Error("the seed does not decide the weights")
	}
}
