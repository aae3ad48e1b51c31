package rewrite

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

var broadcastRules = []Rule{{
	Name: "map-broadcast", Identity: "f(broadcast x, y) = broadcast f(x, y)", Exact: true,
	Apply: func(s *simplifier, n *graph.Node) *graph.Node {
		if n.Type().Size() == 0 || !slices.ContainsFunc(n.In(), isBroadcast) {
			return nil // of no element nothing need be computed
		}
		in := slices.Clone(n.In())
		for i, x := range in {
			if isBroadcast(x) {
				in[i] = x.In()[0]
				if in[i].Type().Size() == 1 { // a number, about which other rules know more
					in[i] = s.settle(ops.Reshape(in[i]))
				}
			}
		}
		return ops.BroadcastTo(s.apply(n, in...), n.Shape()...)
	},
}, {
	Name: "broadcast-broadcast", Identity: "broadcast broadcast x = broadcast x", Exact: true, Ops: []string{"broadcast_to"},
	Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
		if x := n.In()[0]; isBroadcast(x) {
			return ops.BroadcastTo(x.In()[0], n.Shape()...)
		}
		return nil
	},
}, {
	Name: "broadcast-reshape", Identity: "broadcast reshape x = broadcast x, for leading axes of length 1", Exact: true,
	Ops: []string{"broadcast_to"},
	Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
		r := n.In()[0]
		if !is(r, "reshape") {
			return nil
		}
		x := r.In()[0]
		if lead := r.Rank() - x.Rank(); lead > 0 && slices.Equal(r.Shape()[lead:], x.Shape()) {
			return ops.BroadcastTo(x, n.Shape()...)
		}
		return nil
	},
}, {
	Name: "sum-broadcast", Identity: "Σ broadcast x = k·x, for one element x and k of them", Ops: []string{"sum"},
	Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
		b := n.In()[0]
		if !isBroadcast(b) || b.In()[0].Type().Size() != 1 || b.Type().Size() == 0 || !n.DType().IsFloat() {
			return nil
		}
		x := ops.Reshape(b.In()[0])
		return ops.BroadcastTo(ops.Mul(float64(b.Type().Size()/n.Type().Size()), x), n.Shape()...)
	},
}}

func isBroadcast(n *graph.Node) bool { return is(n, "broadcast_to") }

var viewRules = []Rule{{
	Name: "reshape-reshape", Identity: "reshape reshape x = reshape x", Exact: true, Ops: []string{"reshape"},
	Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
		if x := n.In()[0]; is(x, "reshape") {
			return ops.Reshape(x.In()[0], n.Shape()...)
		}
		return nil
	},
}, {
	Name: "permute-permute", Identity: "two permutations are one", Exact: true, Ops: []string{"permute"},
	Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
		x := n.In()[0]
		if !is(x, "permute") {
			return nil
		}
		outer, inner := ops.PermutationOf(n), ops.PermutationOf(x)
		both := make([]int, len(outer))
		for i, p := range outer {
			both[i] = inner[p]
		}
		return ops.Permute(x.In()[0], both...)
	},
}, {
	Name: "permute-map", Identity: "permute f(permute x) = permute permute f(x)", Exact: true, Ops: []string{"permute"},
	Apply: func(s *simplifier, n *graph.Node) *graph.Node {
		f := n.In()[0]
		if f.Op().Class != graph.Map || !s.usedOnce(f) {
			return nil
		}
		in, inner := slices.Clone(f.In()), (*graph.Node)(nil)
		for i, x := range in {
			switch {
			case x.Type().Size() == 1:
			case inner == nil && is(x, "permute") && s.usedOnce(x) && slices.Equal(x.Shape(), f.Shape()):
				in[i], inner = x.In()[0], x
			default:
				return nil
			}
		}
		if inner == nil {
			return nil
		}
		moved := ops.Permute(s.apply(f, in...), ops.PermutationOf(inner)...)
		return ops.Permute(moved, ops.PermutationOf(n)...)
	},
}}

var matmulRules = []Rule{{
	Name: "matmul-transpose", Identity: "transposed operands are read as they lie", Ops: []string{"matmul"},
	Apply: func(_ *simplifier, n *graph.Node) *graph.Node {
		a, b := n.In()[0], n.In()[1]
		transA, transB := ops.Transposed(n)
		x, y := untransposed(a), untransposed(b)
		if x == a && y == b {
			return nil
		}
		return ops.Product(x, y, transA != (x != a), transB != (y != b))
	},
}, {
	Name: "matmul-scale", Identity: "s·(A·B) = A·(s·B), s of one element and B smaller than A·B", Ops: []string{"mul"},
	Apply: commutedWith(func(s *simplifier, n, p, c *graph.Node) *graph.Node {
		if c.Type().Size() != 1 || !is(p, "matmul") || !s.usedOnce(p) || keeps(n, p) == nil {
			return nil
		}
		if p.In()[0].Type().Size() == 0 { // A·B is 0, and s·0 may be NaN
			return nil
		}
		c = ops.Reshape(c)
		a, b := p.In()[0], p.In()[1]
		transA, transB := ops.Transposed(p)
		switch size := p.Type().Size(); {
		case b.Type().Size() < size && b.Type().Size() <= a.Type().Size():
			return ops.Product(a, s.settle(ops.Mul(c, b)), transA, transB)
		case a.Type().Size() < size:
			return ops.Product(s.settle(ops.Mul(c, a)), b, transA, transB)
		}
		return nil
	}),
}, {
	Name: "matmul-add", Identity: "C + A·B is one product that begins with C", Ops: []string{"add"},
	Apply: commutedWith(func(s *simplifier, n, p, c *graph.Node) *graph.Node {
		if !is(p, "matmul") || !s.usedOnce(p) || p.Rank() != 2 || keeps(n, p) == nil || keeps(n, c) == nil {
			return nil
		}
		transA, transB := ops.Transposed(p)
		return ops.MatMulAdd(c, p.In()[0], p.In()[1], transA, transB)
	}),
}, {
	Name: "matmul-bias", Identity: "A·B + b is one product, b a row", Ops: []string{"add"},
	Apply: commutedWith(func(s *simplifier, n, p, b *graph.Node) *graph.Node {
		if !is(p, "matmul") || !s.usedOnce(p) || p.Rank() != 2 || keeps(n, p) == nil {
			return nil
		}
		if b.Rank() != 1 || b.Shape()[0] != p.Shape()[1] {
			return nil
		}
		transA, transB := ops.Transposed(p)
		return ops.MatMulAdd(b, p.In()[0], p.In()[1], transA, transB)
	}),
}, {
	Name: "matmul-sub", Identity: "C − A·B = C + A·(−B), B smaller than A·B", Ops: []string{"sub"},
	Apply: func(s *simplifier, n *graph.Node) *graph.Node {
		c, p := n.In()[0], n.In()[1]
		if !is(p, "matmul") || !s.usedOnce(p) || p.Rank() != 2 || keeps(n, p) == nil || keeps(n, c) == nil {
			return nil
		}
		a, b := p.In()[0], p.In()[1]
		transA, transB := ops.Transposed(p)
		switch size := p.Type().Size(); {
		case b.Type().Size() < size && b.Type().Size() <= a.Type().Size():
			return ops.MatMulAdd(c, a, s.settle(ops.Neg(b)), transA, transB)
		case a.Type().Size() < size:
			return ops.MatMulAdd(c, s.settle(ops.Neg(a)), b, transA, transB)
		}
		return nil
	},
}}

// untransposed returns x if n = xᵀ over its last two axes, and n otherwise.
func untransposed(n *graph.Node) *graph.Node {
	if !is(n, "permute") || n.Rank() < 2 {
		return n
	}
	perm := ops.PermutationOf(n)
	last := len(perm) - 1
	for i, p := range perm[:last-1] {
		if p != i {
			return n
		}
	}
	if perm[last] != last-1 {
		return n
	}
	return n.In()[0]
}
