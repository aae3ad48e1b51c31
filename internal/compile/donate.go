package compile

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// Donated inputs are overwritten at the very end, so that a run which fails before leaves them as they were. The
// step that makes the new value writes it there itself if nobody else needs the old one by then; otherwise the
// value is copied.

// placeDonated decides how each donated input gets its new value, and takes the steps that overwrite one out of
// the order.
func (p *planner) placeDonated() {
	users := map[*root]int{}
	for _, n := range p.order {
		for _, x := range n.In() {
			users[p.places[x].root]++
		}
	}
	for _, n := range p.unit.Outputs {
		users[p.places[n].root]++
	}
	for i, n := range p.unit.Outputs {
		input := p.out.Donated[i]
		if input < 0 {
			continue
		}
		c := commit{input: input, src: p.places[n]}
		if r := c.src.root; users[r] == 1 && p.mayOverwrite(n, input) {
			c.step = r.node
		}
		p.commit = append(p.commit, c)
	}
	p.withdraw()
	for _, c := range p.commit {
		if c.step != nil {
			p.order = slices.Delete(p.order, slices.Index(p.order, c.step), slices.Index(p.order, c.step)+1)
			r := p.places[c.step].root
			r.slot = exec.Slot{Space: exec.Input, Index: c.input, Len: c.step.Type().Size()}
			r.placed = true
		}
	}
}

// mayOverwrite reports whether the step that makes output n may write over an input that it may read itself.
func (p *planner) mayOverwrite(n *graph.Node, input int) bool {
	at := p.places[n]
	step := at.root.node
	in := p.places[p.unit.Inputs[input]].root
	return !at.root.placed && at.offset == 0 && at.root.bytes == n.Type().Bytes() &&
		step.Op().Class == graph.Map && p.aligned(step, in)
}

// withdraw turns steps back into copies whose old value another step at the end still reads.
func (p *planner) withdraw() {
	for again := true; again; {
		again = false
		for i, c := range p.commit {
			if c.step != nil && p.readByOthers(i, p.places[p.unit.Inputs[c.input]].root) {
				p.commit[i].step = nil
				again = true
			}
		}
	}
}

func (p *planner) readByOthers(except int, r *root) bool {
	for i, c := range p.commit {
		if i == except || c.step == nil {
			continue
		}
		for _, x := range c.step.In() {
			if p.places[x].root == r {
				return true
			}
		}
	}
	return false
}

// emitCommit appends the steps that overwrite donated inputs. A new value that is another donated input's old one
// is first saved in the arena.
func (p *planner) emitCommit() {
	for i, c := range p.commit {
		r := c.src.root
		if c.step == nil && r.slot.Space == exec.Input && r.slot.Index != c.input {
			length := p.unit.Inputs[c.input].Type().Size()
			saved := &root{node: r.node, bytes: r.bytes,
				slot: exec.Slot{Space: exec.Arena, Offset: p.arena.alloc(r.bytes), Len: length}}
			p.emitCopy(saved.slot, c.src)
			p.commit[i].src = place{root: saved}
		}
	}
	p.out.Commit = len(p.out.Steps)
	for _, c := range p.commit {
		if c.step != nil {
			p.step(c.step, p.slot(c.step))
		}
	}
	for _, c := range p.commit {
		to := exec.Slot{Space: exec.Input, Index: c.input, Len: p.unit.Inputs[c.input].Type().Size()}
		if c.step == nil && c.src.root.slot != to {
			p.emitCopy(to, c.src)
		}
	}
}
