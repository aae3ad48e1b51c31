package compile

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// Donated inputs are overwritten at the very end, so that a run which fails before leaves them as they were. The
// step that makes the new value writes it there itself if nobody else needs the old one by then; otherwise the
// value is copied.

// commit is the last act of a donated input: a step that overwrites it, or a copy from src if step is nil.
type commit struct {
	input int
	step  *graph.Node
	src   place
}

// placeDonated decides how each donated input gets its new value, and takes the steps that overwrite one out of
// the order.
func (p *planner) placeDonated() {
	if !slices.ContainsFunc(p.out.Donated, func(input int) bool { return input >= 0 }) {
		return
	}
	for _, n := range p.order {
		for _, x := range n.In() {
			p.at(x).root.users++
		}
	}
	for _, n := range p.unit.Outputs {
		p.at(n).root.users++
	}
	for i, n := range p.unit.Outputs {
		input := p.out.Donated[i]
		if input < 0 {
			continue
		}
		c := commit{input: input, src: p.at(n)}
		if r := c.src.root; r.users == 1 && p.mayOverwrite(n, input) {
			c.step = r.node
		}
		p.commit = append(p.commit, c)
	}
	p.withdraw()
	late := map[*graph.Node]bool{}
	for _, c := range p.commit {
		if c.step != nil {
			late[c.step] = true
			r := p.at(c.step).root
			r.slot = exec.Slot{Space: exec.Input, Index: c.input, Len: c.step.Type().Size()}
			r.placed = true
		}
	}
	p.order = slices.DeleteFunc(p.order, func(n *graph.Node) bool { return late[n] })
}

// mayOverwrite reports whether the step that makes output n may write over an input that it may read itself.
func (p *planner) mayOverwrite(n *graph.Node, input int) bool {
	at := p.at(n)
	step := at.root.node
	in := p.at(p.unit.Inputs[input]).root
	return !at.root.placed && at.offset == 0 && at.root.bytes == n.Type().Bytes() &&
		step.Op().Class == graph.Map && p.aligned(step, in)
}

// withdraw turns steps back into copies whose old value another step at the end still reads.
func (p *planner) withdraw() {
	readers := map[*root]int{} // by how many of the steps at the end
	count := func(step *graph.Node, by int) {
		for i, x := range step.In() {
			if !p.readBefore(step, i) {
				readers[p.at(x).root] += by
			}
		}
	}
	for _, c := range p.commit {
		if c.step != nil {
			count(c.step, 1)
		}
	}
	for again := true; again; {
		again = false
		for i, c := range p.commit {
			if c.step == nil {
				continue
			}
			old := p.at(p.unit.Inputs[c.input]).root
			others := readers[old]
			if slices.ContainsFunc(c.step.In(), func(x *graph.Node) bool { return p.at(x).root == old }) {
				others--
			}
			if others > 0 {
				count(c.step, -1)
				p.commit[i].step = nil
				again = true
			}
		}
	}
}

// readBefore reports whether an operand before operand i lies in its root.
func (p *planner) readBefore(step *graph.Node, i int) bool {
	r := p.at(step.In()[i]).root
	return slices.ContainsFunc(step.In()[:i], func(x *graph.Node) bool { return p.at(x).root == r })
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
