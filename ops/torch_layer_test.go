package ops_test

import (
	"math"
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

// torchLayer has PyTorch's layers: products, normalisations and attention.
var torchLayer = map[string]torchOp{
	"nn.functional.linear": one(func(c *torchCall, x *graph.Node) *graph.Node {
		y := ops.MatMul(x, ops.Transpose(c.node(0, "weight")))
		if b := c.node(1, "bias"); b != nil {
			y = ops.Add(y, b)
		}
		return y
	}),
	"nn.functional.bilinear": one(func(c *torchCall, x *graph.Node) *graph.Node {
		y, w := c.node(0, "input2"), c.node(1, "weight")
		xw := ops.Tensordot(x, w, []int{x.Rank() - 1}, []int{1}) // [.., o, j]
		z := ops.Sum(ops.Mul(xw, ops.ExpandDims(y, -2)), -1)
		if b := c.node(2, "bias"); b != nil {
			z = ops.Add(z, b)
		}
		return z
	}),
	"nn.functional.batch_norm": one(func(c *torchCall, x *graph.Node) *graph.Node {
		mean, variance := c.node(0, "running_mean"), c.node(1, "running_var")
		channel := min(1, x.Rank()-1)
		axes := slices.Delete(span(0, x.Rank()), channel, channel+1)
		if c.bool(4, "training", false) {
			if len(axes) == 0 { // one axis: nothing to normalise over
				return x
			}
			return channels(c, standard(x, c.float(6, "eps", 1e-5), axes...), c.node(2, "weight"), c.node(3, "bias"), channel)
		}
		y := ops.Mul(ops.Sub(x, perChannel(mean, x, channel)),
			ops.Rsqrt(ops.Add(perChannel(variance, x, channel), c.float(6, "eps", 1e-5))))
		return channels(c, y, c.node(2, "weight"), c.node(3, "bias"), channel)
	}),
	"nn.functional.instance_norm": one(func(c *torchCall, x *graph.Node) *graph.Node {
		if !c.bool(4, "use_input_stats", true) {
			panic(missing("an instance norm by running statistics"))
		}
		y := standard(x, c.float(6, "eps", 1e-5), span(2, x.Rank())...)
		return channels(c, y, c.node(2, "weight"), c.node(3, "bias"), 1)
	}),
	"nn.functional.group_norm": one(func(c *torchCall, x *graph.Node) *graph.Node {
		groups, shape := c.int(0, "num_groups", 1), x.Shape()
		size := graph.Size(shape[1:]) / groups
		y := ops.Reshape(standard(ops.Reshape(x, shape[0], groups, size), c.float(3, "eps", 1e-5), 2), shape...)
		return channels(c, y, c.node(1, "weight"), c.node(2, "bias"), 1)
	}),
	"nn.functional.layer_norm": one(func(c *torchCall, x *graph.Node) *graph.Node {
		n := len(c.ints(0, "normalized_shape"))
		y := standard(x, c.float(3, "eps", 1e-5), span(x.Rank()-n, x.Rank())...)
		if w := c.node(1, "weight"); w != nil {
			y = ops.Mul(y, w)
		}
		if b := c.node(2, "bias"); b != nil {
			y = ops.Add(y, b)
		}
		return y
	}),
	"nn.functional.local_response_norm": one(func(c *torchCall, x *graph.Node) *graph.Node {
		size := c.int(0, "size", 1)
		lo, hi := make([]int, x.Rank()), make([]int, x.Rank())
		lo[1], hi[1] = size/2, (size-1)/2
		padded := ops.Pad(ops.Square(x), lo, hi, make([]int, x.Rank()))
		around := windows(c, padded, 1, x.Shape()[1], size, func(o, k int) int { return o + k })
		scale := ops.Add(c.float(3, "k", 1), ops.Mul(c.float(1, "alpha", 1e-4), ops.Mean(around, 1)))
		return ops.Div(x, ops.Pow(scale, c.float(2, "beta", 0.75)))
	}),
	"nn.functional.normalize": one(func(c *torchCall, x *graph.Node) *graph.Node {
		dim := axis(c.int(1, "dim", 1), x)
		size := c.kept(vectorNorm(c.float(0, "p", 2)), x, []int{dim}, true)
		return ops.Div(x, ops.Maximum(size, c.float(2, "eps", 1e-12)))
	}),
	"nn.functional.cosine_similarity": one(func(c *torchCall, x *graph.Node) *graph.Node {
		a, b := broadcast(x, c.node(0, "x2"))
		a, b = atLeast1(a), atLeast1(b)
		dim, eps := axis(c.int(1, "dim", 1), a), c.float(2, "eps", 1e-8)
		size := func(x *graph.Node) *graph.Node { return ops.Maximum(ops.Norm(x, dim), eps) }
		return ops.Div(ops.Sum(ops.Mul(a, b), dim), ops.Mul(size(a), size(b)))
	}),
	"nn.functional._scaled_dot_product_attention": many(func(c *torchCall, q *graph.Node) []*graph.Node {
		k, v := c.node(0, "key"), c.node(1, "value")
		if c.float(3, "dropout_p", 0) > 0 {
			panic(missing("dropout with PyTorch's random numbers"))
		}
		width := float64(q.Shape()[q.Rank()-1])
		scores := ops.Div(ops.MatMul(q, ops.Transpose(k)), math.Sqrt(width))
		if c.bool(-1, "is_causal", false) {
			l, s := q.Shape()[q.Rank()-2], k.Shape()[k.Rank()-2]
			seen := ops.Gt(ops.Tril(ops.Ones(c.g, graph.Float64, l, s), 0), 0)
			scores = ops.Where(seen, scores, math.Inf(-1))
		} else if mask := c.node(2, "attn_mask"); mask != nil && mask.Type().DType == graph.Bool {
			scores = ops.Where(mask, scores, math.Inf(-1))
		} else if mask != nil {
			scores = ops.Add(scores, mask)
		}
		weights := ops.Softmax(scores, -1)
		return []*graph.Node{ops.MatMul(weights, v), weights}[:len(c.want)]
	}),
}

// standard takes off the mean over axes and divides by the standard deviation.
func standard(x *graph.Node, eps float64, axes ...int) *graph.Node {
	if x.Type().Size() == 0 {
		return x
	}
	d := ops.Sub(x, ops.KeepDims(ops.Mean(x, axes...), x, axes...))
	variance := ops.KeepDims(ops.Mean(ops.Square(d), axes...), x, axes...)
	return ops.Mul(d, ops.Rsqrt(ops.Add(variance, eps)))
}

// perChannel lays a vector along an axis of x.
func perChannel(v, x *graph.Node, channel int) *graph.Node {
	return ops.Reshape(v, append([]int{-1}, ones(x.Rank()-1-channel)...)...)
}

func channels(c *torchCall, x, weight, bias *graph.Node, channel int) *graph.Node {
	if weight != nil {
		x = ops.Mul(x, perChannel(weight, x, channel))
	}
	if bias != nil {
		x = ops.Add(x, perChannel(bias, x, channel))
	}
	return x
}
