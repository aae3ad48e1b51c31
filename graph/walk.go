package graph

// Topo returns the nodes that the outputs depend on, themselves included, inputs before the nodes that use
// them. Since a node's ID is larger than its inputs', one sweep down the IDs finds them, with no stack to
// overflow.
func Topo(outputs ...*Node) []*Node {
	if len(outputs) == 0 {
		return nil
	}
	var g *Graph
	top := 0
	for _, n := range outputs {
		if n == nil {
			Fail("topo", outputs, "a node is nil")
		}
		if g == nil {
			g = n.graph
		}
		if n.graph != g {
			Fail("topo", outputs, "the nodes belong to different graphs")
		}
		top = max(top, n.ID())
	}
	marked := make([]bool, top+1)
	pending := 0
	mark := func(n *Node) {
		if !marked[n.ID()] {
			marked[n.ID()] = true
			pending++
		}
	}
	for _, n := range outputs {
		mark(n)
	}
	low, count := top, pending
	for id := top; pending > 0; id-- {
		if !marked[id] {
			continue
		}
		pending--
		before := pending
		for _, x := range g.nodes[id].In() {
			mark(x)
		}
		count += pending - before
		low = id
	}
	order := make([]*Node, 0, count)
	for id := low; id <= top; id++ {
		if marked[id] {
			order = append(order, g.nodes[id])
		}
	}
	return order
}
