package loss

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// CosineEmbedding is 1 − cos(x₁, x₂) where y = 1 and max(0, cos(x₁, x₂) − margin) where y = −1. x₁ and x₂ are
// [batch, n] or [n], y is [batch] or a scalar. Squared norms have 1e-12 added, so that a vector of zeros has the cosine 0.
func CosineEmbedding(x1, x2, y *graph.Node, margin float64, reduce ...Reduction) *graph.Node {
	const name = "cosine_embedding"
	alike(name, x1, x2)
	present(name, y)
	if x1.Rank() == 0 || !y.Type().Equal(graph.T(x1.DType(), x1.Shape()[:x1.Rank()-1]...)) {
		graph.Fail(name, []*graph.Node{x1, x2, y}, "want vectors [batch, n] with y [batch], of one element type")
	}
	square := func(x *graph.Node) *graph.Node { return ops.Add(ops.Sum(ops.Square(x), -1), 1e-12) }
	cos := ops.Div(ops.Sum(ops.Mul(x1, x2), -1), ops.Sqrt(ops.Mul(square(x1), square(x2))))
	terms := ops.Add(ops.Where(ops.Eq(y, 1), ops.Sub(1, cos), 0),
		ops.Where(ops.Eq(y, -1), ops.Maximum(ops.Sub(cos, margin), 0), 0))
	return only(name, reduce).reduce(name, terms)
}

// TripletMarginOptions say more of TripletMargin.
type TripletMarginOptions struct {
	P         float64 // of the norm, 1 or more; 0 stands for 2
	Swap      bool    // the negative is far from the positive too: the least of both distances counts
	Reduction Reduction
}

// TripletMargin is max(0, ‖anchor − positive‖ − ‖anchor − negative‖ + margin) (Balntas et al. 2016). All are [batch, n] or
// [n], and terms have the shape without n. Differences have 1e-6 added, as PyTorch has it.
func TripletMargin(anchor, positive, negative *graph.Node, margin float64, opts ...TripletMarginOptions) *graph.Node {
	const name = "triplet_margin"
	alike(name, anchor, positive, negative)
	o := only(name, opts)
	if o.P == 0 {
		o.P = 2
	}
	if !(o.P >= 1) || anchor.Rank() == 0 {
		graph.Fail(name, []*graph.Node{anchor}, "want vectors, and a norm of order 1 or more, not %v", o.P)
	}
	distance := func(a, b *graph.Node) *graph.Node {
		return norm(ops.Add(ops.Sub(a, b), 1e-6), o.P)
	}
	far := distance(anchor, negative)
	if o.Swap {
		far = ops.Minimum(far, distance(positive, negative))
	}
	terms := ops.Maximum(ops.Add(ops.Sub(distance(anchor, positive), far), margin), 0)
	return o.Reduction.reduce(name, terms)
}

// norm is the p-norm over the last axis. It has the derivative 0 at 0.
func norm(x *graph.Node, p float64) *graph.Node {
	switch {
	case p == 1:
		return ops.Sum(ops.Abs(x), -1)
	case p == 2:
		return ops.Norm(x, -1)
	case math.IsInf(p, 1):
		return ops.Max(ops.Abs(x), -1)
	}
	size := ops.Abs(x)
	zero := ops.Eq(size, 0)
	sum := ops.Sum(ops.Where(zero, 0, ops.Pow(ops.Where(zero, 1, size), p)), -1)
	none := ops.Eq(sum, 0)
	return ops.Where(none, 0, ops.Pow(ops.Where(none, 1, sum), 1/p))
}
