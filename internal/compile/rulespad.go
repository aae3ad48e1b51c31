package compile

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// padRules are about slices of one value, whose derivatives are added with zeros around them: as many passes over the
// whole value as there are slices, where one would do.
var padRules = []rule{{
	Name: "add-pads", Identity: "(0, x, 0) + (0, 0, y) = (0, x, y)", Ops: []string{"add"},
	Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
		x, ok := bandOf(n.In()[0])
		y, also := bandOf(n.In()[1])
		if !ok || !also || x.axis != y.axis || keeps(n, n.In()[0]) == nil || keeps(n, n.In()[1]) == nil {
			return nil
		}
		if x.start > y.start {
			x, y = y, x
		}
		if x.stop > y.start {
			return nil // they overlap
		}
		parts := x.parts()
		if gap := y.start - x.stop; gap > 0 {
			shape := slices.Clone(n.Shape())
			shape[x.axis] = gap
			parts = append(parts, ops.BroadcastTo(n.Graph().Scalar(n.DType(), 0), shape...))
		}
		joined := ops.Concat(x.axis, append(parts, y.parts()...)...)
		return around(joined, n.Shape(), x.axis, x.start)
	},
}, {
	Name: "sum-neg", Identity: "Σ(−x) = −Σx, but of nothing it is 0", Ops: []string{"sum"},
	Apply: func(s *simplifier, n *graph.Node) *graph.Node {
		if x := n.In()[0]; is(x, "neg") && n.DType().IsFloat() {
			return ops.Neg(s.apply(n, x.In()[0]))
		}
		return nil
	},
}}

// band is a value that is zero but for indices from start to stop of one axis, where it is x.
type band struct {
	x                 *graph.Node
	axis, start, stop int
}

// bandOf recognises a value padded along one axis alone.
func bandOf(n *graph.Node) (s band, ok bool) {
	if !is(n, "pad") {
		return s, false
	}
	lo, hi, gap := ops.PaddingOf(n)
	s = band{x: n.In()[0], axis: -1}
	for i := range lo {
		if gap[i] > 0 {
			return s, false
		}
		if lo[i]+hi[i] == 0 {
			continue
		}
		if s.axis >= 0 {
			return s, false
		}
		s.axis, s.start, s.stop = i, lo[i], lo[i]+s.x.Shape()[i]
	}
	return s, s.axis >= 0
}

// parts are what x is joined of, if it is, so that many bands make one list.
func (s band) parts() []*graph.Node {
	if is(s.x, "concat") && ops.AxisOf(s.x) == s.axis {
		return slices.Clone(s.x.In())
	}
	return []*graph.Node{s.x}
}

// around puts zeros around x along an axis, up to the given shape.
func around(x *graph.Node, shape []int, axis, start int) *graph.Node {
	lo, hi := make([]int, len(shape)), make([]int, len(shape))
	lo[axis], hi[axis] = start, shape[axis]-start-x.Shape()[axis]
	if lo[axis]+hi[axis] == 0 {
		return x
	}
	return ops.Pad(x, lo, hi, make([]int, len(shape)))
}
