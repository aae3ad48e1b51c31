package onnx

import (
	"chainrule/nn/onnx/internal/emit"
	"chainrule/ops"
)

func init() {
	for name, op := range map[string]operator{
		"Adagrad":  {build: func(c *call) []value { return c.trained(2, adagrad) }},
		"Adam":     {build: func(c *call) []value { return c.trained(3, adam) }},
		"Momentum": {build: func(c *call) []value { return c.trained(2, momentum) }},
	} {
		operators["ai.onnx.preview.training."+name] = op
	}
}

// trained runs a rule on each of n tensors: the inputs are the rate, the number of steps, the n tensors, their gradients,
// and their states, of which there are states−1 lists. So are the results.
func (c *call) trained(states int, rule func(c *call, rate, step node, x, g node, s []node) []node) []value {
	n := (len(c.in) - 2) / (states + 1)
	out := make([]value, n*states)
	for i := range n {
		var s []node
		for k := 2; k <= states; k++ {
			s = append(s, c.x(2+k*n+i))
		}
		for k, y := range rule(c, c.x(0), c.x(1), c.x(2+i), c.x(2+n+i), s) {
			out[k*n+i] = tensorOf(y, emit.ElemOf(y.DType()))
		}
	}
	return out
}

func (c *call) decayed(x, g node) node { return ops.Add(ops.Mul(c.float("norm_coefficient", 0), x), g) }

func adagrad(c *call, rate, step node, x, g node, s []node) []node {
	steps := ops.Cast(step, x.DType())
	r := ops.Div(rate, ops.Add(1.0, ops.Mul(c.float("decay_factor", 0), steps)))
	g = c.decayed(x, g)
	h := ops.Add(s[0], ops.Square(g))
	return []node{ops.Sub(x, ops.Div(ops.Mul(r, g), ops.Add(ops.Sqrt(h), c.float("epsilon", 1e-6)))), h}
}

// adam corrects the bias from step 1 on: at step 0 there is nothing to correct.
func adam(c *call, rate, step node, x, g node, s []node) []node {
	alpha, beta := c.float("alpha", 0.9), c.float("beta", 0.999)
	g = c.decayed(x, g)
	v := ops.Add(ops.Mul(alpha, s[0]), ops.Mul(1-alpha, g))
	h := ops.Add(ops.Mul(beta, s[1]), ops.Mul(1-beta, ops.Square(g)))
	t := ops.Cast(step, x.DType())
	corrected := ops.Mul(rate, ops.Div(ops.Sqrt(ops.Sub(1.0, ops.Pow(beta, t))), ops.Sub(1.0, ops.Pow(alpha, t))))
	r := ops.Where(ops.Gt(t, 0.0), corrected, rate)
	y := ops.Sub(x, ops.Div(ops.Mul(r, v), ops.Add(ops.Sqrt(h), c.float("epsilon", 1e-6))))
	return []node{ops.Mul(y, 1-c.float("norm_coefficient_post", 0)), v, h}
}

func momentum(c *call, rate, step node, x, g node, s []node) []node {
	alpha, beta := c.float("alpha", 0), c.float("beta", 0)
	g = c.decayed(x, g)
	first := ops.Gt(ops.Reshape(step), int64(0))
	share := ops.Where(first, beta, ops.Ones(x.Graph(), x.DType()))
	v := ops.Add(ops.Mul(alpha, s[0]), ops.Mul(share, g))
	if c.string("mode", "standard") == "nesterov" {
		g = ops.Add(g, ops.Mul(alpha, v))
	} else {
		g = v
	}
	return []node{ops.Sub(x, ops.Mul(rate, g)), v}
}
