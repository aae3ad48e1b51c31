package compile

import (
	"chainrule/graph"
	"chainrule/ops"
)

// fusedRules save passes over memory, and operations on single numbers.
var fusedRules = []rule{{
	Name: "mul-add", Identity: "a·b + c = mul_add(a, b, c)", Exact: true, Ops: []string{"add"},
	Apply: commutedWith(func(s *simplifier, n, p, c *graph.Node) *graph.Node {
		if !is(p, "mul") || !s.usedOnce(p) || !n.DType().IsFloat() || !p.Type().Equal(n.Type()) {
			return nil
		}
		return ops.MulAdd(p.In()[0], p.In()[1], c)
	}),
}}
