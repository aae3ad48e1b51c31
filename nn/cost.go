package nn

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Cost compares a batch with its targets, both of shape [batch, classes], and returns the average over the batch,
// C = 1/m·Σ Cₓ, a scalar.
type Cost func(a, y *graph.Node) *graph.Node

// overBatch checks the shapes, and averages over the batch what terms gives for each output of each sample.
func overBatch(name string, a, y *graph.Node, terms func() *graph.Node) *graph.Node {
	if a == nil || y == nil {
		graph.Fail(name, nil, "an input is nil")
	}
	if a.Rank() != 2 || !a.Type().Equal(y.Type()) {
		graph.Fail(name, []*graph.Node{a, y}, "the batch and its targets must have one shape [batch, classes]")
	}
	return ops.Div(ops.Sum(terms()), a.Shape()[0])
}

// Quadratic is C = 1/m·Σₓ ½‖y − a‖², for activations a.
func Quadratic(a, y *graph.Node) *graph.Node {
	return overBatch("quadratic", a, y, func() *graph.Node {
		return ops.Mul(0.5, ops.Square(ops.Sub(y, a)))
	})
}

// SigmoidCrossEntropy is C = −1/m·Σₓ Σⱼ [y·log σ(z) + (1 − y)·log(1 − σ(z))], for weighted inputs z. It is computed
// as y·softplus(−z) + (1 − y)·softplus(z), which neither overflows nor loses the digits of a small cost, and whose
// derivative (1 − y)·σ(z) − y·σ(−z) keeps those of a small error. A term whose factor is 0 counts nothing, infinite or not.
func SigmoidCrossEntropy(z, y *graph.Node) *graph.Node {
	return overBatch("sigmoid_cross_entropy", z, y, func() *graph.Node {
		return ops.Add(ops.XMulY(y, ops.Softplus(ops.Neg(z))), ops.XMulY(ops.Sub(1, y), ops.Softplus(z)))
	})
}

// SoftmaxCrossEntropy is C = −1/m·Σₓ Σⱼ y·log softmax(z), for weighted inputs z. Classes with y = 0 count nothing: z may be
// −Inf there, to mask them.
func SoftmaxCrossEntropy(z, y *graph.Node) *graph.Node {
	return overBatch("softmax_cross_entropy", z, y, func() *graph.Node {
		return ops.Neg(ops.XMulY(y, ops.LogSoftmax(z, -1)))
	})
}

// Accuracy is the share of samples whose largest output is at the label, for outputs of shape [batch, classes] and
// i64 labels of shape [batch]. A sample with an output that is NaN does not count as right.
func Accuracy(a, labels *graph.Node) *graph.Node {
	right := ops.And(ops.Eq(ops.ArgMax(a, -1), labels), ops.Not(ops.Any(ops.IsNaN(a), -1)))
	return ops.Mean(ops.Cast(right, a.DType()))
}
