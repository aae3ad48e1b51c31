package exec

import (
	"slices"

	"chainrule/graph"
)

// JoinScalars puts steps on scalars that follow each other, copies among them, into one. A group of scalars reads all
// of its operands before it writes a result, so that such a step may write over what another one of them reads, and
// no value between them goes to memory and back. Bodies of loops consist of little else if what they carry are
// numbers.
//
//	mul, add → arena                   one group: mul, add → input 0, output 0
//	sub → output 0             →
//	copy arena → input 0
func JoinScalars(plan Plan) Plan {
	steps, commit := plan.Steps, plan.Commit
	plan.Steps = nil
	var last *joint // of the last step, if it is on scalars
	for i, s := range steps {
		if i == commit {
			plan.Commit = len(plan.Steps)
		}
		switch {
		case !s.onScalars():
			last = nil
			plan.Steps = append(plan.Steps, s)
			continue
		case last != nil && last.absorbs(s):
			if i == commit {
				plan.Commit = len(plan.Steps) - 1
			}
		default:
			last = newJoint()
			plan.Steps = append(plan.Steps, Step{})
		}
		last.add(s)
		if s.Node == nil && s.Members == nil && len(last.Members) == 0 && len(last.Copies) == 1 {
			plan.Steps[len(plan.Steps)-1] = s // a copy alone stays what it is
			continue
		}
		plan.Steps[len(plan.Steps)-1] = last.Step
	}
	if commit == len(steps) {
		plan.Commit = len(plan.Steps)
	}
	reads := map[memoryAt]int{}
	for _, s := range plan.Steps {
		s.eachRead(func(at Slot) { reads[at.at()]++ })
	}
	for i, s := range plan.Steps {
		if s.Members != nil && s.onScalars() {
			plan.Steps[i] = keepWanted(s, reads)
		}
	}
	return plan
}

// keepWanted is s, of which what lies in the arena is kept if a step reads it there: reads counts them.
func keepWanted(s Step, reads map[memoryAt]int) Step {
	wanted := func(at Slot) bool { return at.Space != Arena || reads[at.at()] > 0 }
	s.Members = slices.Clone(s.Members)
	for i, m := range s.Members {
		s.Members[i].Kept = m.Kept && wanted(m.Out)
	}
	s.Copies = slices.DeleteFunc(slices.Clone(s.Copies), func(c Copy) bool {
		if wanted(c.Out) {
			return false
		}
		if c.From < 0 {
			reads[c.In.at()]--
		}
		return true
	})
	return s
}

// eachRead calls f for every slot that a step reads.
func (s Step) eachRead(f func(at Slot)) {
	for _, in := range s.In {
		if s.Members == nil {
			f(in)
		}
	}
	own := nodesOf(s.Members)
	for _, m := range s.Members {
		for j, x := range m.Node.In() {
			if !own[x] {
				f(m.In[j])
			}
		}
	}
	for _, c := range s.Copies {
		if c.From < 0 {
			f(c.In)
		}
	}
}

func nodesOf(members []Member) map[*graph.Node]bool {
	set := make(map[*graph.Node]bool, len(members))
	for _, m := range members {
		set[m.Node] = true
	}
	return set
}

// Copy takes the value that member From of a group has, or, if From is −1, what lies in slot In before the group
// runs, to slot Out.
type Copy struct {
	From    int
	In, Out Slot
	Bytes   int
}

// onScalars reports whether s is nothing but Maps of one element, or copies one.
func (s Step) onScalars() bool {
	switch {
	case s.Members != nil:
		return s.ofOne()
	case s.Node == nil:
		return s.Out.Len == 1 && s.Bytes <= 8
	}
	return s.Node.Op().Class == graph.Map && s.Node.Type().Size() == 1 && !slices.ContainsFunc(s.In, func(in Slot) bool {
		return in.Len != 1
	})
}

// joint is a group of scalars that steps are being put into. It knows who writes where.
type joint struct {
	Step
	has    map[*graph.Node]bool
	writer map[memoryAt]int // the last member that leaves its value there
	copier map[memoryAt]int // the last copy that goes there
}

func newJoint() *joint {
	return &joint{Step{Members: []Member{}}, map[*graph.Node]bool{}, map[memoryAt]int{}, map[memoryAt]int{}}
}

// absorbs reports whether the group followed by t does what the two steps do: what t reads from memory has not been
// written by the group, but for results of its members and what is copied, and no copy of the group comes after a result
// of t for the same place.
func (s *joint) absorbs(t Step) bool {
	if t.Members == nil && t.Node == nil {
		return true
	}
	members := t.grouped().Members
	own := nodesOf(members)
	for _, m := range members {
		for j, x := range m.Node.In() {
			if !s.has[x] && !own[x] && s.writes(m.In[j].at()) {
				return false
			}
		}
		if _, copied := s.copier[m.Out.at()]; m.Kept && copied {
			return false
		}
	}
	return true
}

// writes reports whether the group leaves anything at a place.
func (s *joint) writes(to memoryAt) bool {
	_, writes := s.writer[to]
	_, copies := s.copier[to]
	return writes || copies
}

// add puts t behind what there is.
func (s *joint) add(t Step) {
	if t.Members == nil && t.Node == nil {
		c := s.copying(t)
		s.copier[c.Out.at()] = len(s.Copies)
		s.Copies = append(s.Copies, c)
		return
	}
	t = t.grouped()
	for _, m := range t.Members {
		s.has[m.Node] = true
		if m.Kept {
			s.writer[m.Out.at()] = len(s.Members)
		}
		s.Members = append(s.Members, m)
	}
}

// copying is a step that copies, after the group.
func (s *joint) copying(t Step) Copy {
	if k, copied := s.copier[t.In[0].at()]; copied {
		c := s.Copies[k]
		return Copy{c.From, c.In, t.Out, t.Bytes}
	}
	from, written := s.writer[t.In[0].at()]
	if !written {
		from = -1
	}
	return Copy{from, t.In[0], t.Out, t.Bytes}
}

// grouped is a step on scalars as a group.
func (s Step) grouped() Step {
	switch {
	case s.Members != nil:
		return s
	case s.Node == nil:
		return Step{Members: []Member{}, Copies: []Copy{{From: -1, In: s.In[0], Out: s.Out, Bytes: s.Bytes}}}
	}
	return Step{Members: []Member{{Node: s.Node, Out: s.Out, Kept: true, In: s.In}}}
}

// memoryAt is where a slot of a single element lies.
type memoryAt struct {
	space         Space
	index, offset int
}

func (s Slot) at() memoryAt { return memoryAt{s.Space, s.Index, s.Offset} }
