package graph

import "fmt"

// Verify checks the invariants of the graph: dense IDs that grow from inputs to users, inputs of this graph, the
// op's arity, types that the shape rule confirms, and no node that exists twice. It is for the tests of whatever
// builds graphs.
func (g *Graph) Verify() error {
	for id, n := range g.nodes {
		if err := g.verifyNode(id, n); err != nil {
			return fmt.Errorf("graph: node %d (%v): %w", id, n.op.Name, err)
		}
	}
	for i, n := range g.inputs {
		if n.attrs != (inputAttrs{Index: i}) {
			return fmt.Errorf("graph: input %d is out of place", i)
		}
	}
	return nil
}

func (g *Graph) verifyNode(id int, n *Node) error {
	if n.id != id || n.graph != g {
		return errorf("it has ID %d or belongs to another graph", n.id)
	}
	if n.op.Class == Leaf {
		if len(n.in) != 0 {
			return errorf("a leaf has inputs")
		}
		return nil
	}
	if n.op.Arity != len(n.in) && n.op.Arity != Variadic {
		return errorf("%d inputs, %d wanted", len(n.in), n.op.Arity)
	}
	for _, x := range n.in {
		if x.graph != g || x.id >= id || g.nodes[x.id] != x {
			return errorf("input %v does not come before it", x)
		}
	}
	t, err := n.op.Infer(n.in, n.attrs)
	if err != nil {
		return err
	}
	if !t.Equal(n.typ) {
		return errorf("it has type %v, its op infers %v", n.typ, t)
	}
	if twin := g.lookup(n.op, n.attrs, n.in); twin != n {
		return errorf("it exists twice")
	}
	return nil
}
