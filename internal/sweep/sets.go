package sweep

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Set is a set of the nodes of one traversal.
type Set struct {
	low    int
	in     []bool
	sparse map[*graph.Node]bool // in place of in, where the nodes are few of their graph
}

// isSparse reports whether the nodes of order are few of those that lie between them.
func isSparse(order []*graph.Node) bool {
	return order[len(order)-1].ID()-order[0].ID() > 16*len(order)
}

func NewSet(order []*graph.Node) Set {
	if isSparse(order) {
		return Set{sparse: make(map[*graph.Node]bool, len(order))}
	}
	low, top := order[0].ID(), order[len(order)-1].ID()
	return Set{low: low, in: make([]bool, top-low+1)}
}

func (s Set) Add(n *graph.Node) {
	if s.sparse != nil {
		s.sparse[n] = true
		return
	}
	s.in[n.ID()-s.low] = true
}

func (s Set) Has(n *graph.Node) bool {
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

// Sum is a + b, where nil is zero.
func Sum(a, b *graph.Node) *graph.Node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return ops.Add(a, b)
}
