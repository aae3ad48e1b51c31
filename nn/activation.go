package nn

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// More activation functions as layers.
var (
	// GELU is x·Φ(x), with the distribution function of N(0, 1) (Hendrycks, Gimpel 2016).
	GELU = Func(func(x *graph.Node) *graph.Node {
		return ops.Mul(x, ops.Mul(0.5, ops.Erfc(ops.Mul(x, -math.Sqrt2/2))))
	})
	// GELUTanh is GELU by tanh: ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
	GELUTanh = Func(func(x *graph.Node) *graph.Node {
		inner := ops.Mul(math.Sqrt(2/math.Pi), ops.Mul(x, ops.MulAdd(0.044715, ops.Square(x), 1)))
		return ops.Mul(x, ops.Mul(0.5, ops.Add(1, ops.Tanh(inner))))
	})
	// SiLU is x·σ(x), swish.
	SiLU = Func(func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Sigmoid(x)) })
	// Mish is x·tanh(softplus x).
	Mish = Func(func(x *graph.Node) *graph.Node { return ops.Mul(x, ops.Tanh(ops.Softplus(x))) })
	// SELU is λ·x where x > 0 and λ·α·(eˣ − 1) elsewhere (Klambauer et al. 2017).
	SELU = Func(func(x *graph.Node) *graph.Node { return ops.Mul(1.0507009873554805, ELU(1.6732632423543772)(x)) })
	// HardSigmoid is x/6 + ½, cut to 0 … 1.
	HardSigmoid = Func(func(x *graph.Node) *graph.Node { return ops.Clamp(ops.MulAdd(x, 1.0/6, 0.5), 0, 1) })
	// HardSwish is x·HardSigmoid(x).
	HardSwish = Func(func(x *graph.Node) *graph.Node { return ops.Mul(x, HardSigmoid(x)) })
	// ReLU6 is x cut to 0 … 6.
	ReLU6 = HardTanh(0, 6)
	// Softsign is x/(1 + |x|).
	Softsign = Func(func(x *graph.Node) *graph.Node { return ops.Div(x, ops.Add(1, ops.Abs(x))) })
	// TanhShrink is x − tanh x.
	TanhShrink = Func(func(x *graph.Node) *graph.Node { return ops.Sub(x, ops.Tanh(x)) })
	// LogSigmoid is log σ(x) = −softplus(−x).
	LogSigmoid = Func(func(x *graph.Node) *graph.Node { return ops.Neg(ops.Softplus(ops.Neg(x))) })
)

// ELU is x where x > 0 and alpha·(eˣ − 1) elsewhere (Clevert, Unterthiner, Hochreiter 2015).
func ELU(alpha float64) Func {
	return func(x *graph.Node) *graph.Node {
		return ops.Where(ops.Gt(x, 0), x, ops.Mul(alpha, ops.Expm1(ops.Minimum(x, 0))))
	}
}

// CELU is x where x > 0 and alpha·(e^(x/alpha) − 1) elsewhere (Barron 2017).
func CELU(alpha float64) Func {
	return func(x *graph.Node) *graph.Node {
		return ops.Where(ops.Gt(x, 0), x, ops.Mul(alpha, ops.Expm1(ops.Div(ops.Minimum(x, 0), alpha))))
	}
}

// HardTanh is x cut to lo … hi.
func HardTanh(lo, hi float64) Func {
	return func(x *graph.Node) *graph.Node { return ops.Clamp(x, lo, hi) }
}

// SoftShrink is x moved by lambda towards 0, and 0 within lambda of it.
func SoftShrink(lambda float64) Func {
	return func(x *graph.Node) *graph.Node { return ops.Sub(x, ops.Clamp(x, -lambda, lambda)) }
}

// HardShrink is x, and 0 within lambda of 0.
func HardShrink(lambda float64) Func {
	return func(x *graph.Node) *graph.Node { return ops.Where(ops.Gt(ops.Abs(x), lambda), x, 0) }
}

// Threshold is x where x > threshold and value elsewhere.
func Threshold(threshold, value float64) Func {
	return func(x *graph.Node) *graph.Node { return ops.Where(ops.Gt(x, threshold), x, value) }
}

// SoftplusOf is log(1 + e^(beta·x))/beta, and x where beta·x > threshold.
func SoftplusOf(beta, threshold float64) Func {
	return func(x *graph.Node) *graph.Node {
		return ops.Where(ops.Gt(ops.Mul(beta, x), threshold), x, ops.Div(ops.Softplus(ops.Mul(beta, x)), beta))
	}
}

// GLU is a·σ(b) for the halves a and b of an axis (Dauphin et al. 2017).
func GLU(axis int) Func {
	return func(x *graph.Node) *graph.Node {
		if axis < -x.Rank() || axis >= x.Rank() || x.Shape()[(axis+x.Rank())%x.Rank()]%2 != 0 {
			graph.Fail("glu", []*graph.Node{x}, "axis %d has no halves", axis)
		}
		n := x.Shape()[(axis+x.Rank())%x.Rank()] / 2
		halves := ops.Split(x, []int{n, n}, axis)
		return ops.Mul(halves[0], ops.Sigmoid(halves[1]))
	}
}

// PReLU is x where x > 0 and x times a weight elsewhere, one for all or one for each channel of [batch, channels, …] (He et
// al. 2015).
type PReLU struct{ Weight *Param } // [1] or [channels]

// Apply returns x where it is positive and weighted elsewhere.
func (l *PReLU) Apply(x *graph.Node) *graph.Node {
	w := l.Weight.Node()
	if n := w.Type().Size(); n > 1 {
		shape := []int{n}
		for range x.Rank() - 2 {
			shape = append(shape, 1)
		}
		w = ops.Reshape(w, shape...)
	}
	return ops.Where(ops.Gt(x, 0), x, ops.Mul(w, x))
}
