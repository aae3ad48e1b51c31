package graph

import (
	"slices"

	gonum "gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/iterator"
)

// Directed returns the part of the graph that the outputs depend on as a gonum directed graph, for gonum's
// algorithms and encoders. Node IDs are the same, and an edge leads from an input to the node that uses it.
// The concrete type of its nodes is GonumNode.
func Directed(outputs ...*Node) gonum.Directed {
	d := directed{nodes: map[int64]gonum.Node{}, users: map[int64][]gonum.Node{}}
	for _, n := range Topo(outputs...) {
		var node gonum.Node = GonumNode{n}
		d.order = append(d.order, node)
		d.nodes[node.ID()] = node
		for _, x := range n.In() {
			users := d.users[int64(x.ID())]
			if len(users) == 0 || users[len(users)-1] != node {
				d.users[int64(x.ID())] = append(users, node)
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
	order []gonum.Node // by ID
	nodes map[int64]gonum.Node
	users map[int64][]gonum.Node
}

type edge struct{ from, to gonum.Node }

func (e edge) From() gonum.Node         { return e.from }
func (e edge) To() gonum.Node           { return e.to }
func (e edge) ReversedEdge() gonum.Edge { return edge{e.to, e.from} }

func (d directed) Node(id int64) gonum.Node { return d.nodes[id] }

func (d directed) Nodes() gonum.Nodes { return iterator.NewOrderedNodes(d.order) }

func (d directed) From(id int64) gonum.Nodes { return iterator.NewOrderedNodes(d.users[id]) }

func (d directed) To(id int64) gonum.Nodes {
	n, ok := d.nodes[id].(GonumNode)
	if !ok {
		return gonum.Empty
	}
	seen := map[*Node]bool{}
	var in []gonum.Node
	for _, x := range n.In() {
		if !seen[x] {
			seen[x] = true
			in = append(in, GonumNode{x})
		}
	}
	return iterator.NewOrderedNodes(in)
}

func (d directed) HasEdgeFromTo(u, v int64) bool {
	n, ok := d.nodes[v].(GonumNode)
	return ok && slices.ContainsFunc(n.In(), func(x *Node) bool { return int64(x.ID()) == u })
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
