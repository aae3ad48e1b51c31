package sweep

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// PushBasis pushes every unit tangent of x forward: column by column of the Jacobians ∂y/∂x, which it returns with
// the shape [y…, x…] for each output y, nil where y does not depend on x.
func PushBasis(outputs []*graph.Node, x *graph.Node) []*graph.Node {
	columns := overBasis(x, func(t *graph.Node) []*graph.Node {
		return Forward(outputs, []*graph.Node{x}, []*graph.Node{t})
	})
	for i, c := range columns {
		if c != nil { // [n, y…] → [y…, x…]
			y := outputs[i].Shape()
			columns[i] = ops.Reshape(ops.Permute(c, rotated(len(y)+1)...), slices.Concat(y, x.Shape())...)
		}
	}
	return columns
}

// PullBasis pulls every unit cotangent of y back: row by row of the Jacobians ∂y/∂x, which it returns with the shape
// [y…, x…] for each x of wrt, nil where y does not depend on x.
func PullBasis(y *graph.Node, wrt []*graph.Node) []*graph.Node {
	rows := overBasis(y, func(ct *graph.Node) []*graph.Node {
		return Reverse([]*graph.Node{y}, []*graph.Node{ct}, wrt)
	})
	for i, r := range rows {
		if r != nil { // [m, x…] → [y…, x…]
			rows[i] = ops.Reshape(r, slices.Concat(y.Shape(), wrt[i].Shape())...)
		}
	}
	return rows
}

// overBasis applies a linear function to the n unit vectors of x's space at once, and returns the results with a
// first axis of length n, nil where they are zero because linear's result does not depend on its argument.
func overBasis(x *graph.Node, linear func(v *graph.Node) []*graph.Node) []*graph.Node {
	n := x.Type().Size()
	if n == 1 { // the derivative itself
		out := linear(ops.FullLike(x, 1))
		for i, y := range out {
			if y != nil {
				out[i] = ops.ExpandDims(y, 0)
			}
		}
		return out
	}
	v := x.Graph().Alias(Zeros(x))
	out := linear(v)
	found := NotNil(out)
	if len(found) == 0 {
		return out
	}
	products, known := unitProducts(found, v)
	all := Batch(found, append(products, v), append(known, basis(x)), n)
	for i, y := range out {
		if y != nil {
			out[i], all = all[0], all[1:]
		}
	}
	return out
}

// basis is the unit vectors of x's space, of shape [n, x…]. They are computed, not stored: a constant of n² elements
// would stay in memory.
func basis(x *graph.Node) *graph.Node {
	n := x.Type().Size()
	return ops.Reshape(ops.Eye(x.Graph(), x.DType(), n), slices.Concat([]int{n}, x.Shape())...)
}

// rotated is the permutation of n axes that puts the first one last.
func rotated(n int) []int {
	perm := make([]int, n)
	for i := range perm {
		perm[i] = (i + 1) % n
	}
	return perm
}
