package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// reverse applies the chain rule from the outputs back to the nodes wrt. With z the quantity being
// differentiated, cts holds ∂z/∂y for every output y, and the result is ∂z/∂x for every x of wrt, nil where no
// derivative arrives.
//
// Take z = f(y), y = g(x), x = h(w). Then dz/dw = dz/dy · dy/dx · dx/dw, and the sweep multiplies from the left:
// dz/dy comes in as a cotangent; the VJP rule of g's op turns it into dz/dx, and that of h's op into dz/dw. Where a
// node has several users, the derivatives that they send back are added. Every product and sum is a node, so the
// result can be differentiated again.
func reverse(outputs, cts, wrt []*graph.Node) []*graph.Node {
	return reverseLive(outputs, rates{d: cts}, wrt, nil).d
}

// reverseLive is reverse for cotangents that are live in some places only. It also returns where the results are live, for
// those of wrt that are to be guarded.
func reverseLive(outputs []*graph.Node, cts rates, wrt []*graph.Node, guard mask) rates {
	order := graph.Topo(slices.Concat(outputs, wrt)...)
	needInside(order)
	active := reachedFrom(wrt, order)
	ct := newLive(order)
	for i, y := range outputs {
		ct.addLive(y, cts.d[i], cts.mask(i))
	}
	parts := results{}
	guards := guardsBelow(wrt, guard, order, active)
	for k := len(order) - 1; k >= 0; k-- {
		y := order[k]
		if i, isPart := y.PartIndex(); isPart {
			parts.set(y.In()[0], i, ct.at(y), ct.mask(y))
			continue
		}
		if _, has := parts[y]; !active.has(y) || ct.at(y) == nil && !has {
			continue
		}
		y.Graph().Differentiate(y, false, func() {
			if rule := rulesOf(y); rule != nil {
				wanted := passing(y, active)
				back := rule.pull(y, parts[y], wanted, guards.of(y.In(), wanted))
				for i, x := range y.In() {
					ct.addLive(x, back.d[i], back.mask(i))
				}
				return
			}
			for i, x := range y.In() {
				if active.has(x) && passes(y, i) {
					ct.pull(y, i) // dz/dy · dy/dx
				}
			}
		})
	}
	grads := newRates(len(wrt))
	for i, x := range wrt {
		grads.d[i] = ct.at(x)
		if guard != nil && guard[i] {
			grads.live[i] = ct.mask(x)
		}
	}
	return grads
}

// needInside refuses what uses a variable of a body, or one of Vmap's many examples, outside of it: derivatives would be
// taken as if it depended on nothing.
func needInside(order []*graph.Node) {
	if err := graph.Escaped(order); err != nil {
		panic(err)
	}
}

// passes reports whether y has a derivative with respect to its input i.
func passes(y *graph.Node, i int) bool {
	rule := y.Op().Derivative
	return rule != nil && isSmooth(y) && isSmooth(y.In()[i]) && rule.Wrt(i)
}

// isSmooth reports whether n is of a type that can have a derivative.
func isSmooth(n *graph.Node) bool { return n.DType().IsFloat() || n.DType() == graph.Packed }

// reachedFrom returns the nodes that have a derivative with respect to one of the sources, themselves included.
func reachedFrom(sources, order []*graph.Node) nodeSet {
	set := newNodeSet(order)
	for _, x := range sources {
		set.add(x)
	}
	for _, y := range order {
		for i, x := range y.In() {
			if set.has(x) && passes(y, i) {
				set.add(y)
				break
			}
		}
	}
	return set
}

// leadingTo returns the nodes by which one of the outputs has a derivative, themselves included.
func leadingTo(outputs, order []*graph.Node) nodeSet {
	set := newNodeSet(order)
	for _, y := range outputs {
		set.add(y)
	}
	for k := len(order) - 1; k >= 0; k-- {
		y := order[k]
		if !set.has(y) {
			continue
		}
		for i, x := range y.In() {
			if passes(y, i) {
				set.add(x)
			}
		}
	}
	return set
}

// nodeSet is a set of the nodes of one traversal.
type nodeSet struct {
	low    int
	in     []bool
	sparse map[*graph.Node]bool // in place of in, where the nodes are few of their graph
}

// isSparse reports whether the nodes of order are few of those that lie between them.
func isSparse(order []*graph.Node) bool {
	return order[len(order)-1].ID()-order[0].ID() > 16*len(order)
}

func newNodeSet(order []*graph.Node) nodeSet {
	if isSparse(order) {
		return nodeSet{sparse: make(map[*graph.Node]bool, len(order))}
	}
	low, top := order[0].ID(), order[len(order)-1].ID()
	return nodeSet{low: low, in: make([]bool, top-low+1)}
}

func (s nodeSet) add(n *graph.Node) {
	if s.sparse != nil {
		s.sparse[n] = true
		return
	}
	s.in[n.ID()-s.low] = true
}

func (s nodeSet) has(n *graph.Node) bool {
	if s.sparse != nil {
		return s.sparse[n]
	}
	return s.in[n.ID()-s.low]
}

// table holds a node, such as its cotangent, for each node of one traversal.
type table struct {
	low    int
	of     []*graph.Node
	sparse map[*graph.Node]*graph.Node // in place of of
}

func newTable(order []*graph.Node) table {
	if isSparse(order) {
		return table{sparse: make(map[*graph.Node]*graph.Node, len(order))}
	}
	low, top := order[0].ID(), order[len(order)-1].ID()
	return table{low: low, of: make([]*graph.Node, top-low+1)}
}

func (t table) at(n *graph.Node) *graph.Node {
	if t.sparse != nil {
		return t.sparse[n]
	}
	return t.of[n.ID()-t.low]
}

func (t table) set(n, v *graph.Node) {
	if t.sparse != nil {
		t.sparse[n] = v
		return
	}
	t.of[n.ID()-t.low] = v
}

// twin is an empty table for the same nodes.
func (t table) twin() table {
	if t.sparse != nil {
		return table{sparse: map[*graph.Node]*graph.Node{}}
	}
	return table{low: t.low, of: make([]*graph.Node, len(t.of))}
}

// isNil reports whether there is no table at all.
func (t table) isNil() bool { return t.of == nil && t.sparse == nil }

// add adds v to what n has so far.
func (t table) add(n, v *graph.Node) {
	if v != nil {
		t.set(n, sumOf(t.at(n), v))
	}
}

// sumOf is a + b, where nil is zero.
func sumOf(a, b *graph.Node) *graph.Node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return ops.Add(a, b)
}
