package sparsity

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/colour"
	"chainrule/internal/sweep"
	"chainrule/ops"
)

// columnSums adds up the columns of each colour of ∂outputs/∂sources: a tangent for each colour, which is 1 for the
// columns of that colour, pushed forward. The result is a vector, see offsets.place.
func columnSums(outputs, sources []*graph.Node, c colour.Coloring) *graph.Node {
	return joinSums(outputs, c.Colors, inDirections(sources, c, func(t []*graph.Node) []*graph.Node {
		return sweep.Forward(outputs, sources, t)
	}))
}

// rowSums adds up rows likewise: a cotangent for each colour, pulled back.
func rowSums(outputs, sources []*graph.Node, c colour.Coloring) *graph.Node {
	return joinSums(sources, c.Colors, inDirections(outputs, c, func(ct []*graph.Node) []*graph.Node {
		return sweep.Reverse(outputs, ct, sources)
	}))
}

// inDirections applies a linear function to all directions of a colouring at once. Results have the colours as their
// first axis, and are nil where linear gives nil.
func inDirections(leaves []*graph.Node, c colour.Coloring, linear func(v []*graph.Node) []*graph.Node) []*graph.Node {
	ones := make([]*graph.Node, len(leaves))
	seeds := make([]*graph.Node, len(leaves))
	at := begins(leaves)
	for i, x := range leaves {
		ones[i] = x.Graph().Alias(sweep.Zeros(x))
		seeds[i] = seed(x, c, at[i])
	}
	results := linear(ones)
	var reached []*graph.Node
	for _, y := range results {
		if y != nil {
			reached = append(reached, y)
		}
	}
	all := make([]*graph.Node, len(results))
	if len(reached) == 0 {
		return all
	}
	reached = sweep.Batch(reached, ones, seeds, c.Colors)
	for i, y := range results {
		if y != nil {
			all[i], reached = reached[0], reached[1:]
		}
	}
	return all
}

// seed is a constant [colors, x…] that is 1 where an element of x has the colour. Element 0 of x is element begin of
// what is coloured.
func seed(x *graph.Node, c colour.Coloring, begin int) *graph.Node {
	size := x.Type().Size()
	shape := append([]int{c.Colors}, x.Shape()...)
	if x.DType() == graph.Float32 {
		return graph.Const(x.Graph(), seedOf[float32](c.Of[begin:begin+size], c.Colors), shape...)
	}
	return graph.Const(x.Graph(), seedOf[float64](c.Of[begin:begin+size], c.Colors), shape...)
}

func seedOf[T float32 | float64](of []int32, colors int) []T {
	s := make([]T, colors*len(of))
	for e, color := range of {
		if color >= 0 {
			s[int(color)*len(of)+e] = 1
		}
	}
	return s
}

// offsets are the numbers of the first elements of leaves, counted through, and at last the number of all elements.
type offsets []int

func begins(leaves []*graph.Node) offsets {
	at := make(offsets, 1, len(leaves)+1)
	for i, x := range leaves {
		at = append(at, at[i]+x.Type().Size())
	}
	return at
}

// place is where joinSums puts element e of the sums of a colour.
func (o offsets) place(e, color, colors int) int64 {
	leaf, exact := slices.BinarySearch(o, e)
	if !exact {
		leaf--
	}
	for o[leaf+1] == o[leaf] { // empty leaves
		leaf++
	}
	return int64(o[leaf]*colors + color*(o[leaf+1]-o[leaf]) + e - o[leaf])
}

// joinSums lays the sums for all leaves behind each other, in one element type; nil is zero.
func joinSums(leaves []*graph.Node, colors int, sums []*graph.Node) *graph.Node {
	d := leaves[0].DType()
	for _, x := range leaves {
		if x.DType() != d {
			d = graph.Float64
		}
	}
	flat := make([]*graph.Node, len(leaves))
	for i, x := range leaves {
		if sums[i] == nil {
			flat[i] = ops.BroadcastTo(x.Graph().Scalar(d, 0), colors*x.Type().Size())
			continue
		}
		flat[i] = ops.Cast(ops.Reshape(sums[i], colors*x.Type().Size()), d)
	}
	return ops.Concat(flat, 0)
}
