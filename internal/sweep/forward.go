package sweep

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// Forward pushes tangents through the graph: given those of the nodes wrt it returns those of the outputs, nil
// where they do not depend on wrt.
func Forward(outputs, wrt, tangents []*graph.Node) []*graph.Node {
	return ForwardMasked(outputs, wrt, Derivatives{D: tangents}, false).D
}

// ForwardMasked is forward for tangents that are live in some places only. If guard is set, it also returns where the
// results are live.
func ForwardMasked(outputs, wrt []*graph.Node, tangents Derivatives, guard bool) Derivatives {
	if len(outputs) == 0 || len(wrt) == 0 {
		return NewDerivatives(len(outputs))
	}
	order := graph.Topo(slices.Concat(outputs, wrt)...)
	needInside(order)
	active := ReachedFrom(wrt, order)
	if anyConfluent(order, wrt, active) {
		return transposedAll(outputs, wrt, tangents, guard, active)
	}
	tangent := newLive(order)
	for i, x := range wrt {
		tangent.set(x, tangents.D[i])
		tangent.setMask(x, tangents.Mask(i))
	}
	parts := results{}
	useful := leadingTo(outputs, order)
	needed := neededParts(useful, order)
	guards := guardsAbove(outputs, guard, order, active)
	for _, y := range order {
		if !active.Has(y) || !useful.Has(y) || tangent.at(y) != nil {
			continue
		}
		if i, isPart := y.PartIndex(); isPart {
			if t, has := parts[y.In()[0]]; has && t.D[i] != nil {
				tangent.set(y, t.D[i])
				tangent.setMask(y, t.Mask(i))
			}
			continue
		}
		t := NewDerivatives(len(y.In()))
		for i, x := range y.In() {
			if active.Has(x) && Passes(y, i) && tangent.at(x) != nil {
				t.D[i], t.Masks[i] = tangent.at(x), tangent.mask(x)
			}
		}
		if Which(t.D).Count() == 0 {
			continue // the tangents of all inputs are zero
		}
		y.Graph().Differentiate(y, true, func() {
			if rule := RuleOf(y); rule != nil {
				parts[y] = rule.Push(y, t, needed[y], guards.Has(y))
				return
			}
			tangent.push(y, t)
		})
	}
	result := NewDerivatives(len(outputs))
	for i, y := range outputs {
		result.D[i] = tangent.at(y)
		if guard {
			result.Masks[i] = tangent.mask(y)
		}
	}
	return result
}

// transposed is the JVP of y by its VJP: u ↦ Jᵀu is linear in u, so its own VJP is t ↦ J·t, whatever u is.
func transposed(y *graph.Node, t []*graph.Node) *graph.Node {
	u := y.Graph().Alias(Zeros(y))
	var pulled, ts []*graph.Node
	for i, x := range y.In() {
		if t[i] != nil {
			pulled = append(pulled, ops.SumTo(y.Op().Derivative.VJP(y, i, u), x.Shape()...))
			ts = append(ts, t[i])
		}
	}
	if result := Reverse(pulled, ts, []*graph.Node{u})[0]; result != nil {
		return result
	}
	return Zeros(y)
}

// anyConfluent reports whether an op between wrt and the end of order has a rule for reverse mode alone.
func anyConfluent(order, wrt []*graph.Node, active Set) bool {
	return slices.ContainsFunc(order, func(y *graph.Node) bool {
		_, is := y.Op().Derivative.(graph.Confluent)
		return is && active.Has(y) && !slices.Contains(wrt, y)
	})
}

// transposedAll is ForwardMasked by reverse mode, as transposed is for one node.
func transposedAll(outputs, wrt []*graph.Node, tangents Derivatives, guard bool, active Set) Derivatives {
	result := NewDerivatives(len(outputs))
	var ys, us []*graph.Node
	var places []int
	for i, y := range outputs {
		if active.Has(y) && IsSmooth(y) {
			ys, us, places = append(ys, y), append(us, y.Graph().Alias(Zeros(y))), append(places, i)
		}
	}
	pulled := ReverseMasked(ys, Derivatives{D: us}, wrt, nil).D
	reached := Which(pulled)
	guarded := make(Selection, len(us))
	for i := range guarded {
		guarded[i] = guard
	}
	pushed := ReverseMasked(Choose(pulled, reached), tangents.Choose(reached), us, guarded)
	for k, i := range places {
		result.D[i], result.Masks[i] = pushed.D[k], pushed.Mask(k)
	}
	return result
}

func Zeros(n *graph.Node) *graph.Node { return ops.FullLike(n, 0) }
