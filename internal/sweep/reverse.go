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

// ReverseMasked is Reverse for cotangents with masks. It gives masks to the results that are to be guarded.
func ReverseMasked(outputs []*graph.Node, cts Derivatives, wrt []*graph.Node, guard Selection) Derivatives {
	if len(outputs) == 0 || len(wrt) == 0 {
		return NewDerivatives(len(wrt))
	}
	ct := newCotangents(outputs, wrt, guard)
	for i, y := range outputs {
		ct.add(y, cts.at(i))
	}
	for _, y := range slices.Backward(ct.order) {
		switch {
		case isPart(y):
			ct.pack(y)
		case ct.arrived(y):
			y.Graph().Differentiate(y, false, func() { ct.pull(y) })
		}
	}
	return ct.of(wrt, guard)
}

// cotangents are those of the nodes between wrt and the outputs, as far as the sweep has come.
type cotangents struct {
	flow
	order  []*graph.Node
	active Set // what depends on wrt
	guards guards
}

func newCotangents(outputs, wrt []*graph.Node, guard Selection) *cotangents {
	order := graph.Topo(slices.Concat(outputs, wrt)...)
	needInside(order)
	active := ReachedFrom(wrt, order)
	return &cotangents{newFlow(order), order, active, guardsBelow(wrt, guard, order, active)}
}

// arrived reports whether there is a cotangent of y to send on.
func (ct *cotangents) arrived(y *graph.Node) bool {
	return ct.active.Has(y) && (ct.has(y) || ct.hasParts(y))
}

// pull sends the cotangent of y to its inputs.
func (ct *cotangents) pull(y *graph.Node) {
	if rule := RuleOf(y); rule != nil {
		wanted := passing(y, ct.active)
		back := rule.Pull(y, ct.parts[y], wanted, ct.guards.of(y.In(), wanted))
		for i, x := range y.In() {
			ct.add(x, back.at(i))
		}
		return
	}
	for i, x := range y.In() {
		if ct.active.Has(x) && Passes(y, i) {
			ct.add(x, vjp(y, i, ct.at(y))) // dz/dx = dz/dy · dy/dx
		}
	}
}

// needInside refuses what uses a variable of a body, or one of Vmap's many examples, outside of it: derivatives would be
// taken as if it depended on nothing.
func needInside(order []*graph.Node) {
	if err := graph.Escaped(order); err != nil {
		panic(err)
	}
}
