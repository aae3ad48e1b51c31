package graph

import (
	"fmt"
	"sync"
	"unsafe"
	"weak"
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

// memo remembers, by key, what was computed once.
type memo struct {
	mu sync.Mutex
	of map[any]any
}

// known returns what there is for key, nil if there is nothing.
func (m *memo) known(key any) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of[key]
}

// get returns what compute makes for key, which is called once but by goroutines that ask at the same time.
func (m *memo) get(key any, compute func() any) any {
	m.mu.Lock()
	v, ok := m.of[key]
	m.mu.Unlock()
	if ok {
		return v
	}
	v = compute() // may use the memo itself
	m.mu.Lock()
	defer m.mu.Unlock()
	if first, ok := m.of[key]; ok {
		return first
	}
	if m.of == nil {
		m.of = map[any]any{}
	}
	m.of[key] = v
	return v
}

type nodeKey struct {
	id   int32
	name string
}

// Memo returns what compute has found out about n under a name, for which it is called once: rules that are asked about
// each of a node's many inputs or results in turn would otherwise go through all of them each time.
func (n *Node) Memo(name string, compute func() any) any {
	return n.graph.memo.get(nodeKey{n.id, name}, compute)
}

// Derivatives take the user's line from the node that they are the derivative of, and remember that node's op. To keep
// nodes small, the two share the place of the program counter: with its highest bit set, it counts in a list of the
// graph's.

const derivedBit = ^(^uintptr(0) >> 1)

// origin is where a derivative comes from.
type origin struct {
	pc      uintptr
	op      *Op
	tangent bool
}

// Differentiate is With for a derivative of n: a tangent, or else a cotangent that n passes on. A derivative of a
// derivative counts as one of what that was derived from.
func (g *Graph) Differentiate(n *Node, tangent bool, build func()) {
	defer func(old uintptr) { g.origin = old }(g.origin)
	g.origin = g.adopt(n)
	if g.origin != 0 && g.origin&derivedBit == 0 {
		g.origin = g.derive(origin{g.origin, n.op, tangent})
	}
	build()
}

// Derived returns the op that n is in the derivative of, nil if it is in none, and whether it is part of a tangent.
func (n *Node) Derived() (op *Op, tangent bool) {
	if n.pc&derivedBit == 0 {
		return nil, false
	}
	o := n.graph.origins[n.pc&^derivedBit]
	return o.op, o.tangent
}

// derive returns what stands for o in place of a program counter.
func (g *Graph) derive(o origin) uintptr {
	last := &g.lastOrigin[int(o.op.serial)%len(g.lastOrigin)]
	if *last < len(g.origins) && g.origins[*last] == o {
		return derivedBit | uintptr(*last)
	}
	k, known := g.originOf[o]
	if !known {
		if g.originOf == nil {
			g.originOf, g.self = map[origin]int{}, weak.Make(g)
		}
		k = len(g.origins)
		g.originOf[o] = k
		g.origins = append(g.origins, o)
	}
	*last = k
	return derivedBit | uintptr(k)
}

// adopt returns what stands on g for where n, which may lie on another graph, comes from.
func (g *Graph) adopt(n *Node) uintptr {
	if n.pc&derivedBit == 0 || n.graph == g {
		return n.pc
	}
	if g.adoptedFrom != n.graph.self {
		g.adoptedFrom, g.adopted = n.graph.self, make([]uintptr, len(n.graph.origins))
	}
	k := int(n.pc &^ derivedBit)
	if k >= len(g.adopted) { // n's graph has grown
		g.adopted = append(g.adopted, make([]uintptr, len(n.graph.origins)-len(g.adopted))...)
	}
	if g.adopted[k] == 0 {
		g.adopted[k] = g.derive(n.graph.origins[k])
	}
	return g.adopted[k]
}

// line returns the program counter of the user's line.
func (g *Graph) line(pc uintptr) uintptr {
	if pc&derivedBit != 0 {
		return g.origins[pc&^derivedBit].pc
	}
	return pc
}
