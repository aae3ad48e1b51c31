package graph

import (
	gonum "gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/iterator"
)

// Directed returns the part of the graph that the outputs depend on as a gonum directed graph, for gonum's
// algorithms and encoders. Node IDs are the same, and an edge leads from an input to the node that uses it.
// The concrete type of its nodes is GonumNode.
func Directed(outputs ...*Node) gonum.Directed {
	d := directed{nodes: map[int64]*Node{}, users: map[int64][]gonum.Node{}}
	for _, n := range Topo(outputs...) {
		d.nodes[int64(n.id)] = n
		seen := map[*Node]bool{}
		for _, x := range n.in {
			if !seen[x] {
				seen[x] = true
				d.users[int64(x.id)] = append(d.users[int64(x.id)], GonumNode{n})
			}
		}
	}
	return d
}

// GonumNode is a Node with the ID method that gonum wants.
type GonumNode struct{ *Node }

// ID returns the node's ID.
func (n GonumNode) ID() int64 { return int64(n.id) }

type directed struct {
	nodes map[int64]*Node
	users map[int64][]gonum.Node
}

type edge struct{ from, to gonum.Node }

func (e edge) From() gonum.Node         { return e.from }
func (e edge) To() gonum.Node           { return e.to }
func (e edge) ReversedEdge() gonum.Edge { return edge{e.to, e.from} }

func (d directed) Node(id int64) gonum.Node {
	if n := d.nodes[id]; n != nil {
		return GonumNode{n}
	}
	return nil
}

func (d directed) Nodes() gonum.Nodes {
	all := make(map[int64]gonum.Node, len(d.nodes))
	for id, n := range d.nodes {
		all[id] = GonumNode{n}
	}
	return iterator.NewNodes(all)
}

func (d directed) From(id int64) gonum.Nodes { return iterator.NewOrderedNodes(d.users[id]) }

func (d directed) To(id int64) gonum.Nodes {
	in := map[int64]gonum.Node{}
	if n := d.nodes[id]; n != nil {
		for _, x := range n.in {
			in[int64(x.id)] = GonumNode{x}
		}
	}
	return iterator.NewNodes(in)
}

func (d directed) HasEdgeFromTo(u, v int64) bool {
	if n := d.nodes[v]; n != nil {
		for _, x := range n.in {
			if int64(x.id) == u {
				return true
			}
		}
	}
	return false
}

func (d directed) HasEdgeBetween(x, y int64) bool {
	return d.HasEdgeFromTo(x, y) || d.HasEdgeFromTo(y, x)
}

func (d directed) Edge(u, v int64) gonum.Edge {
	if !d.HasEdgeFromTo(u, v) {
		return nil
	}
	return edge{d.Node(u), d.Node(v)}
}
