package ops

import (
	"slices"

	"chainrule/graph"
)

// The derivatives of attention: the first by an op that computes weights again, all others by products that hold them.

// attentionRule is that of attention.
type attentionRule struct{}

// Wrt implements graph.Derivative.
func (attentionRule) Wrt(int) bool { return true }

// JVP implements graph.Derivative.
func (attentionRule) JVP(*graph.Node, []*graph.Node) *graph.Node { return nil }

// VJP implements graph.Derivative.
func (attentionRule) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	if i == 3 {
		w := weightsOf(n, ct)
		return w.toMask(w.softmaxBack(w.dP))
	}
	in := slices.Insert(slices.Clone(n.In()), 3, ct)
	parts := gradientParts(n, n.Graph().Apply(&attentionGradOp, n.Attrs(), in...))
	return Reshape(parts[i], n.In()[i].Shape()...)
}

// gradientParts takes apart what has the form of attention_grad's result, for the operands of n: three of rank 2.
func gradientParts(n, packed *graph.Node) []*graph.Node {
	in := n.In()
	return Split(packed, []int{coreSize(in[0]), coreSize(in[1]), coreSize(in[2])}, -1)
}

// attentionGradRule is that of attention_grad. With the cotangents a, b, c of dq, dk and dv, of which dq = s·dS·k, dk = s·dSᵀ·q,
// dv = Pᵀ·y, dS = P⊙(dP − Σ P⊙dP), dP = y·vᵀ for the operand y:
//
//	G = s·(a·kᵀ + q·bᵀ) is the cotangent of dS, U = P⊙(G − Σ G⊙P) that of dP,
//	G⊙(dP − Σ P⊙dP) − dP·Σ G⊙P + y·cᵀ that of P, and R = P⊙(it − Σ it⊙P) that of the scores.
type attentionGradRule struct{}

// Wrt implements graph.Derivative.
func (attentionGradRule) Wrt(int) bool { return true }

// JVP implements graph.Derivative.
func (attentionGradRule) JVP(*graph.Node, []*graph.Node) *graph.Node { return nil }

// VJP implements graph.Derivative.
func (attentionGradRule) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	w := weightsOf(n, n.In()[3])
	parts := gradientParts(n, ct)
	a, b, c := Reshape(parts[0], w.q.Shape()...), Reshape(parts[1], w.k.Shape()...), Reshape(parts[2], w.v.Shape()...)
	s := n.Attrs().(attentionAttrs).Scale
	g := Product(beside(a, w.q), Mul(s, beside(w.k, b)), false, true)
	switch i {
	case 2:
		return Product(w.softmaxBack(g), w.ct, true, false)
	case 3:
		return Reshape(MatMul(beside(w.p, w.softmaxBack(g)), above(c, w.v)), n.In()[3].Shape()...)
	}
	centred := Sub(w.dP, rowSum(Mul(w.p, w.dP)))
	pBar := Sub(Mul(g, centred), Mul(w.dP, rowSum(Mul(g, w.p))))
	r, dS := Add(w.softmaxBack(pBar), w.softmaxBack(Product(w.ct, c, false, true))), Mul(w.p, centred)
	switch i {
	case 0:
		return Reshape(MatMul(beside(dS, r), Mul(s, above(b, w.k))), n.In()[0].Shape()...)
	case 1:
		return Product(above(dS, r), Mul(s, above(a, w.q)), true, false)
	}
	return w.toMask(r)
}

// beside and above join matrices, so that a sum of two products is one product.
func beside(a, b *graph.Node) *graph.Node { return Concat([]*graph.Node{a, b}, -1) }
func above(a, b *graph.Node) *graph.Node  { return Concat([]*graph.Node{a, b}, -2) }

// weighted is attention with its weights: q [B, groups·L, d], k and v; P and dP [B, groups·L, S].
type weighted struct {
	n, q, k, v, ct, p, dP *graph.Node
}

func weightsOf(n, ct *graph.Node) weighted {
	in, a := n.In(), n.Attrs().(attentionAttrs)
	shape := in[0].Shape()
	rows := func(x *graph.Node) *graph.Node { return Reshape(x, shape[0], shape[1]*shape[2], x.Shape()[3]) }
	p := composedWeights(in[0], ExpandDims(in[1], 1), AttentionOptions{Mask: maskOf(n), Causal: a.Causal, Scale: a.Scale})
	w := weighted{n: n, q: rows(in[0]), k: in[1], v: in[2], ct: rows(ct), p: rows(p)}
	w.dP = Product(w.ct, w.v, false, true)
	return w
}

// rowSum is Σ over keys, kept as an axis.
func rowSum(x *graph.Node) *graph.Node { return KeepDims(Sum(x, -1), x, -1) }

// softmaxBack is P⊙(x − Σ x⊙P), softmax's Jacobian, which is symmetric, times x.
func (w weighted) softmaxBack(x *graph.Node) *graph.Node {
	return Mul(w.p, Sub(x, rowSum(Mul(x, w.p))))
}

// toMask is the cotangent of the mask, given that of the scores.
func (w weighted) toMask(scores *graph.Node) *graph.Node {
	q := w.n.In()[0].Shape()
	return SumTo(Reshape(scores, q[0], q[1], q[2], w.k.Shape()[1]), maskOf(w.n).Shape()...)
}

// batchAttention lays examples along the batch.
func batchAttention(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	size := 0
	for i, x := range in {
		if batched[i] {
			size = x.Shape()[0]
		}
	}
	b := n.In()[0].Shape()[0]
	joined := make([]*graph.Node, len(in))
	for i, x := range in {
		one := n.In()[i].Shape()
		if i == maskAt(n) && !batched[i] && one[0] == 1 {
			joined[i] = x
			continue
		}
		if !batched[i] {
			x = ExpandDims(x, 0)
		}
		full := append([]int{size, b}, one[1:]...)
		joined[i] = Reshape(BroadcastTo(x, full...), append([]int{size * b}, one[1:]...)...)
	}
	y := n.Graph().Apply(n.Op(), n.Attrs(), joined...)
	return Reshape(y, append([]int{size}, n.Shape()...)...)
}
