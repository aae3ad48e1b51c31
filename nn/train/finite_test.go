package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/data"
	"chainrule/nn/optim"
	"chainrule/nn/train"
	"chainrule/ops"
)

// TestReplacedValuesAreTrained replaces the tensors of a model, as loading does, before the first step and between steps.
func TestReplacedValuesAreTrained(t *testing.T) {
	for _, d := range []graph.DType{graph.Float64, graph.Float32} {
		for _, momentum := range []float64{0, 0.9} {
			want, wantTrainer := small(t, d, sgd(momentum))
			got, gotTrainer := small(t, d, sgd(momentum))
			replace := func() {
				for _, p := range nn.Params(got) {
					old := p.Param.Value
					p.Param.Value = old.Clone().(*tensor.Dense)
					old.Memset(p.Param.Value.Get(0)) // the old tensor is somebody else's
				}
			}
			x, y := batch(t, blobs(9), []int{0, 1, 2, 3}, d)
			for range 4 {
				replace()
				a, err := wantTrainer.Step(context.Background(), &train.Pair{X: x, Y: y})
				require.NoError(t, err)
				b, err := gotTrainer.Step(context.Background(), &train.Pair{X: x, Y: y})
				require.NoError(t, err)
				require.Equal(t, a, b)
				require.Equal(t, numbers(want), numbers(got))
			}
			replace()
			predict := autodiff.Compile(nn.Layer.Apply)
			for range 2 {
				out, err := predict.Run(context.Background(), got, x)
				require.NoError(t, err)
				wanted, err := predict.Run(context.Background(), want, x)
				require.NoError(t, err)
				require.Equal(t, wide(wanted[0]), wide(out[0]))
				replace()
			}
		}
	}
}

func TestReplacedByWhatDoesNotFit(t *testing.T) {
	set := blobs(9)
	x, y := batch(t, set, []int{0, 1}, graph.Float64)
	for want, replace := range map[string]func(net nn.Sequential){
		"2 and 3 differ: x f64[2,2] · 0.weight f64[3,5]":  func(net nn.Sequential) { net[0].(*nn.Linear).Weight.Value = nn.NewParam(graph.Float64, 3, 5).Value },
		"types f64 and f32 differ: convert one with Cast": func(net nn.Sequential) { net[0].(*nn.Linear).Bias.Value = nn.NewParam(graph.Float32, 5).Value },
		"[2].Bias): the parameter has no value":           func(net nn.Sequential) { net[2].(*nn.Linear).Bias.Value = nil },
	} {
		net, trainer := small(t, graph.Float64, sgd(0))
		_, err := trainer.Step(context.Background(), &train.Pair{X: x, Y: y})
		require.NoError(t, err)
		replace(net)
		_, err = trainer.Step(context.Background(), &train.Pair{X: x, Y: y})
		require.ErrorContains(t, err, want)
	}
	net, trainer := small(t, graph.Float64, sgd(0))
	net[2].(*nn.Linear).Weight = nn.NewParam(graph.Float64, 5, 3)
	_, err := trainer.Fit(context.Background(), source(t, set, 3, 0, graph.Float64), train.Plan{Epochs: 1})
	require.ErrorContains(t, err, "has other parameters than it had")
}

// TestNoNumbersEndTraining has costs, data, rates and gradients that are no numbers.
func TestNoNumbersEndTraining(t *testing.T) {
	plan := train.Plan{Epochs: 20}
	for _, d := range []graph.DType{graph.Float64, graph.Float32} {
		net, trainer := small(t, d, sgd(0.5))
		set := blobs(9)
		set.X[2*4+1] = math.NaN()
		progress, err := trainer.Fit(context.Background(), source(t, set, 3, 0, d), plan)
		require.ErrorIs(t, err, data.ErrNotFinite)
		require.ErrorContains(t, err, "epoch 1: train: feature 1 of sample 4 is NaN")
		require.Less(t, progress.Iterations, 3)
		requireFinite(t, net)

		set = blobs(9)
		net, _ = small(t, d, sgd(0))
		trainer, err = train.New(net, func(net nn.Sequential, b train.XY) *graph.Node {
			return ops.Mean(ops.Exp(ops.Square(ops.Sub(net.Apply(b.X), b.Y))))
		}, optim.SGD{Rate: optim.Constant(1e30)}) // it goes so far that the loss is no number in some later step
		require.NoError(t, err)
		_, err = trainer.Fit(context.Background(), source(t, set, 3, 0, d), plan)
		var infinite *autodiff.NotFiniteError
		require.ErrorAs(t, err, &infinite)
		require.ErrorContains(t, err, "train: epoch 1: train: the loss of step 2 is +Inf")
		var born *autodiff.NaNError
		require.ErrorAs(t, err, &born)
		require.ErrorContains(t, err, "finite_test.go:")
		requireFinite(t, net)
	}
}

// TestGradientsThatAreNoNumbers has a cost that is one while its gradient is not, which the last step must not hide.
func TestGradientsThatAreNoNumbers(t *testing.T) {
	net := nn.NewMLP(graph.Float64, []int{2, 3}, nn.Tanh, nn.Xavier, rand.New(rand.NewPCG(seed, 0)))
	trainer, err := train.New(net, func(net nn.Sequential, b train.XY) *graph.Node {
		return ops.Sqrt(ops.Mul(0, ops.Mean(ops.Square(net.Apply(b.X)))))
	}, sgd(0))
	require.NoError(t, err)
	_, err = trainer.Fit(context.Background(), source(t, blobs(6), 6, 0, graph.Float64), train.Plan{Epochs: 1})
	require.ErrorContains(t, err, "train: epoch 1: train: parameter 0.weight has the element NaN")
}

// TestOptionsReachThePrograms finds where a NaN was born.
func TestOptionsReachThePrograms(t *testing.T) {
	net, _ := small(t, graph.Float64, sgd(0))
	before := numbers(net)
	trainer, err := train.New(net, func(net nn.Sequential, b train.XY) *graph.Node {
		return ops.Mean(ops.Log(ops.Sub(0, ops.Square(net.Apply(b.X)))))
	}, sgd(0), autodiff.DebugNaN())
	require.NoError(t, err)
	x, y := batch(t, blobs(9), []int{0, 1}, graph.Float64)
	_, err = trainer.Step(context.Background(), &train.Pair{X: x, Y: y})
	var born *autodiff.NaNError
	require.ErrorAs(t, err, &born)
	require.ErrorContains(t, err, "train: step 1")
	require.Equal(t, "log", born.Op)
	require.Equal(t, before, numbers(net))

	trainer, err = train.New(net, func(net nn.Sequential, b train.XY) *graph.Node { // infinite, but no NaN
		return ops.Sub(0, ops.Log(ops.Mul(0, ops.Mean(net.Apply(b.X)))))
	}, sgd(0), autodiff.DebugNaN())
	require.NoError(t, err)
	_, err = trainer.Step(context.Background(), &train.Pair{X: x, Y: y})
	require.Error(t, err)
	require.Equal(t, before, numbers(net))
}

func TestNothingToTrain(t *testing.T) {
	net, trainer := small(t, graph.Float64, sgd(0))
	cost := func(net nn.Sequential, b train.XY) *graph.Node { return ops.Mean(net.Apply(b.X)) }
	for _, build := range []func() (*train.Trainer, error){
		func() (*train.Trainer, error) { return train.New(nn.Sequential(nil), cost, sgd(0)) },
		func() (*train.Trainer, error) {
			return train.New[nn.Sequential, train.XY](net, nil, sgd(0))
		},
		func() (*train.Trainer, error) { return train.New(net, cost, nil) },
		func() (*train.Trainer, error) {
			return train.New(nn.Sequential{&nn.Linear{Weight: &nn.Param{}}}, cost, sgd(0))
		},
	} {
		_, err := build()
		require.ErrorContains(t, err, "train: ")
	}
	_, err := trainer.Fit(context.Background(), nil, train.Plan{})
	require.ErrorContains(t, err, "there is no data")
	var none context.Context
	_, err = trainer.Fit(none, train.Batches{}, train.Plan{})
	require.ErrorContains(t, err, "the context is nil")
	_, err = train.Accuracy(context.Background(), net, nil)
	require.True(t, errors.Is(err, data.ErrEmpty))
}

func requireFinite(t *testing.T, net nn.Layer) {
	t.Helper()
	for _, v := range numbers(net) {
		require.False(t, math.IsNaN(v) || math.IsInf(v, 0), v)
	}
}

// TestInfiniteFeatures: one that saturates leaves the cost a number, and the parameters as they were.
func TestInfiniteFeatures(t *testing.T) {
	for _, d := range []graph.DType{graph.Float64, graph.Float32} {
		for _, v := range []float64{math.Inf(1), math.Inf(-1)} {
			net := nn.NewMLP(d, []int{2, 5, 3}, nn.Tanh, nn.Xavier, rand.New(rand.NewPCG(seed, 0)))
			trainer, err := train.New(net, func(net nn.Sequential, b train.XY) *graph.Node {
				return nn.Quadratic(net.Apply(b.X), b.Y)
			}, sgd(0))
			require.NoError(t, err)
			set, before := blobs(9), numbers(net)
			set.X[2*4+1] = v
			_, err = trainer.Fit(context.Background(), source(t, set, 9, 0, d), train.Plan{Epochs: 1})
			require.ErrorIs(t, err, data.ErrNotFinite)
			require.ErrorContains(t, err, fmt.Sprintf("train: epoch 1: train: feature 1 of sample 4 is %v", v))
			require.Equal(t, before, numbers(net))
		}
	}
}

// TestAccuracyOfNoNumbers: NaN outputs are no answer.
func TestAccuracyOfNoNumbers(t *testing.T) {
	net, _ := small(t, graph.Float64, sgd(0))
	set := blobs(9)
	set.X[2*4] = math.NaN()
	_, err := train.Accuracy(context.Background(), net, set)
	require.ErrorIs(t, err, data.ErrNotFinite)
	require.ErrorContains(t, err, "an output for sample 4 is NaN")
	_, _, err = train.Tensors(nil, nil, graph.Float64)
	require.ErrorContains(t, err, "there is no data")
}
