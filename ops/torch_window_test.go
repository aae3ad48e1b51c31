package ops_test

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// torchWindow has PyTorch's convolutions, pooling, padding and interpolation.
var torchWindow = map[string]torchOp{
	"nn.functional.conv1d":           one(func(c *torchCall, x *graph.Node) *graph.Node { return conv(c, x, 1) }),
	"nn.functional.conv2d":           one(func(c *torchCall, x *graph.Node) *graph.Node { return conv(c, x, 2) }),
	"nn.functional.conv_transpose1d": one(func(c *torchCall, x *graph.Node) *graph.Node { return convTranspose(c, x, 1) }),
	"nn.functional.conv_transpose2d": one(func(c *torchCall, x *graph.Node) *graph.Node { return convTranspose(c, x, 2) }),
	"nn.functional.avg_pool1d":       one(func(c *torchCall, x *graph.Node) *graph.Node { return averagePool(c, x, 1) }),
	"nn.functional.avg_pool2d":       one(func(c *torchCall, x *graph.Node) *graph.Node { return averagePool(c, x, 2) }),
	"nn.functional.max_pool1d":       many(func(c *torchCall, x *graph.Node) []*graph.Node { return maxPool(c, x, 1) }),
	"nn.functional.max_pool2d":       many(func(c *torchCall, x *graph.Node) []*graph.Node { return maxPool(c, x, 2) }),
	"nn.functional.adaptive_avg_pool2d": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return single(x, 2, func(x *graph.Node) *graph.Node {
			sizes := spread(c.ints(0, "output_size"), 2, 0)
			for i, n := range sizes {
				if n < 0 {
					sizes[i] = x.Shape()[2+i]
				}
			}
			return ops.AdaptiveAvgPool(x, sizes, false)
		})
	}),
	"nn.functional.unfold": one(func(c *torchCall, x *graph.Node) *graph.Node {
		o := ops.PoolOptions{Size: spread(c.ints(0, "kernel_size"), 2, 1), Stride: c.ints(3, "stride"), Dilation: c.ints(1, "dilation")}
		o.Padding = ops.Pads(c.ints(2, "padding")...)
		return single(x, 2, func(x *graph.Node) *graph.Node { return ops.Unfold(x, o) })
	}),
	"nn.functional.pad":         one(padded),
	"nn.functional.interpolate": one(interpolate),
}

// spread repeats a single number for each axis, and otherwise for none.
func spread(list []int, n, otherwise int) []int {
	switch len(list) {
	case 0:
		return slices.Repeat([]int{otherwise}, n)
	case 1:
		return slices.Repeat(list, n)
	}
	return list
}

func conv(c *torchCall, x *graph.Node, n int) *graph.Node {
	o := ops.ConvOptions{Stride: c.ints(2, "stride"), Dilation: c.ints(4, "dilation"), Groups: c.int(5, "groups", 1)}
	switch c.text(3, "padding", "") {
	case "valid":
	case "same":
		o.Padding = ops.Same
	default:
		o.Padding = ops.Pads(c.ints(3, "padding")...)
	}
	return biased(c, x, n, func(x *graph.Node) *graph.Node { return ops.Conv(x, c.node(0, "weight"), o) })
}

func convTranspose(c *torchCall, x *graph.Node, n int) *graph.Node {
	o := ops.ConvOptions{
		Stride: c.ints(2, "stride"), Padding: ops.Pads(c.ints(3, "padding")...), OutputPadding: c.ints(4, "output_padding"),
		Groups: c.int(5, "groups", 1), Dilation: c.ints(6, "dilation"),
	}
	return biased(c, x, n, func(x *graph.Node) *graph.Node { return ops.ConvTranspose(x, c.node(0, "weight"), o) })
}

// single applies f to a batch, or to a single image as one.
func single(x *graph.Node, n int, f func(x *graph.Node) *graph.Node) *graph.Node {
	if x.Rank() == n+1 {
		return ops.Squeeze(f(ops.ExpandDims(x, 0)), 0)
	}
	return f(x)
}

// biased is single with the bias of the call added.
func biased(c *torchCall, x *graph.Node, n int, f func(x *graph.Node) *graph.Node) *graph.Node {
	return single(x, n, func(x *graph.Node) *graph.Node {
		y := f(x)
		if bias := c.node(1, "bias"); bias != nil {
			y = ops.Add(y, perChannel(bias, y, 1))
		}
		return y
	})
}

func (c *torchCall) pooling() ops.PoolOptions {
	return ops.PoolOptions{Size: c.ints(0, "kernel_size"), Stride: c.ints(1, "stride"), Padding: ops.Pads(c.ints(2, "padding")...)}
}

func averagePool(c *torchCall, x *graph.Node, n int) *graph.Node {
	o := c.pooling()
	o.Ceil, o.ExcludePadding = c.bool(3, "ceil_mode", false), !c.bool(4, "count_include_pad", true)
	o.Divisor = c.float(5, "divisor_override", 0)
	return single(x, n, func(x *graph.Node) *graph.Node { return ops.AvgPool(x, o) })
}

// maxPool gives the index in the image too where it is asked for.
func maxPool(c *torchCall, x *graph.Node, n int) []*graph.Node {
	o := c.pooling()
	o.Ceil, o.Dilation = c.bool(-1, "ceil_mode", false), c.ints(3, "dilation")
	ys := []*graph.Node{single(x, n, func(x *graph.Node) *graph.Node { return ops.MaxPool(x, o) })}
	if c.bool(-1, "return_indices", false) {
		ys = append(ys, single(x, n, func(x *graph.Node) *graph.Node { return ops.WindowArgmax(x, o) }))
	}
	return ys
}
