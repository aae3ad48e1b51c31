package graph

// Bind makes n stand for key on this graph, until it is bound anew: how a model's parameters, which belong to no
// graph, find their nodes while the model is traced.
func (g *Graph) Bind(key any, n *Node) {
	if n == nil || n.graph != g {
		Fail("bind", []*Node{n}, "the node belongs to another graph")
	}
	if g.bound == nil {
		g.bound = map[any]*Node{}
	}
	g.bound[key] = n
}

// Bound returns the node that stands for key on this graph, or nil.
func (g *Graph) Bound(key any) *Node { return g.bound[key] }
