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
	for i, s := range steps {
		if i == commit {
			plan.Commit = len(plan.Steps)
		}
		last := len(plan.Steps) - 1
		if last >= 0 && plan.Steps[last].absorbs(s) {
			if i == commit {
				plan.Commit = last
			}
			plan.Steps[last] = plan.Steps[last].with(s)
			continue
		}
		if s.Node != nil && s.onScalars() {
			s = s.grouped()
		}
		plan.Steps = append(plan.Steps, s)
	}
	if commit == len(steps) {
		plan.Commit = len(plan.Steps)
	}
	for i, s := range plan.Steps {
		if s.Members != nil && s.onScalars() {
			plan.Steps[i] = keepWanted(s, plan.Steps)
		}
	}
	return plan
}

// keepWanted is s, of which what lies in the arena is kept if another step reads it there.
func keepWanted(s Step, steps []Step) Step {
	wanted := func(at Slot) bool {
		return at.Space != Arena || slices.ContainsFunc(steps, func(t Step) bool { return t.reads(at) })
	}
	s.Members = slices.Clone(s.Members)
	for i, m := range s.Members {
		s.Members[i].Kept = m.Kept && wanted(m.Out)
	}
	s.Copies = slices.DeleteFunc(slices.Clone(s.Copies), func(c Copy) bool { return !wanted(c.Out) })
	return s
}

// reads reports whether a step reads memory at a slot.
func (s Step) reads(at Slot) bool {
	meets := func(in Slot) bool { return in.meets(at) }
	if s.Members == nil {
		return slices.ContainsFunc(s.In, meets)
	}
	for _, m := range s.Members {
		for j, x := range m.Node.In() {
			if !s.has(x) && meets(m.In[j]) {
				return true
			}
		}
	}
	return slices.ContainsFunc(s.Copies, func(c Copy) bool { return c.From < 0 && meets(c.In) })
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

// absorbs reports whether a group of s and then t does what the two steps do: what t reads from memory has not been
// written by s, but for results of s's members and what is copied, and no copy of s comes after a result of t for the
// same place.
func (s Step) absorbs(t Step) bool {
	if !s.onScalars() || !t.onScalars() {
		return false
	}
	s = s.grouped()
	if t.Members == nil && t.Node == nil {
		return true
	}
	for _, m := range t.grouped().Members {
		for j, x := range m.Node.In() {
			if !s.has(x) && !t.has(x) && s.writes(m.In[j]) {
				return false
			}
		}
		if m.Kept && slices.ContainsFunc(s.Copies, func(c Copy) bool { return c.Out.meets(m.Out) }) {
			return false
		}
	}
	return true
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

func (s Step) has(n *graph.Node) bool {
	return n == s.Node || slices.ContainsFunc(s.Members, func(m Member) bool { return m.Node == n })
}

// writes reports whether a group leaves anything at a slot.
func (s Step) writes(to Slot) bool {
	return s.writer(to) >= 0 || slices.ContainsFunc(s.Copies, func(c Copy) bool { return c.Out.meets(to) })
}

// writer is the last member that leaves its value at a slot, −1 if there is none.
func (s Step) writer(to Slot) int {
	for i, m := range slices.Backward(s.Members) {
		if m.Kept && m.Out.meets(to) {
			return i
		}
	}
	return -1
}

// meets reports whether slots of single elements share memory. Offsets of elements are multiples of their sizes, and
// values of the arena begin at multiples of 64.
func (s Slot) meets(t Slot) bool {
	return s.Space == t.Space && s.Index == t.Index && s.Offset == t.Offset
}

// copying is a step that copies, after s.
func (s Step) copying(t Step) Copy {
	for _, c := range slices.Backward(s.Copies) {
		if c.Out.meets(t.In[0]) {
			return Copy{c.From, c.In, t.Out, t.Bytes}
		}
	}
	return Copy{s.writer(t.In[0]), t.In[0], t.Out, t.Bytes}
}

// with is the group of s and then t.
func (s Step) with(t Step) Step {
	s = s.grouped()
	joined := Step{Members: slices.Clone(s.Members), Copies: slices.Clone(s.Copies)}
	if t.Members == nil && t.Node == nil {
		joined.Copies = append(joined.Copies, s.copying(t))
		return joined
	}
	joined.Members = append(joined.Members, t.grouped().Members...)
	return joined
}
