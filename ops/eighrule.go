package ops

import (
	"math"

	"chainrule/graph"
)

// eigenRule is the rule of eigh. With A = V·W·Vᵀ, P = Vᵀ·Ȧ·V and F one over w_j − w_i off the diagonal:
//
//	JVP: ẇ = diag P, V̇ = V·(F ⊙ P)        VJP: Ā = V·(diag w̄ + F ⊙ X)·Vᵀ, X = ½ (Vᵀ·V̄ − V̄ᵀ·V)
//
// X_ij is how what is differentiated changes as vectors i and j turn towards each other. If it is smooth in A, that is
// nothing at equal eigenvalues, and F ⊙ X has a limit there. To find it, move the eigenvalues along u, the vectors held
// fixed: at w + s·u, s = (w_j − w_i)/(u_i − u_j), the two are equal, so that there
//
//	0 = X + s·∂X + ½ s²·∂²X + …, and X/(w_j − w_i) = ∂X/(u_j − u_i) − ½ (w_j − w_i)·∂²X/(u_j − u_i)² + …
//
// ∂ being the derivative along u. X is what cotangents make it, functions of eigenvalues and vectors like any other, so
// that the next order of derivative can do the same: m terms give derivatives of the limit to order m − 1. Beyond, EighLimit
// fails.
type eigenRule struct{}

// Wrt implements graph.Derivative.
func (eigenRule) Wrt(int) bool { return true }

// VJP implements graph.Derivative, without the terms of equal eigenvalues.
func (r eigenRule) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	return r.ConfluentVJP(n, i, ct, func(_, _, _ *graph.Node) *graph.Node { return nil })
}

// JVP implements graph.Derivative, without the terms of equal eigenvalues.
func (eigenRule) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	w, v := eigenParts(n)
	p := MatMul(Product(v, half(t[0]), true, false), v)
	near, gap := gaps(w)
	return Concat([]*graph.Node{ExpandDims(Diagonal(p), -2), MatMul(v, Div(Where(near, 0, p), gap))}, -2)
}

// ConfluentVJP implements graph.Confluent.
func (eigenRule) ConfluentVJP(
	n *graph.Node, _ int, ct *graph.Node, push func(y, x, t *graph.Node) *graph.Node,
) *graph.Node {
	w, v := eigenParts(n)
	wBar, vBar := eigenParts(ct)
	inner := Diag(Squeeze(wBar, -2))
	if !isRow(ct) {
		turn := Product(v, vBar, true, false)
		turn = Mul(0.5, Sub(turn, Transpose(turn)))
		near, gap := gaps(w)
		apart := Div(turn, gap)
		there := zeros(turn)
		if l := limit(turn, w, push); l != nil {
			near = BroadcastTo(near, l.Shape()...)
			there = EighLimit(l, near, limitOrder(n, ct, near))
		}
		inner = Add(inner, Where(near, there, apart))
	}
	return half(Product(MatMul(v, inner), v, false, true))
}

// isRow reports whether a cotangent of eigh's result is one of the eigenvalues alone.
func isRow(ct *graph.Node) bool {
	if ct.Op() != &padOp {
		return false
	}
	lo, _, _ := PaddingOf(ct)
	r := ct.Rank()
	return lo[r-2] == 0 && ct.In()[0].Shape()[r-2] == 1
}

// gaps returns w_j − w_i for a row w, 1 where near holds: where rounding would drown differences over it. Two terms of the
// series are as far off as these, then, some eps^⅔, if what is differentiated changes little as an eigenvalue does by
// half.
func gaps(w *graph.Node) (near, gap *graph.Node) {
	eps := 0x1p-52
	if w.DType() == graph.Float32 {
		eps = 0x1p-23
	}
	size := Abs(w)
	gap = Sub(w, Transpose(w))
	if gap.Type().Size() == 0 {
		return Eq(gap, 0), gap
	}
	bound := Maximum(Mul(math.Cbrt(eps), Maximum(size, Transpose(size))), Mul(64*eps, KeepDims(Max(size, -1), size, -1)))
	near = Le(Abs(gap), bound)
	return near, Where(near, 1, gap)
}

// limit is the series for turn/(w_j − w_i), nil where turn does not depend on w.
func limit(turn, w *graph.Node, push func(y, x, t *graph.Node) *graph.Node) *graph.Node {
	n := w.Shape()[w.Rank()-1]
	along := Cast(Sub(Arange(w.Graph(), n), (n-1)/2), w.DType())
	apart := Sub(along, ExpandDims(along, -1))
	s := series{w: w, along: BroadcastTo(along, w.Shape()...), push: push}
	return s.over(turn, Sub(w, Transpose(w)), Where(Eq(apart, 0), 1, apart))
}

// series finds limits of what vanishes with some difference of eigenvalues w, over that: they are moved along a direction.
type series struct {
	w, along *graph.Node
	push     func(y, x, t *graph.Node) *graph.Node
}

// over is the limit of x over gap, which changes at the rate apart; nil if x does not depend on w.
func (s series) over(x, gap, apart *graph.Node) *graph.Node {
	first := s.push(x, s.w, s.along)
	if first == nil {
		return nil
	}
	sum := Div(first, apart)
	if second := s.push(first, s.w, s.along); second != nil {
		sum = Sub(sum, Div(Mul(Mul(0.5, gap), second), Square(apart)))
	}
	return sum
}
