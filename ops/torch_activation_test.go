package ops_test

import (
	"chainrule/graph"
	"chainrule/ops"
)

// torchActivation has PyTorch's activations.
var torchActivation = map[string]torchOp{
	"nn.functional.relu":  of1(ops.ReLU),
	"nn.functional.relu6": of1(ops.ReLU6),
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
		return ops.PReLU(x, w)
	}),
	"nn.functional.elu":  one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.ELU(x, c.float(0, "alpha", 1)) }),
	"nn.functional.celu": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.CELU(x, c.float(0, "alpha", 1)) }),
	"nn.functional.selu": of1(ops.SELU),
	"nn.functional.gelu": one(func(c *torchCall, x *graph.Node) *graph.Node {
		if c.text(-1, "approximate", "none") == "tanh" {
			return ops.GELUTanh(x)
		}
		return ops.GELU(x)
	}),
	"nn.functional.silu": of1(ops.SiLU),
	"nn.functional.mish": of1(ops.Mish),
	"nn.functional.softplus": one(func(c *torchCall, x *graph.Node) *graph.Node {
		beta := c.float(0, "beta", 1)
		scaled := ops.Mul(x, beta)
		return ops.Where(ops.Gt(scaled, c.float(1, "threshold", 20)), x, ops.Div(ops.Softplus(scaled), beta))
	}),
	"nn.functional.logsigmoid": of1(ops.LogSigmoid),
	"nn.functional.softsign":   of1(ops.Softsign),
	"nn.functional.tanhshrink": of1(func(x *graph.Node) *graph.Node { return ops.Sub(x, ops.Tanh(x)) }),
	"nn.functional.hardshrink": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Hardshrink(x, c.float(0, "lambd", 0.5)) }),
	"nn.functional.softshrink": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Softshrink(x, c.float(0, "lambd", 0.5)) }),
	"nn.functional.hardtanh": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return ops.HardTanh(x, c.float(0, "min_val", -1), c.float(1, "max_val", 1))
	}),
	"nn.functional.hardsigmoid": of1(ops.HardSigmoid),
	"nn.functional.hardswish":   of1(ops.HardSwish),
	"nn.functional.threshold": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return ops.Threshold(x, c.float(0, "threshold", 0), c.float(1, "value", 0))
	}),
	"nn.functional.glu": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.GLU(x, c.int(0, "dim", -1)) }),
}
