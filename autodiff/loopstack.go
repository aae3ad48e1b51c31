package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/compile"
	"chainrule/ops"
)

// What the steps of a loop do without each other is done for all of them at once, before the loop or behind it, on
// stacks of the steps' values: a call of a kernel on a few elements costs more than its work. Before it goes what does
// not depend on carries, behind it what no carry depends on, and sums over the steps.
//
//	loop: (c; x; k) ↦ (c·f(x) + k; g(c))        →        F = f(X), loop: (c; F; k) ↦ (c·F + k; c), g(C)
//
// Carries and slices that are of no use are left out.

// stackPass is the pass.
var stackPass = compile.Pass{
	Name: "stack",
	Why:  "gradients have become loops, and which of their results are used is known",
	Run:  stackSteps,
}

func stackSteps(u compile.Unit, opts compile.Options) compile.Unit {
	order := graph.Topo(u.Outputs...)
	used := map[*graph.Node]mask{} // by loop: which results
	for _, n := range order {
		if i, ok := n.PartIndex(); ok && n.In()[0].Op() == &loopOp {
			loop := n.In()[0]
			if used[loop] == nil {
				used[loop] = make(mask, len(loop.Attrs().(loopAttrs).Body.Outputs()))
			}
			used[loop][i] = true
		}
	}
	by := map[*graph.Node]*graph.Node{}
	for _, n := range order {
		if l := used[n]; l != nil && !n.Attrs().(loopAttrs).ofNumbers() && n.Attrs().(loopAttrs).Cond == nil {
			n.Graph().With(n, func() { newStacking(loopOf(n), l, !opts.Off["fast"]).replace(n, by) })
		}
	}
	if len(by) == 0 {
		return u
	}
	next, ok := u.Substitute(by)
	if !ok {
		panic("autodiff: a loop's stacks depend on its results")
	}
	return next
}

// ofNumbers reports whether nothing in the body has several elements: the executor keeps it in registers.
func (a loopAttrs) ofNumbers() bool {
	for _, n := range graph.Topo(a.Body.Outputs()...) {
		if n.Type().Size() != 1 {
			return false
		}
	}
	return true
}

// fewestSteps is how many steps are worth it, and mostElements the size of a step's value up to which stacks of it take
// less time than calls: longer ones leave the nearer caches.
const fewestSteps, mostElements = 4, 256

// stacking sorts what a body does.
type stacking struct {
	loopNode
	body  scratch
	used  mask // by result
	fast  bool // results may be rounded otherwise
	order []*graph.Node
	// varies tells the nodes that depend on slices or carries, and carried those that depend on carries.
	varies, carried map[*graph.Node]bool
	// sums are the carries that only have something added to in every step.
	sums map[int]sumCarry
	// inside are the nodes that the steps still do, isBefore those that go before the loop; others come behind it, which
	// leads to the nodes behind.
	inside, isBefore map[*graph.Node]bool
	behind           []*graph.Node
}

// sumCarry is a carry c ↦ c + rest + Σ products, any of which may be missing.
type sumCarry struct {
	rest     *graph.Node
	products []lateProduct
	// stays says that the rest is added in every step.
	stays bool
}

func newStacking(l loopNode, used mask, fast bool) *stacking {
	s := &stacking{loopNode: l, body: unfold(l.Body), used: slices.Clone(used), fast: fast}
	s.varies, s.carried = map[*graph.Node]bool{}, map[*graph.Node]bool{}
	for i, x := range s.body.inputs {
		s.varies[x], s.carried[x] = i < l.Carries+l.Xs, i < l.Carries
	}
	s.findUsed()
	s.findSums()
	s.findInside()
	return s
}

// follow finds what nodes depend on, and returns them with that.
func (s *stacking) follow(nodes ...*graph.Node) []*graph.Node {
	order := graph.Topo(nodes...)
	for _, n := range order {
		for _, x := range n.In() {
			s.varies[n] = s.varies[n] || s.varies[x]
			s.carried[n] = s.carried[n] || s.carried[x]
		}
	}
	return order
}

// findUsed adds the carries that used results depend on.
func (s *stacking) findUsed() {
	for again := true; again; {
		again = false
		needs := ancestors(choose(s.body.outputs, s.used))
		for i, c := range s.body.inputs[:s.Carries] {
			if needs[c] && !s.used[i] {
				s.used[i], again = true, true
			}
		}
	}
}

// ancestors are the nodes and what they depend on.
func ancestors(of []*graph.Node) map[*graph.Node]bool {
	all := map[*graph.Node]bool{}
	for _, n := range graph.Topo(of...) {
		all[n] = true
	}
	return all
}

// findSums finds the carries that are sums of what can be stacked.
func (s *stacking) findSums() {
	s.sums = map[int]sumCarry{}
	for i, c := range s.body.inputs[:s.Carries] {
		if !s.used[i] || !s.fast || !c.DType().IsFloat() || s.Steps < fewestSteps {
			continue
		}
		others := slices.Clone(s.used)
		others[i] = false
		list := terms(s.body.outputs[i])
		at := slices.Index(list, c)
		if at < 0 || ancestors(choose(s.body.outputs, others))[c] || ancestors(slices.Delete(slices.Clone(list), at, at+1))[c] {
			continue
		}
		sum := sumCarry{}
		for k, term := range list {
			if p, ok := factors(term); ok && k != at {
				sum.products = append(sum.products, p)
			} else if k != at {
				sum.rest = sumOf(sum.rest, term)
			}
		}
		s.follow(some([]*graph.Node{sum.rest})...)
		sum.stays = sum.rest != nil && (!s.varies[sum.rest] || sum.rest.Type().Size() > mostElements)
		if !sum.stays || len(sum.products) > 0 {
			s.sums[i] = sum
		}
	}
}

// findInside sorts the nodes that are wanted.
func (s *stacking) findInside() {
	s.inside = map[*graph.Node]bool{}
	var wanted []*graph.Node
	for i, y := range s.body.outputs {
		sum, isSum := s.sums[i]
		switch {
		case !s.used[i]:
		case i >= s.Carries:
			s.behind = append(s.behind, y)
		case !isSum:
			wanted = append(wanted, y)
		default:
			if sum.stays {
				wanted = append(wanted, sum.rest)
			} else if sum.rest != nil {
				s.behind = append(s.behind, sum.rest)
			}
			for _, p := range sum.products {
				s.behind = append(s.behind, p.a, p.b)
			}
		}
	}
	for _, n := range wanted {
		s.inside[n] = true
	}
	order := s.follow(slices.Concat(wanted, s.behind)...)
	for _, n := range slices.Backward(order) {
		if s.inside[n] || s.varies[n] && !s.movable(n) {
			s.inside[n] = true
			for _, x := range n.In() {
				s.inside[x] = true
			}
		}
	}
	s.order = order
	s.isBefore = map[*graph.Node]bool{}
	for _, n := range order {
		s.isBefore[n] = s.inside[n] && s.varies[n] && !s.carried[n] && len(n.In()) > 0 && s.movable(n) &&
			!slices.ContainsFunc(n.In(), func(x *graph.Node) bool { return s.varies[x] && !s.isBefore[x] && !x.IsInput() })
	}
	// A view costs nothing inside.
	usedInside := map[*graph.Node]bool{}
	for _, n := range wanted {
		usedInside[n] = true
	}
	for _, n := range slices.Backward(order) {
		if s.isBefore[n] && n.Op().Class == graph.View && usedInside[n] {
			s.isBefore[n] = false
		}
		if s.inside[n] = s.inside[n] && !s.isBefore[n]; s.inside[n] {
			for _, x := range n.In() {
				usedInside[x] = true
			}
		}
	}
}

// movable reports whether n may be done for all steps at once.
func (s *stacking) movable(n *graph.Node) bool {
	isPacked := func(x *graph.Node) bool { return x.DType() == graph.Packed }
	if s.Steps < fewestSteps || n.Op().Fails || n.Type().Size() > mostElements || slices.ContainsFunc(n.In(), isPacked) {
		return false
	}
	if slices.ContainsFunc(n.In(), func(x *graph.Node) bool { return s.varies[x] && x.Type().Size() > mostElements }) {
		return false
	}
	switch n.Op().Class {
	case graph.Map, graph.View:
		return true
	case graph.Reduce:
		return s.fast
	}
	return false
}

// replace says what comes in place of the results of the loop n.
func (s *stacking) replace(n *graph.Node, by map[*graph.Node]*graph.Node) {
	stacks := map[*graph.Node]*graph.Node{} // of nodes of the body
	for i := s.Carries; i < s.Carries+s.Xs; i++ {
		stacks[s.body.inputs[i]] = s.in[i]
	}
	s.doAll(s.wantedBefore(), stacks)
	carries := s.doSteps(stacks)
	s.doAll(s.behind, stacks)
	for i := range s.body.outputs {
		sum, isSum := s.sums[i]
		switch {
		case !s.used[i]:
		case i >= s.Carries:
			by[graph.Part(n, i)] = stacks[s.body.outputs[i]]
		case !isSum:
			by[graph.Part(n, i)] = carries[i]
		default:
			total := carries[i]
			if total == nil && !isZero(s.in[i]) {
				total = s.in[i]
			}
			if sum.rest != nil && !sum.stays {
				total = sumOf(total, ops.Sum(stacks[sum.rest], 0))
			}
			for _, p := range sum.products {
				total = sumOf(total, p.sum(stacks))
			}
			if total == nil {
				total = s.in[i]
			}
			by[graph.Part(n, i)] = total
		}
	}
}

func isZero(n *graph.Node) bool {
	for n.Op().Name == "broadcast_to" {
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
	var batched mask
	for _, x := range s.order { // inputs before what they are used for
		if stacks[x] != nil {
			in, args, batched = append(in, x), append(args, stacks[x]), append(batched, true)
		}
	}
	for i, x := range s.body.inputs[s.Carries+s.Xs:] {
		in, args, batched = append(in, x), append(args, s.in[s.Carries+s.Xs+i]), append(batched, false)
	}
	all := make(mask, len(nodes))
	for i := range all {
		all[i] = true
	}
	f := spreadOut(s.body.g.Func(in, nodes), batched, all, s.Steps).f
	for i, n := range f.Inline(s.in[0].Graph(), args) {
		stacks[nodes[i]] = n
	}
}

// kept lists what the loop still carries on.
func (s *stacking) kept() (list []*graph.Node) {
	for i, y := range s.body.outputs[:s.Carries] {
		if sum, isSum := s.sums[i]; s.used[i] && !isSum {
			list = append(list, y)
		} else if sum.stays {
			list = append(list, ops.Add(s.body.inputs[i], sum.rest))
		}
	}
	return list
}

// doSteps adds the loop of what is left, if there is anything, and the stacks of what is used behind it. It returns the
// carries at the end.
func (s *stacking) doSteps(stacks map[*graph.Node]*graph.Node) map[int]*graph.Node {
	out := s.kept()
	l := loopNode{loopAttrs: s.loopAttrs}
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
	var shifted []int // carries of which both what a step finds and what it leaves is wanted
	for _, n := range s.order {
		if !wanted[n] || !s.varies[n] || stacks[n] != nil || !s.inside[n] && !n.IsInput() {
			continue
		}
		if i := slices.Index(s.body.inputs, n); i >= 0 && n.Type().Size() <= mostElements {
			if left := s.body.outputs[i]; left != n && wanted[left] && s.inside[left] && stacks[left] == nil {
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
	for i, c := range s.body.inputs[:s.Carries] {
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
	for i, x := range s.body.inputs[s.Carries+s.Xs:] {
		if needs[x] {
			in, l.in = append(in, x), append(l.in, s.in[s.Carries+s.Xs+i])
			l.Consts++
		}
	}
	l.Body = s.body.g.Func(in, out)
	node := l.node()
	for k, n := range out[l.Carries:] {
		stacks[n] = graph.Part(node, l.Carries+k)
	}
	for _, i := range shifted {
		first, left := ops.ExpandDims(s.in[i], 0), stacks[s.body.outputs[i]]
		if s.Back {
			stacks[s.body.inputs[i]] = ops.Concat(0, ops.Slice(left, ops.Range{Start: 1, Stop: ops.End}), first)
		} else {
			stacks[s.body.inputs[i]] = ops.Concat(0, first, ops.Slice(left, ops.Range{Stop: -1}))
		}
	}
	carries := map[int]*graph.Node{}
	for i, k := range index {
		carries[i] = graph.Part(node, k)
	}
	return carries
}
