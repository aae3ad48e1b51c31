package ops_test

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// torchShape has PyTorch's views and arrangements.
var torchShape = map[string]torchOp{
	"broadcast_to": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.BroadcastTo(x, c.ints(0, "size")...) }),
	"expand": one(func(c *torchCall, x *graph.Node) *graph.Node {
		shape := c.ints(0, "size")
		for i, d := range shape {
			if d == -1 {
				shape[i] = x.Shape()[i-len(shape)+x.Rank()]
			}
		}
		return ops.BroadcastTo(x, shape...)
	}),
	"reshape": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Reshape(x, c.ints(0, "shape")...) }),
	"flatten": one(func(c *torchCall, x *graph.Node) *graph.Node {
		x = atLeast1(x)
		from, to := axis(c.int(0, "start_dim", 0), x), axis(c.int(1, "end_dim", -1), x)
		return ops.Reshape(x, inPlace(x.Shape(), from, to+1, graph.Size(x.Shape()[from:to+1]))...)
	}),
	"unflatten": one(func(c *torchCall, x *graph.Node) *graph.Node {
		dim, sizes := axis(c.int(0, "dim", 0), x), c.ints(1, "sizes")
		if i := slices.Index(sizes, -1); i >= 0 {
			sizes[i] = -x.Shape()[dim] / graph.Size(sizes)
		}
		return ops.Reshape(x, inPlace(x.Shape(), dim, dim+1, sizes...)...)
	}),
	"squeeze": one(func(c *torchCall, x *graph.Node) *graph.Node {
		axes := c.axes(0, "dim", x)
		if len(axes) == 1 && x.Shape()[axes[0]] != 1 {
			return x
		}
		return ops.Squeeze(x, axes...)
	}),
	"unsqueeze": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.ExpandDims(x, c.int(0, "dim", 0)) }),
	"transpose": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return lifted1(x, func(x *graph.Node) *graph.Node { return swapped(x, c.int(0, "dim0", 0), c.int(1, "dim1", 0)) })
	}),
	"movedim": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return movedAxes(x, c.axes(0, "source", x), c.axes(1, "destination", x))
	}),
	"permute": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Permute(x, c.axes(0, "dims", x)...) }),
	"flip":    one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Flip(x, c.axes(0, "dims", x)...) }),
	"fliplr":  of1(func(x *graph.Node) *graph.Node { return ops.Flip(x, 1) }),
	"flipud":  of1(func(x *graph.Node) *graph.Node { return ops.Flip(x, 0) }),
	"rot90": one(func(c *torchCall, x *graph.Node) *graph.Node {
		dims := c.axes(1, "dims", x)
		if dims == nil {
			dims = []int{0, 1}
		}
		switch ((c.int(0, "k", 1) % 4) + 4) % 4 {
		case 1:
			return ops.Flip(swapped(x, dims[0], dims[1]), dims[0])
		case 2:
			return ops.Flip(x, dims...)
		case 3:
			return ops.Flip(swapped(x, dims[0], dims[1]), dims[1])
		}
		return x
	}),
	"roll": one(func(c *torchCall, x *graph.Node) *graph.Node {
		shifts, dims := c.ints(0, "shifts"), c.axes(1, "dims", x)
		if len(dims) == 0 {
			return ops.Reshape(ops.Roll(ops.Flatten(x), shifts[0], 0), x.Shape()...)
		}
		for i, d := range dims {
			x = ops.Roll(x, shifts[i], d)
		}
		return x
	}),
	"narrow": one(func(c *torchCall, x *graph.Node) *graph.Node {
		dim := axis(c.int(0, "dim", 0), x)
		start := c.int(1, "start", 0)
		if start < 0 {
			start += x.Shape()[dim]
		}
		return along(x, dim, ops.Range{Start: start, Stop: start + c.int(2, "length", 0)})
	}),
	"select": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return picked(x, axis(c.int(0, "dim", 0), x), c.int(1, "index", 0))
	}),
	"slice": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return along(x, c.int(0, "dim", 0), ops.Range{Start: c.int(1, "start", 0), Stop: c.int(2, "end", ops.End), Step: c.int(3, "step", 1)})
	}),
	"cat": one2(func(c *torchCall, xs []*graph.Node) *graph.Node {
		return ops.Concat(xs, axis(c.int(0, "dim", 0), xs[0]))
	}),
	"stack": one2(func(c *torchCall, xs []*graph.Node) *graph.Node { return ops.Stack(xs, c.int(0, "dim", 0)) }),
	"chunk": many(func(c *torchCall, x *graph.Node) []*graph.Node {
		dim, n := axis(c.int(1, "dim", 0), x), c.int(0, "chunks", 1)
		return split(x, dim, max((x.Shape()[dim]+n-1)/n, 1))
	}),
	"split": many(func(c *torchCall, x *graph.Node) []*graph.Node {
		dim := axis(c.int(1, "dim", 0), x)
		if size, ok := c.get(0, "").(float64); ok {
			return split(x, dim, int(size))
		}
		return ops.Split(x, c.ints(0, ""), dim)
	}),
	"unbind": many(func(c *torchCall, x *graph.Node) []*graph.Node {
		return ops.Unstack(x, axis(c.int(0, "dim", 0), x))
	}),
	"repeat": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Tile(x, c.ints(0, "sizes")...) }),
	"tile":   one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Tile(x, c.ints(0, "dims")...) }),
	"repeat_interleave": one(func(c *torchCall, x *graph.Node) *graph.Node {
		dim, counts := 0, c.ints(0, "repeats")
		if c.get(1, "dim") == nil {
			x = ops.Flatten(x)
		} else {
			x, dim = atLeast1(x), axis(c.int(1, "dim", 0), atLeast1(x))
		}
		var index []int
		for i := range x.Shape()[dim] {
			index = append(index, slices.Repeat([]int{i}, counts[min(i, len(counts)-1)])...)
		}
		return ops.Take(x, c.indices(index, len(index)), dim)
	}),
	"unfold": one(func(c *torchCall, x *graph.Node) *graph.Node {
		scalar := x.Rank() == 0
		x = atLeast1(x)
		dim, size, step := axis(c.int(0, "dimension", 0), x), c.int(1, "size", 1), c.int(2, "step", 1)
		n := (x.Shape()[dim]-size)/step + 1
		y := windows(c, x, dim, n, size, func(o, k int) int { return o*step + k }) // [.., size, n, ..]
		y = swapped(y, dim, dim+1)
		if scalar {
			return ops.Flatten(y)
		}
		return ops.MoveAxis(y, dim+1, y.Rank()-1)
	}),
	"meshgrid": func(c *torchCall) []*graph.Node {
		xs := c.xs()
		var shape []int
		for i, x := range xs {
			xs[i] = atLeast1(x)
			shape = append(shape, xs[i].Shape()[0])
		}
		for i, x := range xs {
			xs[i] = ops.BroadcastTo(ops.Reshape(x, append([]int{-1}, ones(len(xs)-1-i)...)...), shape...)
			if c.text(-1, "indexing", "ij") == "xy" && len(xs) > 1 {
				xs[i] = swapped(xs[i], 0, 1)
			}
		}
		return xs
	},
	"diag": one(func(c *torchCall, x *graph.Node) *graph.Node {
		if x.Rank() == 1 {
			return diagEmbed(x, c.int(0, "diagonal", 0))
		}
		return offDiagonal(x, c.int(0, "diagonal", 0))
	}),
	"diagonal": one(func(c *torchCall, x *graph.Node) *graph.Node {
		a, b := axis(c.int(1, "dim1", 0), x), axis(c.int(2, "dim2", 1), x)
		return offDiagonal(movedAxes(x, []int{a, b}, []int{x.Rank() - 2, x.Rank() - 1}), c.int(0, "offset", 0))
	}),
	"diag_embed": one(func(c *torchCall, x *graph.Node) *graph.Node {
		y := diagEmbed(x, c.int(0, "offset", 0))
		a, b := axis(c.int(1, "dim1", -2), y), axis(c.int(2, "dim2", -1), y)
		return movedAxes(y, []int{y.Rank() - 2, y.Rank() - 1}, []int{a, b})
	}),
	"tril": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Tril(x, c.int(0, "diagonal", 0)) }),
	"triu": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Triu(x, c.int(0, "diagonal", 0)) }),
	"block_diag": func(c *torchCall) []*graph.Node {
		var sum *graph.Node
		xs := c.xs()
		rows, columns := 0, 0
		for i, x := range xs {
			if x.Rank() < 2 {
				xs[i] = ops.Reshape(x, 1, -1)
			}
			rows, columns = rows+xs[i].Shape()[0], columns+xs[i].Shape()[1]
		}
		row, column := 0, 0
		for _, x := range xs {
			m, n := x.Shape()[0], x.Shape()[1]
			y := ops.Pad(x, []int{row, column}, []int{rows - row - m, columns - column - n}, []int{0, 0})
			if row, column = row+m, column+n; sum == nil {
				sum = y
			} else {
				sum = ops.Add(sum, y)
			}
		}
		return []*graph.Node{sum}
	},
	"nn.functional.pixel_shuffle": one(func(c *torchCall, x *graph.Node) *graph.Node {
		r, s := c.int(0, "upscale_factor", 1), x.Shape()
		k := len(s) - 3
		lead := slices.Clone(s[:k])
		y := ops.Reshape(x, append(slices.Clone(lead), s[k]/(r*r), r, r, s[k+1], s[k+2])...)
		y = ops.Permute(y, append(span(0, k+1), k+3, k+1, k+4, k+2)...)
		return ops.Reshape(y, append(lead, s[k]/(r*r), s[k+1]*r, s[k+2]*r)...)
	}),
}

func one2(f func(c *torchCall, xs []*graph.Node) *graph.Node) torchOp {
	return func(c *torchCall) []*graph.Node { return []*graph.Node{f(c, c.xs())} }
}

// inPlace puts new lengths in the place of shape[from:to].
func inPlace(shape []int, from, to int, lengths ...int) []int {
	return slices.Concat(shape[:from], lengths, shape[to:])
}

func swapped(x *graph.Node, a, b int) *graph.Node {
	perm := span(0, x.Rank())
	perm[axis(a, x)], perm[axis(b, x)] = perm[axis(b, x)], perm[axis(a, x)]
	return ops.Permute(x, perm...)
}

// movedAxes takes axes to other places; the others keep their order.
func movedAxes(x *graph.Node, from, to []int) *graph.Node {
	perm := slices.Repeat([]int{-1}, x.Rank())
	for k := range from {
		perm[to[k]] = from[k]
	}
	next := 0
	for i := range perm {
		if perm[i] < 0 {
			for slices.Contains(from, next) {
				next++
			}
			perm[i] = next
			next++
		}
	}
	return ops.Permute(x, perm...)
}

// picked is x at an index of an axis, which it drops.
func picked(x *graph.Node, dim, i int) *graph.Node {
	if i < 0 {
		i += x.Shape()[dim]
	}
	return ops.Squeeze(along(x, dim, ops.At(i)), dim)
}

func split(x *graph.Node, dim, size int) []*graph.Node {
	var sizes []int
	for n := x.Shape()[dim]; n > 0; n -= size {
		sizes = append(sizes, min(n, size))
	}
	return ops.Split(x, sizes, dim)
}

// offDiagonal is diagonal k of the last two axes.
func offDiagonal(x *graph.Node, k int) *graph.Node {
	m, n := x.Shape()[x.Rank()-2], x.Shape()[x.Rank()-1]
	row, column := max(-k, 0), max(k, 0)
	size := max(min(m-row, n-column), 0)
	if size == 0 {
		row, column = 0, 0
	}
	x = along(x, -2, ops.Range{Start: row, Stop: row + size})
	return ops.Diagonal(along(x, -1, ops.Range{Start: column, Stop: column + size}))
}

func diagEmbed(x *graph.Node, k int) *graph.Node {
	y := ops.Diag(x)
	lo, hi := make([]int, y.Rank()), make([]int, y.Rank())
	i, j := y.Rank()-2, y.Rank()-1
	lo[j], hi[i] = max(k, 0), max(k, 0)
	hi[j], lo[i] = max(-k, 0), max(-k, 0)
	return ops.Pad(y, lo, hi, make([]int, y.Rank()))
}
