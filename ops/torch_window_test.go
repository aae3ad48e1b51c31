package ops_test

import (
	"math"
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
		sizes := c.ints(0, "output_size")
		for i := range 2 {
			a := x.Rank() - 2 + i
			if n := sizes[min(i, len(sizes)-1)]; n >= 0 {
				x = resized(c, x, a, n, areaWeights(x.Shape()[a], n))
			}
		}
		return x
	}),
	"nn.functional.unfold": one(func(c *torchCall, x *graph.Node) *graph.Node {
		w := c.window(2, 0, 3, 2, 1)
		batch := x.Rank() - 3
		y := w.patches(c, x, 0) // [.., channels, kh, oh, kw, ow]
		k := batch + 1
		y = ops.Permute(y, append(span(0, k), k, k+2, k+1, k+3)...)
		s := y.Shape()
		return ops.Reshape(y, append(slices.Clone(s[:batch]), graph.Size(s[batch:k+2]), s[k+2]*s[k+3])...)
	}),
	"nn.functional.pad":         one(padded),
	"nn.functional.interpolate": one(interpolate),
}

// window is a kernel's way over the last axes of an image.
type window struct {
	size, stride, padding, dilation []int
	ceil                            bool
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

// window reads arguments at these positions.
func (c *torchCall) window(n, size, stride, padding, dilation int) window {
	w := window{size: spread(c.ints(size, "kernel_size"), n, 1), ceil: c.bool(-1, "ceil_mode", false)}
	w.stride = spread(c.ints(stride, "stride"), n, 1)
	if _, text := c.get(padding, "padding").(string); !text {
		w.padding = spread(c.ints(padding, "padding"), n, 0)
	}
	w.dilation = spread(c.ints(dilation, "dilation"), n, 1)
	return w
}

// count is how many places the kernel has on axis i of length n.
func (w window) count(i, n int) int {
	room := n + 2*w.padding[i] - w.dilation[i]*(w.size[i]-1) - 1
	if !w.ceil {
		return room/w.stride[i] + 1
	}
	k := (room+w.stride[i]-1)/w.stride[i] + 1
	if (k-1)*w.stride[i] >= n+w.padding[i] { // none begins in the padding after the image
		k--
	}
	return k
}

func (w window) at(i, o, k int) int { return o*w.stride[i] - w.padding[i] + k*w.dilation[i] }

// patches puts [kernel, places] in the place of each of the last axes, with a value beyond the image.
func (w window) patches(c *torchCall, x *graph.Node, beyond float64) *graph.Node {
	n := len(w.size)
	for i := range n {
		dim := x.Rank() - n + i
		length := x.Shape()[dim]
		places := w.count(i, length)
		var inside []float64
		for k := range w.size[i] {
			for o := range places {
				p := w.at(i, o, k)
				inside = append(inside, map[bool]float64{true: 1}[p >= 0 && p < length])
			}
		}
		x = windows(c, x, dim, places, w.size[i], func(o, k int) int { return min(max(w.at(i, o, k), 0), length-1) })
		mask := ops.Gt(c.floats(inside, append([]int{w.size[i], places}, ones(x.Rank()-dim-2)...)...), 0)
		x = ops.Where(mask, x, beyond)
	}
	return x
}

func conv(c *torchCall, x *graph.Node, n int) *graph.Node {
	weight, bias := c.node(0, "weight"), c.node(1, "bias")
	w := c.window(n, -1, 2, 3, 4)
	w.size = weight.Shape()[2:]
	switch c.text(3, "padding", "") {
	case "valid":
		w.padding = slices.Repeat([]int{0}, n)
	case "same":
		w.padding = make([]int, n)
		lo, hi := make([]int, x.Rank()), make([]int, x.Rank())
		for i := range n {
			total := w.dilation[i] * (w.size[i] - 1)
			lo[x.Rank()-n+i], hi[x.Rank()-n+i] = total/2, total-total/2
		}
		x = ops.Pad(x, lo, hi, make([]int, x.Rank()))
	}
	return convolved(c, x, weight, bias, w, c.int(5, "groups", 1))
}

// convolved is a product of patches: x [.., in, image], weight [out, in/groups, kernel].
func convolved(c *torchCall, x, weight, bias *graph.Node, w window, groups int) *graph.Node {
	n := len(w.size)
	single := x.Rank() == n+1
	if single {
		x = ops.ExpandDims(x, 0)
	}
	batch, in, out := x.Shape()[0], x.Shape()[1], weight.Shape()[0]
	y := w.patches(c, x, 0)
	perm, places := []int{0, 1}, []int{}
	for i := range n {
		perm, places = append(perm, 2+2*i), append(places, y.Shape()[3+2*i])
	}
	for i := range n {
		perm = append(perm, 3+2*i)
	}
	y = ops.Reshape(ops.Permute(y, perm...), batch, groups, in/groups*graph.Size(w.size), graph.Size(places))
	y = ops.MatMul(ops.Reshape(weight, groups, out/groups, in/groups*graph.Size(w.size)), y)
	y = ops.Reshape(y, append([]int{batch, out}, places...)...)
	if bias != nil {
		y = ops.Add(y, perChannel(bias, y, 1))
	}
	if single {
		y = ops.Squeeze(y, 0)
	}
	return y
}

// convTranspose is a convolution of the image with gaps by the kernel turned around: weight [in, out/groups, kernel].
func convTranspose(c *torchCall, x *graph.Node, n int) *graph.Node {
	weight, groups := c.node(0, "weight"), c.int(5, "groups", 1)
	stride, padding := spread(c.ints(2, "stride"), n, 1), spread(c.ints(3, "padding"), n, 0)
	extra, dilation := spread(c.ints(4, "output_padding"), n, 0), spread(c.ints(6, "dilation"), n, 1)
	size := weight.Shape()[2:]
	lo, hi, gap := make([]int, x.Rank()), make([]int, x.Rank()), make([]int, x.Rank())
	crop := slices.Repeat([]ops.Range{ops.All}, x.Rank())
	for i := range n {
		a, reach := x.Rank()-n+i, dilation[i]*(size[i]-1)
		gap[a] = stride[i] - 1
		first, last := reach-padding[i], reach-padding[i]+extra[i]
		lo[a], hi[a] = max(first, 0), max(last, 0)
		length := (x.Shape()[a]-1)*stride[i] + 1 + lo[a] + hi[a]
		crop[a] = ops.Range{Start: max(-first, 0), Stop: length - max(-last, 0)}
	}
	x = ops.Slice(ops.Pad(x, lo, hi, gap), crop...)
	in, out := weight.Shape()[0], weight.Shape()[1]
	k := ops.Flip(weight, span(2, weight.Rank())...)
	k = ops.Reshape(k, append([]int{groups, in / groups, out}, size...)...)
	k = ops.Reshape(swapped(k, 1, 2), append([]int{groups * out, in / groups}, size...)...)
	w := window{size: size, stride: ones(n), padding: make([]int, n), dilation: dilation}
	return convolved(c, x, k, c.node(1, "bias"), w, groups)
}

// averagePool takes sums, and divides them by the size of the part of the kernel that counts.
func averagePool(c *torchCall, x *graph.Node, n int) *graph.Node {
	w := c.window(n, 0, 1, 2, -1)
	if len(c.ints(1, "stride")) == 0 {
		w.stride = w.size
	}
	w.ceil = c.bool(3, "ceil_mode", false)
	counted, divisor := c.bool(4, "count_include_pad", true), c.float(5, "divisor_override", 0)
	for i := range n {
		a := x.Rank() - n + i
		length := x.Shape()[a]
		places := w.count(i, length)
		weights := make([]float64, length*places)
		for o := range places {
			from := w.at(i, o, 0)
			to := min(from+w.size[i], length+w.padding[i])
			size := float64(to - from)
			if from, to = max(from, 0), min(to, length); !counted {
				size = float64(to - from)
			}
			if divisor != 0 {
				size = 1
			}
			for p := from; p < to; p++ {
				weights[o*length+p] = 1 / size
			}
		}
		x = resized(c, x, a, places, weights)
	}
	if divisor != 0 {
		x = ops.Div(x, divisor)
	}
	return x
}

// maxPool gives the index in the image too where it is asked for.
func maxPool(c *torchCall, x *graph.Node, n int) []*graph.Node {
	w := c.window(n, 0, 1, 2, 3)
	if len(c.ints(1, "stride")) == 0 {
		w.stride = w.size
	}
	image := x.Shape()[x.Rank()-n:]
	lead := x.Rank() - n
	inOrder := func(x *graph.Node, lead int) *graph.Node { // [.., places, kernel flattened]
		perm, kernel := span(0, lead), []int{}
		for i := range n {
			perm, kernel = append(perm, lead+2*i+1), append(kernel, lead+2*i)
		}
		y := ops.Permute(x, append(perm, kernel...)...)
		return ops.Reshape(y, append(slices.Clone(y.Shape()[:lead+n]), -1)...)
	}
	y := inOrder(w.patches(c, x, math.Inf(-1)), lead)
	ys := []*graph.Node{ops.Max(y, -1)}
	if c.bool(-1, "return_indices", false) {
		places := c.floats(floatsOf(span(0, graph.Size(image))), image...)
		from := ops.BroadcastTo(inOrder(w.patches(c, places, -1), 0), y.Shape()...)
		at := ops.ExpandDims(ops.ArgMax(y, -1), -1)
		ys = append(ys, ops.Cast(ops.Squeeze(ops.TakeAlong(from, at, -1), -1), graph.Int64))
	}
	return ys
}

func floatsOf(list []int) []float64 {
	out := make([]float64, len(list))
	for i, v := range list {
		out[i] = float64(v)
	}
	return out
}
