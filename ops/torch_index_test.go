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
		sum, _ := scattered(c, atLeast1(x), c.node(2, "source"))
		return ops.Reshape(ops.Add(atLeast1(x), ops.Mul(c.float(-1, "alpha", 1), sum)), x.Shape()...)
	}),
	"index_copy": one(func(c *torchCall, x *graph.Node) *graph.Node {
		sum, hit := scattered(c, atLeast1(x), c.node(2, "source"))
		return ops.Reshape(ops.Where(hit, sum, atLeast1(x)), x.Shape()...)
	}),
	"index_fill": one(func(c *torchCall, x *graph.Node) *graph.Node {
		_, hit := scattered(c, atLeast1(x), nil)
		return ops.Reshape(ops.Where(hit, c.node(2, "value"), atLeast1(x)), x.Shape()...)
	}),
	"scatter_add": one(func(c *torchCall, x *graph.Node) *graph.Node {
		sum, _ := scatteredAlong(c, x)
		return ops.Add(x, sum)
	}),
	"scatter": one(func(c *torchCall, x *graph.Node) *graph.Node { // which one of equal indices counts is undefined there
		sum, hit := scatteredAlong(c, x)
		switch c.text(-1, "reduce", "") {
		case "":
			return ops.Where(hit, sum, x)
		case "add":
			return ops.Add(x, sum)
		}
		panic(missing("a scatter that multiplies"))
	}),
}

// scattered adds up a source along an axis at indices, and says which places have one.
func scattered(c *torchCall, x, source *graph.Node) (sum, hit *graph.Node) {
	dim, index := axis(c.int(0, "dim", 0), x), atLeast1(c.node(1, "index"))
	n := x.Shape()[dim]
	if source != nil {
		sum = ops.ScatterAdd(atLeast1(source), index, n, dim)
	}
	count := ops.ScatterAdd(ops.Ones(c.g, graph.Float64, index.Shape()...), index, n, 0)
	return sum, ops.Reshape(ops.Gt(count, 0), append([]int{n}, ones(x.Rank()-1-dim)...)...)
}

// scatteredAlong does so element by element, as gather reads.
func scatteredAlong(c *torchCall, x *graph.Node) (sum, hit *graph.Node) {
	shape := x.Shape()
	y := atLeast1(x)
	dim, index := axis(c.int(0, "dim", 0), y), atLeast1(c.node(1, "index"))
	source := ops.BroadcastTo(c.node(2, "src"), c.node(1, "index").Shape()...)
	if s := atLeast1(c.node(2, "src")); s.Rank() == index.Rank() {
		for a, n := range index.Shape() {
			s = along(s, a, ops.Range{Stop: n})
		}
		source = s
	}
	flat := ops.Zeros(c.g, graph.Int64, index.Shape()...)
	for a, stride := range graph.Strides(y.Shape()) {
		place := index
		if a != dim {
			n := index.Shape()[a]
			place = ops.Reshape(c.indices(span(0, n), n), append([]int{n}, ones(index.Rank()-1-a)...)...)
		}
		flat = ops.Add(flat, ops.Mul(place, stride))
	}
	place := ops.Flatten(flat)
	size := graph.Size(shape)
	sum = ops.ScatterAdd(ops.Flatten(source), place, size, 0)
	count := ops.ScatterAdd(ops.Ones(c.g, graph.Float64, place.Shape()...), place, size, 0)
	return ops.Reshape(sum, shape...), ops.Reshape(ops.Gt(count, 0), shape...)
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
	flat := make([]int, len(lists[0]))
	for k, a := range listed {
		n := x.Shape()[a]
		for i := range flat {
			v := lists[k][i]
			if v < 0 {
				v += n
			}
			flat[i] = flat[i]*n + v
		}
	}
	y := movedAxes(x, listed, span(0, len(listed)))
	y = ops.Reshape(y, inPlace(y.Shape(), 0, len(listed), graph.Size(y.Shape()[:len(listed)]))...)
	y = ops.Take(y, c.indices(flat, len(flat)), 0)
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
