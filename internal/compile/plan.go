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
	// last is the step after which the memory may be used again.
	last int
}

// place says where a node's value lies: in a root, some elements in.
type place struct {
	root   *root
	offset int // bytes
}

type planner struct {
	unit   Unit
	opts   Options
	order  []*graph.Node // nodes that are steps
	places map[*graph.Node]place
	commit []commit
	out    exec.Plan
	arena  arena
}

// commit is the last act of a donated input: a step that overwrites it, or a copy from src if step is nil.
type commit struct {
	input int
	step  *graph.Node
	src   place
}

// plan gives every value a place and returns the steps.
func plan(u Unit, opts Options) exec.Plan {
	p := planner{unit: u, opts: opts, places: map[*graph.Node]place{}}
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
	for i, n := range p.order {
		p.emit(i, n)
	}
	for _, c := range copies {
		p.emitCopy(c.slot, p.places[c.node])
	}
	p.emitCommit()
	p.out.Arena = p.arena.size
	return p.out
}

// findRoots schedules the steps in order of their IDs and finds the root of every node. A view whose elements lie
// in order shares its input's root.
func (p *planner) findRoots() {
	for i, n := range p.unit.Inputs {
		slot := exec.Slot{Space: exec.Input, Index: i, Len: n.Type().Size()}
		p.places[n] = place{root: &root{node: n, bytes: n.Type().Bytes(), slot: slot, placed: true}}
	}
	for _, n := range graph.Topo(p.unit.Outputs...) {
		if _, ok := p.places[n]; ok {
			continue
		}
		r := &root{node: n, bytes: n.Type().Bytes()}
		switch {
		case n.Op().Class == graph.View:
			l := n.Op().Layout(n)
			if l.Contiguous(n.Shape()) {
				base := p.places[n.In()[0]]
				p.places[n] = place{base.root, base.offset + l.Offset*n.DType().Size()}
				continue
			}
		case n.Op().Class == graph.Leaf:
			buf, _ := n.Constant()
			r.slot = exec.Slot{Space: exec.Constant, Index: len(p.out.Constants), Len: buf.Len}
			r.placed = true
			p.out.Constants = append(p.out.Constants, buf)
			p.places[n] = place{root: r}
			continue
		}
		p.order = append(p.order, n)
		p.places[n] = place{root: r}
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
		at := p.places[n]
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
		p.places[n].root.last = max(p.places[n].root.last, i)
		for _, x := range n.In() {
			p.places[x].root.last = max(p.places[x].root.last, i)
		}
	}
	end := len(p.order)
	for _, c := range copies {
		p.places[c.node].root.last = end
	}
	for _, c := range p.commit {
		if c.step == nil {
			c.src.root.last = end
			continue
		}
		for _, x := range c.step.In() {
			p.places[x].root.last = end
		}
	}
}

// emit makes a step of n and takes its memory: over an operand that ends here if that is legal, else from the
// arena. Then it frees what ends here.
func (p *planner) emit(i int, n *graph.Node) {
	at := p.places[n]
	taken := p.overwrite(i, n)
	if !at.root.placed {
		if taken != nil {
			at.root.slot = exec.Slot{Space: exec.Arena, Offset: taken.slot.Offset, Len: n.Type().Size()}
		} else {
			at.root.slot = exec.Slot{Space: exec.Arena, Offset: p.arena.alloc(at.root.bytes), Len: n.Type().Size()}
		}
		at.root.placed = true
	}
	p.step(n, p.slot(n))
	if p.opts.NoReuse {
		return
	}
	for j, x := range n.In() {
		if r := p.places[x].root; r != taken && r.last == i && r.slot.Space == exec.Arena && firstUse(p, n, j) {
			p.arena.release(r.slot.Offset, r.bytes)
		}
	}
	if at.root.last == i && at.root.slot.Space == exec.Arena {
		p.arena.release(at.root.slot.Offset, at.root.bytes)
	}
}

// firstUse reports whether operand j is the first of n's that lies in its root, so that it is freed once.
func firstUse(p *planner, n *graph.Node, j int) bool {
	for _, x := range n.In()[:j] {
		if p.places[x].root == p.places[n.In()[j]].root {
			return false
		}
	}
	return true
}

// overwrite returns the root of an operand of n that ends at step i and that n may overwrite, or nil. Each element
// that n writes must be the last to need what lies there: the operand fills its root, is as large as n, and every
// other operand in the root is the same one.
func (p *planner) overwrite(i int, n *graph.Node) *root {
	candidates := n.In()
	if n.Op().Class != graph.Map {
		candidates = candidates[:1]
	}
	if n.Op().Class != graph.Map && !n.Op().InPlace || p.opts.NoReuse || p.places[n].root.placed {
		return nil
	}
	for _, x := range candidates {
		r := p.places[x].root
		if r.slot.Space == exec.Arena && r.last == i && p.fits(n, x) && p.aligned(n, r) {
			return r
		}
	}
	return nil
}

// fits reports whether x fills its root and has n's size, element for element.
func (p *planner) fits(n, x *graph.Node) bool {
	at := p.places[x]
	return at.offset == 0 && at.root.bytes == x.Type().Bytes() && x.Type().Size() == n.Type().Size() &&
		x.DType().Size() == n.DType().Size()
}

// aligned reports whether every operand of n in r fits.
func (p *planner) aligned(n *graph.Node, r *root) bool {
	for _, x := range n.In() {
		if p.places[x].root == r && !p.fits(n, x) {
			return false
		}
	}
	return true
}

// slot returns where n's value lies.
func (p *planner) slot(n *graph.Node) exec.Slot {
	at := p.places[n]
	s := at.root.slot
	s.Offset += at.offset
	s.Len = n.Type().Size()
	return s
}

func (p *planner) step(n *graph.Node, out exec.Slot) {
	s := exec.Step{Node: n, Out: out, In: make([]exec.Slot, len(n.In()))}
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
	bytes := 0
	if to.Len > 0 {
		bytes = to.Len * from.root.node.DType().Size()
	}
	p.out.Steps = append(p.out.Steps, exec.Step{Out: to, In: []exec.Slot{src}, Bytes: bytes})
}
