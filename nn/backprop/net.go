package backprop

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Layer computes a = σ(W a′ + b) from the activation a′ of the layer before it.
type Layer struct {
	W   *mat.Dense // [out, in]
	B   []float64  // [out]
	Act Activation
}

// Net is a multilayer perceptron of any depth and widths, and the cost it is judged by. It may be
// composed by hand or by New. A Net is only read by its methods, which are safe to call concurrently.
type Net struct {
	Layers []Layer // Layers[l-1] is layer l
	Cost   Cost
}

// New returns a network with len(widths) − 1 layers: widths[0] inputs, then widths[l] neurons with
// activation acts[l-1] in layer l. Weights are drawn from N(0, 1/in), biases from N(0, 1); the same
// seed gives the same network.
func New(widths []int, acts []Activation, cost Cost, seed uint64) (*Net, error) {
	if len(widths) < 2 {
		return nil, fault(0, ErrNoLayers, "widths %v", widths)
	}
	if len(acts) != len(widths)-1 {
		return nil, fault(0, ErrShape, "%d activations for the %d layers of widths %v", len(acts), len(widths)-1, widths)
	}
	for l, width := range widths {
		if width < 1 {
			return nil, fault(l, ErrShape, "width %d in %v is not positive", width, widths)
		}
	}
	random := rand.New(rand.NewPCG(seed, 0))
	n := &Net{Layers: make([]Layer, len(acts)), Cost: cost}
	for l, act := range acts {
		in, out := widths[l], widths[l+1]
		w, b := mat.NewDense(out, in, nil), make([]float64, out)
		scale := 1 / math.Sqrt(float64(in))
		w.Apply(func(_, _ int, _ float64) float64 { return scale * random.NormFloat64() }, w)
		for j := range b {
			b[j] = random.NormFloat64()
		}
		n.Layers[l] = Layer{W: w, B: b, Act: act}
	}
	if err := n.check(); err != nil {
		return nil, err
	}
	return n, nil
}

// Forward returns the output of the network for every row of x: [batch, in] to [batch, out].
func (n *Net) Forward(x mat.Matrix) (*mat.Dense, error) {
	if err := n.checkInput(x); err != nil {
		return nil, err
	}
	layers := n.forward(mat.DenseCopyOf(x.T()))
	return mat.DenseCopyOf(layers[len(layers)-1].A.T()), nil
}

// CostOf returns C averaged over the rows of x [batch, in] with targets y [batch, out].
func (n *Net) CostOf(x, y mat.Matrix) (float64, error) {
	if err := n.checkBatch(x, y); err != nil {
		return 0, err
	}
	layers := n.forward(mat.DenseCopyOf(x.T()))
	return n.cost(layers, mat.DenseCopyOf(y.T())), nil
}

// forward computes z and a of every layer from the input a⁰ = x; samples are columns.
func (n *Net) forward(x *mat.Dense) []LayerGrads {
	layers := make([]LayerGrads, len(n.Layers))
	a := x
	for l, layer := range n.Layers {
		z := new(mat.Dense)
		z.Mul(layer.W, a)
		z.Apply(func(j, _ int, v float64) float64 { return v + layer.B[j] }, z)
		a = layer.Act.activate(z)
		layers[l].Z, layers[l].A = z, a
	}
	return layers
}

func (n *Net) cost(layers []LayerGrads, y *mat.Dense) float64 {
	last := len(layers) - 1
	return n.Cost.value(n.Layers[last].Act, layers[last].Z, layers[last].A, y)
}

// check finds what is wrong with the network itself.
func (n *Net) check() error {
	if len(n.Layers) == 0 {
		return fault(0, ErrNoLayers, "")
	}
	last := len(n.Layers) - 1
	for l, layer := range n.Layers {
		if layer.W == nil || layer.W.IsEmpty() {
			return fault(l+1, ErrShape, "W is empty")
		}
		out, in := layer.W.Dims()
		if len(layer.B) != out {
			return fault(l+1, ErrShape, "W is [%d, %d] but b has %d entries", out, in, len(layer.B))
		}
		if l > 0 {
			if below, _ := n.Layers[l-1].W.Dims(); in != below {
				return fault(l+1, ErrShape, "W is [%d, %d] but layer %d has %d neurons", out, in, l, below)
			}
		}
		if !layer.Act.known() {
			return fault(l+1, ErrUnknownActivation, "")
		}
		if layer.Act == Softmax && l != last {
			return fault(l+1, ErrHiddenSoftmax, "the network has %d layers", last+1)
		}
	}
	switch out := n.Layers[last].Act; {
	case n.Cost != Quadratic && n.Cost != CrossEntropy:
		return fault(0, ErrUnknownCost, "%v", n.Cost)
	case n.Cost == CrossEntropy && out != Softmax && out != Sigmoid:
		return fault(last+1, ErrCostOutput, "have %v", out)
	}
	return nil
}

// checkInput is check, and then what is wrong with the batch x for this network.
func (n *Net) checkInput(x mat.Matrix) error {
	if err := n.check(); err != nil {
		return err
	}
	if x == nil {
		return fault(0, ErrEmptyBatch, "X is nil")
	}
	rows, columns := x.Dims()
	if rows == 0 {
		return fault(0, ErrEmptyBatch, "X is [%d, %d]", rows, columns)
	}
	if _, in := n.Layers[0].W.Dims(); columns != in {
		return fault(1, ErrShape, "X is [%d, %d], want [batch, %d]", rows, columns, in)
	}
	return nil
}

// checkBatch is checkInput, and then what is wrong with the targets y.
func (n *Net) checkBatch(x, y mat.Matrix) error {
	if err := n.checkInput(x); err != nil {
		return err
	}
	return n.checkRows(len(n.Layers), "Y", y, x)
}

// checkRows finds what is wrong with m, which should have a row for each of x and a column for each neuron of layer l.
func (n *Net) checkRows(l int, name string, m, x mat.Matrix) error {
	if m == nil {
		return fault(l, ErrShape, "%s is nil", name)
	}
	samples, _ := x.Dims()
	width := len(n.Layers[l-1].B)
	if rows, columns := m.Dims(); rows != samples || columns != width {
		return fault(l, ErrShape, "%s is [%d, %d], want [%d, %d]", name, rows, columns, samples, width)
	}
	return nil
}
