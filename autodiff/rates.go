package autodiff

import (
	"chainrule/graph"
	"chainrule/ops"
)

// rates are the derivatives of a list of nodes, cotangents or tangents.
type rates struct {
	d    []*graph.Node // nil where it is zero
	live []*graph.Node // where d is live, see graph.Masked: nil for everywhere; the list may be nil too
}

func newRates(n int) rates { return rates{make([]*graph.Node, n), make([]*graph.Node, n)} }

// mask says where derivative i is live.
func (r rates) mask(i int) *graph.Node {
	if r.live == nil {
		return nil
	}
	return r.live[i]
}

// masked tells which derivatives there are that have a mask.
func (r rates) masked() mask {
	m := make(mask, len(r.d))
	for i := range m {
		m[i] = r.d[i] != nil && r.mask(i) != nil
	}
	return m
}

// choose lists what is meant.
func (r rates) choose(meant mask) rates {
	c := rates{d: choose(r.d, meant)}
	if r.live != nil {
		c.live = choose(r.live, meant)
	}
	return c
}

// scatter puts a list in the places that are meant.
func (r rates) scatter(meant mask) rates {
	s := rates{d: scatter(r.d, meant)}
	if r.live != nil {
		s.live = scatter(r.live, meant)
	}
	return s
}

// maskOver is the mask over the derivative of n, number i, of its shape: nothing is live where there is none.
func (r rates) maskOver(i int, n *graph.Node) *graph.Node {
	if r.d[i] == nil {
		return wholeMask(constMask(n, false), n)
	}
	return wholeMask(r.mask(i), n)
}

// wholeMasks lists the masks there are, each of the shape of its derivative.
func (r rates) wholeMasks() []*graph.Node {
	var list []*graph.Node
	for i, has := range r.masked() {
		if has {
			list = append(list, wholeMask(r.live[i], r.d[i]))
		}
	}
	return list
}

// wholeMask is a mask over n of its shape, true where it is nil.
func wholeMask(mask, n *graph.Node) *graph.Node {
	if mask == nil {
		mask = constMask(n, true)
	}
	return ops.BroadcastTo(mask, n.Shape()...)
}

// constMask is a mask for n's graph of one element.
func constMask(n *graph.Node, holds bool) *graph.Node {
	if holds {
		return n.Graph().Scalar(graph.Bool, 1)
	}
	return n.Graph().Scalar(graph.Bool, 0)
}

// guards says of which nodes a mask is of use: there is a partial derivative on the way to one of the sources, or a caller
// who asks for the mask, that could make something else of a zero.
type guards struct{ nodeSet }

// of tells the wanted inputs that are to be guarded.
func (g guards) of(in []*graph.Node, wanted mask) mask {
	m := make(mask, len(in))
	for i, x := range in {
		m[i] = wanted[i] && g.has(x)
	}
	return m
}

// guardsBelow is for cotangents on their way to the sources.
func guardsBelow(sources []*graph.Node, asked mask, order []*graph.Node, active nodeSet) guards {
	g := guards{newNodeSet(order)}
	for i, x := range sources {
		if asked != nil && asked[i] {
			g.add(x)
		}
	}
	for _, y := range order {
		for i, x := range y.In() {
			if active.has(x) && passes(y, i) && (!isTame(y) || g.has(x)) {
				g.add(y)
				break
			}
		}
	}
	return g
}

// guardsAbove is for tangents on their way to the outputs.
func guardsAbove(outputs []*graph.Node, asked bool, order []*graph.Node, active nodeSet) guards {
	g := guards{newNodeSet(order)}
	if asked {
		for _, y := range outputs {
			g.add(y)
		}
	}
	for k := len(order) - 1; k >= 0; k-- {
		y := order[k]
		if !active.has(y) {
			continue
		}
		for i, x := range y.In() {
			if passes(y, i) && (!isTame(y) || g.has(y)) {
				g.add(x)
			}
		}
	}
	return g
}

// isTame reports whether y's derivative only moves and adds, so that it makes zeros of zeros.
func isTame(y *graph.Node) bool {
	switch y.Op().Derivative.(type) {
	case ops.Linear, ops.LinearEach, graph.Selective:
		return true
	}
	_, isPart := y.PartIndex()
	return isPart || y.IsAlias()
}

// isRough reports whether a function has a derivative that is not tame.
func isRough(f *graph.Func) bool {
	return f.Memo("rough", func() any {
		for _, y := range graph.Topo(f.Outputs()...) {
			if isSmooth(y) && len(y.In()) > 0 && !isTame(y) {
				return true
			}
		}
		return false
	}).(bool)
}
