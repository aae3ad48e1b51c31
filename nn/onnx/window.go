package onnx

import (
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/nn/onnx/internal/pb"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"Conv": {build: func(c *call) []value {
			y := c.conv(c.x(0), c.x(1))
			if c.has(2) {
				y = ops.Add(y, channels(c.x(2), y.Rank()))
			}
			return c.one(y)
		}},
		"ConvTranspose": {build: convTranspose},
		"ConvInteger": {build: func(c *call) []value {
			y := c.conv(c.shifted(0, 2, 0), c.kernel(1, 3))
			return []value{tensorOf(ops.Cast(y, graph.Int64), pb.Tensor_INT32)}
		}},
		"QLinearConv": {build: quantizedConv},

		"MaxPool":           {build: maxPool},
		"AveragePool":       {build: averagePool},
		"LpPool":            {build: func(c *call) []value { return c.one(ops.LPPool(c.x(0), float64(c.int("p", 2)), c.pool())) }},
		"MaxUnpool":         {build: maxUnpool, static: []int{2}},
		"GlobalAveragePool": {build: func(c *call) []value { return c.global(ops.Mean) }},
		"GlobalMaxPool":     {build: func(c *call) []value { return c.global(ops.Max) }},
		"GlobalLpPool": {build: func(c *call) []value {
			p := float64(c.int("p", 2))
			return c.global(func(x node, axes ...int) node {
				return ops.Pow(ops.Sum(ops.Pow(ops.Abs(x), p), axes...), 1/p)
			})
		}},
	})
}

func (c *call) global(f func(x node, axes ...int) node) []value {
	x := c.x(0)
	axes := from(2, x.Rank())
	return c.one(ops.KeepDims(f(x, axes...), x, axes...))
}

// padding is what pads or auto_pad ask for, on n axes: all beginnings and then all ends.
func (c *call) padding(n int) ops.Padding {
	switch mode := c.string("auto_pad", "NOTSET"); mode {
	case "SAME_UPPER":
		return ops.Same
	case "SAME_LOWER":
		return ops.SameLower
	case "NOTSET":
		pads := c.listOr("pads", 2*n, 0)
		return ops.PadsLoHi(pads[:n], pads[n:])
	case "VALID":
		return ops.Pads(0)
	default:
		c.fail("auto_pad %q", mode)
		return ops.Padding{}
	}
}

func (c *call) convOptions(n int) ops.ConvOptions {
	return ops.ConvOptions{Stride: c.listOr("strides", n, 1), Dilation: c.listOr("dilations", n, 1), Groups: c.int("group", 1)}
}

func (c *call) conv(x, w node) node {
	o := c.convOptions(x.Rank() - 2)
	o.Padding = c.padding(x.Rank() - 2)
	return ops.Conv(x, w, o)
}

// kernel is an integer kernel less its zero point, one or one for each channel of the result.
func (c *call) kernel(i, zero int) node {
	w := c.wide(i)
	if !c.has(zero) {
		return w
	}
	z := c.wide(zero)
	if z.Type().Size() > 1 {
		z = ops.Reshape(z, append([]int{-1}, slices.Repeat([]int{1}, w.Rank()-1)...)...)
	}
	return ops.Sub(w, z)
}

func quantizedConv(c *call) []value {
	x := ops.Sub(c.wide(0), c.wide(2))
	y := c.conv(x, c.kernel(3, 5))
	if c.has(8) {
		y = ops.Add(y, channels(c.wide(8), y.Rank()))
	}
	scale := ops.Div(ops.Mul(c.wide(1), c.wide(4)), c.wide(6))
	if scale.Type().Size() > 1 {
		scale = channels(scale, y.Rank())
	}
	t := c.in[7].elem
	return []value{tensorOf(quantized(ops.Mul(y, scale), nil, c.x(7), t), t)}
}

// convTranspose cuts as much off its result as the padding says, or as the shape that is asked for needs.
func convTranspose(c *call) []value {
	x, w := c.x(0), c.x(1)
	n := x.Rank() - 2
	o := c.convOptions(n)
	extra := c.listOr("output_padding", n, 0)
	lo, hi := make([]int, n), make([]int, n)
	sizes := c.list("output_shape")
	mode := c.string("auto_pad", "NOTSET")
	if sizes == nil && (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
		for i := range n {
			sizes = append(sizes, x.Shape()[2+i]*o.Stride[i])
		}
	}
	switch {
	case sizes != nil:
		sizes = sizes[len(sizes)-n:]
		for i := range n {
			whole := o.Stride[i]*(x.Shape()[2+i]-1) + extra[i] + (w.Shape()[2+i]-1)*o.Dilation[i] + 1
			total := whole - sizes[i]
			if total < 0 { // longer than what there is: zeros at the end
				extra[i], total = extra[i]-total, 0
			}
			lo[i], hi[i] = total/2, total-total/2
			if mode != "SAME_UPPER" {
				lo[i], hi[i] = hi[i], lo[i]
			}
		}
	case mode == "NOTSET":
		pads := c.listOr("pads", 2*n, 0)
		lo, hi = pads[:n], pads[n:]
	}
	o.Padding, o.OutputPadding = ops.PadsLoHi(lo, hi), extra
	y := ops.ConvTranspose(x, w, o)
	if c.has(2) {
		y = ops.Add(y, channels(c.x(2), y.Rank()))
	}
	return c.one(y)
}

func (c *call) pool() ops.PoolOptions {
	n := c.x(0).Rank() - 2
	size := c.list("kernel_shape")
	if len(size) != n {
		c.fail("a window of %d axes on %d", len(size), n)
	}
	return ops.PoolOptions{Size: size, Stride: c.listOr("strides", n, 1), Dilation: c.listOr("dilations", n, 1),
		Padding: c.padding(n), Ceil: c.flag("ceil_mode"), ExcludePadding: c.int("count_include_pad", 0) == 0}
}

// beyond takes padding of more than half a window out of the options, which ops.MaxPool has no use for, and surrounds x with
// a value instead.
func (c *call) beyond(x node, o *ops.PoolOptions, value float64) (node, bool) {
	n := x.Rank() - 2
	pads := c.list("pads")
	far := false
	for i, p := range pads {
		far = far || 2*p > (o.Size[i%n]-1)*o.Dilation[i%n]+1
	}
	if !far {
		return x, false
	}
	lo, hi := append([]int{0, 0}, pads[:n]...), append([]int{0, 0}, pads[n:]...)
	o.Padding = ops.Pads(0)
	return ops.PadConstant(x, value, lo, hi), true
}

func averagePool(c *call) []value {
	o, x := c.pool(), c.x(0)
	wide, far := c.beyond(x, &o, 0)
	if !far || !o.ExcludePadding {
		return c.one(ops.AvgPool(wide, o))
	}
	ones := ops.Ones(c.run.g, x.DType(), x.Shape()...)
	share, _ := c.beyond(ones, &o, 0)
	return c.one(ops.Div(ops.AvgPool(wide, o), ops.AvgPool(share, o)))
}

// maxPool counts its indices over the whole input, in row-major order or, of an image, by columns.
func maxPool(c *call) []value {
	x := c.x(0)
	if x.DType() == graph.Int64 {
		x = ops.Cast(x, graph.Float64)
	}
	o := c.pool()
	s := x.Shape()
	wide, far := c.beyond(x, &o, math.Inf(-1))
	if far && len(c.node.GetOutput()) > 1 {
		c.fail("indices where padding is more than half of the window")
	}
	y, at := ops.MaxPoolIndices(wide, o)
	if far {
		return []value{c.typed(ops.Cast(y, c.x(0).DType()))}
	}
	image := graph.Size(s[2:])
	if c.flag("storage_order") {
		if len(s) != 4 {
			c.fail("columns of %d axes", len(s)-2)
		}
		at = ops.Add(ops.Div(at, int64(s[3])), ops.Mul(ops.Mod(at, int64(s[3])), int64(s[2])))
	}
	first := ops.Mul(ops.Arange(c.run.g, s[0]*s[1]), int64(image))
	at = ops.Add(at, ops.Reshape(first, append([]int{s[0], s[1]}, slices.Repeat([]int{1}, len(s)-2)...)...))
	return []value{c.typed(ops.Cast(y, c.x(0).DType())), tensorOf(at, pb.Tensor_INT64)}
}

// maxUnpool puts elements back where the indices of MaxPool say, in an output of the shape that the windows imply, or of a
// larger one that is given.
func maxUnpool(c *call) []value {
	x, at := c.x(0), c.x(1)
	n := x.Rank() - 2
	size, stride, pads := c.list("kernel_shape"), c.listOr("strides", n, 1), c.listOr("pads", 2*n, 0)
	implied := slices.Clone(x.Shape())
	for i := range n {
		implied[2+i] = (x.Shape()[2+i]-1)*stride[i] + size[i] - pads[i] - pads[n+i]
	}
	whole := ops.ScatterAdd(ops.Flatten(x), ops.Flatten(at), graph.Size(implied), 0)
	y := ops.Reshape(whole, implied...)
	if !c.has(2) {
		return c.one(y)
	}
	shape := c.ints(2)
	more := make([]int, len(shape))
	for i := range shape {
		if more[i] = shape[i] - implied[i]; more[i] < 0 {
			c.fail("an output of %v, less than %v", shape, implied)
		}
	}
	return c.one(ops.Pad(y, make([]int, len(shape)), more, make([]int, len(shape))))
}
