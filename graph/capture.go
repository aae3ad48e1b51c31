package graph

import (
	"math"
	"slices"
	"sort"
)

// Capture runs build with nodes of the given types and makes a Func of what it adds to the graph: the function of
// params and captured, the nodes from outside that it uses. Nodes that do not depend on params are computed outside,
// once, and captured too, unless they may fail or lazy is set: then nothing that build adds is computed outside.
//
// It panics with an *Error if the function uses a parameter of another one that has been captured already.
func (g *Graph) Capture(types []Type, lazy bool, build func(params []*Node) []*Node) (f *Func, captured []*Node) {
	mark := g.Len()
	params := make([]*Node, len(types))
	for i, t := range types {
		params[i] = g.param(t)
	}
	outputs := g.scopes.during(params, func() []*Node { return build(params) })
	in := g.inside(params, outputs, mark, lazy)
	taken := map[*Node]bool{}
	for _, p := range params {
		taken[p] = true
	}
	capture := func(user, n *Node) {
		if !in[n] && !taken[n] {
			if n.isEscaped() {
				panic(escape(user, n))
			}
			taken[n] = true
			captured = append(captured, n)
		}
	}
	for _, n := range postorder(outputs, func(n *Node) bool { return !in[n] }) {
		if in[n] {
			for _, x := range n.In() {
				capture(n, x)
			}
		}
	}
	for _, n := range outputs {
		capture(n, n)
	}
	g.scopes.close(mark, g.Len())
	return g.Func(slices.Concat(params, captured), outputs), captured
}

// Stand runs build with nodes of the given types that stand for values which are not known while it runs, such as one
// of many examples. What build makes of them has a meaning within it alone: Escaped finds nodes that use it afterwards.
func (g *Graph) Stand(types []Type, build func(params []*Node)) {
	params := make([]*Node, len(types))
	for i, t := range types {
		params[i] = g.param(t)
	}
	g.scopes.during(params, func() []*Node { build(params); return nil })
}

// inside finds the nodes that belong into a captured function. It looks no further than where its values come from
// outside.
func (g *Graph) inside(params, outputs []*Node, mark int, lazy bool) map[*Node]bool {
	in := map[*Node]bool{}      // computed inside, or a parameter
	depends := map[*Node]bool{} // on a parameter
	for _, p := range params {
		depends[p] = true
	}
	added := func(n *Node) bool { return n.ID() >= mark || g.scopes.within(n) }
	outside := func(n *Node) bool { return !added(n) && !g.isFixed(n) }
	for _, n := range few(outputs, outside, math.MaxInt) {
		if depends[n] || outside(n) {
			continue
		}
		risky := n.op.Fails
		for _, x := range n.In() {
			depends[n] = depends[n] || depends[x]
			risky = risky || in[x] && !g.isFixed(x)
		}
		in[n] = g.isFixed(n) || len(n.In()) > 0 && (lazy || depends[n] || risky)
	}
	return in
}

// Captures reports whether a function is in the making, so that what is built now may come to lie on another graph.
func (g *Graph) Captures() bool { return len(g.scopes.open) > 0 }

// Within runs build, in which IsWithin holds for key.
func (g *Graph) Within(key any, build func()) {
	if g.scopes.building[key] {
		build()
		return
	}
	if g.scopes.building == nil {
		g.scopes.building = map[any]bool{}
	}
	g.scopes.building[key] = true
	defer delete(g.scopes.building, key)
	build()
}

// IsWithin reports whether it is called while Within builds for an equal key: so that what mentions itself comes to an
// end.
func (g *Graph) IsWithin(key any) bool { return g.scopes.building[key] }

// isFixed reports whether n is made of scalar constants alone.
func (g *Graph) isFixed(n *Node) bool {
	for id := len(g.fixed); id <= n.ID(); id++ {
		x := g.nodes[id]
		_, fixed := x.ScalarValue()
		if !fixed && len(x.In()) > 0 && x.op.Class != Opaque && !x.IsAlias() {
			fixed = !slices.ContainsFunc(x.In(), func(in *Node) bool { return !g.fixed[in.ID()] })
		}
		g.fixed = append(g.fixed, fixed)
	}
	return g.fixed[n.ID()]
}

// scopes remembers what was built for functions. A node that only a function has asked for may be one that nothing
// else should compute: another function that comes to the same node computes it too, and does not take it from
// outside.
type scopes struct {
	open     map[*Node]bool // parameters of functions in the making
	closed   [][2]int       // ranges of IDs of nodes made for functions, in order, none within another
	building map[any]bool   // see Within
}

// during runs build while params are open.
func (s *scopes) during(params []*Node, build func() []*Node) []*Node {
	if s.open == nil {
		s.open = map[*Node]bool{}
	}
	for _, p := range params {
		s.open[p] = true
	}
	defer func() {
		for _, p := range params {
			delete(s.open, p)
		}
	}()
	return build()
}

// close adds a range, which holds those that were added since it began.
func (s *scopes) close(from, to int) {
	for len(s.closed) > 0 && s.closed[len(s.closed)-1][0] >= from {
		s.closed = s.closed[:len(s.closed)-1]
	}
	s.closed = append(s.closed, [2]int{from, to})
}

// within reports whether n was made for a function.
func (s *scopes) within(n *Node) bool {
	k := sort.Search(len(s.closed), func(k int) bool { return s.closed[k][1] > n.ID() })
	return k < len(s.closed) && n.ID() >= s.closed[k][0]
}

// isEscaped reports whether n is a parameter of a function that has been made.
func (n *Node) isEscaped() bool { return n.op == paramOp && !n.graph.scopes.open[n] }

// escape says that user, or the caller if it is n itself, uses a parameter of a function outside of it.
func escape(user, n *Node) *Error {
	src := sourceOf(n.graph.line(user.pc))
	return &Error{Op: user.op.Name, Reason: "a variable of a loop's body, or of another function, is used outside of it",
		Operands: []string{n.String()}, Source: src.short(), File: src.file, Line: src.line}
}

// Escaped returns an *Error if one of the nodes, which are in topological order, uses a parameter of a function that
// has been made, nil if none does. The user's line is that of the first node that is no alias of the parameter.
func Escaped(order []*Node) error {
	var found *Node
	for _, n := range order {
		if n.stands().isEscaped() {
			found = n
			continue
		}
		for _, x := range n.In() {
			if p := x.stands(); p.isEscaped() {
				return escape(n, p)
			}
		}
	}
	if found != nil { // an output itself
		return escape(found, found)
	}
	return nil
}

// stands is what n is an alias of, or n.
func (n *Node) stands() *Node {
	for n.IsAlias() {
		n = n.In()[0]
	}
	return n
}
