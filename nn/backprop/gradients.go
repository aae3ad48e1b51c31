package backprop

import (
	"gonum.org/v1/gonum/mat"
)

// Grads is all that one pass forward and one pass back through a network computes.
type Grads struct {
	Layers []LayerGrads // Layers[l-1] is layer l
}

// LayerGrads holds the gradients of one layer and, for checking the recursion number by number,
// the quantities they were computed from.
type LayerGrads struct {
	DW *mat.Dense // ∂C/∂W averaged over the batch, [out, in]
	DB []float64  // ∂C/∂b averaged over the batch, [out]

	Z     *mat.Dense // weighted input z, [out, batch]
	A     *mat.Dense // activation a = σ(z), [out, batch]
	Delta *mat.Dense // error δ = ∂C/∂z of each sample alone (not averaged), [out, batch]
}

// Gradients returns the cost and its gradients, averaged over the rows of x [batch, in] with
// targets y [batch, out].
func (n *Net) Gradients(x, y mat.Matrix) (*Grads, float64, error) {
	if err := n.checkBatch(x, y); err != nil {
		return nil, 0, err
	}
	input := mat.DenseCopyOf(x.T())
	grads, cost := n.backward(n.forward(input), input, mat.DenseCopyOf(y.T()))
	return grads, cost, nil
}

// Backward is Gradients after a pass forward that was made elsewhere: the weighted input z[l-1] and
// the activation a[l-1] of layer l are [batch, width] and taken as they are. It compares the way back
// of two programs alone, where the last digits of saturated activations would decide a comparison of
// both ways together.
func (n *Net) Backward(z, a []mat.Matrix, x, y mat.Matrix) (*Grads, float64, error) {
	if err := n.checkBatch(x, y); err != nil {
		return nil, 0, err
	}
	if len(z) != len(n.Layers) || len(a) != len(n.Layers) {
		return nil, 0, fault(0, ErrShape, "z of %d and a of %d layers, want %d", len(z), len(a), len(n.Layers))
	}
	layers := make([]LayerGrads, len(n.Layers))
	for l := range layers {
		if err := n.checkRows(l+1, "z", z[l], x); err != nil {
			return nil, 0, err
		}
		if err := n.checkRows(l+1, "a", a[l], x); err != nil {
			return nil, 0, err
		}
		layers[l].Z, layers[l].A = mat.DenseCopyOf(z[l].T()), mat.DenseCopyOf(a[l].T())
	}
	grads, cost := n.backward(layers, mat.DenseCopyOf(x.T()), mat.DenseCopyOf(y.T()))
	return grads, cost, nil
}

// backward fills in what the pass forward has left open in layers; samples are columns.
func (n *Net) backward(layers []LayerGrads, input, target *mat.Dense) (*Grads, float64) {
	last := len(layers) - 1
	out := &layers[last]
	out.Delta = n.Cost.outputError(n.Layers[last].Act, out.Z, out.A, target) // (BP1)
	for l := last - 1; l >= 0; l-- {
		this, above := &layers[l], &layers[l+1]
		var back mat.Dense
		back.Mul(n.Layers[l+1].W.T(), above.Delta)
		this.Delta = n.Layers[l].Act.pullBack(&back, this.Z, this.A) // (BP2)
	}

	a := input // aˡ⁻¹
	for l := range layers {
		this := &layers[l]
		this.DB = rowMeans(this.Delta)     // (BP3)
		this.DW = meanOuter(this.Delta, a) // (BP4)
		a = this.A
	}
	return &Grads{Layers: layers}, n.cost(layers, target)
}

// rowMeans averages δ over the samples.
func rowMeans(delta *mat.Dense) []float64 {
	rows, samples := delta.Dims()
	means := make([]float64, rows)
	for j := range means {
		means[j] = mat.Sum(delta.RowView(j)) / float64(samples)
	}
	return means
}

// meanOuter averages the outer products δ aᵀ over the samples: with samples as columns their sum
// is one matrix product.
func meanOuter(delta, a *mat.Dense) *mat.Dense {
	_, samples := delta.Dims()
	outer := new(mat.Dense)
	outer.Mul(delta, a.T())
	outer.Scale(1/float64(samples), outer)
	return outer
}
