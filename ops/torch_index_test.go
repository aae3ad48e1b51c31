package ops_test

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// torchIndex has PyTorch's gathers and scatters.
var torchIndex = map[string]torchOp{
	"__getitem__": one(func(c *torchCall, x *graph.Node) *graph.Node { return item(c, x) }),
	"index_select": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return lifted1(x, func(x *graph.Node) *graph.Node { return ops.Take(x, c.node(1, "index"), axis(c.int(0, "dim", 0), x)) })
	}),
	"gather": one(func(c *torchCall, x *graph.Node) *graph.Node {
		index := c.node(1, "index")
		x, i := atLeast1(x), atLeast1(index)
		dim := axis(c.int(0, "dim", 0), x)
		for a, n := range i.Shape() {
			if a != dim {
				x = along(x, a, ops.Range{Stop: n})
			}
		}
		return ops.Reshape(ops.TakeAlong(x, i, dim), index.Shape()...)
	}),
	"take_along_dim": one(func(c *torchCall, x *graph.Node) *graph.Node {
		index := c.node(0, "indices")
		if c.get(1, "dim") == nil {
			return ops.TakeAlong(ops.Flatten(x), ops.Flatten(index), 0)
		}
		dim := axis(c.int(1, "dim", 0), x)
		shape, at := slices.Clone(x.Shape()), slices.Clone(index.Shape())
		for a := range shape {
			if a != dim {
				shape[a] = max(shape[a], at[a])
				at[a] = shape[a]
			}
		}
		return ops.TakeAlong(ops.BroadcastTo(x, shape...), ops.BroadcastTo(index, at...), dim)
	}),
	"nn.functional.embedding": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Take(x, c.node(0, "weight"), 0) }),
	"index_add": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return putAt(c, x, ops.Mul(c.float(-1, "alpha", 1), atLeast1(c.node(2, "source"))), ops.UpdateAdd)
	}),
	"index_copy": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return putAt(c, x, atLeast1(c.node(2, "source")), ops.UpdateSet)
	}),
	"index_fill": one(func(c *torchCall, x *graph.Node) *graph.Node { return putAt(c, x, c.node(2, "value"), ops.UpdateSet) }),
	"scatter_add": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return putAlong(c, x, ops.UpdateAdd)
	}),
	"scatter": one(func(c *torchCall, x *graph.Node) *graph.Node { // which one of equal indices counts is undefined there
		how := map[string]ops.Update{"": ops.UpdateSet, "add": ops.UpdateAdd, "multiply": ops.UpdateMultiply}
		return putAlong(c, x, how[c.text(-1, "reduce", "")])
	}),
}

// putAt updates entries along an axis.
func putAt(c *torchCall, x, source *graph.Node, how ops.Update) *graph.Node {
	y := atLeast1(x)
	dim, index := axis(c.int(0, "dim", 0), y), atLeast1(c.node(1, "index"))
	return ops.Reshape(ops.Put(y, index, source, how, dim), x.Shape()...)
}

// putAlong updates elements along an axis, as gather reads: those of a corner of x if index is shorter than it.
func putAlong(c *torchCall, x *graph.Node, how ops.Update) *graph.Node {
	y, index := atLeast1(x), atLeast1(c.node(1, "index"))
	dim, source := axis(c.int(0, "dim", 0), y), atLeast1(c.node(2, "src"))
	corner := y
	for a, n := range index.Shape() {
		if a != dim {
			corner = along(corner, a, ops.Range{Stop: n})
		}
		if source.Rank() == index.Rank() && source.Shape()[a] > n {
			source = along(source, a, ops.Range{Stop: n})
		}
	}
	corner = ops.PutAlong(corner, index, source, how, dim)
	origin := ops.Zeros(c.g, graph.Int64, y.Rank())
	return ops.Reshape(ops.DynamicUpdateSlice(y, corner, origin), x.Shape()...)
}

// item is x[…] in Python: numbers, slices, and lists of indices. A list of numbers alone is one list of indices.
func item(c *torchCall, x *graph.Node) *graph.Node {
	parts, ok := c.args[0].([]any)
	if !ok || !slices.ContainsFunc(parts, func(p any) bool { _, number := p.(float64); return !number }) {
		parts = []any{c.args[0]}
	}
	dim := 0
	var listed []int // axes with lists of indices
	var lists [][]int
	for _, p := range parts {
		switch p := p.(type) {
		case float64:
			x = picked(x, dim, int(p))
			continue
		case map[string]any:
			x = sliced(c, x, dim, p["slice"].([]any))
		case []any:
			listed, lists = append(listed, dim), append(lists, c.whole(p))
		default:
			panic(missing("an index of a tensor of truth values or another kind"))
		}
		dim++
	}
	if len(listed) == 0 {
		return x
	}
	tuples := make([]*graph.Node, len(lists))
	for k, list := range lists {
		tuples[k] = c.indices(list, len(list))
	}
	y := movedAxes(x, listed, span(0, len(listed)))
	y = ops.Gather(y, ops.Stack(tuples, 1), 0)
	if listed[len(listed)-1]-listed[0] == len(listed)-1 { // side by side: the new axis takes their place
		y = ops.MoveAxis(y, 0, listed[0])
	}
	return y
}

func sliced(c *torchCall, x *graph.Node, dim int, bounds []any) *graph.Node {
	r := ops.Range{Stop: ops.End}
	for i, to := range []*int{&r.Start, &r.Stop, &r.Step} {
		if v, ok := bounds[i].(float64); ok {
			*to = int(v)
		}
	}
	if n := x.Shape()[dim]; r.Stop > n {
		r.Stop = n
	}
	return along(x, dim, r)
}

// windows puts [size, n] in the place of an axis: element [k, o] is at index(o, k).
func windows(c *torchCall, x *graph.Node, dim, n, size int, index func(o, k int) int) *graph.Node {
	list := make([]int, 0, n*size)
	for k := range size {
		for o := range n {
			list = append(list, index(o, k))
		}
	}
	return ops.Take(x, c.indices(list, size, n), dim)
}
