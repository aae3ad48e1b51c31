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

// NewDerivatives has room for n derivatives, all zero.
func NewDerivatives(n int) Derivatives {
	return Derivatives{make([]*graph.Node, n), make([]*graph.Node, n)}
}

// at is derivative i.
func (r Derivatives) at(i int) derivative { return derivative{r.D[i], r.Mask(i)} }

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

// derivative is a cotangent or tangent of one node. The zero derivative is zero.
type derivative struct {
	d    *graph.Node
	mask *graph.Node // where it is live, nil for everywhere
}

// plus is the sum of two derivatives: live where one of them is.
func (a derivative) plus(b derivative) derivative {
	switch {
	case a.d == nil:
		return b
	case b.d == nil:
		return a
	case b.mask == nil:
		return derivative{ops.Add(a.d, b.d), nil}
	}
	return derivative{ops.Add(a.d, b.d), ops.EitherMask(b.mask, a.mask)}
}

// flow holds the derivatives of the nodes of one traversal, as far as a sweep has come. Packed nodes have those of
// their parts.
type flow struct {
	values table
	masks  table // empty as long as all is live
	parts  map[*graph.Node]Derivatives
}

func newFlow(order []*graph.Node) flow {
	return flow{values: newTable(order), parts: map[*graph.Node]Derivatives{}}
}

func (f *flow) has(n *graph.Node) bool { return f.values.at(n) != nil }

func (f *flow) at(n *graph.Node) derivative {
	if f.masks.isNil() {
		return derivative{d: f.values.at(n)}
	}
	return derivative{f.values.at(n), f.masks.at(n)}
}

func (f *flow) set(n *graph.Node, d derivative) {
	f.values.set(n, d.d)
	if f.masks.isNil() {
		if d.mask == nil {
			return
		}
		f.masks = f.values.twin()
	}
	f.masks.set(n, d.mask)
}

// add adds d to what n has so far.
func (f *flow) add(n *graph.Node, d derivative) {
	if d.d != nil {
		f.set(n, f.at(n).plus(d))
	}
}

// of lists the derivatives of nodes, with masks for those that are to have one.
func (f *flow) of(nodes []*graph.Node, masked Selection) Derivatives {
	list := NewDerivatives(len(nodes))
	for i, n := range nodes {
		d := f.at(n)
		list.D[i] = d.d
		if masked != nil && masked[i] {
			list.Masks[i] = d.mask
		}
	}
	return list
}

func (f *flow) hasParts(n *graph.Node) bool {
	_, has := f.parts[n]
	return has
}

// pack puts the derivative of a part among those of its packed node.
func (f *flow) pack(part *graph.Node) {
	i, _ := part.PartIndex()
	d, n := f.at(part), part.In()[0]
	if d.d == nil {
		return
	}
	if !f.hasParts(n) {
		f.parts[n] = NewDerivatives(len(n.Parts()))
	}
	f.parts[n].D[i], f.parts[n].Masks[i] = d.d, d.mask
}

// unpack takes the derivative of a part from those of its packed node.
func (f *flow) unpack(part *graph.Node) {
	i, _ := part.PartIndex()
	if all, has := f.parts[part.In()[0]]; has {
		f.add(part, all.at(i))
	}
}
