package autodiff

import (
	"chainrule/graph"
	"chainrule/internal/control"
	"chainrule/internal/tree"
)

// Cond returns what then gives if p, a Bool scalar, is true, and what otherwise gives if not: trees of the same shape,
// with leaves of the same types. Only one of them is computed, and a value from outside that the other one alone uses has
// the derivative zero, as with ops.Where. Under Vmap with different p both are computed, and Where chooses; but neither
// fails, or goes on for ever, for the sake of an example that takes the other.
func Cond[R any](p *graph.Node, then, otherwise func() R) R {
	if p == nil || p.DType() != graph.Bool || p.Rank() != 0 {
		graph.Fail("cond", present(p), "the condition must be a bool scalar")
	}
	needFunc("cond", then == nil || otherwise == nil)
	g := p.Graph()
	var values [2]R
	var funcs [2]*graph.Func
	var captured [2][]*graph.Node
	for i, branch := range []func() R{then, otherwise} {
		funcs[i], captured[i] = g.Capture(nil, true, func([]*graph.Node) []*graph.Node {
			values[i] = branch()
			return tree.Nodes(tree.Leaves(values[i]))
		})
	}
	matchBranches(tree.Leaves(values[0]), tree.Leaves(values[1]))
	out := control.CondOf(p, funcs[0], funcs[1], captured[0], captured[1])
	return tree.Map(values[0], func(i int, _ *graph.Node) *graph.Node { return out[i] })
}

func matchBranches(a, b []tree.Leaf) {
	if len(a)+len(b) == 0 {
		graph.Fail("cond", nil, "the branches give nothing")
	}
	if len(a) != len(b) {
		graph.Fail("cond", nil, "one branch gives %d nodes, the other %d", len(a), len(b))
	}
	for i := range a {
		if a[i].Path != b[i].Path || !a[i].Node.Type().Equal(b[i].Node.Type()) {
			graph.Fail("cond", nil, "the branches give %s and %s, which differ in type", a[i], b[i])
		}
	}
}
