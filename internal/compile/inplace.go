package compile

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// A result may be written over an operand that nobody needs afterwards.

// overwrite returns the root of an operand that ends at step i and that n, a result of t, may overwrite, or nil.
func (p *planner) overwrite(i int, t *task, n *graph.Node) *root {
	if p.opts.NoReuse || !writesInPlace(n) {
		return nil
	}
	if t.group && n.Op().Class == graph.Map {
		return p.overwriteInGroup(i, t, n)
	}
	candidates := t.ins
	if n.Op().Class != graph.Map {
		candidates = candidates[:1]
	}
	for _, x := range candidates {
		r := p.at(x).root
		if r.slot.Space == exec.Arena && !r.freed && r.last == i && p.fits(n, x) && p.mayWrite(t, n, r) {
			return r
		}
	}
	return nil
}

func writesInPlace(n *graph.Node) bool { return n.Op().Class == graph.Map || n.Op().InPlace }

// mayWrite reports whether n, a result of t, may lie in r, from which t reads. Each element that n writes must be the
// last to need what lies there: every operand of t in r fills it and is as large as n, element for element, and
// none is read after n is written. An op that is no Map may read an element again after it has written there, so
// that one reads nothing else of r than its input 0.
func (p *planner) mayWrite(t *task, n *graph.Node, r *root) bool {
	if t.group && n.Op().Class == graph.Map {
		return p.readingsOf(t).mayWrite(n, r)
	}
	written := false
	for _, m := range t.nodes {
		for j, x := range m.In() {
			if p.at(x).root == r && (written || !p.overwritable(n, x, j) || m != n && m.Op().Class != graph.Map) {
				return false
			}
		}
		written = written || m == n
	}
	return true
}

// overwritable reports whether n may be written over x, operand j of its task's nodes.
func (p *planner) overwritable(n, x *graph.Node, j int) bool {
	if n.Op().Class == graph.Map {
		return p.fits(n, x)
	}
	return n.Op().InPlace && j == 0 && p.fits(n, x) && x.Type().Equal(n.Type())
}

// fits reports whether x fills its root and has n's size, element for element.
func (p *planner) fits(n, x *graph.Node) bool {
	at := p.at(x)
	return at.offset == 0 && at.root.bytes == x.Type().Bytes() && x.Type().Size() == n.Type().Size() &&
		x.DType().Size() == n.DType().Size()
}

// readings is how the members of a group read roots. To look through all members for every result would take the square
// of their number.
type readings struct {
	member map[*graph.Node]int
	of     map[*root]*reading
	// free lists the roots in the arena that results may be written over, in the order of the operands.
	free   []*root
	listed bool
}

// reading is how members read one root.
type reading struct {
	last       int  // the last member that reads it
	plain      bool // all operands fill the root, have one size, and are operands of Maps
	size, elem int
}

// readingsOf finds how t's members read, when it is asked first.
func (p *planner) readingsOf(t *task) *readings {
	if t.reads != nil {
		return t.reads
	}
	t.reads = &readings{member: make(map[*graph.Node]int, len(t.nodes)), of: map[*root]*reading{}}
	for k, m := range t.nodes {
		t.reads.member[m] = k
		for _, x := range m.In() {
			r := p.at(x).root
			of := t.reads.of[r]
			if of == nil {
				of = &reading{plain: true, size: x.Type().Size(), elem: x.DType().Size()}
				t.reads.of[r] = of
			}
			of.last = k
			of.plain = of.plain && p.fits(x, x) && x.Type().Size() == of.size && x.DType().Size() == of.elem &&
				m.Op().Class == graph.Map
		}
	}
	return t.reads
}

// mayWrite is planner.mayWrite for a Map.
func (g *readings) mayWrite(n *graph.Node, r *root) bool {
	of := g.of[r]
	return of == nil || of.plain && of.last <= g.member[n] && of.size == n.Type().Size() && of.elem == n.DType().Size()
}

// overwriteInGroup is overwrite for a Map of a group. Results are placed in the order of members.
func (p *planner) overwriteInGroup(i int, t *task, n *graph.Node) *root {
	g := p.readingsOf(t)
	if !g.listed {
		g.listed = true
		for _, x := range t.ins {
			r := p.at(x).root
			if of := g.of[r]; r.slot.Space == exec.Arena && !r.freed && r.last == i && of != nil && of.plain {
				g.free = append(g.free, r)
			}
		}
	}
	for k, r := range g.free {
		if !r.freed && g.mayWrite(n, r) {
			g.free = slices.Delete(g.free, k, k+1)
			return r
		}
	}
	return nil
}
