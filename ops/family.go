package ops

import "chainrule/graph"

// The families of derivative rules. A rule is written once, as one line of mathematics, and its family gives
// the reverse form (VJP) and the forward form (JVP).

// Scalar is the rule of an elementwise op: one partial derivative ∂y/∂xᵢ for each input, built from the inputs
// x and the result y. A nil partial means no derivative with respect to that input.
//
//	VJP: x̄ᵢ = ȳ · ∂y/∂xᵢ        JVP: ẏ = Σᵢ ∂y/∂xᵢ · ẋᵢ
type Scalar []func(x []*graph.Node, y *graph.Node) *graph.Node

// Wrt implements graph.Derivative.
func (s Scalar) Wrt(i int) bool { return s[i] != nil }

// VJP implements graph.Derivative.
func (s Scalar) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node {
	return scale(ct, s[i](n.In(), n))
}

// JVP implements graph.Derivative.
func (s Scalar) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	var sum *graph.Node
	for i, ti := range t {
		if ti == nil || s[i] == nil {
			continue
		}
		term := scale(ti, s[i](n.In(), n))
		if sum == nil {
			sum = term
		} else {
			sum = Add(sum, term)
		}
	}
	return fill(sum, n)
}

// scale returns v·p, without the product where the partial p is 1 or −1.
func scale(v, p *graph.Node) *graph.Node {
	switch c, ok := p.ScalarValue(); {
	case ok && c == 1:
		return v
	case ok && c == -1:
		return Neg(v)
	}
	return Mul(v, p)
}

// fill stretches a tangent that broadcasting would stretch to n's shape.
func fill(t, n *graph.Node) *graph.Node {
	if t == nil {
		return zeros(n)
	}
	return BroadcastTo(t, n.Shape()...)
}

// d1 is the Scalar rule of a function of one variable, y = f(x).
func d1(dydx func(x, y *graph.Node) *graph.Node) Scalar {
	return Scalar{func(in []*graph.Node, y *graph.Node) *graph.Node { return dydx(in[0], y) }}
}

// d2 is the Scalar rule of a function of two variables, y = f(a, b).
func d2(da, db func(a, b, y *graph.Node) *graph.Node) Scalar {
	return Scalar{
		func(in []*graph.Node, y *graph.Node) *graph.Node { return da(in[0], in[1], y) },
		func(in []*graph.Node, y *graph.Node) *graph.Node { return db(in[0], in[1], y) },
	}
}

// Linear is the rule of an op that is linear in its differentiable inputs taken together: one transpose for each
// input, nil for an input that only selects. The op is its own JVP.
type Linear []func(n, ct *graph.Node) *graph.Node

// Wrt implements graph.Derivative.
func (l Linear) Wrt(i int) bool { return l[i] != nil }

// VJP implements graph.Derivative.
func (l Linear) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node { return l[i](n, ct) }

// JVP implements graph.Derivative.
func (l Linear) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	in := make([]*graph.Node, len(t))
	for i, x := range n.In() {
		in[i] = x
		if l[i] != nil {
			in[i] = orZeros(t[i], x)
		}
	}
	return n.Graph().Apply(n.Op(), n.Attrs(), in...)
}

// LinearEach is Linear for ops with any number of inputs: the transpose is told which input.
type LinearEach func(n *graph.Node, i int, ct *graph.Node) *graph.Node

// Wrt implements graph.Derivative.
func (l LinearEach) Wrt(int) bool { return true }

// VJP implements graph.Derivative.
func (l LinearEach) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node { return l(n, i, ct) }

// JVP implements graph.Derivative.
func (l LinearEach) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	in := make([]*graph.Node, len(t))
	for i, x := range n.In() {
		in[i] = orZeros(t[i], x)
	}
	return n.Graph().Apply(n.Op(), n.Attrs(), in...)
}

// Bilinear is the rule of a product y = a∘b that is linear in each factor: two transposes.
//
//	VJP: ā = left(ȳ, b), b̄ = right(ȳ, a)        JVP: ẏ = ȧ∘b + a∘ḃ
type Bilinear [2]func(n, ct *graph.Node) *graph.Node

// Wrt implements graph.Derivative.
func (Bilinear) Wrt(int) bool { return true }

// VJP implements graph.Derivative.
func (b Bilinear) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node { return b[i](n, ct) }

// JVP implements graph.Derivative.
func (b Bilinear) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	g, op, in := n.Graph(), n.Op(), n.In()
	switch {
	case t[0] == nil:
		return g.Apply(op, n.Attrs(), in[0], t[1])
	case t[1] == nil:
		return g.Apply(op, n.Attrs(), t[0], in[1])
	}
	return Add(g.Apply(op, n.Attrs(), t[0], in[1]), g.Apply(op, n.Attrs(), in[0], t[1]))
}

// Multilinear is the rule of a fused sum of a linear and a bilinear term, y = c + a∘b: three transposes.
//
//	JVP: ẏ = (ċ + ȧ∘b) + a∘ḃ, each term with the op itself, beginning with what there is so far.
type Multilinear [3]func(n, ct *graph.Node) *graph.Node

// Wrt implements graph.Derivative.
func (Multilinear) Wrt(int) bool { return true }

// VJP implements graph.Derivative.
func (m Multilinear) VJP(n *graph.Node, i int, ct *graph.Node) *graph.Node { return m[i](n, ct) }

// JVP implements graph.Derivative.
func (m Multilinear) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	in := n.In()
	sum := BroadcastTo(orZeros(t[0], in[0]), n.Shape()...)
	if t[1] != nil {
		sum = n.Graph().Apply(n.Op(), n.Attrs(), sum, t[1], in[2])
	}
	if t[2] != nil {
		sum = n.Graph().Apply(n.Op(), n.Attrs(), sum, in[1], t[2])
	}
	return sum
}

// Explicit is a rule of its own for an op with one differentiable input, the first. Without a Forward form the
// JVP comes from transposing the reverse form.
type Explicit struct {
	Reverse func(n, ct *graph.Node) *graph.Node
	Forward func(n, t *graph.Node) *graph.Node
}

// Wrt implements graph.Derivative.
func (e Explicit) Wrt(i int) bool { return i == 0 }

// VJP implements graph.Derivative.
func (e Explicit) VJP(n *graph.Node, _ int, ct *graph.Node) *graph.Node { return e.Reverse(n, ct) }

// JVP implements graph.Derivative.
func (e Explicit) JVP(n *graph.Node, t []*graph.Node) *graph.Node {
	if e.Forward == nil {
		return nil
	}
	return e.Forward(n, t[0])
}

// NonDiff says why an op passes no derivative on. The reason is shown when a gradient does not reach its goal.
type NonDiff string

// Wrt implements graph.Derivative.
func (NonDiff) Wrt(int) bool { return false }

// VJP implements graph.Derivative.
func (NonDiff) VJP(*graph.Node, int, *graph.Node) *graph.Node { return nil }

// JVP implements graph.Derivative.
func (NonDiff) JVP(*graph.Node, []*graph.Node) *graph.Node { return nil }

// zeros returns zeros of n's type.
func zeros(n *graph.Node) *graph.Node { return BroadcastTo(like(n, 0), n.Shape()...) }

func orZeros(t, x *graph.Node) *graph.Node {
	if t == nil {
		return zeros(x)
	}
	return t
}
