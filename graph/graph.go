package graph

import (
	"iter"
	"slices"
	"weak"
)

// Graph owns nodes and interns them. Make one with New.
type Graph struct {
	nodes  []*Node
	inputs []*Node
	names  map[int]string
	data   map[uint64][]*tensorData // tensor constants by content
	table  []slot                   // every node by its hash, see intern.go
	alias  int                      // largest serial number of an alias
	origin uintptr                  // if set, the user's line for new nodes, see derived.go
	funcs  map[string][]*Func       // by text
	scopes scopes
	fixed  []bool // by ID, see isFixed
	memo   memo

	scalars [16]*Node // constants asked for last

	origins    []origin // of derivatives
	originOf   map[origin]int
	lastOrigin [16]int // by op

	self        weak.Pointer[Graph] // set if there are origins
	adoptedFrom weak.Pointer[Graph] // whose origins these are here
	adopted     []uintptr           // by their number there, 0 if not known yet

	nodeSlab []Node
	inSlab   []*Node
}

// New returns an empty graph.
func New() *Graph {
	freezeRegistry()
	return &Graph{
		names: map[int]string{},
		data:  map[uint64][]*tensorData{},
		table: make([]slot, 64),
	}
}

// NewFor is New for nodes made from those given: they all take the user's line from the first. To look for it anew on
// every small graph would cost more than all else.
func NewFor(nodes ...*Node) *Graph {
	g := New()
	if len(nodes) > 0 {
		g.origin = nodes[0].graph.line(nodes[0].pc)
	}
	return g
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

// mustExist panics with an *Error if there is no graph.
func (g *Graph) mustExist(op string) {
	if g == nil {
		Fail(op, nil, "the graph is nil")
	}
}

// Inputs returns the inputs in the order in which they were made. The slice must not be modified.
func (g *Graph) Inputs() []*Node { return g.inputs }

// Input adds an input of the given type, fed at run time. The name may be "", and need not be unique.
func (g *Graph) Input(name string, d DType, shape ...int) *Node {
	g.mustExist("input")
	t := Type{DType: d, Shape: slices.Clone(shape)}
	if !d.Valid() {
		Fail("input", nil, "unknown element type %v", d)
	}
	if err := checkSize(t); err != nil {
		Fail("input", nil, "%v", err)
	}
	n := g.leaf(inputOp, inputAttrs{Index: len(g.inputs)}, t)
	g.inputs = append(g.inputs, n)
	if name != "" {
		g.names[n.ID()] = name
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
	g.own(op, in)
	h := hashNode(op, attrs, in)
	if n := g.lookup(h, op, attrs, in); n != nil {
		return n
	}
	if !selfEqual(attrs) {
		Fail(op.Name, in, "attributes %+v hold a NaN", attrs)
	}
	kept := g.keep(in)
	t, err := op.Infer(kept, attrs)
	if err == nil {
		err = checkSize(t)
	}
	if err != nil {
		Fail(op.Name, kept, "%v", err)
	}
	return g.add(h, op, attrs, kept, shared(t, kept))
}

// Find returns the node that Apply would return if there is one already, else nil.
func (g *Graph) Find(op *Op, attrs any, in ...*Node) *Node {
	return g.lookup(hashNode(op, attrs, in), op, attrs, in)
}

// own refuses inputs that are not nodes of g.
func (g *Graph) own(op *Op, in []*Node) {
	for _, x := range in {
		switch {
		case x == nil:
			Fail(op.Name, in, "an input is nil")
		case x.graph != g:
			Fail(op.Name, in, "the inputs belong to different graphs")
		}
	}
}

// With runs build while every node made takes the user's line from n.
func (g *Graph) With(n *Node, build func()) {
	defer func(old uintptr) { g.origin = old }(g.origin)
	g.origin = g.adopt(n)
	build()
}

// Anew runs build while every node made takes the user's line from its caller, within With too: for functions of the
// user's that are called when a derivative is wanted.
func (g *Graph) Anew(build func()) {
	defer func(old uintptr) { g.origin = old }(g.origin)
	g.origin = 0
	build()
}

// Copy returns the node that applies n's op and attributes to other inputs, which may lie on another graph and
// must be of the types that n's inputs have. It keeps n's line, and its name if it has one.
func (g *Graph) Copy(n *Node, in ...*Node) *Node {
	g.own(n.op, in)
	defer func(old uintptr) { g.origin = old }(g.origin)
	g.origin = g.adopt(n)
	var c *Node
	switch {
	case n.op == inputOp:
		c = g.Input("", n.typ.DType, n.typ.Shape...)
	case n.op == constOp:
		c = g.copyConst(n)
	default:
		h := hashNode(n.op, n.attrs, in)
		if c = g.lookup(h, n.op, n.attrs, in); c == nil {
			c = g.add(h, n.op, n.attrs, g.keep(in), n.typ)
		}
	}
	if name := n.Name(); name != "" && c.Name() == "" {
		g.names[c.ID()] = name
	}
	return c
}
