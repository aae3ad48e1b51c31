package control

import (
	"chainrule/graph"
	"chainrule/internal/rewrite"
)

// A loop that computes tangents computes the values of the loop that it comes from, too. Where a program wants both, the
// compiler's pass "merge" takes the values from the loop with tangents, and the other one is not run.
//
//	%3 = loop(%0)                      →    %5 = loop(%0, %1)
//	%4 = part 0 of %3                       part 0 of %5
//	%5 = loop(%0, %1)                       part 1 of %5
//	%6 = part 1 of %5

// origin is where an augmented loop comes from: the loop, and where its inputs and results are now.
type origin struct {
	Loop
	primal, value []int
}

type originKey struct{}

// remember keeps with the body where the loop comes from.
func (a augmented) remember(from Loop) {
	a.Body.Memo(originKey{}, func() any { return origin{from, a.primal, a.value} })
}

// originOf returns where a loop comes from, and whether it comes from another.
func originOf(a Loop) (origin, bool) {
	o, ok := a.Body.Known(originKey{}).(origin)
	// Loops with the same body may differ in the rest.
	o.Steps, o.Back, o.Taped, o.Every, o.By = a.Steps, a.Back, a.Taped, a.Every, a.By
	return o, ok
}

// Merge is the pass.
func Merge(u rewrite.Unit, _ rewrite.Options) rewrite.Unit {
	for {
		next, merged := mergeOne(u)
		if !merged {
			return u
		}
		u = next
	}
}

// mergeOne merges the first two loops that it can.
func mergeOne(u rewrite.Unit) (rewrite.Unit, bool) {
	order := graph.Topo(u.Outputs...)
	used := usedParts(order, &loopOp)
	if len(used) < 2 {
		return u, false
	}
	for _, n := range order {
		if used[n] == nil {
			continue
		}
		first, value := valuesIn(n, used)
		if first == nil {
			continue
		}
		next, ok := u.Replace([]rewrite.Replacement{{Of: used[first], From: []*graph.Node{n},
			Make: func(_ *graph.Graph, from []*graph.Node) (made []*graph.Node) {
				for _, p := range used[first] {
					i, _ := p.PartIndex()
					made = append(made, graph.Part(from[0], value[i]))
				}
				return made
			}}})
		if ok {
			return next, true
		}
	}
	return u, false
}

// usedParts lists the results of op's nodes that others use, by node.
func usedParts(order []*graph.Node, op *graph.Op) map[*graph.Node][]*graph.Node {
	used := map[*graph.Node][]*graph.Node{}
	for _, p := range order {
		if _, isPart := p.PartIndex(); isPart && p.In()[0].Op() == op {
			used[p.In()[0]] = append(used[p.In()[0]], p)
		}
	}
	return used
}

// valuesIn finds a loop among those used that n, a loop with tangents, comes from, and where n has its results.
func valuesIn(n *graph.Node, used map[*graph.Node][]*graph.Node) (first *graph.Node, value []int) {
	l := loopOf(n)
	value = make([]int, len(l.Body.Outputs()))
	for i := range value {
		value[i] = i
	}
	for {
		o, ok := originOf(l.Loop)
		if !ok {
			return nil, nil
		}
		in, shorter := make([]*graph.Node, len(o.primal)), make([]int, len(o.value))
		for i, p := range o.primal {
			in[i] = l.in[p]
		}
		for i, p := range o.value {
			shorter[i] = value[p]
		}
		l, value = loopNode{o.Loop, in}, shorter
		if first := l.existing(); used[first] != nil {
			return first, value
		}
	}
}
