package compile

import (
	"chainrule/graph"
	"chainrule/internal/exec"
)

// root is a value with memory of its own.
type root struct {
	node  *graph.Node
	bytes int
	slot  exec.Slot
	// placed says that the slot is known: inputs, constants, outputs, and arena values once their step has come.
	placed bool
	// freed says that the memory has gone back to the arena.
	freed bool
	// last is the step after which the memory may be used again.
	last int
	// users counts the operands and outputs that lie in it.
	users int
}

// place says where a node's value lies: in a root, some bytes in.
type place struct {
	root   *root
	offset int
}

type planner struct {
	unit   Unit
	opts   Options
	order  []*graph.Node // nodes that are steps
	places []place       // by node ID
	commit []commit
	out    exec.Plan
	arena  arena

	roots slab[root]
	slots slab[exec.Slot]
}

// slab cuts short slices from long ones, which spares the collector much.
type slab[T any] struct{ rest []T }

func (s *slab[T]) take(n int) []T {
	if len(s.rest) < n {
		s.rest = make([]T, max(n, 1024))
	}
	taken := s.rest[:n:n]
	s.rest = s.rest[n:]
	return taken
}

// plan gives every value a place and returns the steps.
func plan(u Unit, opts Options) exec.Plan {
	p := planner{unit: u, opts: opts, places: make([]place, u.graph().Len())}
	p.out.Inputs = u.Inputs
	p.out.Workers = max(1, opts.Workers)
	p.out.Donated = u.Donated
	if p.out.Donated == nil {
		p.out.Donated = make([]int, len(u.Outputs))
		for i := range p.out.Donated {
			p.out.Donated[i] = -1
		}
	}
	p.findRoots()
	copies := p.placeOutputs()
	p.placeDonated()
	p.findLast(copies)
	p.out.Steps = make([]exec.Step, 0, len(p.order)+len(copies)+2*len(p.commit))
	for i, n := range p.order {
		p.emit(i, n)
	}
	for _, c := range copies {
		p.emitCopy(c.slot, p.at(c.node))
	}
	p.emitCommit()
	p.out.Arena = p.arena.size
	return p.out
}

func (p *planner) at(n *graph.Node) place { return p.places[n.ID()] }

// newRoot gives n memory of its own.
func (p *planner) newRoot(n *graph.Node) *root {
	r := &p.roots.take(1)[0]
	*r = root{node: n, bytes: n.Type().Bytes()}
	p.places[n.ID()] = place{root: r}
	return r
}

// findRoots schedules the steps in order of their IDs and finds the root of every node. A view whose elements lie
// in order shares its input's root.
func (p *planner) findRoots() {
	for i, n := range p.unit.Inputs {
		r := p.newRoot(n)
		r.slot, r.placed = exec.Slot{Space: exec.Input, Index: i, Len: n.Type().Size()}, true
	}
	all := graph.Topo(p.unit.Outputs...)
	p.order = make([]*graph.Node, 0, len(all))
	for _, n := range all {
		switch {
		case n.IsInput():
			continue
		case n.Op().Class == graph.Leaf:
			r := p.newRoot(n)
			buf, _ := n.Constant()
			r.slot, r.placed = exec.Slot{Space: exec.Constant, Index: len(p.out.Constants), Len: buf.Len}, true
			p.out.Constants = append(p.out.Constants, buf)
			continue
		case n.Op().Class == graph.View:
			if l := n.Op().Layout(n); l.Contiguous(n.Shape()) {
				base := p.at(n.In()[0])
				p.places[n.ID()] = place{base.root, base.offset + l.Offset*n.DType().Size()}
				continue
			}
		}
		p.order = append(p.order, n)
		p.newRoot(n)
	}
}

type outputCopy struct {
	node *graph.Node
	slot exec.Slot
}

// placeOutputs lets the roots that outputs cover be computed in the caller's memory. It returns the outputs that
// must be copied there: inputs, constants, parts of a root, and nodes that are an output already.
func (p *planner) placeOutputs() []outputCopy {
	var copies []outputCopy
	for i, n := range p.unit.Outputs {
		p.out.Outputs = append(p.out.Outputs, n.Type())
		if p.out.Donated[i] >= 0 {
			continue
		}
		slot := exec.Slot{Space: exec.Output, Index: i, Len: n.Type().Size()}
		at := p.at(n)
		if at.root.placed || at.offset != 0 || at.root.bytes != n.Type().Bytes() {
			copies = append(copies, outputCopy{n, slot})
			continue
		}
		at.root.slot, at.root.placed = slot, true
	}
	return copies
}

// findLast finds the step of the last use of every root. What is used after the steps lives to their end.
func (p *planner) findLast(copies []outputCopy) {
	for i, n := range p.order {
		p.at(n).root.last = max(p.at(n).root.last, i)
		for _, x := range n.In() {
			p.at(x).root.last = max(p.at(x).root.last, i)
		}
	}
	end := len(p.order)
	for _, c := range copies {
		p.at(c.node).root.last = end
	}
	for _, c := range p.commit {
		if c.step == nil {
			c.src.root.last = end
			continue
		}
		for _, x := range c.step.In() {
			p.at(x).root.last = end
		}
	}
}

// emit makes a step of n and takes its memory: over an operand that ends here if that is legal, else from the
// arena. Then it frees what ends here.
func (p *planner) emit(i int, n *graph.Node) {
	r := p.at(n).root
	taken := p.overwrite(i, n)
	if !r.placed {
		r.slot, r.placed = exec.Slot{Space: exec.Arena, Len: n.Type().Size()}, true
		if taken != nil {
			r.slot.Offset = taken.slot.Offset
			taken.freed = true
		} else {
			r.slot.Offset = p.arena.alloc(r.bytes)
		}
	}
	p.step(n, p.slot(n))
	if p.opts.NoReuse {
		return
	}
	for _, x := range n.In() {
		p.freeAfter(i, p.at(x).root)
	}
	p.freeAfter(i, r)
}

// freeAfter returns the memory of a root to the arena if step i is its last.
func (p *planner) freeAfter(i int, r *root) {
	if r.last == i && r.slot.Space == exec.Arena && !r.freed {
		p.arena.release(r.slot.Offset, r.bytes)
		r.freed = true
	}
}

// overwrite returns the root of an operand of n that ends at step i and that n may overwrite, or nil. Each element
// that n writes must be the last to need what lies there: the operand fills its root, is as large as n, and every
// other operand in the root is the same one. An op that is no Map may read an element again after it has written
// there, unless it is marked InPlace, and then only over its input 0.
func (p *planner) overwrite(i int, n *graph.Node) *root {
	isMap := n.Op().Class == graph.Map
	if !isMap && !n.Op().InPlace || p.opts.NoReuse || p.at(n).root.placed {
		return nil
	}
	candidates := n.In()
	if !isMap {
		candidates = candidates[:1]
	}
	for _, x := range candidates {
		r := p.at(x).root
		if r.slot.Space == exec.Arena && r.last == i && p.fits(n, x) && p.aligned(n, r) && (isMap || p.once(n, r)) {
			return r
		}
	}
	return nil
}

// fits reports whether x fills its root and has n's size, element for element.
func (p *planner) fits(n, x *graph.Node) bool {
	at := p.at(x)
	return at.offset == 0 && at.root.bytes == x.Type().Bytes() && x.Type().Size() == n.Type().Size() &&
		x.DType().Size() == n.DType().Size()
}

// aligned reports whether every operand of n in r fits.
func (p *planner) aligned(n *graph.Node, r *root) bool {
	for _, x := range n.In() {
		if p.at(x).root == r && !p.fits(n, x) {
			return false
		}
	}
	return true
}

// once reports whether only input 0 of n lies in r.
func (p *planner) once(n *graph.Node, r *root) bool {
	for _, x := range n.In()[1:] {
		if p.at(x).root == r {
			return false
		}
	}
	return true
}

// slot returns where n's value lies.
func (p *planner) slot(n *graph.Node) exec.Slot {
	at := p.at(n)
	s := at.root.slot
	s.Offset += at.offset
	s.Len = n.Type().Size()
	return s
}

func (p *planner) step(n *graph.Node, out exec.Slot) {
	s := exec.Step{Node: n, Out: out, In: p.slots.take(len(n.In()))}
	for j, x := range n.In() {
		s.In[j] = p.slot(x)
	}
	p.out.Steps = append(p.out.Steps, s)
}

// emitCopy copies a value to another slot.
func (p *planner) emitCopy(to exec.Slot, from place) {
	src := from.root.slot
	src.Offset += from.offset
	src.Len = to.Len
	in := p.slots.take(1)
	in[0] = src
	bytes := to.Len * from.root.node.DType().Size()
	p.out.Steps = append(p.out.Steps, exec.Step{Out: to, In: in, Bytes: bytes})
}
