package loss

import (
	"chainrule/graph"
	"chainrule/ops"
)

// BCEOptions say more of BCE and BCEWithLogits.
type BCEOptions struct {
	Weight    *graph.Node // a factor for each term, broadcast
	PosWeight *graph.Node // a factor for the part with y, broadcast: BCEWithLogits alone has it
	Reduction Reduction
}

// BCE is the binary cross-entropy −[y·log x + (1 − y)·log(1 − x)] for probabilities x, element by element. Logarithms are
// bounded below by −100 and the denominators of derivatives by 1e-12, as PyTorch has it. BCEWithLogits is better where there are logits.
func BCE(x, y *graph.Node, opts ...BCEOptions) *graph.Node {
	const name = "bce"
	alike(name, x, y)
	o := only(name, opts)
	if o.PosWeight != nil {
		graph.Fail(name, []*graph.Node{x, o.PosWeight}, "PosWeight is for BCEWithLogits")
	}
	terms := ops.Neg(ops.Add(ops.XMulY(y, boundedLog(x)), ops.XMulY(ops.Sub(1, y), boundedLog(ops.Sub(1, x)))))
	return o.Reduction.reduce(name, weighted(terms, o.Weight))
}

// boundedLog is max(log p, −100), with the derivative 1/max(p, 1e-12).
func boundedLog(p *graph.Node) *graph.Node {
	const least = 1e-12
	small := ops.Lt(p, least)
	line := ops.Div(ops.Sub(p, ops.StopGradient(p)), least)
	below := ops.Add(ops.StopGradient(ops.Maximum(ops.Log(p), -100)), line)
	return ops.Where(small, below, ops.Log(ops.Where(small, 1, p)))
}

// BCEWithLogits is the binary cross-entropy of σ(x) with y, element by element, as y·softplus(−x) + (1 − y)·softplus(x):
// it neither overflows nor loses the digits of a small loss.
func BCEWithLogits(x, y *graph.Node, opts ...BCEOptions) *graph.Node {
	const name = "bce_with_logits"
	alike(name, x, y)
	o := only(name, opts)
	up := ops.XMulY(y, ops.Softplus(ops.Neg(x)))
	down := ops.XMulY(ops.Sub(1, y), ops.Softplus(x))
	return o.Reduction.reduce(name, weighted(ops.Add(weighted(up, o.PosWeight), down), o.Weight))
}

// SoftMargin is log(1 + e^(−y·x)) for y of ±1, element by element.
func SoftMargin(x, y *graph.Node, reduce ...Reduction) *graph.Node {
	alike("soft_margin", x, y)
	return only("soft_margin", reduce).reduce("soft_margin", ops.Softplus(ops.Neg(ops.Mul(x, y))))
}

// MultiLabelSoftMargin is the mean over the last axis, of classes, of BCEWithLogits. Weight, if not nil, has a factor for
// each class.
func MultiLabelSoftMargin(x, y, weight *graph.Node, reduce ...Reduction) *graph.Node {
	const name = "multi_label_soft_margin"
	if alike(name, x, y); x.Rank() == 0 {
		graph.Fail(name, []*graph.Node{x}, "there is no axis of classes")
	}
	terms := BCEWithLogits(x, y, BCEOptions{Weight: weight, Reduction: None})
	return only(name, reduce).reduce(name, ops.Mean(terms, -1))
}

// KLDivOptions say more of KLDiv.
type KLDivOptions struct {
	LogTarget bool // y has log-probabilities too
	Reduction Reduction
}

// KLDiv is y·(log y − x) for log-probabilities x and probabilities y, element by element: its sum over classes is the
// Kullback–Leibler divergence of x from y, and BatchMean the mean of that over a batch. 0·log 0 is 0.
func KLDiv(x, y *graph.Node, opts ...KLDivOptions) *graph.Node {
	const name = "kl_div"
	alike(name, x, y)
	o := only(name, opts)
	if o.LogTarget {
		return o.Reduction.reduce(name, ops.XMulY(ops.Exp(y), ops.Sub(y, x)))
	}
	return o.Reduction.reduce(name, ops.Sub(ops.XLogY(y, y), ops.XMulY(y, x)))
}
