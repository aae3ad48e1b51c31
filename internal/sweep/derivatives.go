package sweep

import (
	"chainrule/graph"
	"chainrule/ops"
)

// Derivatives are the derivatives of a list of nodes, cotangents or tangents.
type Derivatives struct {
	D     []*graph.Node // nil where it is zero
	Masks []*graph.Node // where d is live, see graph.Masked: nil for everywhere; the list may be nil too
}

func NewDerivatives(n int) Derivatives {
	return Derivatives{make([]*graph.Node, n), make([]*graph.Node, n)}
}

// Mask says where derivative i is live.
func (r Derivatives) Mask(i int) *graph.Node {
	if r.Masks == nil {
		return nil
	}
	return r.Masks[i]
}

// Masked tells which derivatives there are that have a mask.
func (r Derivatives) Masked() Selection {
	m := make(Selection, len(r.D))
	for i := range m {
		m[i] = r.D[i] != nil && r.Mask(i) != nil
	}
	return m
}

// Choose lists what is meant.
func (r Derivatives) Choose(meant Selection) Derivatives {
	c := Derivatives{D: Choose(r.D, meant)}
	if r.Masks != nil {
		c.Masks = Choose(r.Masks, meant)
	}
	return c
}

// Scatter puts a list in the places that are meant.
func (r Derivatives) Scatter(meant Selection) Derivatives {
	s := Derivatives{D: Scatter(r.D, meant)}
	if r.Masks != nil {
		s.Masks = Scatter(r.Masks, meant)
	}
	return s
}

// MaskOver is the mask over the derivative of n, number i, of its shape: nothing is live where there is none.
func (r Derivatives) MaskOver(i int, n *graph.Node) *graph.Node {
	if r.D[i] == nil {
		return WholeMask(ConstMask(n, false), n)
	}
	return WholeMask(r.Mask(i), n)
}

// WholeMasks lists the masks there are, each of the shape of its derivative.
func (r Derivatives) WholeMasks() []*graph.Node {
	var list []*graph.Node
	for i, has := range r.Masked() {
		if has {
			list = append(list, WholeMask(r.Masks[i], r.D[i]))
		}
	}
	return list
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
