package ops_test

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// torchLoss has PyTorch's losses.
var torchLoss = map[string]torchOp{
	"nn.functional.mse_loss": loss(func(_ *torchCall, x, y *graph.Node) *graph.Node { return ops.Square(ops.Sub(x, y)) }),
	"nn.functional.l1_loss":  loss(func(_ *torchCall, x, y *graph.Node) *graph.Node { return ops.Abs(ops.Sub(x, y)) }),
	"nn.functional.huber_loss": loss(func(c *torchCall, x, y *graph.Node) *graph.Node {
		d, delta := ops.Abs(ops.Sub(x, y)), c.float(-1, "delta", 1)
		return ops.Where(ops.Lt(d, delta), ops.Mul(0.5, ops.Square(d)), ops.Mul(delta, ops.Sub(d, delta/2)))
	}),
	"nn.functional.smooth_l1_loss": loss(func(c *torchCall, x, y *graph.Node) *graph.Node {
		d, beta := ops.Abs(ops.Sub(x, y)), c.float(-1, "beta", 1)
		return ops.Where(ops.Lt(d, beta), ops.Mul(0.5/beta, ops.Square(d)), ops.Sub(d, beta/2))
	}),
	"nn.functional.soft_margin_loss": loss(func(_ *torchCall, x, y *graph.Node) *graph.Node {
		return ops.Softplus(ops.Neg(ops.Mul(x, y)))
	}),
	"nn.functional.hinge_embedding_loss": loss(func(c *torchCall, x, y *graph.Node) *graph.Node {
		far := ops.Maximum(ops.Sub(c.float(-1, "margin", 1), x), 0)
		return ops.Add(ops.Where(ops.Ne(y, 1), far, 0), ops.Where(ops.Ne(y, -1), x, 0))
	}),
	"nn.functional.kl_div": loss(func(c *torchCall, x, y *graph.Node) *graph.Node {
		if c.bool(-1, "log_target", false) {
			return ops.Mul(ops.Exp(y), ops.Sub(y, x))
		}
		return ops.Sub(ops.XLogY(y, y), ops.Mul(x, y))
	}),
	"nn.functional.binary_cross_entropy": loss(func(c *torchCall, x, y *graph.Node) *graph.Node {
		bounded := func(x *graph.Node) *graph.Node { return ops.Maximum(ops.Log(x), -100) }
		l := ops.Sub(ops.Mul(ops.Sub(y, 1), bounded(ops.Sub(1, x))), ops.Mul(y, bounded(x)))
		return weightedBy(l, c.node(1, "weight"))
	}),
	"nn.functional.binary_cross_entropy_with_logits": loss(func(c *torchCall, x, y *graph.Node) *graph.Node {
		up := ops.Mul(y, ops.Softplus(ops.Neg(x)))
		l := ops.Add(weightedBy(up, c.node(-1, "pos_weight")), ops.Mul(ops.Sub(1, y), ops.Softplus(x)))
		return weightedBy(l, c.node(1, "weight"))
	}),
	"nn.functional.poisson_nll_loss": loss(func(c *torchCall, x, y *graph.Node) *graph.Node {
		l := ops.Sub(ops.Exp(x), ops.Mul(y, x))
		if !c.bool(-1, "log_input", true) {
			l = ops.Sub(x, ops.Mul(y, ops.Log(ops.Add(x, c.float(-1, "eps", 1e-8)))))
		}
		if c.bool(-1, "full", false) {
			big := ops.Where(ops.Gt(y, 1), y, 1)
			stirling := ops.Add(ops.Sub(ops.XLogY(big, big), big), ops.Mul(0.5, ops.Log(ops.Mul(2*math.Pi, big))))
			l = ops.Add(l, ops.Where(ops.Gt(y, 1), stirling, 0))
		}
		return l
	}),
	"nn.functional.gaussian_nll_loss": loss(func(c *torchCall, x, y *graph.Node) *graph.Node {
		variance := c.node(1, "var")
		if variance.Rank() == x.Rank()-1 && x.Rank() > 0 && variance.Rank() > 0 {
			variance = ops.ExpandDims(variance, -1)
		}
		// The bound is no part of the derivative there.
		bounded := ops.Maximum(variance, c.float(-1, "eps", 1e-6))
		variance = ops.Add(variance, ops.StopGradient(ops.Sub(bounded, variance)))
		l := ops.Mul(0.5, ops.Add(ops.Log(variance), ops.Div(ops.Square(ops.Sub(x, y)), variance)))
		if c.bool(-1, "full", false) {
			l = ops.Add(l, 0.5*math.Log(2*math.Pi))
		}
		return l
	}),
	"nn.functional.margin_ranking_loss": loss(func(c *torchCall, x, y *graph.Node) *graph.Node {
		return ops.Maximum(ops.Add(ops.Mul(ops.Neg(c.node(1, "target")), ops.Sub(x, y)), c.float(-1, "margin", 0)), 0)
	}),
	"nn.functional.multi_margin_loss": loss(func(c *torchCall, x, y *graph.Node) *graph.Node {
		if y = ops.Cast(y, graph.Int64); x.Rank() < 2 {
			x, y = ops.Reshape(x, 1, -1), ops.Reshape(y, 1)
			if c.text(-1, "reduction", "mean") == "none" {
				panic(missing("a vector's loss without reduction"))
			}
		}
		n := x.Shape()[1]
		own := ops.TakeAlong(x, ops.ExpandDims(y, -1), 1)
		l := ops.Maximum(ops.Add(c.float(-1, "margin", 1), ops.Sub(x, own)), 0)
		if c.int(-1, "p", 1) == 2 {
			l = ops.Square(l)
		}
		if w := c.node(-1, "weight"); w != nil {
			l = ops.Mul(l, ops.ExpandDims(ops.Take(w, y, 0), -1))
		}
		other := ops.Eq(ops.OneHot(y, n, graph.Float64), 0)
		return ops.Mean(ops.Where(other, l, 0), 1)
	}),
	"nn.functional.triplet_margin_loss": one(func(c *torchCall, x *graph.Node) *graph.Node {
		distance := func(a, b *graph.Node) *graph.Node {
			return vectorNorm(c.float(-1, "p", 2))(ops.Add(ops.Sub(a, b), c.float(-1, "eps", 1e-6)), -1)
		}
		positive, negative := c.node(0, "positive"), c.node(1, "negative")
		far := distance(x, negative)
		if c.bool(-1, "swap", false) {
			far = ops.Minimum(far, distance(positive, negative))
		}
		return c.reduced(ops.Maximum(ops.Add(ops.Sub(distance(x, positive), far), c.float(-1, "margin", 1)), 0))
	}),
	"nn.functional.nll_loss": one(func(c *torchCall, x *graph.Node) *graph.Node { return nll(c, x) }),
	"nn.functional.cross_entropy": one(func(c *torchCall, x *graph.Node) *graph.Node {
		classes := axis(min(1, x.Rank()-1), x)
		logs, y := ops.LogSoftmax(x, classes), c.node(0, "target")
		if c.float(-1, "label_smoothing", 0) != 0 {
			panic(missing("smoothed labels"))
		}
		if y.Type().DType == graph.Int64 {
			return nll(c, logs)
		}
		l := ops.Neg(ops.Mul(logs, y))
		if w := c.node(-1, "weight"); w != nil {
			l = ops.Mul(l, perChannel(w, x, classes))
		}
		l = ops.Sum(l, classes)
		return c.reduced(l)
	}),
}

// loss stands for a loss of an input and a target, element by element, then reduced.
func loss(f func(c *torchCall, x, y *graph.Node) *graph.Node) torchOp {
	return one(func(c *torchCall, x *graph.Node) *graph.Node { return c.reduced(f(c, x, c.node(0, "target"))) })
}

func (c *torchCall) reduced(l *graph.Node) *graph.Node {
	switch c.text(-1, "reduction", "mean") {
	case "none":
		return l
	case "sum":
		return ops.Sum(l)
	case "batchmean":
		return ops.Div(ops.Sum(l), float64(l.Shape()[0]))
	}
	return ops.Mean(l)
}

func weightedBy(l, w *graph.Node) *graph.Node {
	if w == nil {
		return l
	}
	return ops.Mul(l, w)
}

// nll is what log-probabilities give the target's classes, [classes] or [n, classes, ..].
func nll(c *torchCall, logs *graph.Node) *graph.Node {
	y, classes := c.node(0, "target"), min(1, logs.Rank()-1)
	n := logs.Shape()[classes]
	counted := ops.Ne(y, c.int(-1, "ignore_index", -100))
	safe := ops.Where(counted, y, 0)
	l := ops.Neg(ops.Squeeze(ops.TakeAlong(logs, ops.ExpandDims(safe, classes), classes), classes))
	w := ops.Ones(c.g, graph.Float64, n)
	if given := c.node(-1, "weight"); given != nil {
		w = given
	}
	weights := ops.Where(counted, ops.Take(w, safe, 0), 0)
	l = ops.Mul(weights, l)
	if c.text(-1, "reduction", "mean") == "mean" {
		return ops.Div(ops.Sum(l), ops.Sum(weights))
	}
	return c.reduced(l)
}
