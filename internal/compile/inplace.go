package compile

import (
	"chainrule/graph"
	"chainrule/internal/exec"
)

// A result may be written over an operand that nobody needs afterwards.

// overwrite returns the root of an operand that ends at step i and that n, a result of t, may overwrite, or nil.
func (p *planner) overwrite(i int, t *task, n *graph.Node) *root {
	if p.opts.NoReuse || !writesInPlace(n) {
		return nil
	}
	candidates := t.ins
	switch head := t.nodes[0]; {
	case n.Op().Class != graph.Map:
		candidates = candidates[:1]
	case head.Op().Class == graph.Contract:
		candidates = append([]*graph.Node{head}, candidates...)
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
