package onnx

import (
	"chainrule/graph"
	"chainrule/nn/onnx/internal/emit"
	"chainrule/ops"
)

// reduction is an operator that folds axes: attributes before a version, an input since.
func reduction(since int, f func(x node, axes ...int) node) operator {
	return operator{static: []int{1}, build: func(c *call) []value {
		x := c.x(0)
		axes, given := c.axesOf(1, since)
		if len(axes) == 0 {
			if given && c.version() < since || c.flag("noop_with_empty_axes") {
				return c.one(x)
			}
			axes = nil
			for i := range x.Rank() {
				axes = append(axes, i)
			}
		}
		for i, a := range axes {
			axes[i] = c.axis(a, x.Rank())
		}
		if len(axes) == 0 { // a scalar
			return c.one(f(ops.Reshape(x, 1), 0))
		}
		y := f(x, axes...)
		if c.int("keepdims", 1) != 0 {
			y = ops.KeepDims(y, x, axes...)
		}
		return c.one(y)
	}}
}

func init() {
	whole := func(f func(x node, axes ...int) node) func(x node, axes ...int) node {
		return func(x node, axes ...int) node { return floated(func(x node) node { return f(x, axes...) })(x) }
	}
	define(map[string]operator{
		"ReduceSum": reduction(13, ops.Sum), "ReduceProd": reduction(18, ops.Prod),
		"ReduceMax": reduction(18, ops.Max), "ReduceMin": reduction(18, ops.Min),
		"ReduceMean":      reduction(18, whole(ops.Mean)),
		"ReduceL1":        reduction(18, func(x node, axes ...int) node { return ops.Sum(ops.Abs(x), axes...) }),
		"ReduceL2":        reduction(18, whole(ops.Norm)),
		"ReduceLogSum":    reduction(18, whole(func(x node, axes ...int) node { return ops.Log(ops.Sum(x, axes...)) })),
		"ReduceLogSumExp": reduction(18, whole(ops.LogSumExp)),
		"ReduceSumSquare": reduction(18, func(x node, axes ...int) node { return ops.Sum(ops.Mul(x, x), axes...) }),
		"ArgMax":          {build: func(c *call) []value { return argument(c, ops.ArgMax) }},
		"ArgMin":          {build: func(c *call) []value { return argument(c, ops.ArgMin) }},
		"TopK":            {build: topK, static: []int{1}},
	})
}

// argument is the place of the greatest or least element, the first of equal ones or the last.
func argument(c *call, f func(x node, axes ...int) node) []value {
	x := c.x(0)
	a := c.axis(c.int("axis", 0), x.Rank())
	n := x.Shape()[a]
	if c.flag("select_last_index") {
		x = ops.Flip(x, a)
	}
	y := f(x, a)
	if c.flag("select_last_index") {
		y = ops.Sub(int64(n-1), y)
	}
	if c.int("keepdims", 1) != 0 {
		y = ops.KeepDims(y, x, a)
	}
	return []value{tensorOf(y, emit.ElemOf(graph.Int64))}
}

func topK(c *call) []value {
	x := c.x(0)
	k := c.int("k", 0)
	if c.version() >= 10 {
		k = c.ints(1)[0]
	}
	a := c.axis(c.int("axis", -1), x.Rank())
	if k < 0 || k > x.Shape()[a] {
		c.fail("k = %d of %d elements", k, x.Shape()[a])
	}
	if c.int("largest", 1) != 0 {
		v, i := ops.TopK(x, k, a)
		return []value{c.typed(v), tensorOf(i, emit.ElemOf(graph.Int64))}
	}
	order := ops.Slice(ops.ArgSort(x, a), ranges(a, ops.Range{Stop: k})...)
	return []value{c.typed(ops.TakeAlong(x, order, a)), tensorOf(order, emit.ElemOf(graph.Int64))}
}

// ranges picks r of an axis and all of those before.
func ranges(axis int, r ops.Range) []ops.Range {
	all := make([]ops.Range, axis+1)
	for i := range axis {
		all[i] = ops.All
	}
	all[axis] = r
	return all
}
