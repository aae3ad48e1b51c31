package rewrite

import (
	"chainrule/graph"
	"chainrule/ops"
)

// fusedRules save passes over memory, or operations on single numbers.
var fusedRules = []Rule{{
	Name: "mul-add", Identity: "a·b + c = mul_add(a, b, c)", Exact: true, Ops: []string{"add"},
	Apply: commutedWith(func(s *simplifier, n, p, c *graph.Node) *graph.Node {
		if !is(p, "mul") || !s.usedOnce(p) || !n.DType().IsFloat() || !p.Type().Equal(n.Type()) {
			return nil
		}
		return ops.MulAdd(p.In()[0], p.In()[1], c)
	}),
}, {
	Name: "mul-slope", Identity: "a·slope_tanh(y) = mul_slope_tanh(a, y); the same for sigmoid", Exact: true, Ops: []string{"mul"},
	Apply: commutedWith(func(s *simplifier, n, slope, a *graph.Node) *graph.Node {
		switch {
		case n.Type().Size() == 1 || !slope.Type().Equal(n.Type()) || !a.Type().Equal(n.Type()): // numbers have registers
		case is(slope, "slope_tanh") && s.usedOnce(slope):
			return ops.MulSlopeTanh(a, slope.In()[0])
		case is(slope, "slope_sigmoid") && s.usedOnce(slope):
			return ops.MulSlopeSigmoid(a, slope.In()[0])
		}
		return nil
	}),
}}
