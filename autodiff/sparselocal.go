package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// local is a Jacobian by the values that every row picks for itself. Take residuals rₖ = f(c[iₖ], p[jₖ]), each of one
// camera c and one point p. Rows that share a camera cannot share a colour when they are differentiated by c and p, but
// by the picked values c[iₖ] and p[jₖ], which are copies, they can: two rows of each residual need two colours.
//
// In general the picked values are the last nodes, on the ways from the sources, whose elements each depend on one
// source element at most. By the chain rule ∂y/∂x = Σ ∂y/∂u·∂u/∂x over their elements u, of which each has one x. It is
// elimination of vertices, of which there is more in Griewank and Walther, Evaluating Derivatives (2008), chapter 10.
type local struct {
	outputs []*graph.Node // as functions of aliases of the picked values
	picked  []*graph.Node // those aliases
	slopes  []*graph.Node // ∂u/∂x for each element
	source  []int32       // the set of each element, {x} or empty
}

// localize returns nil if the picked values are the sources.
func localize(d *dependence, outputs, sources []*graph.Node) *local {
	cut := d.picked(outputs, sources)
	if cut == nil {
		return nil
	}
	l := &local{}
	ones := make([]*graph.Node, len(sources))
	for i, x := range sources {
		ones[i] = ops.BroadcastTo(x.Graph().Scalar(x.DType(), 1), x.Shape()...)
	}
	became := map[*graph.Node]*graph.Node{}
	for i, slope := range forward(cut, sources, ones) {
		u := cut[i]
		became[u] = u.Graph().Alias(u)
		l.picked = append(l.picked, became[u])
		if slope == nil {
			slope = zeros(u)
		}
		l.slopes = append(l.slopes, slope)
		l.source = append(l.source, stretched(d.at(u), u.Type().Size())...)
	}
	for _, n := range graph.Topo(outputs...) {
		if became[n] != nil {
			continue
		}
		in, changed := make([]*graph.Node, len(n.In())), false
		for i, x := range n.In() {
			if in[i] = became[x]; in[i] == nil {
				in[i] = x
			}
			changed = changed || in[i] != x
		}
		if changed {
			became[n] = n.Graph().Copy(n, in...)
		}
	}
	for _, y := range outputs {
		if became[y] != nil {
			y = became[y]
		}
		l.outputs = append(l.outputs, y)
	}
	return l
}

// picked lists the last nodes whose elements, and those of all that they are made of, depend on one source element at
// most; nil if these are the sources.
func (d *dependence) picked(outputs, sources []*graph.Node) []*graph.Node {
	order := graph.Topo(append(append([]*graph.Node(nil), outputs...), sources...)...)
	early, last := newNodeSet(order), newNodeSet(order)
	for _, x := range sources {
		early.add(x)
	}
	for _, y := range order {
		if early.has(y) || d.at(y) == nil {
			continue
		}
		isEarly := y.DType().IsFloat() && d.areSingle(d.at(y))
		for i, x := range y.In() {
			isEarly = isEarly && (d.at(x) == nil || !passes(y, i) || early.has(x))
		}
		if isEarly {
			early.add(y)
			continue
		}
		for i, x := range y.In() {
			if early.has(x) && passes(y, i) {
				last.add(x)
			}
		}
	}
	for _, y := range outputs {
		if early.has(y) {
			last.add(y)
		}
	}
	var cut []*graph.Node
	for _, n := range order {
		if last.has(n) {
			cut = append(cut, n)
		}
	}
	moved := false
	isSource := newNodeSet(order)
	for _, x := range sources {
		isSource.add(x)
	}
	for _, n := range cut {
		moved = moved || !isSource.has(n)
	}
	if !moved {
		return nil
	}
	return cut
}

func (d *dependence) areSingle(sets []int32) bool {
	for _, s := range sets {
		if !d.sets.IsSingle(s) {
			return false
		}
	}
	return true
}

// compress finds ∂outputs/∂sources, of pattern p, by rows, if that takes at most the given number of colours.
func (l *local) compress(op string, p *Pattern, most int) (Compressed, bool) {
	inner := patternOf(op, follow(l.outputs, l.picked), l.outputs)
	rows, ok := inner.Transpose().Columns(min(most, manySeeds/max(1, inner.Rows, inner.Cols)))
	if !ok || rows.Colors == 0 {
		return Compressed{}, false
	}
	at := begins(l.picked)
	var terms []term
	for i := range inner.Rows {
		for _, u := range inner.Row(i) {
			if x := l.source[u]; x != 0 {
				terms = append(terms, term{at.place(u, int(rows.Of[i]), rows.Colors), int64(u), p.Find(i, int(x)-1)})
			}
		}
	}
	slices.SortFunc(terms, func(a, b term) int { return a.entry - b.entry })
	sum, which, entry := make([]int64, len(terms)), make([]int64, len(terms)), make([]int64, len(terms))
	oneEach := len(terms) == p.NNZ()
	for k, t := range terms {
		sum[k], which[k], entry[k] = t.sum, t.picked, int64(t.entry)
		oneEach = oneEach && t.entry == k
	}
	values := pick(rowSums(l.outputs, l.picked, rows), sum)
	if !l.allOnes() {
		values = ops.Mul(values, pick(joinSums(l.picked, 1, l.slopes), which))
	}
	if !oneEach {
		values = ops.ScatterAdd(values, graph.Const(values.Graph(), entry, len(entry)), 0, p.NNZ())
	}
	return Compressed{p, rows.Colors, values}, true
}

// term is ∂y/∂u·∂u/∂x, of which an entry ∂y/∂x is a sum.
type term struct {
	sum, picked int64 // where ∂y/∂u is, and u
	entry       int
}

// allOnes reports whether ∂u/∂x is 1 for every picked u that has an x.
func (l *local) allOnes() bool {
	begin := 0
	for _, slope := range l.slopes {
		n := slope.Type().Size()
		values, ok := valueIfFixed(slope)
		if !ok {
			return false
		}
		for e, x := range l.source[begin : begin+n] {
			if x != 0 && floatAt(values, slope.DType(), e) != 1 {
				return false
			}
		}
		begin += n
	}
	return true
}
