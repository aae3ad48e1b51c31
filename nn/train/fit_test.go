package train_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/data"
	"chainrule/nn/optim"
	"chainrule/nn/train"
)

func TestRegimes(t *testing.T) {
	for _, c := range []struct {
		samples, batch int
		regime         string
		perEpoch       int
	}{
		{12, 12, "batch", 1},
		{12, 1, "stochastic", 12},
		{12, 4, "mini-batch", 3},
		{10, 4, "mini-batch", 3}, // 4 + 4 + 2
		{13, 12, "mini-batch", 2},
	} {
		_, trainer := small(t, graph.Float64, sgd(0))
		var counted []int
		set, err := train.NewSet(blobs(c.samples), graph.Float64, c.batch, seed)
		if err != nil {
			t.Fatal(err)
		}
		p, err := trainer.Fit(context.Background(), set, train.Plan{
			Epochs: 3,
			Each:   func(p train.Progress) error { counted = append(counted, p.Epochs); return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		if set.Regime().String() != c.regime || p.PerEpoch != c.perEpoch ||
			p.Epochs != 3 || p.Iterations != 3*c.perEpoch {
			t.Errorf("%d samples in batches of %d: %+v, want %s with %d iterations an epoch",
				c.samples, c.batch, p, c.regime, c.perEpoch)
		}
		var want []int // finished before each iteration
		for i := range 3 * c.perEpoch {
			want = append(want, i/c.perEpoch)
		}
		if !slices.Equal(counted, want) {
			t.Errorf("epochs after each iteration: %v, want %v", counted, want)
		}
	}
}

// 2,560,000 samples in batches of 256 are 10,000 iterations an epoch.
func TestIterationsOfLargeSet(t *testing.T) {
	const n = 2_560_000
	set := &data.Set{X: make([]float64, n), Dim: 1, Labels: make([]int, n), Classes: 1}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	net := nn.NewMLP(graph.Float32, []int{1, 1}, nn.Sigmoid, nn.Normal, rand.New(rand.NewPCG(seed, 0)))
	p, err := newTrainer(t, net, sgd(0)).Fit(cancelled, source(t, set, 256, 0, graph.Float32), train.Plan{Epochs: 1})
	want := train.Progress{PerEpoch: 10_000}
	if !reflect.DeepEqual(p, want) || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, error %v, want %+v", p, err, want)
	}
}

// The cost reported is the average over samples, not over batches.
func TestCostIsAverageOverSamples(t *testing.T) {
	set := blobs(10)
	_, trainer := small(t, graph.Float64, optim.Frozen{})
	whole, err := trainer.Fit(context.Background(), source(t, set, 10, 0, graph.Float64), train.Plan{Epochs: 1})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := trainer.Fit(context.Background(), source(t, set, 4, 0, graph.Float64), train.Plan{Epochs: 1})
	if err != nil || !(math.Abs(whole.Loss-parts.Loss) <= 1e-15*10*whole.Loss) {
		t.Errorf("cost %v, in batches of 4, 4 and 2 %v, error %v", whole.Loss, parts.Loss, err)
	}
}

func TestSameSeedSameBits(t *testing.T) {
	for _, d := range []graph.DType{graph.Float64, graph.Float32} {
		run := func(shuffle uint64) ([]float64, train.Progress) {
			net, trainer := small(t, d, sgd(.9))
			p, err := trainer.Fit(context.Background(), source(t, blobs(50), 8, shuffle, d), train.Plan{Epochs: 5})
			if err != nil {
				t.Fatal(err)
			}
			return slices.Clone(numbers(net)), p
		}
		first, p := run(seed)
		second, q := run(seed)
		if !slices.Equal(first, second) || !reflect.DeepEqual(p, q) {
			t.Errorf("%v: two runs differ: %+v and %+v", d, p, q)
		}
		if other, _ := run(seed + 1); slices.Equal(first, other) {
			t.Errorf("%v: the seed does not decide the order", d)
		}
	}
}

var errEnough = errors.New("enough")

// An error of Each, or the end of the context, stops after the iteration at hand: the parameters are those of the
// iterations counted.
func TestStops(t *testing.T) {
	plan := train.Plan{Epochs: 10}
	set := source(t, blobs(10), 4, seed, graph.Float64)
	const after = 8 // two epochs of 3 iterations and two of the third

	want, trainer := small(t, graph.Float64, sgd(.9))
	plan.Each = func(p train.Progress) error {
		if p.Iterations == after {
			return errEnough
		}
		return nil
	}
	p, err := trainer.Fit(context.Background(), set, plan)
	if !errors.Is(err, errEnough) || p.Iterations != after || p.Epochs != 2 {
		t.Errorf("an error of Each: %+v, %v", p, err)
	}

	net, trainer := small(t, graph.Float64, sgd(.9))
	ctx, cancel := context.WithCancelCause(context.Background())
	plan.Each = func(p train.Progress) error {
		if p.Iterations == after {
			cancel(errEnough)
		}
		return nil
	}
	q, err := trainer.Fit(ctx, set, plan)
	if !errors.Is(err, errEnough) || !reflect.DeepEqual(q, p) || !slices.Equal(numbers(net), numbers(want)) {
		t.Errorf("cancelled: %+v, %v; want the parameters of %+v", q, err, p)
	}

	before := slices.Clone(numbers(net))
	q, err = trainer.Fit(ctx, set, plan)
	if !errors.Is(err, errEnough) || q.Iterations != 0 || !slices.Equal(numbers(net), before) {
		t.Errorf("cancelled before: %+v, %v", q, err)
	}
}

// An iteration that has begun is finished: here the context ends while the first step is being traced.
func TestStopsAfterIterationAtHand(t *testing.T) {
	net := nn.NewMLP(graph.Float64, []int{2, 3}, nn.Tanh, nn.Xavier, rand.New(rand.NewPCG(seed, 0)))
	before := slices.Clone(numbers(net))
	ctx, cancel := context.WithCancel(context.Background())
	trainer, err := train.New(net, func(net nn.Sequential, b train.XY) *graph.Node {
		cancel()
		return nn.SoftmaxCrossEntropy(net.Apply(b.X), b.Y)
	}, sgd(0))
	if err != nil {
		t.Fatal(err)
	}
	p, err := trainer.Fit(ctx, source(t, blobs(10), 4, 0, graph.Float64), train.Plan{Epochs: 1})
	if !errors.Is(err, context.Canceled) || p.Iterations != 1 || slices.Equal(before, numbers(net)) {
		t.Errorf("%+v, error %v, want one iteration", p, err)
	}
}

// A plan that says nothing is an error, not a training that does nothing.
func TestFitRefusesPlans(t *testing.T) {
	net := nn.NewMLP(graph.Float64, []int{2, 3}, nn.Tanh, nn.Xavier, rand.New(rand.NewPCG(seed, 0)))
	_, err := newTrainer(t, net, sgd(0)).Fit(context.Background(), source(t, blobs(10), 5, 0, graph.Float64), train.Plan{Epochs: -1})
	if err == nil || !strings.Contains(err.Error(), "train: -1 epochs") {
		t.Errorf("error %v", err)
	}
	_, err = newTrainer(t, net, sgd(0)).Fit(context.Background(), train.Batches{}, train.Plan{Epochs: 1})
	if err == nil || !strings.Contains(err.Error(), "train: epoch 1 has no batches") {
		t.Errorf("error %v", err)
	}
}

func TestFitErrors(t *testing.T) {
	wrongLabel, short, wideSet := blobs(10), blobs(10), blobs(10)
	for i := range wrongLabel.Labels {
		wrongLabel.Labels[i] = 3
	}
	short.X = short.X[:19]
	wideSet.Dim, wideSet.Labels = 4, wideSet.Labels[:5]
	for _, c := range []struct {
		name  string
		set   *data.Set
		batch int
		is    error
		text  string
	}{
		{"batch too large", blobs(10), 11, data.ErrBatchTooLarge, "batches of 11 from 10 samples"},
		{"batch of none", blobs(10), 0, data.ErrBatchSize, "batches of 0"},
		{"no samples", &data.Set{Dim: 2, Classes: 3}, 1, data.ErrEmpty, "0 samples"},
		{"label", wrongLabel, 5, data.ErrLabel, "label 3 of 3 classes"},
		{"numbers missing", short, 5, data.ErrShape, "has 19 numbers"},
		{"too many features", wideSet, 5, nil, "inner dimensions 4 and 2 differ: x f64[5,4] · 0.weight f64[2,5] at step_test.go:"},
	} {
		net, trainer := small(t, graph.Float64, sgd(0))
		before := slices.Clone(numbers(net))
		var p train.Progress
		set, err := train.NewSet(c.set, graph.Float64, c.batch, 0)
		if err == nil {
			p, err = trainer.Fit(context.Background(), set, train.Plan{Epochs: 1})
		}
		if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.text)
		}
		if p.Iterations != 0 || !slices.Equal(before, numbers(net)) {
			t.Errorf("%s: %+v, and the parameters have changed", c.name, p)
		}
	}
}

func TestAccuracy(t *testing.T) {
	set := blobs(3000) // more than one part
	zero := nn.NewMLP(graph.Float64, []int{2, 3}, nn.Tanh, nn.Zeros, rand.New(rand.NewPCG(seed, 0)))
	if got, err := train.Accuracy(context.Background(), zero, set); err != nil || got != 1./3 {
		t.Errorf("a net that always says class 0 has accuracy %v, error %v", got, err)
	}
	if _, err := train.Accuracy(context.Background(), zero, &data.Set{Dim: 2, Classes: 3}); !errors.Is(err, data.ErrEmpty) {
		t.Errorf("no data: error %v", err)
	}
	if _, err := train.Accuracy(context.Background(), nn.ReLU, set); err == nil {
		t.Error("no parameters: no error")
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := train.Accuracy(cancelled, zero, set); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}

// A small net learns handwritten digits: 19 in 20 of those that it has not seen, on average over several splits.
func TestLearnsDigits(t *testing.T) {
	sum := 0.0
	const splits = 5
	for s := range uint64(splits) {
		learn, test, err := data.Digits().Split(1400, s)
		if err != nil {
			t.Fatal(err)
		}
		net := nn.NewMLP(graph.Float32, []int{64, 40, 10}, nn.ReLU, nn.He, rand.New(rand.NewPCG(s, 0)))
		rule := optim.SGD{Rate: optim.Constant(.05), Momentum: .9}
		p, err := newTrainer(t, net, rule).Fit(context.Background(), source(t, learn, 32, s, graph.Float32), train.Plan{Epochs: 20})
		if err != nil || p.Iterations != 20*44 {
			t.Fatalf("%+v, error %v", p, err)
		}
		accuracy, err := train.Accuracy(context.Background(), net, test)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: cost %.4f, test accuracy %.4f", s, p.Loss, accuracy)
		sum += accuracy
	}
	if sum/splits < .95 {
		t.Errorf("test accuracy %v on average, want 0.95 or more", sum/splits)
	}
}
