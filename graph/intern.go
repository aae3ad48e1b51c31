package graph

import (
	"hash/maphash"
	"math/bits"
)

// slot is an entry of the table that finds a node by what it computes: open addressing with linear probing, at
// most half full. The hash beside the ID spares most looks at nodes that are not the one, and all of them
// when the table grows.
type slot struct {
	hash uint32
	node int32 // ID + 1, 0 where the slot is free
}

var seed = maphash.MakeSeed()

// hashNode mixes the op, the IDs of the inputs and the attributes.
func hashNode(op *Op, attrs any, in []*Node) uint32 {
	h := uint64(op.serial)<<32 | uint64(len(in))
	for _, x := range in {
		h = mix(h, uint64(x.id))
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
	mask := uint32(len(g.table) - 1)
	for i := hash & mask; g.table[i].node != 0; i = (i + 1) & mask {
		if s := g.table[i]; s.hash == hash {
			if n := g.nodes[s.node-1]; n.same(op, attrs, in) {
				return n
			}
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
	return g.add(h, op, attrs, nil, t)
}

// add makes a node that lookup has just not found. The graph owns in from now on.
func (g *Graph) add(hash uint32, op *Op, attrs any, in []*Node, t Type) *Node {
	if 2*len(g.nodes) >= len(g.table) {
		g.grow()
	}
	if op == aliasOp {
		g.alias = max(g.alias, attrs.(aliasAttrs).Serial)
	}
	if len(g.nodeSlab) == 0 {
		g.nodeSlab = make([]Node, min(max(16, len(g.nodes)), 4096))
	}
	n := &g.nodeSlab[0]
	g.nodeSlab = g.nodeSlab[1:]
	n.op, n.graph, n.in, n.attrs, n.typ, n.id, n.pc = op, g, in, attrs, t, len(g.nodes), g.callerPC()
	g.nodes = append(g.nodes, n)
	insert(g.table, slot{hash, int32(n.id + 1)})
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

func insert(table []slot, s slot) {
	mask := uint32(len(table) - 1)
	i := s.hash & mask
	for table[i].node != 0 {
		i = (i + 1) & mask
	}
	table[i] = s
}

func (g *Graph) grow() {
	table := make([]slot, 2*len(g.table))
	for _, s := range g.table {
		if s.node != 0 {
			insert(table, s)
		}
	}
	g.table = table
}
