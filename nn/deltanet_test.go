package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"chainrule/nn/backprop"
)

// eps is the largest relative error of one f64 operation, eps32 that of an f32 one.
const (
	eps   = 0x1p-53
	eps32 = 0x1p-24
)

// seed of every random network and batch; printed with each failure.
const seed = 1943

// deltaNet is a random network, a batch for it, and what the recursion of nn/backprop says about them.
type deltaNet struct {
	name  string
	scale string // of the weights
	net   *backprop.Net
	x, y  *mat.Dense
	want  *backprop.Grads
	cost  float64
}

// outputs is every output activation with every cost that it may be judged by.
var outputs = []struct {
	act  backprop.Activation
	cost backprop.Cost
}{
	{backprop.Linear, backprop.Quadratic},
	{backprop.Sigmoid, backprop.Quadratic},
	{backprop.Tanh, backprop.Quadratic},
	{backprop.ReLU, backprop.Quadratic},
	{backprop.Softmax, backprop.Quadratic},
	{backprop.Sigmoid, backprop.CrossEntropy},
	{backprop.Softmax, backprop.CrossEntropy},
}

// hiddens is every activation of a hidden layer, the leaky one with an alpha of its own for each net.
var hiddens = []func(random *rand.Rand) backprop.Activation{
	func(*rand.Rand) backprop.Activation { return backprop.Linear },
	func(*rand.Rand) backprop.Activation { return backprop.Sigmoid },
	func(*rand.Rand) backprop.Activation { return backprop.Tanh },
	func(*rand.Rand) backprop.Activation { return backprop.ReLU },
	func(random *rand.Rand) backprop.Activation { return backprop.LeakyReLU(random.Float64()) },
}

// kind is an activation without its alpha.
func kind(a backprop.Activation) string {
	name, _, _ := strings.Cut(a.String(), "(")
	return name
}

// Scales of weights.
const (
	scaled    = "N(0,1/in)"  // activations keep their size from layer to layer
	saturated = "N(0,64/in)" // most units lie far out on σ; N(0,1) for the widest layers
)

// farOut bounds the |z| of a saturated net. At 40 the sigmoid is 1 to the last digit, and its derivative 4e-18. Far
// beyond, no two programs can agree: e⁻ᶻ turns a relative error of z into one |z| times as large.
//
// softmaxFarOut bounds it in softmax outputs under the quadratic cost. Their δ = a ⊙ (g − ⟨g, a⟩) is a difference that
// is smaller than g by the 1 − a of the largest a: even from one and the same a, two orders of adding ⟨g, a⟩ up differ
// by some 1.1e-16/(1 − a), for which e⁻⁶ leaves a factor of 20 to 1e-12.
const farOut, softmaxFarOut = 40, 3

// deltaNets builds count nets for every hidden activation, output, cost and scale, with depths 1 to 6 in turn,
// layers of 1 to 64 neurons, batches of 1 to 32, targets one-hot or soft. A third of the nets mix their hidden
// activations.
func deltaNets(t *testing.T, count int) []deltaNet {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	var nets []deltaNet
	for k := range count {
		for h := range hiddens {
			for _, out := range outputs {
				for _, scale := range []string{scaled, saturated} {
					d := newDeltaNet(t, random, (k+h)%6+1, hiddens[h](random), out.act, out.cost, scale)
					d.name = fmt.Sprintf("net %d: %s", len(nets), d.name)
					nets = append(nets, d)
				}
			}
		}
	}
	return nets
}

func newDeltaNet(t *testing.T, random *rand.Rand, depth int, hidden, out backprop.Activation,
	cost backprop.Cost, scale string,
) deltaNet {
	t.Helper()
	widths, acts := make([]int, depth+1), make([]backprop.Activation, depth)
	widest, largestBatch := 64, 32
	if random.IntN(2) == 0 { // narrow nets, where a gradient may come through saturated units alone
		widest, largestBatch = 4, 2
	}
	mixed := random.IntN(3) == 0
	for l := range widths {
		widths[l] = 1 + random.IntN(widest)
	}
	for l := range acts {
		acts[l] = hidden
		if l > 0 && mixed {
			acts[l] = hiddens[random.IntN(len(hiddens))](random)
		}
	}
	acts[depth-1] = out
	net, err := backprop.New(widths, acts, cost, random.Uint64())
	if err != nil {
		t.Fatal(err)
	}
	batch := 1 + random.IntN(largestBatch)
	d := deltaNet{
		net: net, scale: scale,
		name: fmt.Sprintf("%v %v %v weights %s batch %d seed %d", widths, acts, cost, scale, batch, seed),
		x:    mat.NewDense(batch, widths[0], nil), y: mat.NewDense(batch, widths[depth], nil),
	}
	d.x.Apply(func(_, _ int, _ float64) float64 { return random.NormFloat64() }, d.x)
	if scale == saturated {
		d.saturate()
	}
	if random.IntN(2) == 0 {
		for s := range batch {
			d.y.Set(s, random.IntN(widths[depth]), 1)
		}
	} else { // neither one-hot nor of sum one
		d.y.Apply(func(_, _ int, _ float64) float64 { return random.Float64() }, d.y)
	}
	d.want, d.cost, err = net.Gradients(d.x, d.y)
	if err != nil {
		t.Fatal(d.name, err)
	}
	return d
}

// saturate scales weights up from N(0, 1/in) to N(0, 64/in), less where a |z| would pass its bound.
func (d *deltaNet) saturate() {
	for l, layer := range d.net.Layers {
		layer.W.Scale(8, layer.W)
		below := backprop.Net{Layers: slices.Clone(d.net.Layers[:l+1]), Cost: backprop.Quadratic}
		below.Layers[l].Act = backprop.Linear
		z, err := below.Forward(d.x)
		if err != nil {
			panic(err)
		}
		bound := float64(farOut)
		if layer.Act == backprop.Softmax && d.net.Cost == backprop.Quadratic {
			bound = softmaxFarOut
		}
		if shrink := bound / max(mat.Max(z), -mat.Min(z)); shrink < 1 {
			layer.W.Scale(shrink, layer.W)
			floats.Scale(shrink, layer.B)
		}
	}
}

// paramGrad is the gradient of one parameter, row by row.
type paramGrad struct {
	name string
	data []float64
}

// flatten lists ∂C/∂W and ∂C/∂b of every layer, W in the layout [out, in] of the formulas, or [in, out].
func flatten(grads *backprop.Grads, transposed bool) []paramGrad {
	var all []paramGrad
	for l, g := range grads.Layers {
		dw := g.DW
		if transposed {
			dw = mat.DenseCopyOf(g.DW.T())
		}
		all = append(all, paramGrad{fmt.Sprintf("W%d", l+1), dw.RawMatrix().Data},
			paramGrad{fmt.Sprintf("b%d", l+1), g.DB})
	}
	return all
}

// compareGrads returns an error that names the first parameter whose gradient is off by more than tol.
func compareGrads(want, got []paramGrad, tol float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d gradients, want %d", len(got), len(want))
	}
	for i, w := range want {
		if err := compareEntries("gradient of "+w.name, w.data, got[i].data, tol); err != nil {
			return err
		}
	}
	return nil
}

// compareEntries allows tol relative to the largest entry: the entries of a product of matrices carry roundings of
// the size of the largest.
func compareEntries(name string, want, got []float64, tol float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s has %d entries, want %d", name, len(got), len(want))
	}
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for k, v := range want {
		diff := math.Abs(got[k] - v)
		if !(diff <= tol*largest) {
			return fmt.Errorf("%s: entry %d is %.17g, by δ-recursion %.17g: off by %.2g of the largest, %.3g", name, k,
				got[k], v, diff/largest, largest)
		}
	}
	return nil
}

func deterministic() *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }
