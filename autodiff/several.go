package autodiff

import "chainrule/graph"

// several is the rule of an op with several results, such as a loop. Its node holds them all, packed, and the nodes
// that derivatives flow through are its parts. Where it takes or gives one node a result or an input, nil stands for
// zero, or for no derivative.
type several interface {
	graph.Derivative
	// pull returns the cotangents of the wanted inputs, given those of the results, and masks of those to be guarded.
	pull(n *graph.Node, cts rates, wanted, guard mask) rates
	// push returns the tangents of the needed results, given those of the inputs, and their masks if they are to be guarded.
	push(n *graph.Node, tangents rates, needed mask, guard bool) rates
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

// results holds, for packed nodes, the derivatives of their parts.
type results map[*graph.Node]rates

// set sets those of part i of n, if there are any.
func (r results) set(n *graph.Node, i int, v, live *graph.Node) {
	if v == nil {
		return
	}
	if _, has := r[n]; !has {
		r[n] = newRates(len(n.Parts()))
	}
	r[n].d[i], r[n].live[i] = v, live
}

// neededParts tells, for packed nodes, which of their parts are in a set.
func neededParts(set nodeSet, order []*graph.Node) map[*graph.Node]mask {
	needed := map[*graph.Node]mask{}
	for _, y := range order {
		i, isPart := y.PartIndex()
		if !isPart || !set.has(y) {
			continue
		}
		n := y.In()[0]
		if needed[n] == nil {
			needed[n] = make(mask, len(n.Op().Parts(n)))
		}
		needed[n][i] = true
	}
	return needed
}

// passing tells the inputs of y that have a derivative to pass on.
func passing(y *graph.Node, active nodeSet) mask {
	wanted := make(mask, len(y.In()))
	for i, x := range y.In() {
		wanted[i] = active.has(x) && passes(y, i)
	}
	return wanted
}

// allDiffer says that the results all differ between examples.
func allDiffer(results []*graph.Node) ([]*graph.Node, mask) { return results, where(results) }
