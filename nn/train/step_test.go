package train_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/data"
	"chainrule/nn/optim"
	"chainrule/nn/train"
)

const seed = 1847 // of every net and data set below

// blobs is n samples of three classes around different points of the plane.
func blobs(n int) *data.Set {
	random := rand.New(rand.NewPCG(seed, 1))
	set := &data.Set{Dim: 2, Classes: 3}
	for i := range n {
		label := i % 3
		set.X = append(set.X, random.NormFloat64()+3*float64(label%2), random.NormFloat64()+3*float64(label/2))
		set.Labels = append(set.Labels, label)
	}
	return set
}

// small is a 2-5-3 net with a trainer for it.
func small(t *testing.T, d graph.DType, rule optim.Rule) (nn.Sequential, *train.Trainer) {
	t.Helper()
	net := nn.NewMLP(d, []int{2, 5, 3}, nn.Tanh, nn.Xavier, rand.New(rand.NewPCG(seed, 0)))
	return net, newTrainer(t, net, rule)
}

// sgd is gradient descent with the rate of most tests and a momentum.
func sgd(momentum float64) optim.Rule { return optim.SGD{Rate: optim.Constant(.1), Momentum: momentum} }

// source is a data set in shuffled batches, of float64 unless the net says otherwise.
func source(t *testing.T, set *data.Set, size int, shuffle uint64, d graph.DType) train.Source {
	t.Helper()
	s, err := train.NewSet(set, d, size, shuffle)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newTrainer(t *testing.T, net nn.Layer, rule optim.Rule) *train.Trainer {
	t.Helper()
	trainer, err := train.New(net, func(net nn.Layer, b train.XY) *graph.Node {
		return nn.SoftmaxCrossEntropy(net.Apply(b.X), b.Y)
	}, rule)
	if err != nil {
		t.Fatal(err)
	}
	return trainer
}

// numbers lists all parameters of a model.
func numbers(model any) []float64 {
	var all []float64
	for _, p := range nn.Params(model) {
		all = append(all, wide(p.Param.Value)...)
	}
	return all
}

func wide(d *tensor.Dense) []float64 {
	if d.Dtype() == tensor.Float64 {
		return d.Float64s()
	}
	var out []float64
	for _, v := range d.Float32s() {
		out = append(out, float64(v))
	}
	return out
}

func batch(t *testing.T, set *data.Set, rows []int, d graph.DType) (x, y *tensor.Dense) {
	t.Helper()
	x, y, err := train.Tensors(set, rows, d)
	if err != nil {
		t.Fatal(err)
	}
	return x, y
}

// The gradient of a batch is the average of the gradients of its samples, ∂C/∂w = 1/m·Σₓ ∂Cₓ/∂w.
func TestBatchGradientIsAverage(t *testing.T) {
	set, rows := blobs(30), []int{3, 7, 8, 20, 29, 11, 4}
	update := func(rows []int) []float64 {
		net, trainer := small(t, graph.Float64, optim.SGD{Rate: optim.Constant(1)})
		before := slices.Clone(numbers(net))
		x, y := batch(t, set, rows, graph.Float64)
		if _, err := trainer.Step(context.Background(), &train.Pair{X: x, Y: y}); err != nil {
			t.Fatal(err)
		}
		after := numbers(net)
		for i := range before {
			before[i] -= after[i]
		}
		return before
	}
	got, want := update(rows), make([]float64, len(update(rows)))
	for _, row := range rows {
		for i, v := range update([]int{row}) {
			want[i] += v / float64(len(rows))
		}
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-14) { // numbers of order 1, some 50 roundings of 1.1e-16
			t.Errorf("parameter %d moves by %v with the batch, by %v on average", i, got[i], want[i])
		}
	}
}

// One weight, C = ½(wx)² with x = 2: ∂C/∂w = 4w. The velocity lives from step to step.
func TestMomentumLives(t *testing.T) {
	for _, d := range []graph.DType{graph.Float64, graph.Float32} {
		model := &nn.Linear{Weight: nn.NewParam(d, 1, 1).Fill(func() float64 { return 1 })}
		trainer, err := train.New(model, func(model *nn.Linear, b train.XY) *graph.Node {
			return nn.Quadratic(model.Apply(b.X), b.Y)
		}, optim.SGD{Rate: optim.Constant(.125), Momentum: .5})
		if err != nil {
			t.Fatal(err)
		}
		x, y := nn.NewParam(d, 1, 1).Fill(func() float64 { return 2 }).Value, nn.NewParam(d, 1, 1).Value
		w, v := 1.0, 0.0
		for step := range 6 { // dyadic fractions, exact in both types
			cost, err := trainer.Step(context.Background(), &train.Pair{X: x, Y: y})
			if err != nil || cost != 2*w*w {
				t.Fatalf("%v: step %d: cost %v, error %v, want %v", d, step, cost, err, 2*w*w)
			}
			v = .5*v + 4*w
			w -= .125 * v
			if got := numbers(model)[0]; got != w {
				t.Fatalf("%v: step %d: w = %v, want %v", d, step, got, w)
			}
		}
	}
}

// Training writes to the tensors that the model holds.
func TestParametersChangeInPlace(t *testing.T) {
	net, trainer := small(t, graph.Float32, sgd(.9))
	var tensors []*tensor.Dense
	var backing []*float32
	for _, p := range nn.Params(net) {
		tensors, backing = append(tensors, p.Param.Value), append(backing, &p.Param.Value.Float32s()[0])
	}
	before := slices.Clone(numbers(net))
	x, y := batch(t, blobs(9), []int{0, 1, 2, 3}, graph.Float32)
	for range 3 {
		if _, err := trainer.Step(context.Background(), &train.Pair{X: x, Y: y}); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range nn.Params(net) {
		if p.Param.Value != tensors[i] || &p.Param.Value.Float32s()[0] != backing[i] {
			t.Errorf("%s has another tensor", p.Path)
		}
	}
	if slices.Equal(before, numbers(net)) {
		t.Error("nothing has changed")
	}
}

// A step that fails leaves everything as it was, and says what does not fit, and where in the user's code.
func TestFailedStep(t *testing.T) {
	net, trainer := small(t, graph.Float64, sgd(.9))
	x, y := batch(t, blobs(9), []int{0, 1, 2, 3}, graph.Float64)
	x32, _ := batch(t, blobs(9), []int{0, 1, 2, 3}, graph.Float32)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := trainer.Step(context.Background(), &train.Pair{X: x, Y: y}); err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(numbers(net))
	for _, c := range []struct {
		name string
		ctx  context.Context
		x, y *tensor.Dense
		want []string
	}{
		{"features", context.Background(), nn.NewParam(graph.Float64, 4, 7).Value, y, []string{
			"matmul: inner dimensions 7 and 2 differ: x f64[4,7] · 0.weight f64[2,5] at step_test.go:"}},
		{"classes", context.Background(), x, x, []string{
			"softmax_cross_entropy: the batch and its targets must have one shape", "y f64[4,2] at step_test.go:"}},
		{"rows", context.Background(), x, nn.NewParam(graph.Float64, 3, 3).Value, []string{"y f64[3,3]"}},
		{"element type", context.Background(), x32, y, []string{"element types f32 and f64 differ", "step_test.go:"}},
		{"no batch", context.Background(), nil, y, []string{"it is nil"}},
		{"no targets", context.Background(), x, nil, []string{"it is nil"}},
		{"cancelled", cancelled, x, y, []string{"context canceled"}},
	} {
		_, err := trainer.Step(c.ctx, &train.Pair{X: c.x, Y: c.y})
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q", c.name, err, want)
			}
		}
		if !slices.Equal(before, numbers(net)) {
			t.Fatalf("%s: the parameters have changed", c.name)
		}
	}
	fresh, again := small(t, graph.Float64, sgd(.9))
	for range 2 {
		if _, err := again.Step(context.Background(), &train.Pair{X: x, Y: y}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := trainer.Step(context.Background(), &train.Pair{X: x, Y: y}); err != nil || !slices.Equal(numbers(net), numbers(fresh)) {
		t.Errorf("after failures a step is another than without, error %v", err)
	}
}

func TestNewErrors(t *testing.T) {
	cost := func(_ nn.Sequential, b train.XY) *graph.Node { return nn.Quadratic(b.X, b.Y) }
	for _, c := range []struct {
		model nn.Sequential
		want  string
	}{
		{nn.Sequential{nn.ReLU}, "train: a nn.Sequential has no parameters"},
		{nil, "train: a nn.Sequential has no parameters"},
	} {
		if _, err := train.New(c.model, cost, sgd(0)); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}

	// A parameter that the cost does not depend on is no parameter with gradient 0.
	used, idle := nn.NewParam(graph.Float64, 1, 1), nn.NewParam(graph.Float64, 3)
	type model struct{ Used, Idle *nn.Param }
	trainer, err := train.New(model{used, idle}, func(m model, b train.XY) *graph.Node {
		return nn.Quadratic((&nn.Linear{Weight: m.Used}).Apply(b.X), b.Y)
	}, sgd(0))
	if err != nil {
		t.Fatal(err)
	}
	one := nn.NewParam(graph.Float64, 1, 1).Value
	_, err = trainer.Step(context.Background(), &train.Pair{X: one, Y: one})
	if err == nil || !strings.Contains(err.Error(), "does not depend on Idle (idle f64[3])") {
		t.Errorf("idle parameter: error %v", err)
	}
}
