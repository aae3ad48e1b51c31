package onnx

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// Lists of tensors, and values that may be absent, are known while a model is traced: what they are made of is not.
func init() {
	list := func(vs []value) []value { return []value{{kind: listValue, list: vs}} }
	define(map[string]operator{
		"SequenceEmpty":     {build: func(c *call) []value { return list(nil) }},
		"SequenceConstruct": {build: func(c *call) []value { return list(slices.Clone(c.in)) }},
		"SequenceLength":    {build: func(c *call) []value { return c.integers([]int{len(c.list0())}) }},
		"SequenceAt": {build: func(c *call) []value {
			return []value{c.list0()[c.place(1, len(c.list0())-1)]}
		}, static: []int{1}},
		"SequenceInsert": {build: func(c *call) []value {
			at := len(c.list0())
			if c.has(2) {
				at = c.place(2, at)
			}
			return list(slices.Insert(slices.Clone(c.list0()), at, c.in[1]))
		}, static: []int{2}},
		"SequenceErase": {build: func(c *call) []value {
			at := len(c.list0()) - 1
			if c.has(1) {
				at = c.place(1, at)
			}
			return list(slices.Delete(slices.Clone(c.list0()), at, at+1))
		}, static: []int{1}},
		"SequenceMap":        {build: sequenceMap},
		"ConcatFromSequence": {build: concatFromSequence},
		"SplitToSequence":    {build: splitToSequence, static: []int{1}},
		"Optional":           {build: func(c *call) []value { return append(slices.Clone(c.in), value{})[:1] }},
		"OptionalHasElement": {build: func(c *call) []value { return truth(graph.Const(c.run.g, []bool{c.has(0)})) }},
		"OptionalGetElement": {build: func(c *call) []value {
			if !c.has(0) {
				c.fail("nothing is there")
			}
			return c.in[:1]
		}},
	})
}

// list0 is the first input, a list.
func (c *call) list0() []value {
	if len(c.in) == 0 || c.in[0].kind != listValue {
		c.fail("input 0 is not a sequence")
	}
	return c.in[0].list
}

// place is input i as a position up to last, from the end if it is negative.
func (c *call) place(i, last int) int {
	at, n := c.ints(i)[0], len(c.list0())
	if at < 0 {
		at += n
	}
	if at < 0 || at > last {
		c.fail("position %d in a sequence of %d", at, n)
	}
	return at
}

// sequenceMap builds the body for every element; other inputs are lists of as many, or the same for all.
func sequenceMap(c *call) []value {
	body := c.attr("body").GetG()
	out := make([]value, len(body.GetOutput()))
	for i := range out {
		out[i].kind = listValue
	}
	for i := range c.list0() {
		var in []value
		for _, v := range c.in {
			if v.kind == listValue {
				if len(v.list) != len(c.list0()) {
					c.fail("sequences of %d and %d", len(c.list0()), len(v.list))
				}
				v = v.list[i]
			}
			in = append(in, v)
		}
		for k, v := range c.body(body, in) {
			out[k].list = append(out[k].list, v)
		}
	}
	return out
}

func concatFromSequence(c *call) []value {
	xs, kinds := c.nodes(c.list0())
	if len(xs) == 0 {
		c.fail("an empty sequence")
	}
	rank := xs[0].Rank()
	if c.flag("new_axis") {
		a := c.axis(c.int("axis", 0), rank+1)
		for i, x := range xs {
			xs[i] = ops.ExpandDims(x, a)
		}
		return []value{tensorOf(joined(xs, a), kinds[0])}
	}
	return []value{tensorOf(joined(xs, c.axis(c.int("axis", 0), rank)), kinds[0])}
}

// splitToSequence cuts into parts of one size or of several, or into entries.
func splitToSequence(c *call) []value {
	x := c.x(0)
	a := c.axis(c.int("axis", 0), x.Rank())
	n, each := x.Shape()[a], 1
	var sizes []int
	if c.has(1) && c.x(1).Rank() > 0 {
		sizes = c.ints(1)
	} else {
		if c.has(1) {
			each = c.ints(1)[0]
		}
		if each < 1 {
			c.fail("parts of %d", each)
		}
		for at := 0; at < n; at += each {
			sizes = append(sizes, min(each, n-at))
		}
	}
	parts := ops.Split(x, sizes, a)
	if !c.has(1) && c.int("keepdims", 1) == 0 {
		for i, p := range parts {
			parts[i] = ops.Squeeze(p, a)
		}
	}
	return []value{{kind: listValue, list: c.many(parts...)}}
}
