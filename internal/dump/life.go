package dump

import (
	"cmp"
	"slices"

	"chainrule/graph"
	"chainrule/internal/exec"
)

// A dump reads from the finished plan alone what became of memory, so that it shows what the program does, not what
// the planner meant.

// result is a value that a step writes: member is the number of the member that makes it, 0 for steps of one node.
type result struct {
	node   *graph.Node // nil for a copy
	member int
	slot   exec.Slot
	bytes  int
}

// results lists what a step writes and later ones may read.
func results(s exec.Step) []result {
	switch {
	case s.Members != nil:
		var all []result
		for i, m := range s.Members {
			if m.Kept {
				all = append(all, result{m.Node, i, m.Out, m.Node.Type().Bytes()})
			}
		}
		return all
	case s.Node == nil:
		return []result{{slot: s.Out, bytes: s.Bytes}}
	}
	return []result{{s.Node, 0, s.Out, s.Node.Type().Bytes()}}
}

// operand is a value that a step reads from outside.
type operand struct {
	node  *graph.Node // nil for a copy
	slot  exec.Slot
	bytes int
}

// operands lists what a step reads, each value once.
func operands(s exec.Step) []operand {
	if s.Members == nil && s.Node == nil {
		return []operand{{slot: s.In[0], bytes: s.Bytes}}
	}
	var all []operand
	inside := map[*graph.Node]bool{}
	add := func(n *graph.Node, in []exec.Slot) {
		for j, x := range n.In() {
			if !inside[x] {
				inside[x] = true // each counts once
				all = append(all, operand{x, in[j], x.Type().Bytes()})
			}
		}
	}
	for _, m := range s.Members {
		inside[m.Node] = true
	}
	for _, m := range s.Members {
		add(m.Node, m.In)
	}
	if s.Node != nil {
		add(s.Node, s.In)
	}
	return all
}

// traffic is the bytes that a step reads and writes. A view reads no more than it writes.
func traffic(s exec.Step) int {
	read, written := 0, 0
	for _, x := range operands(s) {
		read += x.bytes
	}
	for _, y := range results(s) {
		written += y.bytes
	}
	if s.Node != nil && s.Node.Op().Class == graph.View {
		read = min(read, written)
	}
	return read + written
}

// flops is what the ops of a step count of theirs.
func flops(s exec.Step) float64 {
	count := func(n *graph.Node) float64 {
		if n.Op().Flops == nil {
			return 0
		}
		return n.Op().Flops(n)
	}
	if s.Node != nil {
		return count(s.Node)
	}
	sum := 0.0
	for _, m := range s.Members {
		sum += count(m.Node)
	}
	return sum
}

// life is the stay of a value in the arena: from the step that makes it to the last that reads it.
type life struct {
	result
	born, last int
	// heir says that a result of the last step lies over it.
	heir bool
}

func (l life) end() int { return l.slot.Offset + l.bytes }

// lives finds the stay of every value of the arena, in the order of the steps.
func lives(steps []exec.Step) []life {
	var all []life
	var live []int // the values that nothing has overwritten, by offset
	for i, s := range steps {
		for _, x := range operands(s) {
			if x.slot.Space != exec.Arena || x.bytes == 0 {
				continue
			}
			if k := holder(all, live, x.slot.Offset); k >= 0 {
				all[live[k]].last = i
			}
		}
		for _, y := range results(s) {
			if y.slot.Space != exec.Arena || y.bytes == 0 {
				continue
			}
			l := life{result: y, born: i, last: i}
			from := firstFrom(all, live, l.slot.Offset+1)
			if k := holder(all, live, l.slot.Offset); k >= 0 {
				from = k
			}
			to := max(from, firstFrom(all, live, l.end()))
			for _, id := range live[from:to] {
				all[id].heir = all[id].last == i
			}
			live = slices.Replace(live, from, to, len(all))
			all = append(all, l)
		}
	}
	return all
}

// firstFrom is the index in live of the first value at an offset or behind it.
func firstFrom(all []life, live []int, offset int) int {
	k, _ := slices.BinarySearchFunc(live, offset, func(id, offset int) int {
		return cmp.Compare(all[id].slot.Offset, offset)
	})
	return k
}

// holder is the index in live of the value that has a byte at an offset, or −1.
func holder(all []life, live []int, offset int) int {
	k := firstFrom(all, live, offset+1) - 1
	if k >= 0 && all[live[k]].end() > offset {
		return k
	}
	return -1
}

// inPlace returns the operand that a result lies over, if there is one.
func inPlace(y result, in []operand) (operand, bool) {
	for _, x := range in {
		if x.node != nil && x.bytes > 0 && y.bytes > 0 && x.slot.Space == y.slot.Space && x.slot.Index == y.slot.Index &&
			x.slot.Offset == y.slot.Offset {
			return x, true
		}
	}
	return operand{}, false
}

// peak is the largest sum of the bytes of values that live at once.
func peak(all []life, steps int) int {
	change := make([]int, steps+1)
	for _, l := range all {
		end := l.last + 1
		if l.heir {
			end--
		}
		change[l.born] += l.bytes
		change[end] -= l.bytes
	}
	most, now := 0, 0
	for _, c := range change {
		now += c
		most = max(most, now)
	}
	return most
}
