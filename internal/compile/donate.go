package compile

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// Donated inputs are overwritten at the very end, so that a run which fails before leaves them as they were. The
// step that makes the new value writes it there itself if nobody else needs the old one by then; otherwise the
// value is copied.

// commit is the last act of a donated input: a step that overwrites it, or a copy from src if step is nil. A group
// may overwrite several.
type commit struct {
	input int
	step  *task
	src   place
}

// placeDonated decides how each donated input gets its new value, and takes the steps that overwrite one out of
// the order.
func (p *planner) placeDonated() {
	if !slices.ContainsFunc(p.out.Donated, func(input int) bool { return input >= 0 }) {
		return
	}
	maker := map[*root]*task{}
	for _, t := range p.order {
		for _, x := range t.ins {
			p.at(x).root.users++
		}
		for _, n := range t.outs {
			maker[p.at(n).root] = t
		}
	}
	for _, n := range p.unit.Outputs {
		p.at(n).root.users++
	}
	for i, n := range p.unit.Outputs {
		if input := p.out.Donated[i]; input >= 0 {
			c := commit{input: input, src: p.at(n)}
			if t := maker[c.src.root]; t != nil && p.mayOverwrite(t, n, input) {
				c.step = t
			}
			p.commit = append(p.commit, c)
		}
	}
	p.dropPartial()
	p.withdraw()
	late := map[*task]bool{}
	for _, c := range p.commit {
		if c.step != nil {
			late[c.step] = true
			r := c.src.root
			r.slot = exec.Slot{Space: exec.Input, Index: c.input, Len: r.node.Type().Size()}
			r.placed = true
		}
	}
	p.order = slices.DeleteFunc(p.order, func(t *task) bool { return late[t] })
}

// mayOverwrite reports whether the step that makes output n may write over an input that it may read itself. Opaque
// ops may find that their data does not fit, and a run that fails must leave the input as it was.
func (p *planner) mayOverwrite(t *task, n *graph.Node, input int) bool {
	at := p.at(n)
	r := at.root
	return r.users == 1 && !r.placed && at.offset == 0 && r.bytes == n.Type().Bytes() &&
		r.node.Op().Class != graph.Opaque && p.mayWrite(t, r.node, p.at(p.unit.Inputs[input]).root)
}

// dropPartial keeps the steps of which every result overwrites an input: another result might be wanted before the
// end, and one that may not be written yet must not be.
func (p *planner) dropPartial() {
	results := map[*task]int{}
	for _, c := range p.commit {
		if c.step != nil {
			results[c.step]++
		}
	}
	for i, c := range p.commit {
		if c.step != nil && results[c.step] != len(c.step.outs) {
			p.commit[i].step = nil
		}
	}
}

// withdraw turns steps back into copies whose old value another step at the end still reads. Those that are turned back
// read it before the end, so that one turn is enough.
func (p *planner) withdraw() {
	readers := map[*root]int{} // by how many of the steps at the end
	reads := map[*task]map[*root]bool{}
	for _, c := range p.commit {
		if t := c.step; t != nil && reads[t] == nil {
			reads[t] = p.rootsRead(t)
			for r := range reads[t] {
				readers[r]++
			}
		}
	}
	back := map[*task]bool{}
	for _, c := range p.commit {
		if c.step == nil || back[c.step] {
			continue
		}
		old := p.at(p.unit.Inputs[c.input]).root
		others := readers[old]
		if reads[c.step][old] {
			others--
		}
		if others > 0 {
			back[c.step] = true
			for r := range reads[c.step] {
				readers[r]--
			}
		}
	}
	for i, c := range p.commit {
		if back[c.step] {
			p.commit[i].step = nil
		}
	}
}

// rootsRead is what a step reads.
func (p *planner) rootsRead(t *task) map[*root]bool {
	set := make(map[*root]bool, len(t.ins))
	for _, x := range t.ins {
		set[p.at(x).root] = true
	}
	return set
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
			p.emitCopy(saved.slot, c.src, p.unit.Inputs[c.input].Type())
			p.commit[i].src = place{root: saved}
		}
	}
	p.out.Commit = len(p.out.Steps)
	done := map[*task]bool{}
	for _, c := range p.commit {
		if c.step != nil && !done[c.step] {
			done[c.step] = true
			p.step(c.step)
		}
	}
	for _, c := range p.commit {
		to := exec.Slot{Space: exec.Input, Index: c.input, Len: p.unit.Inputs[c.input].Type().Size()}
		if c.step == nil && c.src.root.slot != to {
			p.emitCopy(to, c.src, p.unit.Inputs[c.input].Type())
		}
	}
}
