package graph

import (
	"fmt"
	"unsafe"
)

// Node is one value of an expression: an operator applied to inputs. Nodes are made by a Graph, never change,
// and may be compared with ==: equal expressions on the same graph are the same node.
type Node struct { // 64 bytes, a cache line: long graphs are bound by memory
	op    *Op
	graph *Graph
	attrs any
	typ   *Type // shared with other nodes
	pc    uintptr
	in    **Node // the first of arity
	arity int32
	id    int32
}

// Op returns the operator's record.
func (n *Node) Op() *Op { return n.op }

// Graph returns the graph that owns the node.
func (n *Node) Graph() *Graph { return n.graph }

// In returns the inputs, which must not be modified.
func (n *Node) In() []*Node { return unsafe.Slice(n.in, n.arity) }

// Attrs returns the op's attributes, nil if it has none.
func (n *Node) Attrs() any { return n.attrs }

// Type returns the element type and shape.
func (n *Node) Type() Type { return *n.typ }

// DType returns the element type.
func (n *Node) DType() DType { return n.typ.DType }

// Shape returns the dimensions, which must not be modified.
func (n *Node) Shape() []int { return n.typ.Shape }

// Rank returns the number of axes.
func (n *Node) Rank() int { return len(n.typ.Shape) }

// ID returns the node's number in its graph: dense, from 0, and larger than that of every input.
func (n *Node) ID() int { return int(n.id) }

// Name returns the name given at creation or by Named, or "".
func (n *Node) Name() string { return n.graph.names[n.ID()] }

// Named gives n a name for error messages, text and pictures, and returns n. It must not be called while
// another goroutine reads the graph.
func Named(name string, n *Node) *Node {
	n.graph.names[n.ID()] = name
	return n
}

// IsInput reports whether n is an input of its graph, fed at run time.
func (n *Node) IsInput() bool { return n.op == inputOp }

// Title is what errors of a run call the node: the function that needs it, if its attributes have a Title that says so,
// or the op.
func (n *Node) Title() string {
	if t, ok := n.attrs.(interface{ Title() string }); ok && t.Title() != "" {
		return t.Title()
	}
	return n.op.Name
}

// Source returns the user's line that built the node, as in "model.go:41", or "" if it is not known.
func (n *Node) Source() string { return sourceOf(n.graph.line(n.pc)).short() }

// String describes the node in a word for messages: its name, or its op and number, and its type.
func (n *Node) String() string { return n.label() + " " + n.typ.String() }

func (n *Node) label() string {
	if name := n.Name(); name != "" {
		return name
	}
	if l, ok := n.attrs.(literal); ok && l.scalar {
		return l.String()
	}
	return fmt.Sprintf("%s#%d", n.op.Name, n.ID())
}
