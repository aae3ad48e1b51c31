package autodiff

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// forward pushes tangents through the graph: given those of the nodes wrt it returns those of the outputs, nil
// where they do not depend on wrt.
func forward(outputs, wrt, tangents []*graph.Node) []*graph.Node {
	return forwardLive(outputs, wrt, rates{d: tangents}, false).d
}

// forwardLive is forward for tangents that are live in some places only. If guard is set, it also returns where the
// results are live.
func forwardLive(outputs, wrt []*graph.Node, tangents rates, guard bool) rates {
	order := graph.Topo(slices.Concat(outputs, wrt)...)
	needInside(order)
	active := reachedFrom(wrt, order)
	if anyConfluent(order, wrt, active) {
		return transposedAll(outputs, wrt, tangents, guard, active)
	}
	tangent := newLive(order)
	for i, x := range wrt {
		tangent.set(x, tangents.d[i])
		tangent.setMask(x, tangents.mask(i))
	}
	parts := results{}
	useful := leadingTo(outputs, order)
	needed := neededParts(useful, order)
	guards := guardsAbove(outputs, guard, order, active)
	for _, y := range order {
		if !active.has(y) || !useful.has(y) || tangent.at(y) != nil {
			continue
		}
		if i, isPart := y.PartIndex(); isPart {
			if t, has := parts[y.In()[0]]; has && t.d[i] != nil {
				tangent.set(y, t.d[i])
				tangent.setMask(y, t.mask(i))
			}
			continue
		}
		t := newRates(len(y.In()))
		for i, x := range y.In() {
			if active.has(x) && passes(y, i) && tangent.at(x) != nil {
				t.d[i], t.live[i] = tangent.at(x), tangent.mask(x)
			}
		}
		if where(t.d).count() == 0 {
			continue // the tangents of all inputs are zero
		}
		y.Graph().Differentiate(y, true, func() {
			if rule := rulesOf(y); rule != nil {
				parts[y] = rule.push(y, t, needed[y], guards.has(y))
				return
			}
			tangent.push(y, t)
		})
	}
	result := newRates(len(outputs))
	for i, y := range outputs {
		result.d[i] = tangent.at(y)
		if guard {
			result.live[i] = tangent.mask(y)
		}
	}
	return result
}

// transposed is the JVP of y by its VJP: u ↦ Jᵀu is linear in u, so its own VJP is t ↦ J·t, whatever u is.
func transposed(y *graph.Node, t []*graph.Node) *graph.Node {
	u := y.Graph().Alias(zeros(y))
	var pulled, ts []*graph.Node
	for i, x := range y.In() {
		if t[i] != nil {
			pulled = append(pulled, ops.SumTo(y.Op().Derivative.VJP(y, i, u), x.Shape()...))
			ts = append(ts, t[i])
		}
	}
	if result := reverse(pulled, ts, []*graph.Node{u})[0]; result != nil {
		return result
	}
	return zeros(y)
}

// anyConfluent reports whether an op between wrt and the end of order has a rule for reverse mode alone.
func anyConfluent(order, wrt []*graph.Node, active nodeSet) bool {
	return slices.ContainsFunc(order, func(y *graph.Node) bool {
		_, is := y.Op().Derivative.(graph.Confluent)
		return is && active.has(y) && !slices.Contains(wrt, y)
	})
}

// transposedAll is forwardLive by reverse mode, as transposed is for one node.
func transposedAll(outputs, wrt []*graph.Node, tangents rates, guard bool, active nodeSet) rates {
	result := newRates(len(outputs))
	var ys, us []*graph.Node
	var places []int
	for i, y := range outputs {
		if active.has(y) && isSmooth(y) {
			ys, us, places = append(ys, y), append(us, y.Graph().Alias(zeros(y))), append(places, i)
		}
	}
	pulled := reverseTo(ys, rates{d: us}, wrt, nil).d
	reached := where(pulled)
	guarded := make(mask, len(us))
	for i := range guarded {
		guarded[i] = guard
	}
	pushed := reverseTo(choose(pulled, reached), tangents.choose(reached), us, guarded)
	for k, i := range places {
		result.d[i], result.live[i] = pushed.d[k], pushed.mask(k)
	}
	return result
}

func zeros(n *graph.Node) *graph.Node { return ops.FullLike(n, 0) }
