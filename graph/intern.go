package graph

import (
	"hash/maphash"
	"math/bits"
	"slices"
	"unsafe"
)

// slot is an entry of the table that finds a node by what it computes. The hash beside the ID spares most looks at
// nodes that are not the one.
type slot struct {
	hash uint32
	node int32 // ID + 1, 0 where the slot is free
}

// line is the number of slots in a cache line. A node is put, if there is room, in the line that belongs to its newest
// input, so that nodes made one after the other lie near each other; else, by open addressing with linear probing, at
// its hash. The table is at most half full, so that a line has room for twice the nodes that share a newest input
// on average, and an input with many users does not crowd its neighbours.
const line = 8

var seed = maphash.MakeSeed()

// hashNode mixes the op, the IDs of the inputs and the attributes.
func hashNode(op *Op, attrs any, in []*Node) uint32 {
	h := uint64(op.serial)<<32 | uint64(len(in))
	for _, x := range in {
		h = mix(h, uint64(x.ID()))
	}
	if attrs != nil {
		h = mix(h, maphash.Comparable(seed, attrs))
	}
	h = mix(h, 0)
	return uint32(h)
}

// mix folds the 128-bit product of h and x, each made odd-looking by a constant, as wyhash does.
func mix(h, x uint64) uint64 {
	hi, lo := bits.Mul64(h^0x9e3779b97f4a7c15, x^0xd1b54a32d192ed03)
	return hi ^ lo
}

// lookup returns the node that the arguments make, nil if there is none yet.
func (g *Graph) lookup(hash uint32, op *Op, attrs any, in []*Node) *Node {
	for _, s := range lineOf(g.table, hash, in) {
		if s.node == 0 {
			return nil
		}
		if s.hash == hash && g.nodes[s.node-1].same(op, attrs, in) {
			return g.nodes[s.node-1]
		}
	}
	mask := uint32(len(g.table) - 1)
	for i := hash & mask; g.table[i].node != 0; i = (i + stride(hash)) & mask {
		if s := g.table[i]; s.hash == hash && g.nodes[s.node-1].same(op, attrs, in) {
			return g.nodes[s.node-1]
		}
	}
	return nil
}

// lineOf returns the line of the newest of a node's inputs, or of the hash of a node that has none.
func lineOf(table []slot, hash uint32, in []*Node) *[line]slot {
	place := hash
	if len(in) > 0 {
		newest := in[0].id
		for _, x := range in[1:] {
			newest = max(newest, x.id)
		}
		place = uint32(newest) * 2 // at most half full: two slots for each node
	}
	return (*[line]slot)(table[place&uint32(len(table)-1)&^(line-1):])
}

func (n *Node) same(op *Op, attrs any, in []*Node) bool {
	if n.op != op || int(n.arity) != len(in) || n.attrs != attrs {
		return false
	}
	return slices.Equal(n.In(), in)
}

// selfEqual is false for attributes with a NaN, which no lookup could find again.
func selfEqual(attrs any) bool {
	twin := attrs
	return attrs == twin
}

// leaf returns the node without inputs that the arguments make.
func (g *Graph) leaf(op *Op, attrs any, t Type) *Node {
	h := hashNode(op, attrs, nil)
	if n := g.lookup(h, op, attrs, nil); n != nil {
		return n
	}
	return g.add(h, op, attrs, nil, shared(t, nil))
}

// add makes a node that lookup has just not found. The graph owns in from now on.
func (g *Graph) add(hash uint32, op *Op, attrs any, in []*Node, t *Type) *Node {
	if 2*len(g.nodes) >= len(g.table) {
		g.resize(2 * len(g.table))
	}
	if op == aliasOp {
		g.alias = max(g.alias, attrs.(aliasAttrs).Serial)
	}
	if len(g.nodeSlab) == 0 {
		g.nodeSlab = make([]Node, min(max(16, len(g.nodes)), 4096))
	}
	n := &g.nodeSlab[0]
	g.nodeSlab = g.nodeSlab[1:]
	n.op, n.graph, n.attrs, n.typ, n.pc = op, g, attrs, t, g.callerPC()
	n.in, n.arity, n.id = unsafe.SliceData(in), int32(len(in)), int32(len(g.nodes))
	g.nodes = append(g.nodes, n)
	insert(g.table, slot{hash, n.id + 1}, in)
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

// shared returns a pointer to t: an input's if that has the same type.
func shared(t Type, in []*Node) *Type {
	for _, x := range in {
		if x.typ.Equal(t) {
			return x.typ
		}
	}
	if t.Rank() == 0 {
		return &scalarTypes[t.DType.number]
	}
	return &t
}

var scalarTypes = [...]Type{{}, T(Float32), T(Float64), T(Int64), T(Bool)} // by the number of the element type

// insert puts s, of a node with the given inputs, into the first free slot that lookup looks at.
func insert(table []slot, s slot, in []*Node) {
	near := lineOf(table, s.hash, in)
	for i := range near {
		if near[i].node == 0 {
			near[i] = s
			return
		}
	}
	mask := uint32(len(table) - 1)
	i := s.hash & mask
	for table[i].node != 0 {
		i = (i + stride(s.hash)) & mask
	}
	table[i] = s
}

// stride is how far apart the slots are that are tried beyond the line: lines fill up side by side, so that the next slot
// is likely to be taken too. It is odd, and so comes to every slot of a table.
func stride(hash uint32) uint32 { return hash>>16 | 1 }

// resize gives the table another length, a power of two.
func (g *Graph) resize(length int) {
	table := make([]slot, length)
	for _, s := range g.table {
		if s.node != 0 {
			insert(table, s, g.nodes[s.node-1].In())
		}
	}
	g.table = table
}

// Grow makes room for n more nodes, so that a graph whose size is known costs less.
func (g *Graph) Grow(n int) {
	total := len(g.nodes) + n
	if 2*total > len(g.table) {
		g.resize(1 << bits.Len(uint(2*total-1)))
	}
	g.nodes = slices.Grow(g.nodes, n)
	if len(g.nodeSlab) < n {
		g.nodeSlab = make([]Node, n)
	}
}
