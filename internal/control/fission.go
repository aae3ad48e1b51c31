package control

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/rewrite"
	"chainrule/internal/sweep"
)

// What the steps of a loop do without each other is done for all of them at once, before the loop or behind it, on
// stacks of the steps' values: a call of a kernel on a few elements costs more than its work. Before it goes what does
// not depend on carries, behind it what no carry depends on, and sums over the steps.
//
//	loop: (c; x; k) ↦ (c·f(x) + k; g(c))        →        F = f(X), loop: (c; F; k) ↦ (c·F + k; c), g(C)
//
// Carries and slices that are of no use are left out.

// Fission is the pass "fission".
func Fission(u rewrite.Unit, opts rewrite.Options) rewrite.Unit {
	order := graph.Topo(u.Outputs...)
	used := usedParts(order, &loopOp)
	var list []rewrite.Replacement
	for _, n := range order {
		parts := used[n]
		if parts == nil || n.Attrs().(Loop).Cond != nil {
			continue
		}
		l := loopOf(n)
		if ofNumbers(opts.Bodies.Simplified(l.Body)) {
			continue
		}
		results := make(sweep.Selection, len(l.Body.Outputs()))
		for _, p := range parts {
			i, _ := p.PartIndex()
			results[i] = true
		}
		s := newStacking(l, results, !opts.Off["fast"])
		list = append(list, rewrite.Replacement{Of: parts, From: n.In(),
			Make: func(g *graph.Graph, from []*graph.Node) (made []*graph.Node) {
				g.With(n, func() {
					s.in = from
					all := s.results()
					for _, p := range parts {
						i, _ := p.PartIndex()
						made = append(made, all[i])
					}
				})
				return made
			}})
	}
	if len(list) == 0 {
		return u
	}
	next, ok := u.Replace(list)
	if !ok {
		panic("control: a loop's stacks depend on its results")
	}
	return next
}

// ofNumbers reports whether nothing in the body has several elements: the executor keeps it in registers.
func ofNumbers(body *graph.Func) bool {
	for _, n := range graph.Topo(body.Outputs()...) {
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
	body  sweep.Scratch
	used  sweep.Selection // by result
	fast  bool            // results may be rounded otherwise
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

func newStacking(l loopNode, used sweep.Selection, fast bool) *stacking {
	s := &stacking{loopNode: l, body: sweep.Unfold(l.Body), used: slices.Clone(used), fast: fast}
	s.varies, s.carried = map[*graph.Node]bool{}, map[*graph.Node]bool{}
	for i, x := range s.body.Inputs {
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
		needs := ancestors(sweep.Choose(s.body.Outputs, s.used))
		for i, c := range s.body.Inputs[:s.Carries] {
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
	for i, c := range s.body.Inputs[:s.Carries] {
		if !s.used[i] || !s.fast || !c.DType().IsFloat() || s.Steps < fewestSteps {
			continue
		}
		others := slices.Clone(s.used)
		others[i] = false
		list := terms(s.body.Outputs[i])
		at := slices.Index(list, c)
		if at < 0 || ancestors(sweep.Choose(s.body.Outputs, others))[c] || ancestors(slices.Delete(slices.Clone(list), at, at+1))[c] {
			continue
		}
		sum := sumCarry{}
		for k, term := range list {
			if p, ok := factors(term); ok && k != at {
				sum.products = append(sum.products, p)
			} else if k != at {
				sum.rest = sweep.Sum(sum.rest, term)
			}
		}
		s.follow(sweep.NotNil([]*graph.Node{sum.rest})...)
		sum.stays = sum.rest != nil && (!s.varies[sum.rest] || sum.rest.Type().Size() > mostElements)
		if !sum.stays || len(sum.products) > 0 {
			s.sums[i] = sum
		}
	}
}

// findInside sorts the nodes that are wanted: what leads to carries, or cannot be moved, is done by the steps.
func (s *stacking) findInside() {
	s.inside = map[*graph.Node]bool{}
	var wanted []*graph.Node
	for i, y := range s.body.Outputs {
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
	s.order = s.follow(slices.Concat(wanted, s.behind)...)
	for _, n := range slices.Backward(s.order) {
		if s.inside[n] || s.varies[n] && !s.movable(n) {
			s.inside[n] = true
			for _, x := range n.In() {
				s.inside[x] = true
			}
		}
	}
	s.findBefore(wanted)
}

// findBefore takes out what can go before the loop, given the nodes that lead to carries. Views stay, unless something
// that goes is made of them: they cost nothing.
func (s *stacking) findBefore(wanted []*graph.Node) {
	s.isBefore = map[*graph.Node]bool{}
	for _, n := range s.order {
		s.isBefore[n] = s.inside[n] && s.varies[n] && !s.carried[n] && len(n.In()) > 0 && s.movable(n) &&
			!slices.ContainsFunc(n.In(), func(x *graph.Node) bool { return s.varies[x] && !s.isBefore[x] && !x.IsInput() })
	}
	usedInside := map[*graph.Node]bool{}
	for _, n := range wanted {
		usedInside[n] = true
	}
	for _, n := range slices.Backward(s.order) {
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
