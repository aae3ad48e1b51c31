package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

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
		hidden  *nn.Param
		Name    string
	}
	type tied struct{ Encode, Decode *nn.Linear }
	type ring struct {
		W    *nn.Param
		Next *ring
	}
	shared, first, second := linear(), &ring{W: param()}, &ring{W: param()}
	first.Next, second.Next = second, first
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
			"struct", block{In: linear(), Scale: param(), hidden: param(), Name: "b"},
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
		{"shared", tied{shared, shared}, []string{"encode.weight", "encode.bias"}},
		{"ring", first, []string{"w", "next.w"}},
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
