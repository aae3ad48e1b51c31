package rewrite

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// band is a value that is zero but for a box of it, in which it is x, with gaps between its elements.
type band struct {
	x                    *graph.Node
	whole, lo, size, gap []int // by axis: the value's length; where x begins, and its extent with the gaps
}

func isBand(n *graph.Node) bool {
	if !is(n, "pad") {
		return false
	}
	return !slices.Equal(n.Shape(), n.In()[0].Shape())
}

// bandsOf are the bands that terms are.
func bandsOf(terms []*graph.Node) []band {
	bands := make([]band, len(terms))
	for i, n := range terms {
		lo, hi, gap := ops.PaddingOf(n)
		b := band{x: n.In()[0], whole: n.Shape(), lo: lo, size: make([]int, len(lo)), gap: gap}
		for k, length := range b.whole {
			b.size[k] = length - lo[k] - hi[k]
		}
		bands[i] = b
	}
	return bands
}

// put pads x, which is of the size of the band, or its own x, to the whole.
func (b band) put(x *graph.Node) *graph.Node {
	hi := make([]int, len(b.lo))
	for k := range hi {
		hi[k] = b.whole[k] - b.lo[k] - b.size[k]
	}
	if slices.Equal(x.Shape(), b.whole) {
		return x
	}
	return ops.Pad(x, b.lo, hi, b.gap)
}

// hullOf is the smallest box that bands lie in, without an x.
func hullOf(bands []band) band {
	whole := bands[0].whole
	hull := band{whole: whole, lo: slices.Clone(whole), size: make([]int, len(whole)), gap: make([]int, len(whole))}
	end := make([]int, len(whole))
	for _, b := range bands {
		for k := range whole {
			hull.lo[k] = min(hull.lo[k], b.lo[k])
			end[k] = max(end[k], b.lo[k]+b.size[k])
		}
	}
	for k := range whole {
		hull.size[k] = end[k] - hull.lo[k]
	}
	return hull
}

// within is the band as one of the value that a hull holds.
func (b band) within(hull band) band {
	lo := make([]int, len(b.lo))
	for k := range lo {
		lo[k] = b.lo[k] - hull.lo[k]
	}
	b.whole, b.lo = hull.size, lo
	return b
}

// span is a band as a range of indices.
type span struct {
	x           *graph.Node
	start, stop int
}

// spansOf sees bands as ranges of one axis, or with the axis −1 of the elements in their order.
func spansOf(bands []band) (spans []span, axis int, ok bool) {
	axis = -1
	along, flat := true, true
	for _, b := range bands {
		cut := 0
		first := -1 // the first axis of which it has more than one index
		for k, length := range b.whole {
			if b.gap[k] > 0 && b.size[k] > 1 {
				return nil, 0, false
			}
			if b.size[k] == length {
				if first < 0 && length > 1 {
					first = k
				}
				continue
			}
			flat = flat && first < 0
			if first < 0 && b.size[k] > 1 {
				first = k
			}
			cut++
			along = along && (axis < 0 || axis == k)
			axis = k
		}
		along = along && cut <= 1
	}
	switch {
	case along && axis >= 0:
		for _, b := range bands {
			spans = append(spans, span{b.x, b.lo[axis], b.lo[axis] + b.size[axis]})
		}
		return spans, axis, true
	case !flat:
		return nil, 0, false
	}
	strides := graph.Strides(bands[0].whole)
	for _, b := range bands {
		at := 0
		for k, lo := range b.lo {
			at += lo * strides[k]
		}
		spans = append(spans, span{b.x, at, at + b.x.Type().Size()})
	}
	return spans, -1, true
}

// worthScattering reports whether bands, and others of so many elements, hold few elements for the passes over the whole
// that adding them takes, and none of which all bands cover: it has no zero among its terms.
func worthScattering(bands []band, others int) bool {
	whole, sum := graph.Size(bands[0].whole), others
	lo, hi := slices.Clone(bands[0].lo), slices.Clone(bands[0].whole)
	for _, b := range bands {
		sum += b.x.Type().Size()
		for k := range lo {
			lo[k], hi[k] = max(lo[k], b.lo[k]), min(hi[k], b.lo[k]+b.size[k])
		}
	}
	apart := false
	for k := range lo {
		apart = apart || lo[k] >= hi[k]
	}
	return apart && 4*sum <= len(bands)*whole
}

// scattered adds bands element by element, in their order.
func scattered(shape []int, bands []band) *graph.Node {
	g := bands[0].x.Graph()
	var parts []*graph.Node
	var index []int64
	spans, axis, ok := spansOf(bands)
	if ok && axis >= 0 {
		for _, b := range spans {
			parts = append(parts, b.x)
			for i := b.start; i < b.stop; i++ {
				index = append(index, int64(i))
			}
		}
		return ops.ScatterAdd(ops.Concat(parts, axis), graph.Const(g, index, len(index)), shape[axis], axis)
	}
	strides := graph.Strides(shape)
	for _, b := range bands {
		parts = append(parts, ops.Reshape(b.x, b.x.Type().Size()))
		index = b.appendIndex(index, strides)
	}
	flat := ops.ScatterAdd(ops.Concat(parts, 0), graph.Const(g, index, len(index)), graph.Size(shape), 0)
	return ops.Reshape(flat, shape...)
}

// appendIndex appends where the elements of x lie in the whole, in their order.
func (b band) appendIndex(index []int64, strides []int) []int64 {
	shape := b.x.Shape()
	at := make([]int, len(shape))
	for range b.x.Type().Size() {
		place := 0
		for k, i := range at {
			place += (b.lo[k] + i*(b.gap[k]+1)) * strides[k]
		}
		index = append(index, int64(place))
		for k := len(at) - 1; k >= 0; k-- {
			if at[k]++; at[k] < shape[k] {
				break
			}
			at[k] = 0
		}
	}
	return index
}
