package main

import (
	"chainrule/autodiff"
	"chainrule/graph"
	"chainrule/ops"
)

// inBlocks applies f to some rows at a time of all xs, [n, …], so that what lies between is small and stays in the near
// caches. It returns what f gives for all whole blocks, [n/rows·rows, …], and for the rest, nil if there is none.
func inBlocks(rows int, f func(block []*graph.Node) *graph.Node, xs ...*graph.Node) (whole, rest *graph.Node) {
	n := xs[0].Shape()[0]
	blocks := n / rows
	part := func(r ops.Range) []*graph.Node {
		parts := make([]*graph.Node, len(xs))
		for i, x := range xs {
			parts[i] = ops.Slice(x, r)
		}
		return parts
	}
	if blocks < 2 {
		return f(xs), nil
	}
	of := part(ops.Range{Stop: blocks * rows})
	for i, x := range of {
		of[i] = ops.Reshape(x, append([]int{blocks, rows}, x.Shape()[1:]...)...)
	}
	type none struct{}
	_, whole = autodiff.Scan(func(c none, block []*graph.Node) (none, *graph.Node) { return c, f(block) }, none{}, of)
	whole = ops.Reshape(whole, append([]int{blocks * rows}, whole.Shape()[2:]...)...)
	if n%rows > 0 {
		rest = f(part(ops.Range{Start: blocks * rows, Stop: n}))
	}
	return whole, rest
}

// joined is whole and rest as one.
func joined(whole, rest *graph.Node) *graph.Node {
	if rest == nil {
		return whole
	}
	return ops.Concat([]*graph.Node{whole, rest}, 0)
}
