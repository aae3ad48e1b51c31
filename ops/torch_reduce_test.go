package ops_test

import (
	"chainrule/graph"
	"chainrule/ops"
)

// torchReduce has PyTorch's reductions, running totals and orders.
var torchReduce = map[string]torchOp{
	"sum": fold(ops.Sum), "mean": fold(ops.Mean), "amax": fold(ops.Max), "amin": fold(ops.Min), "prod": fold(ops.Prod),
	"logsumexp": fold(ops.LogSumExp), "softmax": fold(ops.Softmax), "log_softmax": fold(ops.LogSoftmax),
	"nn.functional.softmin": fold(func(x *graph.Node, axes ...int) *graph.Node { return ops.Softmax(ops.Neg(x), axes...) }),
	"nansum":                fold(ops.NaNSum),
	"max":                   extreme(ops.Maximum[node, node], ops.Max, ops.ArgMax),
	"min":                   extreme(ops.Minimum[node, node], ops.Min, ops.ArgMin),
	"var":                   fold2(func(x *graph.Node, ddof int, axes ...int) *graph.Node { return ops.Var(x, ddof, axes...) }),
	"std":                   fold2(func(x *graph.Node, ddof int, axes ...int) *graph.Node { return ops.Std(x, ddof, axes...) }),

	"median":   many(median),
	"quantile": one(quantile),
	"sort": many(func(c *torchCall, x *graph.Node) []*graph.Node {
		return lifted(x, func(x *graph.Node) []*graph.Node {
			dim := axis(c.int(0, "dim", -1), x)
			if !c.bool(1, "descending", false) {
				return []*graph.Node{ops.Sort(x, dim), ops.ArgSort(x, dim)}
			}
			place := ops.Arange(c.g, x.Shape()[dim])
			place = ops.BroadcastTo(ops.Reshape(place, append([]int{-1}, ones(x.Rank()-1-dim)...)...), x.Shape()...)
			return []*graph.Node{ops.SortBy(x, x, true, dim), ops.SortBy(place, x, true, dim)}
		})
	}),
	"topk": many(func(c *torchCall, x *graph.Node) []*graph.Node {
		return lifted(x, func(x *graph.Node) []*graph.Node {
			k, dim := c.int(0, "k", 1), axis(c.int(1, "dim", -1), x)
			if c.bool(2, "largest", true) {
				largest, index := ops.TopK(x, k, dim)
				return []*graph.Node{largest, index}
			}
			_, index := ops.TopK(ops.Neg(x), k, dim)
			return []*graph.Node{ops.TakeAlong(x, index, dim), index}
		})
	}),

	"cumsum":  cumulative(func(x *graph.Node, dim int) []*graph.Node { return []*graph.Node{ops.CumSum(x, false, dim)} }),
	"cumprod": cumulative(func(x *graph.Node, dim int) []*graph.Node { return []*graph.Node{ops.CumProd(x, false, dim)} }),
	"cummax": cumulative(func(x *graph.Node, dim int) []*graph.Node {
		return []*graph.Node{ops.CumMax(x, false, dim), ops.ArgCumMax(x, false, dim)}
	}),
	"cummin": cumulative(func(x *graph.Node, dim int) []*graph.Node {
		return []*graph.Node{ops.CumMin(x, false, dim), ops.ArgCumMin(x, false, dim)}
	}),
	"logcumsumexp": cumulative(func(x *graph.Node, dim int) []*graph.Node { return []*graph.Node{ops.LogCumSumExp(x, false, dim)} }),

	"diff": one(func(c *torchCall, x *graph.Node) *graph.Node {
		dim := axis(c.int(1, "dim", -1), x)
		if before := c.node(2, "prepend"); before != nil {
			x = ops.Concat([]*graph.Node{before, x}, dim)
		}
		if after := c.node(3, "append"); after != nil {
			x = ops.Concat([]*graph.Node{x, after}, dim)
		}
		for range c.int(0, "n", 1) {
			x = ops.Sub(along(x, dim, ops.Range{Start: 1, Stop: ops.End}), along(x, dim, ops.Range{Stop: x.Shape()[dim] - 1}))
		}
		return x
	}),
	"trapezoid": one(func(c *torchCall, y *graph.Node) *graph.Node {
		dim := axis(c.int(-1, "dim", -1), y)
		inner := func(x *graph.Node, dim, from, to int) *graph.Node {
			return along(x, dim, ops.Range{Start: from, Stop: x.Shape()[dim] - 1 + to})
		}
		heights := ops.Add(inner(y, dim, 0, 0), inner(y, dim, 1, 1))
		if x := c.node(0, "x"); x != nil {
			a := dim
			if x.Rank() == 1 && y.Rank() > 1 {
				x = ops.Reshape(x, append([]int{-1}, ones(y.Rank()-1-dim)...)...)
				a = 0
			}
			heights = ops.Mul(heights, ops.Sub(inner(x, a, 1, 1), inner(x, a, 0, 0)))
		}
		return ops.Mul(c.float(-1, "dx", 1)/2, ops.Sum(heights, dim))
	}),
}

// fold stands for a reduction.
func fold(f reduction) torchOp {
	return one(func(c *torchCall, x *graph.Node) *graph.Node {
		return c.kept(f, x, c.axes(0, "dim", x), c.bool(1, "keepdim", false))
	})
}

// kept reduces, and keeps the axes if it is to.
func (c *torchCall) kept(f reduction, x *graph.Node, axes []int, keep bool) *graph.Node {
	y := f(x, axes...)
	if keep {
		y = ops.KeepDims(y, x, axes...)
	}
	return y
}

// fold2 stands for moments about the mean.
func fold2(f func(x *graph.Node, ddof int, axes ...int) *graph.Node) torchOp {
	return one(func(c *torchCall, x *graph.Node) *graph.Node {
		ddof := c.int(-1, "correction", 1)
		if !c.bool(1, "unbiased", c.bool(0, "unbiased", true)) {
			ddof = 0
		}
		var axes []int
		if _, flag := c.get(0, "dim").(bool); !flag {
			axes = c.axes(0, "dim", x)
		}
		return c.kept(func(x *graph.Node, axes ...int) *graph.Node { return f(x, ddof, axes...) }, x, axes, c.bool(2, "keepdim", false))
	})
}

// extreme is max and min: of two tensors, of one, or along an axis with the index.
func extreme(both func(a, b *graph.Node) *graph.Node, all, index reduction) torchOp {
	return many(func(c *torchCall, x *graph.Node) []*graph.Node {
		if y, ok := c.get(0, "other").(*graph.Node); ok {
			return []*graph.Node{both(x, y)}
		}
		if c.get(0, "dim") == nil {
			return []*graph.Node{all(x)}
		}
		axes, keep := c.axes(0, "dim", x), c.bool(1, "keepdim", false)
		return []*graph.Node{c.kept(all, x, axes, keep), c.kept(index, x, axes, keep)}
	})
}

// median is the lower one of two middle elements, with its index if there is an axis.
func median(c *torchCall, x *graph.Node) []*graph.Node {
	if c.get(0, "dim") == nil {
		return []*graph.Node{ops.Index(ops.Sort(ops.Flatten(x), 0), (x.Type().Size()-1)/2)}
	}
	y := atLeast1(x)
	dim := axis(c.int(0, "dim", 0), y)
	middle := ops.At((y.Shape()[dim] - 1) / 2)
	ys := []*graph.Node{along(ops.Sort(y, dim), dim, middle), along(ops.ArgSort(y, dim), dim, middle)}
	if !c.bool(1, "keepdim", false) || x.Rank() == 0 {
		for i := range ys {
			ys[i] = ops.Squeeze(ys[i], dim)
		}
	}
	return ys
}

func quantile(c *torchCall, x *graph.Node) *graph.Node {
	if q, ok := c.get(0, "q").(*graph.Node); ok && q.Rank() > 0 {
		panic(missing("several quantiles"))
	}
	y, dim := ops.Flatten(x), 0
	if c.get(1, "dim") != nil && x.Rank() > 0 {
		y, dim = x, axis(c.int(1, "dim", 0), x)
	}
	how := map[string]ops.Interpolation{"linear": ops.QuantileLinear, "lower": ops.QuantileLower, "higher": ops.QuantileHigher,
		"midpoint": ops.QuantileMidpoint, "nearest": ops.QuantileNearest}[c.text(3, "interpolation", "linear")]
	z := ops.ExpandDims(ops.Quantile(y, c.float(0, "q", 0), how, dim), dim)
	if !c.bool(2, "keepdim", false) {
		return ops.Squeeze(z, dim)
	}
	if c.get(1, "dim") == nil || x.Rank() == 0 {
		return ops.Reshape(z, ones(x.Rank())...)
	}
	return z
}

func ones(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = 1
	}
	return list
}

func cumulative(f func(x *graph.Node, dim int) []*graph.Node) torchOp {
	return many(func(c *torchCall, x *graph.Node) []*graph.Node {
		return lifted(x, func(x *graph.Node) []*graph.Node { return f(x, axis(c.int(0, "dim", 0), x)) })
	})
}
