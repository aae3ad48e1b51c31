package graph

import "weak"

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
