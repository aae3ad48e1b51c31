package graph

import (
	"hash/maphash"
	"iter"
)

// Graph owns nodes and interns them. Make one with New.
type Graph struct {
	nodes  []*Node
	inputs []*Node
	names  map[int]string
	data   map[uint64][]*tensorData // tensor constants by content
	table  []int32                  // open addressing: node id + 1, 0 is free
	alias  int                      // serial number of the last alias
	origin uintptr                  // if set, the user's line for new nodes
	frames map[uintptr]bool         // program counters seen: is it the user's?

	nodeSlab []Node
	inSlab   []*Node
}

var seed = maphash.MakeSeed()

// New returns an empty graph.
func New() *Graph {
	freezeRegistry()
	return &Graph{
		names:  map[int]string{},
		data:   map[uint64][]*tensorData{},
		table:  make([]int32, 64),
		frames: map[uintptr]bool{},
	}
}

// Len returns the number of nodes.
func (g *Graph) Len() int { return len(g.nodes) }

// Node returns the node with the given ID.
func (g *Graph) Node(id int) *Node { return g.nodes[id] }

// Nodes yields every node, inputs before the nodes that use them.
func (g *Graph) Nodes() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for _, n := range g.nodes {
			if !yield(n) {
				return
			}
		}
	}
}

// Inputs returns the inputs in the order in which they were made. The slice must not be modified.
func (g *Graph) Inputs() []*Node { return g.inputs }

// Input adds an input of the given type, fed at run time. The name may be "", and need not be unique.
func (g *Graph) Input(name string, d DType, shape ...int) *Node {
	t := Type{DType: d, Shape: append([]int(nil), shape...)}
	if !d.Valid() {
		Fail("input", nil, "unknown element type %v", d)
	}
	if err := checkSize(t); err != nil {
		Fail("input", nil, "%v", err)
	}
	n := g.intern(inputOp, inputAttrs{Index: len(g.inputs)}, nil, t)
	g.inputs = append(g.inputs, n)
	if name != "" {
		g.names[n.id] = name
	}
	return n
}

// Alias returns a node that equals n and is distinct from every other node. Derivatives are taken with respect
// to an alias, so that a function's argument is never mistaken for a value that the function closes over; the
// compiler drops them.
func (g *Graph) Alias(n *Node) *Node {
	g.alias++
	return g.Apply(aliasOp, aliasAttrs{Serial: g.alias}, n)
}

// Apply returns the node that applies op, with the given attributes, to the inputs. It panics with an *Error
// if they do not fit. Users call the functions of package ops, which call Apply.
func (g *Graph) Apply(op *Op, attrs any, in ...*Node) *Node {
	if op.Arity != len(in) && (op.Arity != Variadic || len(in) == 0) {
		Fail(op.Name, in, "%d inputs given, %d wanted", len(in), op.Arity)
	}
	for _, x := range in {
		if x == nil {
			Fail(op.Name, nil, "an input is nil")
		}
		if x.graph != g {
			Fail(op.Name, in, "the inputs belong to different graphs")
		}
	}
	if n := g.lookup(op, attrs, in); n != nil {
		return n
	}
	t, err := op.Infer(in, attrs)
	if err == nil {
		err = checkSize(t)
	}
	if err != nil {
		Fail(op.Name, in, "%v", err)
	}
	return g.add(op, attrs, in, t)
}

// With runs build while every node made takes the user's line from n: derivatives point at the line that they
// are the derivative of.
func (g *Graph) With(n *Node, build func()) {
	defer func(old uintptr) { g.origin = old }(g.origin)
	g.origin = n.pc
	build()
}

// Copy returns the node that applies n's op and attributes to other inputs, which may lie on another graph and
// must be of the types that n's inputs have. It keeps n's line, and its name if it has one.
func (g *Graph) Copy(n *Node, in ...*Node) *Node {
	old := g.origin
	g.origin = n.pc
	var c *Node
	switch {
	case n.op == inputOp:
		c = g.Input("", n.typ.DType, n.typ.Shape...)
	case n.op == constOp:
		c = g.copyConst(n)
	default:
		c = g.lookup(n.op, n.attrs, in)
		if c == nil {
			c = g.add(n.op, n.attrs, in, n.typ)
		}
	}
	g.origin = old
	if name := n.Name(); name != "" && c.Name() == "" {
		g.names[c.id] = name
	}
	return c
}

func (g *Graph) intern(op *Op, attrs any, in []*Node, t Type) *Node {
	if n := g.lookup(op, attrs, in); n != nil {
		return n
	}
	return g.add(op, attrs, in, t)
}

// add makes a node that lookup has just not found.
func (g *Graph) add(op *Op, attrs any, in []*Node, t Type) *Node {
	if 2*len(g.nodes) >= len(g.table) {
		g.grow()
	}
	if len(g.nodeSlab) == 0 {
		g.nodeSlab = make([]Node, min(max(16, len(g.nodes)), 4096))
	}
	n := &g.nodeSlab[0]
	g.nodeSlab = g.nodeSlab[1:]
	*n = Node{op: op, graph: g, in: g.keep(in), attrs: attrs, typ: t, id: len(g.nodes), pc: g.callerPC()}
	g.nodes = append(g.nodes, n)
	g.insert(n)
	return n
}

// keep copies an input list into the slab.
func (g *Graph) keep(in []*Node) []*Node {
	if len(in) == 0 {
		return nil
	}
	if len(g.inSlab) < len(in) {
		g.inSlab = make([]*Node, max(len(in), min(max(32, len(g.nodes)), 8192)))
	}
	kept := g.inSlab[:len(in):len(in)]
	g.inSlab = g.inSlab[len(in):]
	copy(kept, in)
	return kept
}

func hashNode(op *Op, attrs any, in []*Node) uint64 {
	type key struct {
		op      *Op
		a, b, c int
	}
	k := key{op: op, c: len(in)}
	if len(in) > 0 {
		k.a = in[0].id
	}
	if len(in) > 1 {
		k.b = in[1].id
	}
	for _, x := range in[min(2, len(in)):] {
		k.c = k.c*0x1000193 ^ x.id
	}
	h := maphash.Comparable(seed, k)
	if attrs != nil {
		h ^= maphash.Comparable(seed, attrs)
	}
	return h
}

func (g *Graph) lookup(op *Op, attrs any, in []*Node) *Node {
	mask := uint64(len(g.table) - 1)
	for i := hashNode(op, attrs, in) & mask; g.table[i] != 0; i = (i + 1) & mask {
		if n := g.nodes[g.table[i]-1]; n.same(op, attrs, in) {
			return n
		}
	}
	return nil
}

func (n *Node) same(op *Op, attrs any, in []*Node) bool {
	if n.op != op || len(n.in) != len(in) || n.attrs != attrs {
		return false
	}
	for i, x := range in {
		if n.in[i] != x {
			return false
		}
	}
	return true
}

func (g *Graph) insert(n *Node) {
	mask := uint64(len(g.table) - 1)
	i := hashNode(n.op, n.attrs, n.in) & mask
	for g.table[i] != 0 {
		i = (i + 1) & mask
	}
	g.table[i] = int32(n.id + 1)
}

func (g *Graph) grow() {
	g.table = make([]int32, 2*len(g.table))
	for _, n := range g.nodes {
		g.insert(n)
	}
}
