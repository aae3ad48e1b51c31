package ops

import (
	"slices"

	"chainrule/graph"
)

// Rules for Op.Depends, shared by ops of a kind.

// foldDepends is the rule of reductions, and of ops that make each element of a run from all of it: those have as many
// elements as their input.
func foldDepends(n *graph.Node, _ int, _ graph.Known) graph.Dependence {
	outer, r, inner := folds(n)
	d := runs(outer, r, inner)
	if n.Type().Size() == n.In()[0].Type().Size() {
		d.Group = runOf(outer, r, inner)
	}
	return d
}

// runs makes a group of each run of the middle axis of [outer, r, inner].
func runs(outer, r, inner int) graph.Dependence {
	d := graph.Dependence{Start: make([]int32, outer*inner+1), Members: make([]int32, 0, outer*r*inner)}
	for o := range outer {
		for i := range inner {
			for k := range r {
				d.Members = append(d.Members, int32((o*r+k)*inner+i))
			}
			d.Start[o*inner+i+1] = int32(len(d.Members))
		}
	}
	return d
}

// runOf gives each element of [outer, r, inner] its run, as runs numbers them.
func runOf(outer, r, inner int) []int32 {
	group := make([]int32, 0, outer*r*inner)
	for o := range outer {
		for range r {
			for i := range inner {
				group = append(group, int32(o*inner+i))
			}
		}
	}
	return group
}

// joinDepends is that of concat: every element comes from one operand.
func joinDepends(n *graph.Node, i int, _ graph.Known) graph.Dependence {
	axis := AxisOf(n)
	inner, outer := graph.Size(n.Shape()[axis+1:]), graph.Size(n.Shape()[:axis])
	run, row := graph.Size(n.In()[i].Shape()[axis:]), graph.Size(n.Shape()[axis:])
	group := make([]int32, max(0, (outer-1)*row+run)) // to the last of the operand's runs
	for e := range group {
		group[e] = -1
	}
	for o := range outer {
		for k := range run {
			group[o*row+k] = int32(o*run + k)
		}
	}
	return graph.Dependence{Group: group, First: partBegins(n)[i] * inner}
}

// none gives no element of n a group.
func none(n *graph.Node) []int32 {
	group := make([]int32, n.Type().Size())
	for e := range group {
		group[e] = -1
	}
	return group
}

// padDepends is that of pad: it places the numbers of x's elements as it would place the elements.
func padDepends(n *graph.Node, _ int, _ graph.Known) graph.Dependence {
	g := graph.New()
	x := g.Input("", graph.Int64, n.In()[0].Shape()...)
	numbers := make([]int64, x.Type().Size())
	for e := range numbers {
		numbers[e] = int64(e) + 1
	}
	placed := make([]int64, n.Type().Size())
	shifted := g.Apply(&padOp, n.Attrs(), x)
	group := none(n)
	if len(placed) == 0 {
		return graph.Dependence{Group: group}
	}
	if err := place[int64](shifted)(nil, graph.BufferOf(placed), []graph.Buffer{graph.BufferOf(numbers)}); err != nil {
		panic(err) // it has none
	}
	for e, number := range placed {
		group[e] = int32(number) - 1
	}
	return graph.Dependence{Group: group}
}

// takeDepends is that of take: by the indices if they are known, else each element may come from anywhere along the
// axis. An index out of range is an error when the graph runs.
func takeDepends(n *graph.Node, _ int, known graph.Known) graph.Dependence {
	x, a := n.In()[0], n.Attrs().(takeAttrs)
	outer, length, inner := span(x, []int{a.Axis})
	parts := graph.Size(x.Shape()[:a.Batch])
	count := n.In()[1].Type().Size() / max(1, parts)
	index, ok := known(1)
	if !ok {
		d := runs(outer, length, inner)
		d.Group = runOf(outer, count, inner)
		return d
	}
	group := make([]int32, 0, n.Type().Size())
	for o := range outer {
		for _, k := range part(graph.Elements[int64](index), o*parts/outer, parts) {
			if k < 0 {
				k += int64(length)
			}
			for i := range inner {
				if k < 0 || k >= int64(length) {
					group = append(group, -1)
					continue
				}
				group = append(group, int32((o*length+int(k))*inner+i))
			}
		}
	}
	return graph.Dependence{Group: group}
}

// scatterDepends is that of scatter_add, as for take.
func scatterDepends(n *graph.Node, _ int, known graph.Known) graph.Dependence {
	a := n.Attrs().(scatterAttrs)
	outer, length, inner := span(n, []int{a.Axis})
	parts := graph.Size(n.Shape()[:a.Batch])
	count := n.In()[1].Type().Size() / max(1, parts)
	index, ok := known(1)
	if !ok {
		d := runs(outer, count, inner)
		d.Group = runOf(outer, length, inner)
		return d
	}
	d := graph.Dependence{Start: make([]int32, 1, n.Type().Size()+1)}
	for p := range parts {
		first, order := gathered(part(graph.Elements[int64](index), p, parts), length)
		for o := p * outer / parts; o < (p+1)*outer/parts; o++ {
			for k := range length {
				for i := range inner {
					for _, e := range order[first[k]:first[k+1]] {
						d.Members = append(d.Members, int32((o*count+int(e))*inner+i))
					}
					d.Start = append(d.Start, int32(len(d.Members)))
				}
			}
		}
	}
	return d
}

// gathered lists where each index occurs: index k at order[first[k]:first[k+1]].
func gathered(index []int64, length int) (first, order []int32) {
	first = make([]int32, length+1)
	place := func(k int64) int64 {
		if k < 0 {
			return k + int64(length)
		}
		return k
	}
	for _, k := range index {
		if k = place(k); k >= 0 && k < int64(length) {
			first[k+1]++
		}
	}
	for k := range length {
		first[k+1] += first[k]
	}
	order = make([]int32, first[length])
	next := slices.Clone(first)
	for e, k := range index {
		if k = place(k); k >= 0 && k < int64(length) {
			order[next[k]] = int32(e)
			next[k]++
		}
	}
	return first, order
}
