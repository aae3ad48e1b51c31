package control

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// results are what comes in place of the loop's results, nil for those that are not used.
func (s *stacking) results() []*graph.Node {
	stacks := map[*graph.Node]*graph.Node{} // of nodes of the body
	for i := s.Carries; i < s.Carries+s.Xs; i++ {
		stacks[s.body.Inputs[i]] = s.in[i]
	}
	s.doAll(s.wantedBefore(), stacks)
	carries := s.doSteps(stacks)
	s.doAll(s.behind, stacks)
	all := make([]*graph.Node, len(s.body.Outputs))
	for i, y := range s.body.Outputs {
		sum, isSum := s.sums[i]
		switch {
		case !s.used[i]:
		case i >= s.Carries:
			all[i] = stacks[y]
		case isSum:
			all[i] = s.total(i, sum, carries[i], stacks)
		default:
			all[i] = carries[i]
		}
	}
	return all
}

// total is carry i at the end, a sum of which the loop has made the part so far, nil for none.
func (s *stacking) total(i int, sum sumCarry, total *graph.Node, stacks map[*graph.Node]*graph.Node) *graph.Node {
	if total == nil && !isZero(s.in[i]) {
		total = s.in[i]
	}
	if sum.rest != nil && !sum.stays {
		total = sweep.Sum(total, ops.Sum(stacks[sum.rest], 0))
	}
	for _, p := range sum.products {
		total = sweep.Sum(total, p.sum(stacks))
	}
	if total == nil {
		return s.in[i]
	}
	return total
}

func isZero(n *graph.Node) bool {
	for n.Op().Class == graph.View {
		n = n.In()[0]
	}
	v, ok := n.ScalarValue()
	return ok && v == 0
}

// wantedBefore lists what comes before the loop and is used by something else.
func (s *stacking) wantedBefore() (list []*graph.Node) {
	wanted := map[*graph.Node]bool{}
	for _, n := range s.order {
		if !s.isBefore[n] {
			for _, x := range n.In() {
				wanted[x] = true
			}
		}
	}
	for _, n := range slices.Concat(s.behind, s.kept()) {
		wanted[n] = true
	}
	for _, n := range s.order {
		if s.isBefore[n] && wanted[n] {
			list = append(list, n)
		}
	}
	return list
}

// doAll adds the stacks of some nodes, given those of what they depend on, all steps at once.
func (s *stacking) doAll(nodes []*graph.Node, stacks map[*graph.Node]*graph.Node) {
	nodes = slices.DeleteFunc(slices.Clone(nodes), func(n *graph.Node) bool { return stacks[n] != nil })
	if len(nodes) == 0 {
		return
	}
	var in, args []*graph.Node
	var batched sweep.Selection
	for _, x := range s.order { // inputs before what they are used for
		if stacks[x] != nil {
			in, args, batched = append(in, x), append(args, stacks[x]), append(batched, true)
		}
	}
	for i, x := range s.body.Inputs[s.Carries+s.Xs:] {
		in, args, batched = append(in, x), append(args, s.in[s.Carries+s.Xs+i]), append(batched, false)
	}
	all := make(sweep.Selection, len(nodes))
	for i := range all {
		all[i] = true
	}
	f := sweep.BatchOf(s.body.G.Func(in, nodes), batched, all, s.Steps).F
	for i, n := range f.Inline(s.in[0].Graph(), args) {
		stacks[nodes[i]] = n
	}
}

// kept lists what the loop still carries on.
func (s *stacking) kept() (list []*graph.Node) {
	for i, y := range s.body.Outputs[:s.Carries] {
		if sum, isSum := s.sums[i]; s.used[i] && !isSum {
			list = append(list, y)
		} else if sum.stays {
			list = append(list, ops.Add(s.body.Inputs[i], sum.rest))
		}
	}
	return list
}

// doSteps adds the loop of what is left, if there is anything, and the stacks of what is used behind it. It returns the
// carries at the end.
func (s *stacking) doSteps(stacks map[*graph.Node]*graph.Node) map[int]*graph.Node {
	out := s.kept()
	l := loopNode{Loop: s.Loop}
	l.Carries, l.Xs, l.Consts = len(out), 0, 0
	wanted := map[*graph.Node]bool{} // behind the loop
	for _, n := range s.behind {
		wanted[n] = true
	}
	for _, n := range s.order {
		if !s.inside[n] && !s.isBefore[n] {
			for _, x := range n.In() {
				wanted[x] = true
			}
		}
	}
	// Carries of which both what a step finds and what it leaves is wanted, and the loop gives the latter.
	var shifted []int
	for _, n := range s.order {
		if !wanted[n] || !s.varies[n] || stacks[n] != nil || !s.inside[n] && !n.IsInput() {
			continue
		}
		if i := slices.Index(s.body.Inputs, n); i >= 0 && n.Type().Size() <= mostElements && s.Steps > 0 {
			if left := s.body.Outputs[i]; wanted[left] && s.inside[left] && s.varies[left] && !left.IsInput() && stacks[left] == nil {
				shifted = append(shifted, i)
				continue
			}
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		return nil
	}
	needs := map[*graph.Node]bool{}
	for _, n := range out {
		needs[n] = true
	}
	for _, n := range slices.Backward(graph.Topo(out...)) {
		if needs[n] && stacks[n] == nil {
			for _, x := range n.In() {
				needs[x] = true
			}
		}
	}
	var in []*graph.Node
	index := map[int]int{}
	for i, c := range s.body.Inputs[:s.Carries] {
		if sum, isSum := s.sums[i]; s.used[i] && (!isSum || sum.stays) {
			index[i] = len(in)
			in, l.in = append(in, c), append(l.in, s.in[i])
		}
	}
	for _, x := range s.order {
		if needs[x] && stacks[x] != nil {
			in, l.in = append(in, x), append(l.in, stacks[x])
			l.Xs++
		}
	}
	for i, x := range s.body.Inputs[s.Carries+s.Xs:] {
		if needs[x] {
			in, l.in = append(in, x), append(l.in, s.in[s.Carries+s.Xs+i])
			l.Consts++
		}
	}
	l.Body = s.body.G.Func(in, out)
	node := l.node()
	for k, n := range out[l.Carries:] {
		stacks[n] = graph.Part(node, l.Carries+k)
	}
	for _, i := range shifted {
		first, left := ops.ExpandDims(s.in[i], 0), stacks[s.body.Outputs[i]]
		if s.Back {
			stacks[s.body.Inputs[i]] = ops.Concat([]*graph.Node{ops.Slice(left, ops.Range{Start: 1, Stop: ops.End}), first}, 0)
		} else {
			stacks[s.body.Inputs[i]] = ops.Concat([]*graph.Node{first, ops.Slice(left, ops.Range{Stop: -1})}, 0)
		}
	}
	carries := map[int]*graph.Node{}
	for i, k := range index {
		carries[i] = graph.Part(node, k)
	}
	return carries
}
