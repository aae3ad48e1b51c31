package graph

import (
	"fmt"
	"reflect"
)

// Verify checks the invariants of the graph: dense IDs that grow from inputs to users, inputs of this graph, the
// op's arity and kind of attributes, types that the shape rule confirms, and no node that exists twice. It is for the
// tests of whatever builds graphs.
func (g *Graph) Verify() error {
	inputs := 0
	for id, n := range g.nodes {
		if err := g.verifyNode(id, n); err != nil {
			return fmt.Errorf("graph: node %d (%v): %w", id, n.op.Name, err)
		}
		if n.IsInput() {
			inputs++
		}
	}
	if inputs != len(g.inputs) {
		return fmt.Errorf("graph: %d inputs, %d listed", inputs, len(g.inputs))
	}
	for i, n := range g.inputs {
		if n.graph != g || n.attrs != (inputAttrs{Index: i}) {
			return fmt.Errorf("graph: input %d is out of place", i)
		}
	}
	return nil
}

// verifyNode checks the node that has the given place in the graph.
func (g *Graph) verifyNode(id int, n *Node) error {
	if n.ID() != id || n.graph != g {
		return errorf("it has ID %d or belongs to another graph", n.ID())
	}
	if n.op.Arity != len(n.In()) && (n.op.Arity != Variadic || len(n.In()) == 0) {
		return errorf("%d inputs, %d wanted", len(n.In()), n.op.Arity)
	}
	for _, x := range n.In() {
		if x == nil || x.graph != g || x.ID() >= id || g.nodes[x.ID()] != x {
			return errorf("an input is not a node before it")
		}
	}
	if err := n.verifyType(); err != nil {
		return err
	}
	if g.lookup(hashNode(n.op, n.attrs, n.In()), n.op, n.attrs, n.In()) != n {
		return errorf("it exists twice")
	}
	return nil
}

// verifyType checks the attributes, and the type against the shape rule.
func (n *Node) verifyType() error {
	t := *n.typ
	switch attrs := n.attrs.(type) {
	case inputAttrs:
		if !t.DType.Valid() {
			return errorf("unknown element type %v", t.DType)
		}
	case literal:
		t = Type{DType: attrs.dtype}
		if !attrs.scalar {
			t = attrs.data.typ
		}
	default:
		if have, want := reflect.TypeOf(n.attrs), reflect.TypeOf(n.op.Attrs); have != want {
			return errorf("its attributes are a %v, its op's a %v", have, want)
		}
		var err error
		if t, err = n.op.Infer(n.In(), n.attrs); err != nil {
			return err
		}
	}
	if !t.Equal(*n.typ) {
		return errorf("it has type %v, not %v", *n.typ, t)
	}
	return checkSize(t)
}
