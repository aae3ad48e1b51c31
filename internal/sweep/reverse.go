package sweep

import (
	"slices"

	"chainrule/graph"
)

// Reverse applies the chain rule from the outputs back to the nodes wrt. With z the quantity being
// differentiated, cts holds ∂z/∂y for every output y, and the result is ∂z/∂x for every x of wrt, nil where no
// derivative arrives.
//
// Take z = f(y), y = g(x), x = h(w). Then dz/dw = dz/dy · dy/dx · dx/dw, and the sweep multiplies from the left:
// dz/dy comes in as a cotangent; the VJP rule of g's op turns it into dz/dx, and that of h's op into dz/dw. Where a
// node has several users, the derivatives that they send back are added. Every product and sum is a node, so the
// result can be differentiated again.
func Reverse(outputs, cts, wrt []*graph.Node) []*graph.Node {
	return ReverseMasked(outputs, Derivatives{D: cts}, wrt, nil).D
}

// ReverseMasked is reverse for cotangents that are live in some places only. It also returns where the results are live, for
// those of wrt that are to be guarded.
func ReverseMasked(outputs []*graph.Node, cts Derivatives, wrt []*graph.Node, guard Selection) Derivatives {
	if len(outputs) == 0 || len(wrt) == 0 {
		return NewDerivatives(len(wrt))
	}
	order := graph.Topo(slices.Concat(outputs, wrt)...)
	needInside(order)
	active := ReachedFrom(wrt, order)
	ct := newLive(order)
	for i, y := range outputs {
		ct.addLive(y, cts.D[i], cts.Mask(i))
	}
	parts := results{}
	guards := guardsBelow(wrt, guard, order, active)
	for k := len(order) - 1; k >= 0; k-- {
		y := order[k]
		if i, isPart := y.PartIndex(); isPart {
			parts.set(y.In()[0], i, ct.at(y), ct.mask(y))
			continue
		}
		if _, has := parts[y]; !active.Has(y) || ct.at(y) == nil && !has {
			continue
		}
		y.Graph().Differentiate(y, false, func() {
			if rule := RuleOf(y); rule != nil {
				wanted := passing(y, active)
				back := rule.Pull(y, parts[y], wanted, guards.of(y.In(), wanted))
				for i, x := range y.In() {
					ct.addLive(x, back.D[i], back.Mask(i))
				}
				return
			}
			for i, x := range y.In() {
				if active.Has(x) && Passes(y, i) {
					ct.pull(y, i) // dz/dy · dy/dx
				}
			}
		})
	}
	grads := NewDerivatives(len(wrt))
	for i, x := range wrt {
		grads.D[i] = ct.at(x)
		if guard != nil && guard[i] {
			grads.Masks[i] = ct.mask(x)
		}
	}
	return grads
}

// needInside refuses what uses a variable of a body, or one of Vmap's many examples, outside of it: derivatives would be
// taken as if it depended on nothing.
func needInside(order []*graph.Node) {
	if err := graph.Escaped(order); err != nil {
		panic(err)
	}
}
