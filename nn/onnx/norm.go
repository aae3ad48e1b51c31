package onnx

import (
	"slices"

	"chainrule/graph"
	"chainrule/nn/onnx/internal/pb"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"BatchNormalization": {build: batchNorm}, "InstanceNormalization": {build: instanceNorm},
		"LayerNormalization": {build: layerNorm}, "GroupNormalization": {build: groupNorm},
		"MeanVarianceNormalization": {build: meanVariance}, "LRN": {build: localResponse},
		"LpNormalization": {build: lpNorm},
		"Dropout":         {build: dropout, static: []int{1, 2}},
	})
}

// channels gives a vector the shape of an image's second axis.
func channels(v node, rank int) node {
	shape := slices.Repeat([]int{1}, rank)
	shape[1] = v.Shape()[0]
	return ops.Reshape(v, shape...)
}

func from(first, rank int) (axes []int) {
	for a := first; a < rank; a++ {
		axes = append(axes, a)
	}
	return axes
}

// centred returns x less its mean over axes, its variance, and the mean: of all elements, not of one less.
func centred(x node, axes ...int) (d, variance, mean node) {
	mean = ops.KeepDims(ops.Mean(x, axes...), x, axes...)
	d = ops.Sub(x, mean)
	return d, ops.KeepDims(ops.Mean(ops.Square(d), axes...), x, axes...), mean
}

// batchNorm in training returns running statistics too: r·momentum + batch's·(1 − momentum).
func batchNorm(c *call) []value {
	x := c.x(0)
	eps := c.float("epsilon", 1e-5)
	if c.int("training_mode", 0) == 0 {
		return c.many(ops.BatchNormWith(x, c.x(3), c.x(4), c.x(1), c.x(2), eps))
	}
	y, mean, variance := ops.BatchNorm(x, c.x(1), c.x(2), eps)
	m := c.float("momentum", 0.9)
	running := func(old, new node) node { return ops.Add(ops.Mul(m, old), ops.Mul(1-m, new)) }
	return c.many(y, running(c.x(3), mean), running(c.x(4), variance))
}

func instanceNorm(c *call) []value {
	return c.one(ops.InstanceNorm(c.x(0), c.x(1), c.x(2), c.float("epsilon", 1e-5)))
}

func layerNorm(c *call) []value {
	x := c.x(0)
	axes := from(c.axis(c.int("axis", -1), x.Rank()), x.Rank())
	d, variance, mean := centred(x, axes...)
	inverse := ops.Rsqrt(ops.Add(variance, c.float("epsilon", 1e-5)))
	y := ops.Mul(ops.Mul(d, inverse), c.x(1))
	if c.has(2) {
		y = ops.Add(y, c.x(2))
	}
	return c.many(y, mean, inverse)
}

// groupNorm has a scale for each group before version 21, and one for each channel since.
func groupNorm(c *call) []value {
	x, groups := c.x(0), c.int("num_groups", 1)
	s := x.Shape()
	if groups < 1 || s[1]%groups != 0 {
		c.fail("%d groups of %d channels", groups, s[1])
	}
	eps := c.float("epsilon", 1e-5)
	if c.version() >= 21 {
		return c.one(ops.GroupNorm(x, c.x(1), c.x(2), groups, eps))
	}
	each := func(v node) node { // of a group, for each of its channels
		return ops.Flatten(ops.BroadcastTo(ops.ExpandDims(v, 1), groups, s[1]/groups))
	}
	return c.one(ops.GroupNorm(x, each(c.x(1)), each(c.x(2)), groups, eps))
}

func meanVariance(c *call) []value {
	x := c.x(0)
	axes := c.list("axes")
	if axes == nil {
		axes = []int{0, 2, 3}
	}
	d, variance, _ := centred(x, axes...)
	return c.one(ops.Div(d, ops.Add(ops.Sqrt(variance), 1e-9)))
}

// localResponse divides by (bias + α/size·Σ x²)^β, the sum over channels around each.
func localResponse(c *call) []value {
	x, size := c.x(0), c.int("size", 1)
	lo := (size - 1) / 2
	hi := size - 1 - lo
	padded := func(n int) []int {
		p := make([]int, x.Rank())
		p[1] = n
		return p
	}
	square := ops.Pad(ops.Square(x), padded(lo), padded(hi), padded(0))
	var sum node
	for i := range size {
		part := ops.Slice(square, ops.All, ops.Range{Start: i, Stop: i + x.Shape()[1]})
		if sum == nil {
			sum = part
		} else {
			sum = ops.Add(sum, part)
		}
	}
	base := ops.Add(c.float("bias", 1), ops.Mul(c.float("alpha", 1e-4)/float64(size), sum))
	return c.one(ops.Div(x, ops.Pow(base, c.float("beta", 0.75))))
}

func lpNorm(c *call) []value {
	x := c.x(0)
	a := c.axis(c.int("axis", -1), x.Rank())
	if c.int("p", 2) == 1 {
		return c.one(ops.Div(x, ops.KeepDims(ops.Sum(ops.Abs(x), a), x, a)))
	}
	return c.one(ops.Div(x, ops.KeepDims(ops.Norm(x, a), x, a)))
}

// dropout keeps everything, unless training is asked for: then it draws what is dropped, see random.go.
func dropout(c *call) []value {
	x := c.x(0)
	ratio := 0.5
	if c.version() < 12 {
		ratio = 0
	} else if c.has(1) {
		ratio = c.floats(1)[0]
	}
	if c.version() < 12 || !c.has(2) || c.ints(2)[0] == 0 || ratio == 0 {
		all := ops.Full(c.run.g, graph.Int64, int64(1), x.Shape()...)
		return []value{c.typed(x), tensorOf(ops.Cast(all, graph.Bool), pb.Tensor_BOOL)}
	}
	keep := ops.Bernoulli(c.key(), ops.Full(c.run.g, x.DType(), 1-ratio, x.Shape()...))
	return []value{c.typed(ops.Where(keep, ops.Div(x, 1-ratio), 0.0)), tensorOf(keep, pb.Tensor_BOOL)}
}
