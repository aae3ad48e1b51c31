package sweep

import "chainrule/graph"

// MultiRule is the rule of a multi-result op, such as a loop. Its node holds them all, packed, and the nodes
// that derivatives flow through are its parts. Where it takes or gives one node a result or an input, nil stands for
// zero, or for no derivative.
type MultiRule interface {
	graph.Derivative
	// Pull returns the cotangents of the wanted inputs, given those of the results, and masks of those to be guarded.
	Pull(n *graph.Node, cts Derivatives, wanted, guard Selection) Derivatives
	// Push returns the tangents of the needed results, given those of the inputs, and their masks if they are to be guarded.
	Push(n *graph.Node, tangents Derivatives, needed Selection, guard bool) Derivatives
	// Batch returns the results for size examples, and which of them differ between examples: those have the axis of
	// examples first, as the inputs have that are batched.
	Batch(n *graph.Node, in []*graph.Node, batched []bool, size int) (results []*graph.Node, differ Selection)
}

// RuleOf returns the rule of an op with several results, nil for others.
func RuleOf(n *graph.Node) MultiRule {
	rule, _ := n.Op().Derivative.(MultiRule)
	return rule
}

// PackedRule is the part of graph.Derivative that ops with several results do not use.
type PackedRule struct{}

func (PackedRule) VJP(*graph.Node, int, *graph.Node) *graph.Node {
	panic("sweep: VJP of a packed node")
}
func (PackedRule) JVP(*graph.Node, []*graph.Node) *graph.Node {
	panic("sweep: JVP of a packed node")
}

func isPart(n *graph.Node) bool {
	_, is := n.PartIndex()
	return is
}

// neededParts tells, for packed nodes, which of their parts are in a set.
func neededParts(set Set, order []*graph.Node) map[*graph.Node]Selection {
	needed := map[*graph.Node]Selection{}
	for _, y := range order {
		i, isPart := y.PartIndex()
		if !isPart || !set.Has(y) {
			continue
		}
		n := y.In()[0]
		if needed[n] == nil {
			needed[n] = make(Selection, len(n.Op().Parts(n)))
		}
		needed[n][i] = true
	}
	return needed
}

// passing tells the inputs of y that have a derivative to pass on.
func passing(y *graph.Node, active Set) Selection {
	wanted := make(Selection, len(y.In()))
	for i, x := range y.In() {
		wanted[i] = active.Has(x) && Passes(y, i)
	}
	return wanted
}

// AllDiffer says that the results all differ between examples.
func AllDiffer(results []*graph.Node) ([]*graph.Node, Selection) { return results, Which(results) }
