package backprop_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"

	"chainrule/nn/backprop"
)

const seed = 20 // of every random network and batch below; printed with each failure

var hiddenActivations = []backprop.Activation{
	backprop.Linear, backprop.Sigmoid, backprop.Tanh, backprop.ReLU, backprop.LeakyReLU(0.1),
}

// outputs is every output activation with every cost it may be judged by.
var outputs = []struct {
	act  backprop.Activation
	cost backprop.Cost
}{
	{backprop.Linear, backprop.Quadratic},
	{backprop.Sigmoid, backprop.Quadratic},
	{backprop.Tanh, backprop.Quadratic},
	{backprop.ReLU, backprop.Quadratic},
	{backprop.LeakyReLU(0.1), backprop.Quadratic},
	{backprop.Softmax, backprop.Quadratic},
	{backprop.Sigmoid, backprop.CrossEntropy},
	{backprop.Softmax, backprop.CrossEntropy},
}

var shapes = []struct {
	widths []int
	batch  int
}{
	{[]int{3, 2}, 1},
	{[]int{3, 4, 2}, 5},
	{[]int{2, 5, 1, 3}, 4},
	{[]int{4, 3, 6, 2, 5}, 7},
}

// forEachNet runs check on every hidden activation × output × shape, with targets in (0, 1) that
// are neither one-hot nor of sum one.
func forEachNet(t *testing.T, check func(t *testing.T, n *backprop.Net, x, y *mat.Dense)) {
	for _, hidden := range hiddenActivations {
		for _, out := range outputs {
			for _, shape := range shapes {
				name := fmt.Sprintf("hidden=%v/out=%v/cost=%v/widths=%v/seed=%d",
					hidden, out.act, out.cost, shape.widths, seed)
				t.Run(name, func(t *testing.T) {
					acts := make([]backprop.Activation, len(shape.widths)-1)
					for l := range acts {
						acts[l] = hidden
					}
					acts[len(acts)-1] = out.act
					n, err := backprop.New(shape.widths, acts, out.cost, seed)
					if err != nil {
						t.Fatal(err)
					}
					random := rand.New(rand.NewPCG(seed, 1))
					x := mat.NewDense(shape.batch, shape.widths[0], nil)
					x.Apply(func(_, _ int, _ float64) float64 { return random.NormFloat64() }, x)
					y := mat.NewDense(shape.batch, shape.widths[len(acts)], nil)
					y.Apply(func(_, _ int, _ float64) float64 { return random.Float64() }, y)
					check(t, n, x, y)
				})
			}
		}
	}
}

// parameters lists the entries of all W and b, gradients the matching derivatives; both in the same order.
func parameters(n *backprop.Net) []*float64 {
	var p []*float64
	for _, layer := range n.Layers {
		w := layer.W.RawMatrix().Data
		for i := range w {
			p = append(p, &w[i])
		}
		for j := range layer.B {
			p = append(p, &layer.B[j])
		}
	}
	return p
}

func gradients(t *testing.T, n *backprop.Net, x, y mat.Matrix) (flat []float64, cost float64) {
	t.Helper()
	g, cost, err := n.Gradients(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for _, layer := range g.Layers {
		flat = append(flat, layer.DW.RawMatrix().Data...)
		flat = append(flat, layer.DB...)
	}
	return flat, cost
}

func TestGradientsAgainstCentralDifferences(t *testing.T) {
	forEachNet(t, func(t *testing.T, n *backprop.Net, x, y *mat.Dense) {
		got, cost := gradients(t, n, x, y)
		p := parameters(n)
		at := make([]float64, len(p))
		for i := range p {
			at[i] = *p[i]
		}
		costAt := func(theta []float64) float64 {
			for i := range p {
				*p[i] = theta[i]
			}
			c, err := n.CostOf(x, y)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		want := fd.Gradient(nil, costAt, at, &fd.Settings{Formula: fd.Central})
		// The step of fd.Central is h = ∛eps = 6e-6: rounding of C gives eps·|C|/h = 4e-11·|C|, truncation
		// h²/6 = 6e-12 times the third derivative, which stays below 100 here.
		tol := 1e-9 * math.Max(1, cost)
		for i := range want {
			if !(math.Abs(got[i]-want[i]) <= tol) {
				t.Errorf("parameter %d = %g: gradient %.12g, central difference %.12g", i, at[i], got[i], want[i])
			}
		}
	})
}

// The mean over a batch is the mean of batches of one: no sample may leak into another's column.
func TestBatchIsMeanOfSamples(t *testing.T) {
	forEachNet(t, func(t *testing.T, n *backprop.Net, x, y *mat.Dense) {
		got, gotCost := gradients(t, n, x, y)
		batch, in := x.Dims()
		_, out := y.Dims()
		want, wantCost := make([]float64, len(got)), 0.0
		for s := range batch {
			g, cost := gradients(t, n, x.Slice(s, s+1, 0, in), y.Slice(s, s+1, 0, out))
			for i := range want {
				want[i] += g[i] / float64(batch)
			}
			wantCost += cost / float64(batch)
		}
		const tol = 1e-14 // sums of at most 7 terms of order 1, in another order: a few dozen eps
		if !(math.Abs(gotCost-wantCost) <= tol*math.Max(1, wantCost)) {
			t.Errorf("cost %v, mean of samples %v", gotCost, wantCost)
		}
		for i := range want {
			if !(math.Abs(got[i]-want[i]) <= tol*math.Max(1, math.Abs(want[i]))) {
				t.Errorf("parameter %d: gradient %v, mean of samples %v", i, got[i], want[i])
			}
		}
	})
}

// The way back from the z and a of Gradients is that of Gradients; from another z and a it is another.
func TestBackwardFromItsOwnForward(t *testing.T) {
	forEachNet(t, func(t *testing.T, n *backprop.Net, x, y *mat.Dense) {
		want, wantCost, err := n.Gradients(x, y)
		if err != nil {
			t.Fatal(err)
		}
		var z, a []mat.Matrix
		for _, layer := range want.Layers {
			z, a = append(z, layer.Z.T()), append(a, layer.A.T())
		}
		got, cost, err := n.Backward(z, a, x, y)
		if err != nil {
			t.Fatal(err)
		}
		if cost != wantCost {
			t.Errorf("cost %v, of Gradients %v", cost, wantCost)
		}
		for l, layer := range want.Layers {
			if !mat.Equal(got.Layers[l].DW, layer.DW) || !slices.Equal(got.Layers[l].DB, layer.DB) {
				t.Errorf("layer %d: other gradients than those of Gradients", l+1)
			}
		}
		var half mat.Dense
		half.Scale(.5, a[len(a)-1])
		a[len(a)-1] = &half
		if got, _, err = n.Backward(z, a, x, y); err != nil {
			t.Fatal(err)
		}
		last := len(a) - 1
		dead := n.Layers[last].Act == backprop.ReLU && mat.Norm(want.Layers[last].Delta, 2) == 0
		if !dead && slices.Equal(got.Layers[last].DB, want.Layers[last].DB) {
			t.Error("the output that was handed over is not used")
		}
	})
}
