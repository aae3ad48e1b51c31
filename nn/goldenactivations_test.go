package nn_test

import (
	"chainrule/graph"
	"chainrule/nn"
	"chainrule/ops"
)

func init() {
	for name, f := range map[string]nn.Func{
		"ReLU": nn.ReLU, "SELU": nn.SELU, "SiLU": nn.SiLU, "Mish": nn.Mish, "Hardswish": nn.HardSwish, "Hardsigmoid": nn.HardSigmoid,
		"ReLU6": nn.ReLU6, "Sigmoid": nn.Sigmoid, "Tanh": nn.Tanh, "Softsign": nn.Softsign, "Tanhshrink": nn.TanhShrink,
		"LogSigmoid": nn.LogSigmoid,
		"RReLU":      nn.LeakyReLU((1./8 + 1./3) / 2), // as it is in evaluation
	} {
		modules[name] = plain(func(_ *call, x *graph.Node) *graph.Node { return f(x) })
	}
	for name, f := range map[string]func(c *call) nn.Func{
		"LeakyReLU":  func(c *call) nn.Func { return nn.LeakyReLU(c.args.Float("negative_slope", .01)) },
		"ELU":        func(c *call) nn.Func { return nn.ELU(c.args.Float("alpha", 1)) },
		"CELU":       func(c *call) nn.Func { return nn.CELU(c.args.Float("alpha", 1)) },
		"Hardtanh":   func(c *call) nn.Func { return nn.HardTanh(c.args.Float("min_val", -1), c.args.Float("max_val", 1)) },
		"Softshrink": func(c *call) nn.Func { return nn.SoftShrink(c.args.Float("lambd", .5)) },
		"Hardshrink": func(c *call) nn.Func { return nn.HardShrink(c.args.Float("lambd", .5)) },
		"Threshold":  func(c *call) nn.Func { return nn.Threshold(c.args.Float("threshold", 0), c.args.Float("value", 0)) },
		"Softplus":   func(c *call) nn.Func { return nn.SoftplusOf(c.args.Float("beta", 1), c.args.Float("threshold", 20)) },
		"GLU":        func(c *call) nn.Func { return nn.GLU(c.args.Int("dim", -1)) },
		"GELU": func(c *call) nn.Func {
			if c.args.Text("approximate", "none") == "tanh" {
				return nn.GELUTanh
			}
			return nn.GELU
		},
	} {
		modules[name] = plain(func(c *call, x *graph.Node) *graph.Node { return f(c)(x) })
	}
	modules["PReLU"] = func(c *call) (any, func(subject) []*graph.Node) { return one(&nn.PReLU{Weight: c.whole("weight")}) }
	for name, f := range map[string]func(x *graph.Node, axis int) *graph.Node{
		"Softmax":    func(x *graph.Node, axis int) *graph.Node { return ops.Softmax(x, axis) },
		"LogSoftmax": func(x *graph.Node, axis int) *graph.Node { return ops.LogSoftmax(x, axis) },
		"Softmin":    func(x *graph.Node, axis int) *graph.Node { return ops.Softmax(ops.Neg(x), axis) },
		"Softmax2d":  func(x *graph.Node, _ int) *graph.Node { return ops.Softmax(x, -3) },
		"Flatten":    func(x *graph.Node, _ int) *graph.Node { return ops.Reshape(x, x.Shape()[0], -1) },
	} {
		modules[name] = plain(func(c *call, x *graph.Node) *graph.Node { return f(x, c.args.Int("dim", -1)) })
	}
	modules["PixelShuffle"] = plain(func(c *call, x *graph.Node) *graph.Node {
		s, r := x.Shape(), c.args.Int("upscale_factor", 1)
		y := ops.Permute(ops.Reshape(x, s[0], s[1]/r/r, r, r, s[2], s[3]), 0, 1, 4, 2, 5, 3)
		return ops.Reshape(y, s[0], s[1]/r/r, s[2]*r, s[3]*r)
	})
	modules["PixelUnshuffle"] = plain(func(c *call, x *graph.Node) *graph.Node {
		s, r := x.Shape(), c.args.Int("downscale_factor", 1)
		y := ops.Permute(ops.Reshape(x, s[0], s[1], s[2]/r, r, s[3]/r, r), 0, 1, 3, 5, 2, 4)
		return ops.Reshape(y, s[0], s[1]*r*r, s[2]/r, s[3]/r)
	})
	for name, f := range map[string]func(c *call, a, b *graph.Node) *graph.Node{
		"CosineSimilarity": func(c *call, a, b *graph.Node) *graph.Node {
			axis, eps := c.args.Int("dim", 1), c.args.Float("eps", 1e-8)
			norm := func(x *graph.Node) *graph.Node { return ops.Maximum(ops.Norm(x, axis), eps) }
			return ops.Div(ops.Sum(ops.Mul(a, b), axis), ops.Mul(norm(a), norm(b)))
		},
		"PairwiseDistance": func(c *call, a, b *graph.Node) *graph.Node {
			x := ops.Add(ops.Sub(a, b), c.args.Float("eps", 1e-6))
			y := ops.Norm(x, -1)
			if c.args.Float("p", 2) == 1 {
				y = ops.Sum(ops.Abs(x), -1)
			}
			if c.args.Bool("keepdim", false) {
				y = ops.ExpandDims(y, -1)
			}
			return y
		},
	} {
		modules[name] = func(c *call) (any, func(subject) []*graph.Node) {
			return nil, func(s subject) []*graph.Node { return []*graph.Node{f(c, s.Inputs[0], s.Inputs[1])} }
		}
	}
}
