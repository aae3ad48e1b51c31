package sweep

import (
	"chainrule/graph"
	"chainrule/ops"
)

// A mask says where a derivative is live: see graph.Masked. A zero that comes from a value that where did not choose
// annihilates the partial derivative that it meets: 0·∞ is 0 there, as it is for the function, which does not depend on that
// value. Other zeros are numbers like any other.
//
// Masks are nodes only on the way from a where. What they guard is guarded by a where, so that derivatives of
// derivatives need nothing new.

// vjp applies the VJP of y by its input i: from the cotangent of y to the one that it adds to its input's.
func vjp(y *graph.Node, i int, ct derivative) derivative {
	back := maskedVJP(y, i, ct)
	back.d = ops.SumTo(back.d, y.In()[i].Shape()...)
	return back
}

func maskedVJP(y *graph.Node, i int, ct derivative) derivative {
	rule := y.Op().Derivative
	_, selects := rule.(graph.Selective)
	switch {
	case ct.mask == nil && !selects:
		return derivative{d: plainVJP(y, i, ct.d)}
	case y.IsAlias():
		return ct
	}
	if rule, ok := rule.(graph.Masked); ok {
		if dzdx, mask := rule.MaskedVJP(y, i, ct.d, ct.mask); dzdx != nil {
			return derivative{dzdx, mask}
		}
	}
	// If nothing is known of the op, everything may depend on everything.
	mask := Anywhere(ct.mask)
	return derivative{ops.Where(mask, plainVJP(y, i, ct.d), 0), mask}
}

func plainVJP(y *graph.Node, i int, ct *graph.Node) *graph.Node {
	if rule, ok := y.Op().Derivative.(graph.Confluent); ok {
		return rule.ConfluentVJP(y, i, ct, func(y, x, t *graph.Node) *graph.Node {
			return Forward([]*graph.Node{y}, []*graph.Node{x}, []*graph.Node{t})[0]
		})
	}
	return y.Op().Derivative.VJP(y, i, ct)
}

func Anywhere(mask *graph.Node) *graph.Node {
	all := make([]int, mask.Rank())
	for i := range all {
		all[i] = i
	}
	return ops.Reshape(ops.Anywhere(mask, all...))
}

// jvp applies the JVP of y to the tangents of its inputs.
func jvp(y *graph.Node, t Derivatives) derivative {
	tangent, mask := maskedJVP(y, t)
	if tangent == nil {
		tangent = y.Op().Derivative.JVP(y, t.D)
	}
	if tangent == nil {
		tangent = transposed(y, t.D)
	}
	return derivative{ops.BroadcastTo(tangent, y.Shape()...), mask}
}

// maskedJVP returns nil if nothing is known, or is to be known, of masks.
func maskedJVP(y *graph.Node, t Derivatives) (tangent, mask *graph.Node) {
	rule := y.Op().Derivative
	_, known := rule.(graph.Selective)
	known = known || Which(t.Masks).Count() > 0
	switch rule, ok := rule.(graph.Masked); {
	case known && y.IsAlias():
		return t.D[0], t.Masks[0]
	case known && ok:
		return rule.MaskedJVP(y, t.D, t.Masks)
	}
	return nil, nil
}

// WholeMask is a mask over n of its shape, true where it is nil.
func WholeMask(mask, n *graph.Node) *graph.Node {
	if mask == nil {
		mask = ConstMask(n, true)
	}
	return ops.BroadcastTo(mask, n.Shape()...)
}

// ConstMask is a mask for n's graph of one element.
func ConstMask(n *graph.Node, holds bool) *graph.Node {
	if holds {
		return n.Graph().Scalar(graph.Bool, 1)
	}
	return n.Graph().Scalar(graph.Bool, 0)
}

// guards says of which nodes a mask is of use: there is a partial derivative on the way to one of the sources, or a caller
// who asks for the mask, that could make something else of a zero.
type guards struct{ Set }

// of tells the wanted inputs that are to be guarded.
func (g guards) of(in []*graph.Node, wanted Selection) Selection {
	m := make(Selection, len(in))
	for i, x := range in {
		m[i] = wanted[i] && g.Has(x)
	}
	return m
}

// guardsBelow is for cotangents on their way to the sources.
func guardsBelow(sources []*graph.Node, asked Selection, order []*graph.Node, active Set) guards {
	g := guards{NewSet(order)}
	for i, x := range sources {
		if asked != nil && asked[i] {
			g.Add(x)
		}
	}
	for _, y := range order {
		for i, x := range y.In() {
			if active.Has(x) && Passes(y, i) && (!preservesZero(y) || g.Has(x)) {
				g.Add(y)
				break
			}
		}
	}
	return g
}

// guardsAbove is for tangents on their way to the outputs.
func guardsAbove(outputs []*graph.Node, asked bool, order []*graph.Node, active Set) guards {
	g := guards{NewSet(order)}
	if asked {
		for _, y := range outputs {
			g.Add(y)
		}
	}
	for k := len(order) - 1; k >= 0; k-- {
		y := order[k]
		if !active.Has(y) {
			continue
		}
		for i, x := range y.In() {
			if Passes(y, i) && (!preservesZero(y) || g.Has(y)) {
				g.Add(x)
			}
		}
	}
	return g
}

// preservesZero reports whether y's derivative only moves and adds, so that it makes zeros of zeros.
func preservesZero(y *graph.Node) bool {
	switch y.Op().Derivative.(type) {
	case ops.Linear, ops.LinearEach, graph.Selective:
		return true
	}
	_, isPart := y.PartIndex()
	return isPart || y.IsAlias()
}

// MayAmplifyZero reports whether a function has a derivative that is not tame.
func MayAmplifyZero(f *graph.Func) bool {
	return f.Memo("rough", func() any {
		for _, y := range graph.Topo(f.Outputs()...) {
			if IsSmooth(y) && len(y.In()) > 0 && !preservesZero(y) {
				return true
			}
		}
		return false
	}).(bool)
}
