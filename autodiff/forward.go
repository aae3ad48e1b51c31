package autodiff

import (
	"chainrule/graph"
	"chainrule/ops"
)

// forward pushes tangents through the graph: given those of the nodes wrt it returns those of the outputs, nil
// where they do not depend on wrt.
func forward(outputs, wrt, tangents []*graph.Node) []*graph.Node {
	order := graph.Topo(append(append([]*graph.Node(nil), outputs...), wrt...)...)
	active := reachedFrom(wrt, order)
	tangent := newLive(order)
	for i, x := range wrt {
		tangent.set(x, tangents[i])
	}
	parts := results{}
	for _, y := range order {
		if !active.has(y) || tangent.at(y) != nil {
			continue
		}
		if i, isPart := y.PartIndex(); isPart {
			if t := parts[y.In()[0]]; t != nil && t[i] != nil {
				tangent.set(y, t[i])
			}
			continue
		}
		t := make([]*graph.Node, len(y.In()))
		moves := false
		for i, x := range y.In() {
			if active.has(x) && passes(y, i) {
				t[i] = tangent.at(x)
				moves = moves || t[i] != nil
			}
		}
		if !moves {
			continue // the tangents of all inputs are zero
		}
		y.Graph().Differentiate(y, true, func() {
			if rule := rulesOf(y); rule != nil {
				parts[y] = rule.push(y, t)
				return
			}
			tangent.push(y, t)
		})
	}
	result := make([]*graph.Node, len(outputs))
	for i, y := range outputs {
		result[i] = tangent.at(y)
	}
	return result
}

// transposed is the JVP of y by its VJP: u ↦ Jᵀu is linear in u, so its own VJP is t ↦ J·t, whatever u is.
func transposed(y *graph.Node, t []*graph.Node) *graph.Node {
	u := y.Graph().Alias(zeros(y))
	var pulled, ts []*graph.Node
	for i, x := range y.In() {
		if t[i] != nil {
			pulled = append(pulled, ops.SumTo(y.Op().Derivative.VJP(y, i, u), x.Shape()...))
			ts = append(ts, t[i])
		}
	}
	if result := reverse(pulled, ts, []*graph.Node{u})[0]; result != nil {
		return result
	}
	return zeros(y)
}

func zeros(n *graph.Node) *graph.Node {
	return ops.BroadcastTo(n.Graph().Scalar(n.DType(), 0), n.Shape()...)
}
