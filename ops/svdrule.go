package ops

import "chainrule/graph"

// svdRule is the rule of svd. With A = U·S·Vᵀ, P = Uᵀ·Ȧ·V, F one over s_j − s_i off the diagonal, and G one over s_j + s_i:
//
//	JVP: ṡ = diag P, U̇ = U·½ (F ⊙ (P + Pᵀ) + G ⊙ (P − Pᵀ)) + (Ȧ·V − U·P)·S⁻¹, and for V the same with − before G
//	VJP: Ā = (U·(diag s̄ + F ⊙ X + G ⊙ Y) + (Ū − U·Uᵀ·Ū)·S⁻¹)·Vᵀ + U·S⁻¹·(V̄ − V·Vᵀ·V̄)ᵀ
//
// X and Y are the skew parts of Uᵀ·Ū ± Vᵀ·V̄: how what is differentiated changes as vectors i and j turn towards each other, on
// both sides alike or opposite. It is eigenRule for the matrix [0 A; Aᵀ 0], whose eigenvalues are ±s and zeros, and as
// there, limits take the place of what would be divided by 0, if it is smooth: along s = 1, 2, …, of which differences and
// sums do not vanish.
type svdRule struct{}

// Wrt implements graph.Derivative.
func (svdRule) Wrt(int) bool { return true }

// VJP implements graph.Derivative, without the terms of equal singular values.
func (r svdRule) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	return r.ConfluentVJP(n, i, ct, func(_, _, _ *graph.Node) *graph.Node { return nil })
}

// JVP implements graph.Derivative, without the terms of equal singular values.
func (svdRule) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	s, ut, vt := svdParts(n, n)
	across, down := Product(t[0], vt, false, true), MatMul(ut, t[0]) // Ȧ·V and Uᵀ·Ȧ
	p := MatMul(ut, across)
	row := Transpose(s)
	near, gap := gaps(row)
	zero, sum := sums(s, row)
	alike := Div(Where(near, 0, Add(p, Transpose(p))), gap)
	opposite := Div(Where(zero, 0, Sub(p, Transpose(p))), sum)
	u := Product(Mul(0.5, Add(alike, opposite)), ut, true, false)
	v := Product(Mul(0.5, Sub(alike, opposite)), vt, true, false)
	none, size := sums(s, zeros(s))
	if rest := Sub(Transpose(across), Product(p, ut, true, false)); rowsOf(n.In()[0]) > rowsOf(n) {
		u = Add(u, Div(Where(none, 0, rest), size))
	}
	if rest := Sub(down, MatMul(p, vt)); columns(n.In()[0]) > rowsOf(n) {
		v = Add(v, Div(Where(none, 0, rest), size))
	}
	return Concat([]*graph.Node{ExpandDims(Diagonal(p), -1), u, v}, -1)
}

// ConfluentVJP implements graph.Confluent.
func (svdRule) ConfluentVJP(
	n *graph.Node, _ int, ct *graph.Node, push func(y, x, t *graph.Node) *graph.Node,
) *graph.Node {
	s, ut, vt := svdParts(n, n)
	sBar, uBar, vBar := svdParts(n, ct)
	inner := Diag(Squeeze(sBar, -1))
	if isColumn(ct) {
		return Product(Product(ut, inner, true, false), vt, false, false)
	}
	row, k := Transpose(s), rowsOf(n)
	along := BroadcastTo(ExpandDims(Cast(Add(Arange(s.Graph(), k), 1), s.DType()), -1), s.Shape()...)
	l := svdLimits{n: n, ct: ct, series: series{w: s, along: along, push: push}}
	alongRow := Transpose(along)

	left, right := Product(ut, uBar, false, true), Product(vt, vBar, false, true)
	skew := func(x *graph.Node) *graph.Node { return Mul(0.5, Sub(x, Transpose(x))) }
	near, gap := gaps(row)
	apart := Sub(alongRow, along)
	inner = Add(inner, l.over(skew(Add(left, right)), near, gap, Sub(row, s), Where(Eq(apart, 0), 1, apart)))
	zero, sum := sums(s, row)
	inner = Add(inner, l.over(skew(Sub(left, right)), zero, sum, Add(row, s), Add(alongRow, along)))

	middle := MatMul(inner, vt)
	none, size := sums(s, zeros(s))
	if columns(n.In()[0]) > k {
		rest := Sub(vBar, Product(right, vt, true, false))
		middle = Add(middle, l.over(rest, none, size, s, along))
	}
	x := Product(ut, middle, true, false)
	if rowsOf(n.In()[0]) > k {
		rest := Sub(uBar, Product(left, ut, true, false))
		x = Add(x, Product(l.over(rest, none, size, s, along), vt, true, false))
	}
	return x
}

// svdLimits divides what makes a cotangent of n.
type svdLimits struct {
	series
	n, ct *graph.Node
}

// over is x/gap, and where near holds, the limit of x/exact, which changes at the rate apart.
func (l svdLimits) over(x, near, gap, exact, apart *graph.Node) *graph.Node {
	there := zeros(x)
	at := BroadcastTo(near, x.Shape()...)
	if y := l.series.over(x, exact, apart); y != nil {
		at = BroadcastTo(near, y.Shape()...)
		there = EighLimit(y, at, limitOrder(l.n, l.ct, at))
	}
	return Where(at, there, Div(x, gap))
}

// sums returns a + b for columns or rows of singular values, 1 where near holds: where it is 0 but for rounding.
func sums(a, b *graph.Node) (near, sum *graph.Node) {
	eps := 0x1p-52
	if a.DType() == graph.Float32 {
		eps = 0x1p-23
	}
	sum = Add(a, b)
	if sum.Type().Size() == 0 {
		return Eq(sum, 0), sum
	}
	near = Le(sum, Mul(64*eps, KeepDims(Max(a, -2, -1), a, -2, -1)))
	return near, Where(near, 1, sum)
}

// isColumn reports whether a cotangent of svd's result is one of the singular values alone.
func isColumn(ct *graph.Node) bool {
	if ct.Op() != &padOp {
		return false
	}
	lo, _, _ := PaddingOf(ct)
	r := ct.Rank()
	return lo[r-1] == 0 && ct.In()[0].Shape()[r-1] == 1
}
