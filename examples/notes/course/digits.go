package course

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gorgonia.org/tensor"

	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/nn/data"
	"chainrule/ops"
)

// HiddenNeurons is the width of the hidden layer: 64 pixels, 32 neurons, 10 digits.
const HiddenNeurons = 32

// reader is the network's parameters.
type reader struct {
	W1, B1, W2, B2 *graph.Node // [32, 64], [32], [10, 32], [10]
}

// layers are z and a of both layers for images x, [n, 64].
func (r reader) layers(x *graph.Node) (z1, a1, z2, a2 *graph.Node) {
	z1 = ops.Add(ops.MatMul(x, ops.Transpose(r.W1)), r.B1)
	a1 = ops.Sigmoid(z1)
	z2 = ops.Add(ops.MatMul(a1, ops.Transpose(r.W2)), r.B2)
	return z1, a1, z2, ops.Softmax(z2, -1)
}

// cost is the cross-entropy, averaged over the images.
func (r reader) cost(x, y *graph.Node) *graph.Node {
	_, _, z, _ := r.layers(x)
	return ops.Neg(ops.Div(ops.Sum(ops.Mul(y, ops.LogSoftmax(z, -1))), float64(x.Shape()[0])))
}

var readerStep = autodiff.Compile(func(r reader, x, y, rate *graph.Node) (reader, *graph.Node) {
	cost, g := autodiff.ValueAndGrad(func(r reader) *graph.Node { return r.cost(x, y) })(r)
	down := func(p, g *graph.Node) *graph.Node { return ops.Sub(p, ops.Mul(rate, g)) }
	return reader{down(r.W1, g.W1), down(r.B1, g.B1), down(r.W2, g.W2), down(r.B2, g.B2)}, cost
})

var readerPredict = autodiff.Compile(func(r reader, x *graph.Node) *graph.Node {
	_, _, _, a := r.layers(x)
	return a
})

// readerTrace are z, a and δ of both layers for one image [64] and a label as a one among zeros [10], and the cost. What is
// added to z has the derivative δ.
var readerTrace = autodiff.Compile(func(r reader, x, y *graph.Node) (cost, z1, a1, d1, z2, a2, d2 *graph.Node) {
	row := ops.Reshape(x, 1, 64)
	z1, a1, z2, a2 = r.layers(row)
	type shift struct{ S1, S2 *graph.Node }
	shifted := func(s shift) *graph.Node {
		return reader{r.W1, ops.Add(r.B1, s.S1), r.W2, ops.Add(r.B2, s.S2)}.cost(row, ops.Reshape(y, 1, 10))
	}
	cost, d := autodiff.ValueAndGrad(shifted)(shift{ops.FullLike(r.B1, 0), ops.FullLike(r.B2, 0)})
	return cost, z1, a1, d.S1, z2, a2, d.S2
})

// Digits is a network that learns to read handwritten digits.
type Digits struct {
	Train, Test *data.Set
	Epochs      int
	Cost        float64 // the mean over the last epoch
	Accuracy    float64 // on the test images
	params      []*tensor.Dense
}

// NewDigits draws the parameters and divides the 1,797 images into 1,500 to train and 297 to test.
func NewDigits(seed uint64) (*Digits, error) {
	train, test, err := data.Digits().Split(1500, seed)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, 10))
	return &Digits{Train: train, Test: test, params: []*tensor.Dense{
		matrix(normal(rng, HiddenNeurons, 64)), tensor.New(tensor.WithBacking(make([]float64, HiddenNeurons))),
		matrix(normal(rng, 10, HiddenNeurons)), tensor.New(tensor.WithBacking(make([]float64, 10))),
	}}, nil
}

func (d *Digits) fed() struct{ W1, B1, W2, B2 any } {
	return struct{ W1, B1, W2, B2 any }{d.params[0], d.params[1], d.params[2], d.params[3]}
}

// Epoch trains once on all images, in mini-batches of 20, and tests. Between batches it calls pause, which may end it.
func (d *Digits) Epoch(rate float64, pause func() error) error {
	batches, err := data.NewBatches(d.Train.Len(), 20, 1)
	if err != nil {
		return err
	}
	sum, seen := 0.0, 0
	for rows := range batches.Epoch(d.Epochs) {
		x, y := make([]float64, len(rows)*64), make([]float64, len(rows)*10)
		if err := data.Fill(x, y, d.Train, rows); err != nil {
			return err
		}
		out, err := readerStep.Run(context.Background(), d.fed(),
			tensor.New(tensor.WithShape(len(rows), 64), tensor.WithBacking(x)),
			tensor.New(tensor.WithShape(len(rows), 10), tensor.WithBacking(y)), rate)
		if err != nil {
			return err
		}
		d.params = out[:4]
		if err := pause(); err != nil {
			return err
		}
		sum, seen = sum+numbers(out[4])[0]*float64(len(rows)), seen+len(rows)
	}
	d.Epochs++
	d.Cost = sum / float64(seen)
	return d.test()
}

func (d *Digits) test() error {
	n := d.Test.Len()
	out, err := run(readerPredict, d.fed(), tensor.New(tensor.WithShape(n, 64), tensor.WithBacking(d.Test.X)))
	if err != nil {
		return err
	}
	right := 0
	for i, row := range split(out[0], n) {
		if Best(row) == d.Test.Labels[i] {
			right++
		}
	}
	d.Accuracy = float64(right) / float64(n)
	return nil
}

// Best is the class with the largest probability.
func Best(p []float64) int { return slices.Index(p, slices.Max(p)) }

// Reading is all that the network computes for one image and a label.
type Reading struct {
	Cost       float64
	Z1, A1, D1 []float64
	Z2, P, D2  []float64
}

// Read shows an image of 8×8 pixels in [0, 1] to the network, and asks for the errors if it were the digit label.
func (d *Digits) Read(image []float64, label int) (*Reading, error) {
	y := make([]float64, 10)
	y[label] = 1
	out, err := run(readerTrace, d.fed(), image, y)
	if err != nil {
		return nil, err
	}
	return &Reading{Cost: out[0][0], Z1: out[1], A1: out[2], D1: out[3], Z2: out[4], P: out[5], D2: out[6]}, nil
}

// Change is what happens when one weight changes by By.
type Change struct {
	By                float64
	Slope             float64 // ∂C/∂w = δᵢ aⱼ
	Predicted, Actual float64 // changes of the cost: slope·By, and by running the changed network
	After             *Reading
}

// Weight is w²ᵢⱼ, from hidden neuron j to digit i.
func (d *Digits) Weight(i, j int) float64 { return numbers(d.params[2])[i*HiddenNeurons+j] }

// Change changes w²ᵢⱼ, from hidden neuron j to digit i, and reads the image again.
func (d *Digits) Change(image []float64, label, i, j int, by float64) (*Change, error) {
	before, err := d.Read(image, label)
	if err != nil {
		return nil, err
	}
	changed := *d
	changed.params = slices.Clone(d.params)
	w := slices.Clone(numbers(d.params[2]))
	w[i*HiddenNeurons+j] += by
	changed.params[2] = tensor.New(tensor.WithShape(10, HiddenNeurons), tensor.WithBacking(w))
	after, err := changed.Read(image, label)
	if err != nil {
		return nil, err
	}
	slope := before.D2[i] * before.A1[j]
	return &Change{By: by, Slope: slope, Predicted: slope * by, Actual: after.Cost - before.Cost, After: after}, nil
}

// Pixels makes an 8×8 image of a drawing, as the data set was made: the strokes' box is scaled into 32×32 cells, and a pixel
// is the share of its 4×4 cells that ink covers. Strokes are points (x, y) in turns, in any unit, y downwards.
func Pixels(strokes [][]float64) []float64 {
	image := make([]float64, 64)
	loX, loY, hiX, hiY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, s := range strokes {
		for k := 0; k+1 < len(s); k += 2 {
			loX, hiX = math.Min(loX, s[k]), math.Max(hiX, s[k])
			loY, hiY = math.Min(loY, s[k+1]), math.Max(hiY, s[k+1])
		}
	}
	if !(hiX >= loX) {
		return image
	}
	const cells, pen = 32, 2.2
	scale := (cells - 2*pen) / math.Max(math.Max(hiX-loX, hiY-loY), 1e-9)
	left := (cells - scale*(hiX-loX)) / 2
	top := (cells - scale*(hiY-loY)) / 2
	var ink [cells][cells]bool
	dot := func(x, y float64) {
		for i := range cells {
			for j := range cells {
				if math.Hypot(float64(j)+0.5-x, float64(i)+0.5-y) <= pen {
					ink[i][j] = true
				}
			}
		}
	}
	for _, s := range strokes {
		for k := 0; k+1 < len(s); k += 2 {
			x, y := left+scale*(s[k]-loX), top+scale*(s[k+1]-loY)
			dot(x, y)
			if k >= 2 {
				px, py := left+scale*(s[k-2]-loX), top+scale*(s[k-1]-loY)
				for n := math.Ceil(math.Hypot(x-px, y-py)); n > 0; n-- {
					t := n / math.Ceil(math.Hypot(x-px, y-py)+1)
					dot(px+t*(x-px), py+t*(y-py))
				}
			}
		}
	}
	for i := range cells {
		for j := range cells {
			if ink[i][j] {
				image[i/4*8+j/4] += 1.0 / 16
			}
		}
	}
	return image
}
