package onnx

import (
	"cmp"
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"Gather": {build: gather}, "GatherElements": {build: gatherElements}, "GatherND": {build: gatherND},
		"Scatter": {build: scatterElements}, "ScatterElements": {build: scatterElements}, "ScatterND": {build: scatterND},
		"Compress": {build: compress, static: []int{1}}, "NonZero": {build: nonZero, static: []int{0}},
		"OneHot": {build: oneHot, static: []int{1}}, "Unique": {build: unique, static: []int{0}},
		"ReverseSequence": {build: reverseSequence},
	})
}

// fromEnd lets negative indices count from the end of an axis of length n.
func fromEnd(index node, n int) node {
	return ops.Where(ops.Lt(index, int64(0)), ops.Add(index, int64(n)), index)
}

func gather(c *call) []value {
	x, index := c.x(0), c.x(1)
	a := c.axis(c.int("axis", 0), x.Rank())
	return c.one(asInts(x, func(x node) node { return ops.Take(x, index, a) }))
}

// gatherElements may have an index that is shorter than the input along the other axes.
func gatherElements(c *call) []value {
	x, index := c.x(0), c.x(1)
	a := c.axis(c.int("axis", 0), x.Rank())
	if index.Rank() != x.Rank() {
		c.fail("an index of rank %d for rank %d", index.Rank(), x.Rank())
	}
	for i, n := range index.Shape() {
		if i != a && n < x.Shape()[i] {
			x = ops.Slice(x, ranges(i, ops.Range{Stop: n})...)
		}
	}
	return c.one(asInts(x, func(x node) node { return ops.TakeAlong(x, index, a) }))
}

func gatherND(c *call) []value {
	index := c.x(1)
	return c.one(asInts(c.x(0), func(x node) node { return ops.Gather(x, index, c.int("batch_dims", 0)) }))
}

// update is what becomes of an entry and what is scattered into it.
func (c *call) update() ops.Update {
	how, ok := map[string]ops.Update{"none": ops.UpdateSet, "add": ops.UpdateAdd, "mul": ops.UpdateMultiply,
		"max": ops.UpdateMax, "min": ops.UpdateMin}[c.string("reduction", "none")]
	if !ok {
		c.fail("reduction %q", c.string("reduction", ""))
	}
	return how
}

func scatterND(c *call) []value { return c.scattered(c.x(1)) }

// scattered updates the input by tuples of indices.
func (c *call) scattered(index node) []value {
	updates := c.x(2)
	return c.one(asInts(c.x(0), func(x node) node {
		return ops.Scatter(x, index, ops.Cast(updates, x.DType()), c.update(), 0)
	}))
}

// scatterElements puts each update where its index says along one axis, and where it is itself along the others.
func scatterElements(c *call) []value {
	x, index := c.x(0), c.x(1)
	a := c.axis(c.int("axis", 0), x.Rank())
	if index.Rank() != x.Rank() {
		c.fail("an index of rank %d for rank %d", index.Rank(), x.Rank())
	}
	tuple := make([]node, x.Rank())
	for i, n := range index.Shape() {
		shape := slices.Repeat([]int{1}, x.Rank())
		shape[i] = n
		tuple[i] = ops.BroadcastTo(ops.Reshape(ops.Arange(c.run.g, n), shape...), index.Shape()...)
	}
	tuple[a] = index
	return c.scattered(ops.Stack(tuple, -1))
}

// compress keeps the entries of an axis, or of all elements in a row, whose condition is true.
func compress(c *call) []value {
	x, keep := c.x(0), c.ints(1)
	a := 0
	if c.attr("axis") != nil {
		a = c.axis(c.int("axis", 0), x.Rank())
	} else {
		x = ops.Flatten(x)
	}
	if len(keep) > x.Shape()[a] {
		c.fail("%d conditions for %d entries", len(keep), x.Shape()[a])
	}
	var index []int64
	for i, k := range keep {
		if k != 0 {
			index = append(index, int64(i))
		}
	}
	return c.one(asInts(x, func(x node) node { return ops.Take(x, graph.Const(c.run.g, index, len(index)), a) }))
}

// nonZero has a result whose shape depends on the values: these must be known.
func nonZero(c *call) []value {
	shape := c.x(0).Shape()
	var found [][]int
	for i, v := range c.floats2(0) {
		if v != 0 {
			found = append(found, graph.IndexOf(i, shape))
		}
	}
	var flat []int
	for axis := range shape {
		for _, f := range found {
			flat = append(flat, f[axis])
		}
	}
	return c.integers(flat, len(shape), len(found))
}

// floats2 is floats for truth values too.
func (c *call) floats2(i int) (out []float64) {
	if c.x(i).DType() != graph.Bool {
		return c.floats(i)
	}
	for _, v := range c.ints(i) {
		out = append(out, float64(v))
	}
	return out
}

// oneHot has the values off and on; indices out of range make rows of off.
func oneHot(c *call) []value {
	index, values := c.x(0), c.x(2)
	depth := int(c.floats(1)[0])
	a := c.axis(c.int("axis", -1), index.Rank()+1)
	if index.DType() != graph.Int64 {
		index = ops.Cast(index, graph.Int64)
	}
	at := ops.ExpandDims(fromEnd(index, depth), a)
	shape := slices.Repeat([]int{1}, index.Rank()+1)
	shape[a] = depth
	hot := ops.Eq(at, ops.Reshape(ops.Arange(c.run.g, depth), shape...))
	off, on := ops.Index(values, 0), ops.Index(values, 1)
	return []value{tensorOf(where(hot, on, off), c.in[2].elem)}
}

// unique has a result whose shape depends on the values: these must be known.
func unique(c *call) []value {
	x := c.x(0)
	a, flat := 0, c.attr("axis") == nil
	if flat {
		x = ops.Flatten(x)
	} else {
		a = c.axis(c.int("axis", 0), x.Rank())
	}
	n := x.Shape()[a]
	first := ops.Reshape(ops.MoveAxis(x, a, 0), n, -1)
	sub := &call{run: c.run, node: c.node, in: []value{tensorOf(first, c.in[0].elem)}}
	data := sub.floats(0)
	width := first.Shape()[1]
	row := func(i int) []float64 { return data[i*width : (i+1)*width] }

	groups := map[int][]int{} // by the first row that is equal
	var order []int
	inverse := make([]int, n)
	for i := range n {
		at := slices.IndexFunc(order, func(j int) bool { return slices.Equal(row(i), row(j)) })
		if at < 0 {
			at, order = len(order), append(order, i)
		}
		groups[order[at]] = append(groups[order[at]], i)
	}
	if c.int("sorted", 1) != 0 {
		slices.SortFunc(order, func(i, j int) int { return slices.CompareFunc(row(i), row(j), cmp.Compare[float64]) })
	}
	var counts []int
	for at, i := range order {
		counts = append(counts, len(groups[i]))
		for _, j := range groups[i] {
			inverse[j] = at
		}
	}
	index := c.integers(order, len(order))
	y := ops.Take(x, index[0].node, a)
	return []value{tensorOf(y, c.in[0].elem), index[0], c.integers(inverse, n)[0], c.integers(counts, len(counts))[0]}
}

// reverseSequence reverses the first lens[i] entries of example i.
func reverseSequence(c *call) []value {
	x, lens := c.x(0), c.x(1)
	time, batch := c.int("time_axis", 0), c.int("batch_axis", 1)
	if max(time, batch) > 1 || time == batch || x.Rank() < 2 {
		c.fail("axes %d and %d: 0 and 1 are wanted", time, batch)
	}
	n := x.Shape()[time]
	steps, limit := ops.Reshape(ops.Arange(c.run.g, n), n, 1), ops.Reshape(lens, 1, -1)
	if time == 1 {
		steps, limit = ops.Reshape(steps, 1, n), ops.Reshape(lens, -1, 1)
	}
	index := ops.Where(ops.Lt(steps, limit), ops.Sub(ops.Sub(limit, 1), steps), steps)
	s := x.Shape()
	index = ops.BroadcastTo(ops.Reshape(index, append(slices.Clone(s[:2]), slices.Repeat([]int{1}, len(s)-2)...)...), s...)
	return c.one(ops.TakeAlong(x, index, time))
}
