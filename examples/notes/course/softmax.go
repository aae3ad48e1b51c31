package course

import (
	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// SoftmaxOutput is what a softmax layer makes of its weighted inputs z.
type SoftmaxOutput struct {
	P        []float64 // probabilities, e^{zᵢ} / Σⱼ e^{zⱼ}
	Cost     float64   // −log p of the class that is right
	Gradient []float64 // ∂C/∂z, by automatic differentiation
	ByHand   []float64 // p − y, the closed form
}

var softmax = autodiff.Compile(func(z, y *graph.Node) (p, cost, gradient *graph.Node) {
	c := func(z *graph.Node) *graph.Node { return ops.Neg(ops.Sum(ops.Mul(y, ops.LogSoftmax(z)))) }
	cost, gradient = autodiff.ValueAndGrad(c)(z)
	return ops.Softmax(z), cost, gradient
})

// Softmax computes probabilities, the cross-entropy with the class that is right, and its gradient.
func Softmax(z []float64, class int) (SoftmaxOutput, error) {
	y := make([]float64, len(z))
	y[class] = 1
	out, err := run(softmax, z, y)
	if err != nil {
		return SoftmaxOutput{}, err
	}
	s := SoftmaxOutput{P: out[0], Cost: out[1][0], Gradient: out[2], ByHand: make([]float64, len(z))}
	for i := range z {
		s.ByHand[i] = s.P[i] - y[i]
	}
	return s, nil
}
