package compile

import (
	"slices"

	"chainrule/graph"
	"chainrule/internal/rewrite"
	"chainrule/ops"
)

// pair puts products of two rows with one matrix into one node, so that the matrix is read once: h·W and ḣ·W of a function
// and its derivative, above all, since of a product with one row reading the matrix is most of the work.
//
//	%3 = matmul(%0, %2)                    %3 = row_pair(%2, %0, %1)
//	%4 = matmul(%1, %2)         →          %4 = slice(%3) [row 0]
//	                                       %5 = slice(%3) [row 1]
//
// The level of a node is the largest number of such products on a way to it. Two of one level do not depend on each
// other, nor do pairs of one level; so pairs never wait for each other.
func pair(u rewrite.Unit, _ rewrite.Options) rewrite.Unit {
	type kind struct {
		matrix *graph.Node
		trans  bool
		level  int32
	}
	level := make([]int32, u.Graph().Len()) // of a node's users
	alone := map[kind]*graph.Node{}
	var pairs [][2]*graph.Node
	for _, n := range u.Topo() {
		at := int32(0)
		for _, x := range n.In() {
			at = max(at, level[x.ID()])
		}
		level[n.ID()] = at
		p, ok := ops.AsRowProduct(n)
		if !ok {
			continue
		}
		level[n.ID()]++
		of := kind{p.Matrix, p.Trans, at}
		if first := alone[of]; first != nil {
			pairs = append(pairs, [2]*graph.Node{first, n})
			delete(alone, of)
		} else {
			alone[of] = n
		}
	}
	if len(pairs) == 0 {
		return u
	}
	list := make([]rewrite.Replacement, len(pairs))
	for i, two := range pairs {
		list[i] = rewrite.Replacement{Of: two[:], From: slices.Concat(two[0].In(), two[1].In()),
			Make: func(g *graph.Graph, from []*graph.Node) (made []*graph.Node) {
				g.With(two[1], func() {
					first := len(two[0].In())
					x, _ := ops.AsRowProduct(g.Copy(two[0], from[:first]...))
					y, _ := ops.AsRowProduct(g.Copy(two[1], from[first:]...))
					rows := ops.RowPair(x, y)
					for i, n := range two {
						made = append(made, ops.Reshape(ops.Slice(rows, ops.At(i)), n.Shape()...))
					}
				})
				return made
			}}
	}
	next, ok := u.Replace(list)
	if !ok {
		panic("compile: products of a pair depend on each other")
	}
	return next
}
