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

// ForwardMasked is Forward for tangents with masks. It gives masks to the results if guard is set.
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
	t := newTangents(outputs, order, active, guard)
	for i, x := range wrt {
		t.set(x, tangents.at(i))
	}
	for _, y := range order {
		switch {
		case !active.Has(y) || !t.useful.Has(y) || t.has(y):
		case isPart(y):
			t.unpack(y)
		default:
			t.push(y)
		}
	}
	return t.of(outputs, everyIf(guard, len(outputs)))
}

// tangents are those of the nodes between wrt and the outputs, as far as the sweep has come.
type tangents struct {
	flow
	active Set // what depends on wrt
	useful Set // what the outputs depend on
	needed map[*graph.Node]Selection
	guards guards
}

func newTangents(outputs, order []*graph.Node, active Set, guard bool) *tangents {
	useful := leadingTo(outputs, order)
	return &tangents{newFlow(order), active, useful, neededParts(useful, order), guardsAbove(outputs, guard, order, active)}
}

// push sends the tangents of y's inputs to y: ẏ = dy/dx · ẋ, added up over its inputs x.
func (t *tangents) push(y *graph.Node) {
	in := NewDerivatives(len(y.In()))
	for i, x := range y.In() {
		if t.active.Has(x) && Passes(y, i) && t.has(x) {
			d := t.at(x)
			in.D[i], in.Masks[i] = d.d, d.mask
		}
	}
	if Which(in.D).Count() == 0 {
		return // the tangents of all inputs are zero
	}
	y.Graph().Differentiate(y, true, func() {
		if rule := RuleOf(y); rule != nil {
			t.parts[y] = rule.Push(y, in, t.needed[y], t.guards.Has(y))
			return
		}
		t.set(y, jvp(y, in))
	})
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
	pushed := ReverseMasked(Choose(pulled, reached), tangents.Choose(reached), us, everyIf(guard, len(us)))
	for k, i := range places {
		result.D[i], result.Masks[i] = pushed.D[k], pushed.Mask(k)
	}
	return result
}

// Zeros are zeros of n's type.
func Zeros(n *graph.Node) *graph.Node { return ops.FullLike(n, 0) }

// OrZeros is t, or zeros of n's type if it is nil.
func OrZeros(t, n *graph.Node) *graph.Node {
	if t == nil {
		return Zeros(n)
	}
	return t
}
