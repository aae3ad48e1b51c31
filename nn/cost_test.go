package nn_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/nn/backprop"
)

// costAndError gives a cost and its gradient by a.
func costAndError(t *testing.T, cost nn.Cost, a, y any) (float64, []float64) {
	t.Helper()
	out, err := autodiff.Compile(func(a, y *graph.Node) (*graph.Node, *graph.Node) {
		c := cost(a, y)
		return c, autodiff.Gradients(c, a)[0]
	}).Run(context.Background(), a, y)
	if err != nil {
		t.Fatal(err)
	}
	return wide(out[0])[0], wide(out[1])
}

// The costs at values where they can be said exactly, far out too: neither infinite nor rounded to zero.
func TestCostValues(t *testing.T) {
	tail := math.Exp(-40) // −log σ(40) = log(1 + e⁻⁴⁰), and 1 − σ(40), to the last digit
	for _, c := range []struct {
		name        string
		cost        nn.Cost
		a, y        []float64
		total, grad float64 // of one sample, and by its first output
	}{
		{"quadratic", nn.Quadratic, []float64{.5, 2}, []float64{1, 0}, 2.125, -.5},
		{"sigmoid", nn.SigmoidCrossEntropy, []float64{0}, []float64{1}, math.Ln2, -.5},
		{"sigmoid soft", nn.SigmoidCrossEntropy, []float64{0}, []float64{.25}, math.Ln2, .25},
		{"sigmoid sure and right", nn.SigmoidCrossEntropy, []float64{40}, []float64{1}, tail, -tail},
		{"sigmoid sure of no", nn.SigmoidCrossEntropy, []float64{-40}, []float64{0}, tail, tail},
		{"sigmoid wrong", nn.SigmoidCrossEntropy, []float64{1000}, []float64{0}, 1000, 1},
		{"sigmoid wrong of no", nn.SigmoidCrossEntropy, []float64{-1000}, []float64{1}, 1000, -1},
		{"softmax", nn.SoftmaxCrossEntropy, []float64{1, 1}, []float64{0, 1}, math.Ln2, .5},
		{"softmax wrong", nn.SoftmaxCrossEntropy, []float64{1000, -1000}, []float64{0, 1}, 2000, 1},
		{"softmax masked", nn.SoftmaxCrossEntropy, []float64{0, 0, math.Inf(-1)}, []float64{1, 0, 0}, math.Ln2, -.5},
		{"sigmoid no", nn.SigmoidCrossEntropy, []float64{math.Inf(-1)}, []float64{0}, 0, 0},
		{"sigmoid yes", nn.SigmoidCrossEntropy, []float64{math.Inf(1)}, []float64{1}, 0, 0},
		{"softmax sum 2", nn.SoftmaxCrossEntropy, []float64{0, 0}, []float64{1, 1}, 2 * math.Ln2, 0},
	} {
		a, y := mat.NewDense(1, len(c.a), c.a), mat.NewDense(1, len(c.y), c.y)
		total, grad := costAndError(t, c.cost, a, y)
		// One exp and one log of a few units in the last place each.
		if !(math.Abs(total-c.total) <= 20*eps*c.total) || !(math.Abs(grad[0]-c.grad) <= 20*eps*math.Abs(c.grad)) {
			t.Errorf("%s: cost %v, ∂C/∂a₀ %v, want %v, %v", c.name, total, grad[0], c.total, c.grad)
		}
	}
}

// Costs are averages over the batch, and those of nn/backprop.
func TestCostsMatchBackprop(t *testing.T) {
	random := deterministic()
	for _, c := range []struct {
		cost nn.Cost
		act  backprop.Activation
		of   backprop.Cost
	}{
		{nn.Quadratic, backprop.Linear, backprop.Quadratic},
		{nn.SigmoidCrossEntropy, backprop.Sigmoid, backprop.CrossEntropy},
		{nn.SoftmaxCrossEntropy, backprop.Softmax, backprop.CrossEntropy},
	} {
		for _, batch := range []int{1, 2, 31} {
			const classes = 5
			z, y := mat.NewDense(batch, classes, nil), mat.NewDense(batch, classes, nil)
			one := mat.NewDense(classes, classes, nil)
			for i := range batch * classes {
				z.Set(i/classes, i%classes, 3*random.NormFloat64())
				y.Set(i/classes, i%classes, random.Float64())
			}
			for i := range classes {
				one.Set(i, i, 1)
			}
			net := backprop.Net{Cost: c.of, Layers: []backprop.Layer{{W: one, B: make([]float64, classes), Act: c.act}}}
			want, err := net.CostOf(z, y)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := costAndError(t, c.cost, z, y); !(math.Abs(got-want) <= costTol*want) {
				t.Errorf("%v of %v, batch %d: %.17g, want %.17g", c.of, c.act, batch, got, want)
			}
		}
	}
}

func TestCostShapes(t *testing.T) {
	for name, cost := range map[string]nn.Cost{
		"quadratic": nn.Quadratic, "sigmoid_cross_entropy": nn.SigmoidCrossEntropy,
		"softmax_cross_entropy": nn.SoftmaxCrossEntropy,
	} {
		for _, shapes := range [][2][]int{
			{{4, 3}, {4, 2}}, {{4, 3}, {3}}, {{4, 3}, {1, 3}}, {{4, 3}, {4, 1}}, {{3}, {3}}, {{2, 4, 3}, {2, 4, 3}},
		} {
			err := graph.Try(func() {
				g := graph.New()
				cost(g.Input("a", graph.Float64, shapes[0]...), g.Input("y", graph.Float64, shapes[1]...))
			})
			want := name + ": the batch and its targets must have one shape [batch, classes]: a f64["
			got := fmt.Sprint(err)
			if !strings.HasPrefix(got, want) || !strings.Contains(got, "at cost_test.go:") {
				t.Errorf("%s of %v: error %v, want %s…", name, shapes, err, want)
			}
		}
	}
}

func TestAccuracy(t *testing.T) {
	nan := math.NaN()
	a := mat.NewDense(4, 3, []float64{1, 2, 3, 3, 2, 1, 5, 5, 0, 0, 1, 0}) // the first of equals counts
	out, err := autodiff.Compile(nn.Accuracy).Run(context.Background(), mat.NewDense(2, 2, []float64{nan, 1, 1, 0}), []int{0, 0})
	if err != nil || wide(out[0])[0] != .5 {
		t.Errorf("with a NaN: %v, %v", out, err)
	}
	for _, c := range []struct {
		labels []int
		want   float64
	}{{[]int{2, 0, 0, 1}, 1}, {[]int{2, 0, 1, 1}, .75}, {[]int{0, 1, 2, 0}, 0}} {
		out, err := autodiff.Compile(nn.Accuracy).Run(context.Background(), a, c.labels)
		if err != nil || wide(out[0])[0] != c.want {
			t.Errorf("labels %v: %v, %v, want %v", c.labels, out, err, c.want)
		}
	}
}
