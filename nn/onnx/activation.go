package onnx

import (
	"slices"

	"chainrule/graph"
	"chainrule/ops"
)

func init() {
	define(map[string]operator{
		"Relu": ofOne(relu), "Sigmoid": ofOne(ops.Sigmoid), "Softplus": ofOne(ops.Softplus),
		"Softsign":   ofOne(func(x node) node { return ops.Div(x, ops.Add(1.0, ops.Abs(x))) }),
		"Softmax":    {build: func(c *call) []value { return overAxis(c, ops.Softmax) }},
		"LogSoftmax": {build: func(c *call) []value { return overAxis(c, ops.LogSoftmax) }},
		"Hardmax":    {build: func(c *call) []value { return overAxis(c, hardmax) }},
		"LeakyRelu":  {build: func(c *call) []value { return c.one(ops.LeakyReLU(c.x(0), c.float("alpha", 0.01))) }},
		"PRelu": {build: func(c *call) []value {
			return c.one(prelu(c.x(0), c.x(1)))
		}},
		"Elu":  {build: func(c *call) []value { return c.one(ops.ELU(c.x(0), c.float("alpha", 1))) }},
		"Celu": {build: func(c *call) []value { return c.one(ops.CELU(c.x(0), c.float("alpha", 1))) }},
		"Selu": {build: func(c *call) []value {
			y := ops.ELU(c.x(0), c.float("alpha", 1.67326319217681884765625))
			return c.one(ops.Mul(y, c.float("gamma", 1.05070102214813232421875)))
		}},
		"HardSigmoid": {build: func(c *call) []value {
			return c.one(hardSigmoid(c.x(0), c.float("alpha", 0.2), c.float("beta", 0.5)))
		}},
		"HardSwish": ofOne(ops.HardSwish),
		"ThresholdedRelu": {build: func(c *call) []value {
			return c.one(ops.Threshold(c.x(0), c.float("alpha", 1), 0))
		}},
		"Shrink": {build: func(c *call) []value { return c.one(shrink(c.x(0), c.float("lambd", 0.5), c.float("bias", 0))) }},
		"Gelu": {build: func(c *call) []value {
			if c.string("approximate", "none") == "tanh" {
				return c.one(ops.GELUTanh(c.x(0)))
			}
			return c.one(ops.GELU(c.x(0)))
		}},
		"Mish": ofOne(ops.Mish),
	})
	operators["com.microsoft.Gelu"] = ofOne(ops.GELU)
}

func relu(x node) node {
	if x.DType() == graph.Int64 {
		return ops.Maximum(x, int64(0))
	}
	return ops.ReLU(x)
}

// prelu takes integers too.
func prelu(x, slope node) node {
	if x.DType() == graph.Int64 {
		return ops.Where(ops.Lt(x, int64(0)), ops.Mul(x, slope), x)
	}
	return ops.PReLU(x, slope)
}

func hardSigmoid(x node, alpha, beta float64) node {
	return ops.Clamp(ops.Add(ops.Mul(alpha, x), beta), 0.0, 1.0)
}

func shrink(x node, lambda, bias float64) node {
	if x.DType() == graph.Int64 {
		return ops.Cast(shrink(ops.Cast(x, graph.Float64), lambda, bias), graph.Int64)
	}
	low, high := ops.Lt(x, -lambda), ops.Gt(x, lambda)
	return ops.Where(low, ops.Add(x, bias), ops.Where(high, ops.Sub(x, bias), 0.0))
}

// overAxis runs f over one axis, or before version 13 over all axes from it on.
func overAxis(c *call, f func(x node, axes ...int) node) []value {
	x := c.x(0)
	if c.version() >= 13 {
		return c.one(f(x, c.axis(c.int("axis", -1), x.Rank())))
	}
	var axes []int
	for a := c.axis(c.int("axis", 1), x.Rank()); a < x.Rank(); a++ {
		axes = append(axes, a)
	}
	return c.one(f(x, axes...))
}

// hardmax is 1 at the first of the greatest elements, and 0 elsewhere.
func hardmax(x node, axes ...int) node {
	s := x.Shape()
	first := slices.Min(axes)
	rows := ops.Reshape(ops.MoveAxis(x, first, -1), -1, s[first])
	if len(axes) > 1 {
		rows = ops.Reshape(x, -1, graph.Size(s[first:]))
	}
	hot := ops.OneHot(ops.ArgMax(rows, -1), rows.Shape()[1], x.DType())
	if len(axes) > 1 {
		return ops.Reshape(hot, s...)
	}
	moved := ops.MoveAxis(x, first, -1).Shape()
	return ops.MoveAxis(ops.Reshape(hot, moved...), -1, first)
}

func init() {
	define(map[string]operator{
		"NegativeLogLikelihoodLoss": {build: func(c *call) []value { return c.one(c.likelihood(c.x(0))) }},
		"SoftmaxCrossEntropyLoss": {build: func(c *call) []value {
			p := ops.LogSoftmax(c.x(0), 1)
			return c.many(c.likelihood(p), p)
		}},
	})
}

// likelihood is −w[t]·p[t] for the log-probabilities p of classes along axis 1, the targets t and weights of classes w:
// 0 for targets that are ignored. Its mean is that by weight.
func (c *call) likelihood(p node) node {
	target := c.x(1)
	classes := p.Shape()[1]
	skip := ops.Ne(target, target) // none
	if c.attr("ignore_index") != nil {
		skip = ops.Eq(target, int64(c.int("ignore_index", 0)))
		target = ops.Where(skip, int64(0), target)
	}
	loss := ops.Neg(ops.Squeeze(ops.TakeAlong(p, ops.ExpandDims(target, 1), 1), 1))
	weights := ops.Ones(c.run.g, p.DType(), classes)
	if c.has(2) {
		weights = c.x(2)
	}
	weight := ops.Where(skip, 0.0, ops.Take(weights, target, 0))
	loss = ops.XMulY(weight, loss)
	switch how := c.string("reduction", "mean"); how {
	case "none":
		return loss
	case "sum":
		return ops.Sum(loss)
	case "mean":
		return ops.Div(ops.Sum(loss), ops.Sum(weight))
	default:
		c.fail("reduction %q", how)
		return nil
	}
}
