package ops_test

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// torchActivation has PyTorch's activations.
var torchActivation = map[string]torchOp{
	"nn.functional.relu":  of1(ops.ReLU),
	"nn.functional.relu6": of1(func(x *graph.Node) *graph.Node { return ops.Clamp(x, 0, 6) }),
	"nn.functional.leaky_relu": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return ops.LeakyReLU(x, c.float(0, "negative_slope", 0.01))
	}),
	"nn.functional.prelu": one(func(c *torchCall, x *graph.Node) *graph.Node {
		w := c.node(0, "weight")
		if w.Type().Size() > 1 { // a slope for each channel
			w = ops.Reshape(w, append([]int{-1}, ones(x.Rank()-2)...)...)
		} else {
			w = ops.Reshape(w)
		}
		return ops.Where(ops.Gt(x, 0), x, ops.Mul(w, x))
	}),
	"nn.functional.elu": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return elu(x, 1, c.float(0, "alpha", 1), 1)
	}),
	"nn.functional.celu": one(func(c *torchCall, x *graph.Node) *graph.Node {
		alpha := c.float(0, "alpha", 1)
		return elu(x, 1, alpha, 1/alpha)
	}),
	"nn.functional.selu": of1(func(x *graph.Node) *graph.Node {
		const alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
		return elu(x, scale, scale*alpha, 1)
	}),
	"nn.functional.gelu": one(func(c *torchCall, x *graph.Node) *graph.Node {
		if c.text(-1, "approximate", "none") == "tanh" {
			inner := ops.Mul(math.Sqrt(2/math.Pi), ops.Add(x, ops.Mul(0.044715, ops.Mul(x, ops.Square(x)))))
			return ops.Mul(ops.Mul(0.5, x), ops.Add(1, ops.Tanh(inner)))
		}
		return ops.Mul(x, normalCDF(x))
	}),
	"nn.functional.silu": of1(func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Sigmoid(x)) }),
	"nn.functional.mish": of1(func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Tanh(ops.Softplus(x))) }),
	"nn.functional.softplus": one(func(c *torchCall, x *graph.Node) *graph.Node {
		beta := c.float(0, "beta", 1)
		scaled := ops.Mul(x, beta)
		return ops.Where(ops.Gt(scaled, c.float(1, "threshold", 20)), x, ops.Div(ops.Softplus(scaled), beta))
	}),
	"nn.functional.logsigmoid": of1(func(x *graph.Node) *graph.Node { return ops.Neg(ops.Softplus(ops.Neg(x))) }),
	"nn.functional.softsign":   of1(func(x *graph.Node) *graph.Node { return ops.Div(x, ops.Add(1, ops.Abs(x))) }),
	"nn.functional.tanhshrink": of1(func(x *graph.Node) *graph.Node { return ops.Sub(x, ops.Tanh(x)) }),
	"nn.functional.hardshrink": one(func(c *torchCall, x *graph.Node) *graph.Node {
		l := c.float(0, "lambd", 0.5)
		return ops.Where(ops.And(ops.Ge(x, -l), ops.Le(x, l)), 0, x)
	}),
	"nn.functional.softshrink": one(func(c *torchCall, x *graph.Node) *graph.Node {
		l := c.float(0, "lambd", 0.5)
		return ops.Where(ops.Gt(x, l), ops.Sub(x, l), ops.Where(ops.Lt(x, -l), ops.Add(x, l), 0))
	}),
	"nn.functional.hardtanh": one(func(c *torchCall, x *graph.Node) *graph.Node {
		lo, hi := c.float(0, "min_val", -1), c.float(1, "max_val", 1)
		return ops.Where(ops.Or(ops.Le(x, lo), ops.Ge(x, hi)), ops.StopGradient(ops.Clamp(x, lo, hi)), x)
	}),
	"nn.functional.hardsigmoid": of1(func(x *graph.Node) *graph.Node { return ops.Clamp(ops.Add(ops.Div(x, 6), 0.5), 0, 1) }),
	"nn.functional.hardswish": of1(func(x *graph.Node) *graph.Node {
		return ops.Mul(x, ops.Div(ops.Clamp(ops.Add(x, 3), 0, 6), 6))
	}),
	"nn.functional.threshold": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return ops.Where(ops.Gt(x, c.float(0, "threshold", 0)), x, c.float(1, "value", 0))
	}),
	"nn.functional.glu": one(func(c *torchCall, x *graph.Node) *graph.Node {
		dim := axis(c.int(0, "dim", -1), x)
		half := x.Shape()[dim] / 2
		ab := ops.Split(x, []int{half, half}, dim)
		return ops.Mul(ab[0], ops.Sigmoid(ab[1]))
	}),
}

// elu is above·x where x is positive and below·(exp(inner·x) − 1) elsewhere.
func elu(x *graph.Node, above, below, inner float64) *graph.Node {
	return ops.Where(ops.Gt(x, 0), ops.Mul(above, x), ops.Mul(below, ops.Expm1(ops.Mul(inner, x))))
}
