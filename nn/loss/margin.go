package loss

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Hinge is max(0, 1 − y·x) for y of ±1 (the loss of support vector machines), element by element.
func Hinge(x, y *graph.Node, reduce ...Reduction) *graph.Node {
	alike("hinge", x, y)
	return only("hinge", reduce).reduce("hinge", ops.Maximum(ops.Sub(1, ops.Mul(y, x)), 0))
}

// HingeEmbedding is x where y = 1 and max(0, margin − x) where y = −1, for distances x, element by element.
func HingeEmbedding(x, y *graph.Node, margin float64, reduce ...Reduction) *graph.Node {
	const name = "hinge_embedding"
	alike(name, x, y)
	far := ops.Maximum(ops.Sub(margin, x), 0)
	terms := ops.Add(ops.Where(ops.Ne(y, 1), far, 0), ops.Where(ops.Ne(y, -1), x, 0))
	return only(name, reduce).reduce(name, terms)
}

// MarginRanking is max(0, margin − y·(x₁ − x₂)), element by element: where y = 1, x₁ should be the greater by the margin,
// where y = −1, x₂.
func MarginRanking(x1, x2, y *graph.Node, margin float64, reduce ...Reduction) *graph.Node {
	const name = "margin_ranking"
	alike(name, x1, x2, y)
	terms := ops.Maximum(ops.Sub(margin, ops.Mul(y, ops.Sub(x1, x2))), 0)
	return only(name, reduce).reduce(name, terms)
}

// MultiMarginOptions say more of MultiMargin.
type MultiMarginOptions struct {
	P         int         // the exponent, 1 or 2; 0 stands for 1
	Weight    *graph.Node // a factor for each class, [classes]
	Reduction Reduction
}

// MultiMargin is the mean over classes j of wᵧ·max(0, margin − xᵧ + xⱼ)ᵖ, with 0 for j = y (Crammer and Singer 2001). x is
// [batch, classes], labels are i64[batch], and so are the terms.
func MultiMargin(x, labels *graph.Node, margin float64, opts ...MultiMarginOptions) *graph.Node {
	const name = "multi_margin"
	present(name, x, labels)
	o := only(name, opts)
	if x.Rank() != 2 {
		graph.Fail(name, []*graph.Node{x, labels}, "want outputs of shape [batch, classes]")
	}
	labelled(name, x, labels, classAxis(name, x, 1))
	own := ops.TakeAlong(x, ops.ExpandDims(labels, 1), 1)
	terms := ops.Maximum(ops.Add(ops.Sub(margin, own), x), 0)
	switch o.P {
	case 0, 1:
	case 2:
		terms = ops.Square(terms)
	default:
		graph.Fail(name, nil, "the exponent is %d, want 1 or 2", o.P)
	}
	if o.Weight != nil {
		alongAxis(name, o.Weight, x, 1)
		terms = ops.XMulY(ops.ExpandDims(ops.Take(o.Weight, labels, 0), 1), terms)
	}
	other := ops.Eq(ops.OneHot(labels, x.Shape()[1], x.DType()), 0)
	return o.Reduction.reduce(name, ops.Mean(ops.Where(other, terms, 0), 1))
}

// MultiLabelMargin is Σ max(0, 1 − xⱼ + xₖ) / classes over the labels j of a sample and all classes k that are none of its
// labels. x is [batch, classes]; labels are i64 of the same shape: those before the first that is negative.
func MultiLabelMargin(x, labels *graph.Node, reduce ...Reduction) *graph.Node {
	const name = "multi_label_margin"
	present(name, x, labels)
	if x.Rank() != 2 || labels.DType() != graph.Int64 || !labels.Type().Equal(graph.T(graph.Int64, x.Shape()...)) {
		graph.Fail(name, []*graph.Node{x, labels}, "want outputs and i64 labels of one shape [batch, classes]")
	}
	classes := x.Shape()[1]
	valid := ops.CumProd(ops.Cast(ops.Ge(labels, 0), x.DType()), false, 1) // [batch, label]
	safe := ops.Where(ops.Ne(valid, 0), labels, 0)
	own := ops.TakeAlong(x, safe, 1)
	hot := ops.Mul(ops.OneHot(safe, classes, x.DType()), ops.ExpandDims(valid, -1)) // [batch, label, class]
	other := ops.Sub(1, ops.Max(hot, 1))                                            // [batch, class]
	far := ops.Maximum(ops.Add(ops.Sub(1, ops.ExpandDims(own, -1)), ops.ExpandDims(x, 1)), 0)
	counts := ops.Mul(ops.ExpandDims(valid, -1), ops.ExpandDims(other, 1))
	return only(name, reduce).reduce(name, ops.Div(ops.Sum(ops.XMulY(counts, far), 1, 2), classes))
}
