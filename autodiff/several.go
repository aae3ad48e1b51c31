package autodiff

import "chainrule/graph"

// several is the rule of an op with several results, such as a loop. Its node holds them all, packed, and the nodes
// that derivatives flow through are its parts. Where it takes or gives one node a result or an input, nil stands for
// zero, or for no derivative.
type several interface {
	graph.Derivative
	// pull returns the cotangents of the wanted inputs, given those of the results.
	pull(n *graph.Node, cts []*graph.Node, wanted []bool) []*graph.Node
	// push returns the tangents of the results, given those of the inputs.
	push(n *graph.Node, tangents []*graph.Node) []*graph.Node
	// spread returns the results for size examples, and which of them differ between examples: those have the axis of
	// examples first, as the inputs have that are batched.
	spread(n *graph.Node, in []*graph.Node, batched []bool, size int) (results []*graph.Node, differ mask)
}

// rulesOf returns the rule of an op with several results, nil for others.
func rulesOf(n *graph.Node) several {
	rule, _ := n.Op().Derivative.(several)
	return rule
}

// packedRule is the part of graph.Derivative that ops with several results do not use.
type packedRule struct{}

func (packedRule) VJP(*graph.Node, int, *graph.Node) *graph.Node {
	panic("autodiff: VJP of a packed node")
}
func (packedRule) JVP(*graph.Node, []*graph.Node) *graph.Node {
	panic("autodiff: JVP of a packed node")
}

// results holds, for packed nodes, a node for each of their parts.
type results map[*graph.Node][]*graph.Node

// add adds v to what part i of n has so far.
func (r results) add(n *graph.Node, i int, v *graph.Node) {
	if v == nil {
		return
	}
	if r[n] == nil {
		r[n] = make([]*graph.Node, len(n.Op().Parts(n)))
	}
	r[n][i] = sumOf(r[n][i], v)
}

// passing tells the inputs of y that have a derivative to pass on.
func passing(y *graph.Node, active nodeSet) []bool {
	wanted := make([]bool, len(y.In()))
	for i, x := range y.In() {
		wanted[i] = active.has(x) && passes(y, i)
	}
	return wanted
}

// allDiffer says that the results all differ between examples.
func allDiffer(results []*graph.Node) ([]*graph.Node, mask) { return results, where(results) }
