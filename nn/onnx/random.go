package onnx

import (
	"hash/fnv"
	"math"
	"strings"

	"chainrule/graph"
	"chainrule/nn/onnx/internal/pb"
	"chainrule/ops"
)

// Random numbers come from a key made of the node's seed, or of its outputs' names where it has none: the same ones at
// every run, and no other engine's.
func init() {
	uniform := func(c *call, d graph.DType, shape []int) node {
		lo, hi := c.float("low", 0), c.float("high", 1)
		return ops.Add(lo, ops.Mul(hi-lo, ops.Uniform(c.key(), d, shape...)))
	}
	normal := func(c *call, d graph.DType, shape []int) node {
		return ops.Add(c.float("mean", 0), ops.Mul(c.float("scale", 1), ops.Normal(c.key(), d, shape...)))
	}
	define(map[string]operator{
		"RandomUniform":     {build: func(c *call) []value { return c.drawn(uniform, c.list("shape"), pb.Tensor_FLOAT) }},
		"RandomNormal":      {build: func(c *call) []value { return c.drawn(normal, c.list("shape"), pb.Tensor_FLOAT) }},
		"RandomUniformLike": {build: func(c *call) []value { return c.drawn(uniform, c.x(0).Shape(), c.in[0].elem) }},
		"RandomNormalLike":  {build: func(c *call) []value { return c.drawn(normal, c.x(0).Shape(), c.in[0].elem) }},
		"Bernoulli":         {build: bernoulli},
		"Multinomial":       {build: multinomial},
	})
}

func (c *call) key() node {
	if a := c.attr("seed"); a != nil {
		return ops.Key(c.run.g, int64(math.Float32bits(a.GetF())))
	}
	h := fnv.New32a()
	h.Write([]byte(strings.Join(c.node.GetOutput(), "\x00")))
	return ops.Key(c.run.g, int64(h.Sum32()))
}

func (c *call) drawn(draw func(c *call, d graph.DType, shape []int) node, shape []int, t elem) []value {
	t = elem(c.int("dtype", int(t)))
	d, err := stands(t)
	if err != nil || !d.IsFloat() {
		c.fail("random numbers of type %v", t)
	}
	return []value{tensorOf(draw(c, d, shape), t)}
}

func bernoulli(c *call) []value {
	n, err := cast(ops.Bernoulli(c.key(), c.x(0)), pb.Tensor_BOOL, elem(c.int("dtype", int(c.in[0].elem))))
	if err != nil {
		c.fail("%v", err)
	}
	return []value{tensorOf(n, elem(c.int("dtype", int(c.in[0].elem))))}
}

// multinomial draws classes with probabilities exp(x), for each row of x.
func multinomial(c *call) []value {
	x, count := c.x(0), c.int("sample_size", 1)
	s := x.Shape()
	wide := ops.BroadcastTo(ops.Reshape(x, s[0], 1, s[1]), s[0], count, s[1])
	n := ops.Categorical(c.key(), wide, -1)
	return []value{tensorOf(n, elem(c.int("dtype", int(pb.Tensor_INT32))))}
}
