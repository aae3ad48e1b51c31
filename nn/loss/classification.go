package loss

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// CrossEntropyOptions say more of CrossEntropy.
type CrossEntropyOptions struct {
	// Weight has a factor for each class, [classes].
	Weight *graph.Node
	// LabelSmoothing ε moves ε of the probability from the label to all classes alike (Szegedy et al. 2016, equation 7).
	LabelSmoothing float64
	// Ignored are labels whose samples count nothing; −100 always is one. They need not be classes.
	Ignored []int
	// Axis is the axis of classes in the logits. 0 stands for axis 1, or the only one of a vector.
	Axis      int
	Reduction Reduction
}

// CrossEntropy is −log softmax(logits) at the target. Logits are [batch, classes], [batch, classes, …] or [classes]. The
// target has i64 labels, of the logits' shape without the axis of classes, or probabilities of the logits' shape; terms
// have the shape of labels.
//
// The mean over labels is weighted, Σ wᵧ·l / Σ wᵧ over labels that are not ignored, and 0 with a gradient of 0 if all
// are. The mean over probabilities is that of all terms. A logit of −Inf masks its class: it counts nothing unless the
// target or smoothing gives it a probability, which makes the loss infinite. A label out of range is an error when the
// function runs that matches ops.ErrIndex.
func CrossEntropy(logits, target *graph.Node, opts ...CrossEntropyOptions) *graph.Node {
	const name = "cross_entropy"
	present(name, logits, target)
	o := only(name, opts)
	axis := classAxis(name, logits, o.Axis)
	if e := o.LabelSmoothing; !(e >= 0 && e <= 1) {
		graph.Fail(name, []*graph.Node{logits}, "label smoothing is %v, want 0 … 1", e)
	}
	logs := ops.LogSoftmax(logits, axis)
	if target.DType() == graph.Int64 {
		return nll(name, logs, target, axis, o)
	}
	alike(name, logits, target)
	y := target
	if e := o.LabelSmoothing; e != 0 {
		y = ops.Add(ops.Mul(1-e, y), e/float64(logits.Shape()[axis]))
	}
	terms := ops.Neg(ops.XMulY(y, logs))
	if o.Weight != nil {
		terms = weighted(terms, alongAxis(name, o.Weight, logits, axis))
	}
	return o.Reduction.reduce(name, ops.Sum(terms, axis))
}

// NLLOptions say more of NLL.
type NLLOptions struct {
	Weight    *graph.Node // a factor for each class, [classes]
	Ignored   []int       // labels whose samples count nothing; −100 always is one
	Axis      int         // of classes; 0 stands for axis 1, or the only one of a vector
	Reduction Reduction
}

// NLL is −x at the labels, for log-probabilities x: CrossEntropy after its LogSoftmax. Shapes and means are as there.
func NLL(x, labels *graph.Node, opts ...NLLOptions) *graph.Node {
	const name = "nll"
	present(name, x, labels)
	o := only(name, opts)
	return nll(name, x, labels, classAxis(name, x, o.Axis),
		CrossEntropyOptions{Weight: o.Weight, Ignored: o.Ignored, Reduction: o.Reduction})
}

// classAxis is the axis of classes.
func classAxis(name string, x *graph.Node, axis int) int {
	rank := x.Rank()
	if !x.DType().IsFloat() || rank == 0 {
		graph.Fail(name, []*graph.Node{x}, "want floats with an axis of classes")
	}
	if axis == 0 {
		axis = min(1, rank-1)
	}
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis >= rank {
		graph.Fail(name, []*graph.Node{x}, "there is no axis %d of classes", axis)
	}
	if x.Shape()[axis] == 0 {
		graph.Fail(name, []*graph.Node{x}, "there are no classes")
	}
	return axis
}

// alongAxis gives a vector of weights the shape that broadcasts along an axis of x.
func alongAxis(name string, w, x *graph.Node, axis int) *graph.Node {
	if !w.Type().Equal(graph.T(x.DType(), x.Shape()[axis])) {
		graph.Fail(name, []*graph.Node{x, w}, "there must be a weight for each of %d classes", x.Shape()[axis])
	}
	shape := slices.Repeat([]int{1}, x.Rank())
	shape[axis] = x.Shape()[axis]
	return ops.Reshape(w, shape...)
}

// nll picks log-probabilities at labels, smoothed and weighted.
func nll(name string, logs, labels *graph.Node, axis int, o CrossEntropyOptions) *graph.Node {
	labelled(name, logs, labels, axis)
	counted := ops.Ne(labels, -100)
	for _, label := range o.Ignored {
		counted = ops.And(counted, ops.Ne(labels, label))
	}
	safe := ops.Where(counted, labels, 0)
	terms := ops.Neg(ops.Squeeze(ops.TakeAlong(logs, ops.ExpandDims(safe, axis), axis), axis))
	weights := ops.Cast(counted, logs.DType())
	all := logs
	if o.Weight != nil {
		w := alongAxis(name, o.Weight, logs, axis)
		weights = ops.Where(counted, ops.Take(o.Weight, safe, 0), 0)
		all = weighted(logs, w)
	}
	terms = ops.Where(counted, ops.XMulY(weights, terms), 0)
	if e := o.LabelSmoothing; e != 0 {
		uniform := ops.Where(counted, ops.Neg(ops.Mean(all, axis)), 0)
		terms = ops.Add(ops.Mul(1-e, terms), ops.Mul(e, uniform))
	}
	return o.Reduction.reduceWeighted(name, terms, weights)
}
