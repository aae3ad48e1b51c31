package sparsity

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/colour"
	"chainrule/internal/exec"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// local is a Jacobian by the values that every row picks for itself. Take residuals rₖ = f(c[iₖ], p[jₖ]), each of one
// camera c and one point p. Rows that share a camera cannot share a colour when they are differentiated by c and p,
// but by the picked values c[iₖ] and p[jₖ], which are copies, they can: two rows of each residual need two colours.
//
// In general the picked values are the last nodes, on the ways from the sources, to which elements are moved and whose
// elements each depend on one source element at most. Their elements u have one x each, so that by the chain rule
// ∂y/∂x = Σ ∂y/∂u·∂u/∂x. It is elimination of vertices, of which there is more in Griewank and Walther, Evaluating
// Derivatives (2008), chapter 10.
type local struct {
	outputs []*graph.Node // as functions of aliases of the picked values
	picked  []*graph.Node // those aliases
	slopes  []*graph.Node // ∂u/∂x for each element
	source  []int32       // the set of each element, {x} or empty
	begin   offsets       // of the outputs
}

// localize returns nil if the picked values are the sources.
func localize(d *Dependence, outputs, sources []*graph.Node) *local {
	cut := d.picked(outputs, sources)
	if cut == nil {
		return nil
	}
	l := &local{begin: begins(outputs)}
	ones := make([]*graph.Node, len(sources))
	for i, x := range sources {
		ones[i] = ops.FullLike(x, 1)
	}
	became := map[*graph.Node]*graph.Node{}
	for i, slope := range sweep.Forward(cut, sources, ones) {
		u := cut[i]
		became[u] = u.Graph().Alias(u)
		l.picked = append(l.picked, became[u])
		if slope == nil {
			slope = sweep.Zeros(u)
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

// compress finds ∂outputs/∂sources, of pattern p, by rows, if it costs at most most, see costOf.
func (l *local) compress(op string, p *colour.Pattern, most int) (Matrix, bool) {
	plans, cost, ok := l.plan(op)
	if !ok || cost > most {
		return Matrix{}, false
	}
	var terms []term
	var sums []*graph.Node
	at := int64(0) // where the sums of a plan begin
	colors := 0
	for _, q := range plans {
		within, number := begins(q.picked), l.numbers(q.picked)
		for i := range q.inner.Rows {
			for _, u := range q.inner.Row(i) {
				if x := l.source[number[u]]; x != 0 {
					terms = append(terms, term{at + within.place(u, int(q.rows.Of[i]), q.rows.Colors),
						int64(number[u]), p.Find(q.first+i, int(x)-1)})
				}
			}
		}
		sums = append(sums, rowSums(q.outputs, q.picked, q.rows))
		at += int64(sums[len(sums)-1].Type().Size())
		colors += q.rows.Colors
	}
	slices.SortFunc(terms, func(a, b term) int { return a.entry - b.entry })
	sum, which, entry := make([]int64, len(terms)), make([]int64, len(terms)), make([]int64, len(terms))
	oneEach := len(terms) == p.NNZ()
	for k, t := range terms {
		sum[k], which[k], entry[k] = t.sum, t.picked, int64(t.entry)
		oneEach = oneEach && t.entry == k
	}
	values := pick(joinSums(sums, 1, sums), sum)
	if !l.allOnes() {
		values = ops.Mul(values, ops.Cast(pick(joinSums(l.picked, 1, l.slopes), which), values.DType()))
	}
	if !oneEach {
		values = ops.ScatterAdd(values, graph.Const(values.Graph(), entry, len(entry)), p.NNZ(), 0)
	}
	return Matrix{p, colors, values}, true
}

// rowPlan says how the rows of some outputs are found together.
type rowPlan struct {
	outputs, picked []*graph.Node
	first           int             // the number of the first row among all
	inner           *colour.Pattern // ∂outputs/∂picked
	rows            colour.Coloring
}

// plan takes all outputs together, or each for itself, whichever costs less: together they may share colours and what
// they are computed of; for itself an output that is cheap is not computed as often as one that takes many colours.
func (l *local) plan(op string) (plans []rowPlan, cost int, ok bool) {
	if together, ok := l.planFor(op, 0, len(l.outputs)); ok {
		plans, cost = []rowPlan{together}, together.cost()
	}
	var each []rowPlan
	sum := 0
	for i := range l.outputs {
		p, ok := l.planFor(op, i, i+1)
		if !ok {
			return plans, cost, plans != nil
		}
		if p.rows.Colors > 0 {
			each, sum = append(each, p), sum+p.cost()
		}
	}
	if plans == nil || sum < cost {
		return each, sum, true
	}
	return plans, cost, true
}

// planFor plans for outputs from to to.
func (l *local) planFor(op string, from, to int) (rowPlan, bool) {
	p := rowPlan{outputs: l.outputs[from:to], first: l.begin[from]}
	order := graph.Topo(slices.Concat(p.outputs, l.picked)...)
	for _, u := range l.picked {
		reached := sweep.ReachedFrom([]*graph.Node{u}, order)
		if slices.ContainsFunc(p.outputs, reached.Has) {
			p.picked = append(p.picked, u)
		}
	}
	if len(p.picked) == 0 {
		return p, true
	}
	p.inner = patternOf(op, follow(p.outputs, p.picked), p.outputs)
	var ok bool
	p.rows, ok = p.inner.Transpose().Columns(manySeeds / max(1, p.inner.Rows, p.inner.Cols))
	return p, ok
}

func (p rowPlan) cost() int { return costOf(p.rows.Colors, p.outputs, p.picked) }

// costOf is how many numbers are computed on the way from the sources to the outputs, for each colour.
func costOf(colors int, outputs, sources []*graph.Node) int {
	order := graph.Topo(slices.Concat(outputs, sources)...)
	active := sweep.ReachedFrom(sources, order)
	numbers := 0
	for _, n := range order {
		if active.Has(n) {
			numbers += n.Type().Size()
		}
	}
	return colors * numbers
}

// numbers gives the number of each element of some picked nodes among the elements of all.
func (l *local) numbers(some []*graph.Node) []int {
	var numbers []int
	at := begins(l.picked)
	for _, u := range some {
		i := slices.Index(l.picked, u)
		for e := at[i]; e < at[i+1]; e++ {
			numbers = append(numbers, e)
		}
	}
	return numbers
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
		buf, ok := valueIfFixed(slope)
		if !ok {
			return false
		}
		values := exec.Value{Type: slope.Type(), Buf: buf}
		for e, x := range l.source[begin : begin+n] {
			if x != 0 && values.At(e) != 1 {
				return false
			}
		}
		begin += n
	}
	return true
}
