package ops

import "chainrule/graph"

// batchMatmul is the rule of products of matrices. n's last two inputs are its operands.
func batchMatmul(n *graph.Node, in []*graph.Node, batched []bool) *graph.Node {
	a, b, f := in[0], in[1], n.Attrs().(matmulAttrs)
	if batched[0] {
		a = padRank(a, n.Rank()+1)
	}
	if batched[1] {
		b = padRank(b, n.Rank()+1)
	}
	return matmul(a, b, f)
}
