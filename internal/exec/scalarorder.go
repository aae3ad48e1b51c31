package exec

import (
	"slices"

	"chainrule/graph"
)

// Operations on scalars wait for each other more than for anything else: each reads what another has just written. So
// they run in the order in which their operands are there, if all could run at once, which puts independent ones next
// to each other, for the processor to overlap.

// latency is about how many cycles an elementary operation takes, the way through memory not counted.
var latency = map[graph.Elementary]int{
	graph.ElementaryDiv: 13, graph.ElementaryReciprocal: 13, graph.ElementarySqrt: 20, graph.ElementaryMulAdd: 6,
}

// throughMemory is how many cycles it takes to read what has just been written.
const throughMemory = 5

// byReadiness sorts members by when their operands are there. Copies refer to members by number, so a group that has
// some gets its Copies renumbered.
func byReadiness(s Step) Step {
	numbers := newNodeNumbers(s.Members)
	ready := make([]int, len(s.Members)) // when the result is there
	start := make([]int, len(s.Members))
	order := make([]int, len(s.Members))
	for i, m := range s.Members {
		for _, x := range m.Node.In() {
			if k := numbers.of(x); k >= 0 && k < i {
				start[i] = max(start[i], ready[k])
			}
		}
		took, known := latency[m.Node.Op().Elementary]
		switch {
		case known:
		case m.Node.Op().Elementary != graph.NotElementary:
			took = 3
		default:
			took = 40
		}
		ready[i] = start[i] + throughMemory + took
		numbers.set(m.Node, i)
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, k int) int { return start[i] - start[k] })
	sorted := Step{Members: make([]Member, len(order)), Copies: slices.Clone(s.Copies)}
	for at, i := range order {
		sorted.Members[at] = s.Members[i]
	}
	for k, c := range sorted.Copies {
		if c.From >= 0 {
			sorted.Copies[k].From = slices.Index(order, c.From)
		}
	}
	return sorted
}
