package backprop_test

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"chainrule/nn/backprop"
)

// A 2-2-1 sigmoid network whose every number is a dyadic fraction, so that the results of the
// calculation by hand hold exactly:
//
//	x = (1, 2), z¹ = (2−2, −4+3+1) = (0, 0), a¹ = (½, ½), z² = 3/2 − 1/2 − 1 = 0, a² = ½, y = 1
//	C = ½(1 − ½)² = ⅛
//	δ² = (½ − 1)·¼ = −⅛
//	δ¹ = (3, −1)·(−⅛)·¼ = (−3/32, 1/32)
//	∂C/∂W² = −⅛·(½, ½) = (−1/16, −1/16), ∂C/∂W¹ = δ¹(1, 2)
func TestByHandSigmoid(t *testing.T) {
	n := &backprop.Net{
		Layers: []backprop.Layer{
			{W: mat.NewDense(2, 2, []float64{2, -1, -4, 1.5}), B: []float64{0, 1}, Act: backprop.Sigmoid},
			{W: mat.NewDense(1, 2, []float64{3, -1}), B: []float64{-1}, Act: backprop.Sigmoid},
		},
		Cost: backprop.Quadratic,
	}
	x, y := mat.NewDense(1, 2, []float64{1, 2}), mat.NewDense(1, 1, []float64{1})

	checkByHand(t, n, x, y, 1./8, []numbers{
		{
			z: []float64{0, 0}, a: []float64{.5, .5}, delta: []float64{-3. / 32, 1. / 32},
			dw: []float64{-3. / 32, -6. / 32, 1. / 32, 2. / 32}, db: []float64{-3. / 32, 1. / 32},
		},
		{
			z: []float64{0}, a: []float64{.5}, delta: []float64{-1. / 8},
			dw: []float64{-1. / 16, -1. / 16}, db: []float64{-1. / 8},
		},
	})

	// The cross-entropy has no σ′ in its output error: δ² = ½ − 1, and all behind it is four times as large.
	n.Cost = backprop.CrossEntropy
	checkByHand(t, n, x, y, math.Ln2, []numbers{
		{
			z: []float64{0, 0}, a: []float64{.5, .5}, delta: []float64{-3. / 8, 1. / 8},
			dw: []float64{-3. / 8, -6. / 8, 1. / 8, 2. / 8}, db: []float64{-3. / 8, 1. / 8},
		},
		{
			z: []float64{0}, a: []float64{.5}, delta: []float64{-1. / 2},
			dw: []float64{-1. / 4, -1. / 4}, db: []float64{-1. / 2},
		},
	})
}

// Two samples through leaky relu and a linear output, where both sides of the kink and the kink itself occur:
//
//	x = (1, 2): z¹ = (1−2, 2+4) = (−1, 6), a¹ = (−¼, 6), z² = −½ + 6 = 5½, y = 5, δ² = ½
//	x = (2, 2): z¹ = (0, 8),               a¹ = (0, 8),  z² = 0 + 8 = 8,   y = 9, δ² = −1
//	C = (½·¼ + ½·1)/2 = 5/16
//	δ¹ = (2·¼, 1)·δ² = (¼, ½) and, with the left derivative ¼ at z = 0, (−½, −1)
func TestByHandLeakyReLUBatch(t *testing.T) {
	n := &backprop.Net{
		Layers: []backprop.Layer{
			{W: mat.NewDense(2, 2, []float64{1, -1, 2, 2}), B: []float64{0, 0}, Act: backprop.LeakyReLU(.25)},
			{W: mat.NewDense(1, 2, []float64{2, 1}), B: []float64{0}, Act: backprop.Linear},
		},
		Cost: backprop.Quadratic,
	}
	x, y := mat.NewDense(2, 2, []float64{1, 2, 2, 2}), mat.NewDense(2, 1, []float64{5, 9})
	checkByHand(t, n, x, y, 5./16, []numbers{
		{
			z: []float64{-1, 0, 6, 8}, a: []float64{-.25, 0, 6, 8}, delta: []float64{.25, -.5, .5, -1},
			dw: []float64{(.25 - 1) / 2, (.5 - 1) / 2, (.5 - 2) / 2, (1. - 2) / 2}, db: []float64{-.125, -.25},
		},
		{
			z: []float64{5.5, 8}, a: []float64{5.5, 8}, delta: []float64{.5, -1},
			dw: []float64{-.125 / 2, (3. - 8) / 2}, db: []float64{-.25},
		},
	})
}

// numbers of one layer; z, a and delta row by row of [width, batch].
type numbers struct{ z, a, delta, dw, db []float64 }

func checkByHand(t *testing.T, n *backprop.Net, x, y mat.Matrix, cost float64, want []numbers) {
	t.Helper()
	g, gotCost, err := n.Gradients(x, y)
	if err != nil {
		t.Fatal(err)
	}
	if gotCost != cost {
		t.Errorf("%v: cost %v, by hand %v", n.Cost, gotCost, cost)
	}
	for l, layer := range g.Layers {
		for _, q := range []struct {
			name      string
			got, want []float64
		}{
			{"z", layer.Z.RawMatrix().Data, want[l].z},
			{"a", layer.A.RawMatrix().Data, want[l].a},
			{"delta", layer.Delta.RawMatrix().Data, want[l].delta},
			{"dC/dW", layer.DW.RawMatrix().Data, want[l].dw},
			{"dC/db", layer.DB, want[l].db},
		} {
			if !slices.Equal(q.got, q.want) {
				t.Errorf("%v: layer %d: %s = %v, by hand %v", n.Cost, l+1, q.name, q.got, q.want)
			}
		}
	}
}

// One neuron per case, W = 1 and b = 0, so that z = x and ∂C/∂W = x δ.
func TestSpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		act           backprop.Activation
		cost          backprop.Cost
		z, y          float64
		a, total, del float64
	}{
		{backprop.ReLU, backprop.Quadratic, 0, 1, 0, .5, 0},
		{backprop.ReLU, backprop.Quadratic, -inf, 1, 0, .5, 0},
		{backprop.ReLU, backprop.Quadratic, nan, 1, nan, nan, nan},
		{backprop.LeakyReLU(.25), backprop.Quadratic, 0, 1, 0, .5, -.25},
		{backprop.LeakyReLU(.25), backprop.Quadratic, nan, 1, nan, nan, nan},
		{backprop.LeakyReLU(0), backprop.Quadratic, -inf, 1, 0, .5, 0},
		{backprop.Linear, backprop.Quadratic, 2, 5, 2, 4.5, -3},
		{backprop.Sigmoid, backprop.Quadratic, 1000, 0, 1, .5, 0},
		{backprop.Sigmoid, backprop.Quadratic, -1000, 1, 0, .5, 0},
		{backprop.Tanh, backprop.Quadratic, 1000, 0, 1, .5, 0},
		{backprop.Tanh, backprop.Quadratic, nan, 0, nan, nan, nan},
		// −log σ(−1000) would be infinite if a were rounded to zero first.
		{backprop.Sigmoid, backprop.CrossEntropy, -1000, 1, 0, 1000, -1},
		{backprop.Sigmoid, backprop.CrossEntropy, 1000, 0, 1, 1000, 1},
		{backprop.Sigmoid, backprop.CrossEntropy, 1000, 1, 1, 0, 0},
		{backprop.Softmax, backprop.CrossEntropy, 1000, 1, 1, 0, 0},
		{backprop.Softmax, backprop.CrossEntropy, nan, 1, nan, nan, nan},
	} {
		n := &backprop.Net{
			Layers: []backprop.Layer{{W: mat.NewDense(1, 1, []float64{1}), B: []float64{0}, Act: c.act}},
			Cost:   c.cost,
		}
		g, cost, err := n.Gradients(mat.NewDense(1, 1, []float64{c.z}), mat.NewDense(1, 1, []float64{c.y}))
		if err != nil {
			t.Fatal(err)
		}
		got := [3]float64{g.Layers[0].A.At(0, 0), cost, g.Layers[0].Delta.At(0, 0)}
		for i, want := range [3]float64{c.a, c.total, c.del} {
			if got[i] != want && !(math.IsNaN(got[i]) && math.IsNaN(want)) {
				t.Errorf("%v, %v, z = %v, y = %v: a, C, δ = %v, want %v", c.act, c.cost, c.z, c.y, got,
					[3]float64{c.a, c.total, c.del})
				break
			}
		}
	}
}

// Three classes far apart: the naive softmax overflows, and the log of a rounded zero is infinite.
func TestSoftmaxSaturated(t *testing.T) {
	n := &backprop.Net{
		Layers: []backprop.Layer{{
			W: mat.NewDense(3, 1, []float64{1000, 0, -1000}), B: make([]float64, 3), Act: backprop.Softmax,
		}},
		Cost: backprop.CrossEntropy,
	}
	x, y := mat.NewDense(1, 1, []float64{1}), mat.NewDense(1, 3, []float64{0, 0, 1})
	g, cost, err := n.Gradients(x, y)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{1, 0, -1}; cost != 2000 || !slices.Equal(g.Layers[0].DB, want) {
		t.Errorf("cost %v, δ %v; want 2000, %v", cost, g.Layers[0].DB, want)
	}
}

// σ′ is exact to roundings of its greatest value, saturated or not: a is to 2 ulp, that is 4 roundings eps of 1, and so
// is a(1 − a) but for its own two roundings of at most 1/4; 1 − a² takes twice those of a, and two of its own.
func TestDerivativeIsExactToRoundingsOfOne(t *testing.T) {
	const eps = 0x1p-53
	for _, z := range []float64{-40, -20, -3, -.5, 0, 1, 7, 20, 40, 1000} {
		for _, c := range []struct {
			act  backprop.Activation
			want float64
			tol  float64
		}{
			{backprop.Sigmoid, 1 / math.Pow(2*math.Cosh(z/2), 2), 5 * eps},
			{backprop.Tanh, 1 / math.Pow(math.Cosh(z), 2), 10 * eps},
		} {
			n := &backprop.Net{
				Layers: []backprop.Layer{
					{W: mat.NewDense(1, 1, []float64{1}), B: []float64{0}, Act: c.act},
					{W: mat.NewDense(1, 1, []float64{1}), B: []float64{0}, Act: backprop.Linear},
				},
				Cost: backprop.Quadratic,
			}
			a, err := n.Forward(mat.NewDense(1, 1, []float64{z}))
			if err != nil {
				t.Fatal(err)
			}
			y := mat.NewDense(1, 1, []float64{a.At(0, 0) - 1}) // so that δ² = a − y is 1
			g, _, err := n.Gradients(mat.NewDense(1, 1, []float64{z}), y)
			if err != nil {
				t.Fatal(err)
			}
			above := g.Layers[1].Delta.At(0, 0)
			if got := g.Layers[0].Delta.At(0, 0) / above; !(math.Abs(got-c.want) <= c.tol) {
				t.Errorf("%v: σ′(%v) = %.17g, want %.17g", c.act, z, got, c.want)
			}
		}
	}
}
