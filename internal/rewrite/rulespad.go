package rewrite

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// padRules are about slices of one value, whose derivatives are added with zeros around them: as many passes over the
// whole value as there are slices, where one would do.
var padRules = []Rule{{
	Name: "add-pads", Identity: "(0, x, 0) + (0, 0, y) = (0, x, y)", Exact: true, Ops: []string{"add"},
	Apply: func(s *simplifier, n *graph.Node) *graph.Node {
		if sum, term := chained(n); is(sum, "add") && !isBand(term) { // sum went on to what was to be a band, but is none
			if s.usedOnce(sum) && keeps(n, sum) != nil {
				if m := s.joinBands(sum); m != nil {
					return ops.Add(m, term)
				}
			}
			return nil
		}
		if s.goesOn {
			return nil
		}
		return s.joinBands(n)
	},
}, {
	Name: "sum-neg", Identity: "Σ(−x) = −Σx, but of nothing it is 0", Ops: []string{"sum"},
	Apply: func(s *simplifier, n *graph.Node) *graph.Node {
		if x := n.In()[0]; is(x, "neg") && n.DType().IsFloat() {
			return ops.Neg(s.apply(n, x.In()[0]))
		}
		return nil
	},
}}

// chained splits an addition into the sum so far and the term added to it: sums in which reverse mode collects what the
// users of a value send back are chains of such.
func chained(n *graph.Node) (sum, term *graph.Node) {
	a, b := n.In()[0], n.In()[1]
	if !is(a, "add") && is(b, "add") {
		return b, a
	}
	return a, b
}

// goesOn finds, by ID, the additions to which a further band is added, and which nothing else uses.
func (u Unit) goesOn(uses []int32) []bool {
	inner, bands := make([]bool, len(uses)), make([]bool, len(uses))
	for _, n := range u.Topo() {
		if !is(n, "add") {
			bands[n.ID()] = isBand(n)
			continue
		}
		sum, term := chained(n)
		bands[n.ID()] = bands[sum.ID()] && bands[term.ID()] // they may become one
		if is(sum, "add") && uses[sum.ID()] == 1 && bands[term.ID()] && keeps(n, sum) != nil {
			inner[sum.ID()] = true
		}
	}
	return inner
}

// joinBands joins the bands that the chain of additions which ends in n adds last, one after another. It returns nil if
// there are none to join.
func (s *simplifier) joinBands(n *graph.Node) *graph.Node {
	var terms []*graph.Node // the last first
	sum := n
	for is(sum, "add") && (sum == n || s.usedOnce(sum)) {
		before, term := chained(sum)
		if !isBand(term) {
			before, term = term, before
		}
		if !isBand(term) || keeps(n, before) == nil || keeps(n, term) == nil {
			break
		}
		terms, sum = append(terms, term), before
	}
	if isBand(sum) {
		terms, sum = append(terms, sum), nil
	}
	if len(terms) < 2 {
		return nil
	}
	slices.Reverse(terms)
	return s.addBands(sum, bandsOf(terms))
}

// sumOf is sum + x, where the sum of nothing is nil.
func sumOf(sum, x *graph.Node) *graph.Node {
	if sum == nil {
		return x
	}
	return ops.Add(sum, x)
}

// addBands adds at least two bands to a sum, which may be nil: joined, if they do not overlap, and else scattered. It
// returns nil where the additions as they are cost less. Every element is summed as it was, in the order of the bands,
// and what no band covers, or not every one, has a zero among its terms: so −0 becomes 0.
func (s *simplifier) addBands(sum *graph.Node, bands []band) *graph.Node {
	whole := bands[0].whole
	if sum == nil {
		crop := hullOf(bands)
		for i, b := range bands {
			bands[i] = b.within(crop)
		}
		if joined := s.bandsAt(crop.size, bands); joined != nil {
			return crop.put(joined)
		}
		if 2*graph.Size(crop.size) > graph.Size(whole) {
			return nil
		}
		for _, b := range bands {
			sum = sumOf(sum, b.put(b.x))
		}
		return crop.put(sum)
	}
	if joined := s.disjoint(whole, bands); joined != nil {
		return ops.Add(sum, joined)
	}
	if !worthScattering(bands, graph.Size(whole)) {
		return nil
	}
	all := band{x: sum, whole: whole, lo: make([]int, len(whole)), size: whole, gap: make([]int, len(whole))}
	return scattered(whole, append([]band{all}, bands...))
}

// bandsAt is the sum of bands of a value of the given shape, or nil.
func (s *simplifier) bandsAt(shape []int, bands []band) *graph.Node {
	if joined := s.disjoint(shape, bands); joined != nil {
		return joined
	}
	if !worthScattering(bands, 0) {
		return nil
	}
	return scattered(shape, bands)
}

// disjoint joins bands that do not overlap, along one axis or of the elements in their order, with zeros between them.
func (s *simplifier) disjoint(shape []int, bands []band) *graph.Node {
	spans, axis, ok := spansOf(bands)
	if !ok {
		return nil
	}
	slices.SortStableFunc(spans, func(a, b span) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return a.stop - b.stop
	})
	flat := axis < 0
	outer := shape
	if flat {
		outer, axis = []int{graph.Size(shape)}, 0
	}
	var parts []*graph.Node
	end := 0
	gap := func(to int) {
		if to > end {
			size := slices.Clone(outer)
			size[axis] = to - end
			parts = append(parts, ops.BroadcastTo(bands[0].x.Graph().Scalar(bands[0].x.DType(), 0), size...))
		}
	}
	for _, b := range spans {
		if b.start < b.stop {
			if b.start < end {
				return nil
			}
			gap(b.start)
			end = b.stop
		}
		x := b.x
		if flat {
			x = ops.Reshape(x, b.stop-b.start)
		}
		if is(x, "concat") && ops.AxisOf(x) == axis {
			parts = append(parts, x.In()...)
		} else {
			parts = append(parts, x)
		}
	}
	gap(outer[axis])
	joined := ops.Concat(parts, axis)
	if flat {
		joined = ops.Reshape(joined, shape...)
	}
	if joined.DType().IsFloat() {
		joined = s.settle(ops.Add(joined, 0))
	}
	return joined
}
