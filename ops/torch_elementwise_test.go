package ops_test

import (
	"math"

	"chainrule/graph"
	"chainrule/ops"
)

// torchElementwise has PyTorch's functions of one tensor and of two, element by element.
var torchElementwise = map[string]torchOp{
	"abs": of1(ops.Abs), "neg": of1(ops.Neg), "sign": of1(ops.Sign), "sqrt": of1(ops.Sqrt), "square": of1(ops.Square),
	"exp": of1(ops.Exp), "expm1": of1(ops.Expm1), "exp2": of1(ops.Exp2),
	"log": of1(ops.Log), "log1p": of1(ops.Log1p), "log2": of1(ops.Log2), "log10": of1(ops.Log10),
	"sigmoid": of1(ops.Sigmoid), "reciprocal": of1(ops.Reciprocal), "rsqrt": of1(ops.Rsqrt),
	"sin": of1(ops.Sin), "cos": of1(ops.Cos), "tan": of1(ops.Tan),
	"asin": of1(ops.Asin), "acos": of1(ops.Acos), "atan": of1(ops.Atan),
	"sinh": of1(ops.Sinh), "cosh": of1(ops.Cosh), "tanh": of1(ops.Tanh),
	"asinh": of1(ops.Asinh), "acosh": of1(ops.Acosh), "atanh": of1(ops.Atanh),
	"floor": of1(ops.Floor), "ceil": of1(ops.Ceil), "trunc": of1(ops.Trunc), "round": one(roundedTo),
	"frac":    of1(func(x *graph.Node) *graph.Node { return ops.Sub(x, ops.Trunc(x)) }),
	"deg2rad": of1(func(x *graph.Node) *graph.Node { return ops.Mul(x, math.Pi/180) }),
	"rad2deg": of1(func(x *graph.Node) *graph.Node { return ops.Mul(x, 180/math.Pi) }),
	"erf":     of1(ops.Erf), "erfc": of1(ops.Erfc), "erfinv": of1(ops.Erfinv),
	"lgamma": of1(ops.Lgamma), "digamma": of1(ops.Digamma), "polygamma": one(polygamma), "special.polygamma": one(polygamma),
	"mvlgamma": one(multivariateLgamma),
	"i0":       of1(ops.I0), "special.i0e": of1(ops.I0e), "special.i1": of1(ops.I1), "special.i1e": of1(ops.I1e),
	"sinc":             of1(sinc),
	"special.entr":     of1(ops.Entr),
	"special.erfcx":    of1(erfcx),
	"special.ndtr":     of1(ops.Ndtr),
	"special.log_ndtr": of1(func(x *graph.Node) *graph.Node { return ops.Log(ops.Ndtr(x)) }),
	"special.ndtri": of1(func(x *graph.Node) *graph.Node {
		return ops.Mul(ops.Erfinv(ops.Sub(ops.Mul(2, x), 1)), math.Sqrt2)
	}),
	"logit": one(func(c *torchCall, x *graph.Node) *graph.Node {
		if eps := c.float(0, "eps", -1); eps >= 0 {
			x = ops.Clamp(x, eps, 1-eps)
		}
		return ops.Logit(x)
	}),
	"nan_to_num": one(func(c *torchCall, x *graph.Node) *graph.Node {
		y := ops.Where(ops.Eq(x, math.Inf(1)), c.float(1, "posinf", math.MaxFloat64), x)
		y = ops.Where(ops.Eq(x, math.Inf(-1)), c.float(2, "neginf", -math.MaxFloat64), y)
		return ops.Where(ops.IsNaN(x), c.float(0, "nan", 0), y)
	}),

	"add": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Add(x, scaledOther(c)) }),
	"sub": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Sub(x, scaledOther(c)) }),
	"mul": of2(ops.Mul[node, node]), "div": one(divided),
	"pow": of2(ops.Pow[node, node]), "float_power": of2(ops.Pow[node, node]),
	"maximum": of2(ops.Maximum[node, node]), "minimum": of2(ops.Minimum[node, node]),
	"clamp_min": of2(ops.Maximum[node, node]), "clamp_max": of2(ops.Minimum[node, node]),
	"clamp": one(func(c *torchCall, x *graph.Node) *graph.Node {
		if lo := c.node(0, "min"); lo != nil {
			x = ops.Maximum(x, lo)
		}
		if hi := c.node(1, "max"); hi != nil {
			x = ops.Minimum(x, hi)
		}
		return x
	}),
	"fmax": of2(func(a, b *graph.Node) *graph.Node { return ops.Where(ops.Or(ops.Ge(a, b), ops.IsNaN(b)), a, b) }),
	"fmin": of2(func(a, b *graph.Node) *graph.Node { return ops.Where(ops.Or(ops.Le(a, b), ops.IsNaN(b)), a, b) }),
	"fmod": of2(ops.Mod[node, node]), "remainder": of2(ops.FloorMod[node, node]),
	"atan2": of2(ops.Atan2[node, node]), "hypot": of2(ops.Hypot[node, node]),
	"copysign": of2(copysign),
	"ldexp":    of2(func(x, e *graph.Node) *graph.Node { return ops.Mul(x, ops.Exp2(e)) }),
	"xlogy":    of2(ops.XLogY[node, node]),
	"special.xlog1py": of2(func(x, y *graph.Node) *graph.Node {
		return ops.XMulY(x, ops.Log1p(y))
	}),
	"logaddexp": of2(ops.LogAddExp[node, node]),
	"logaddexp2": of2(func(a, b *graph.Node) *graph.Node {
		return ops.Mul(ops.LogAddExp(ops.Mul(a, math.Ln2), ops.Mul(b, math.Ln2)), 1/math.Ln2)
	}),
	"lerp": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return ops.Add(x, ops.Mul(c.node(1, "weight"), ops.Sub(c.node(0, "end"), x)))
	}),
	"addcmul": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return ops.Add(x, ops.Mul(c.float(2, "value", 1), ops.Mul(c.node(0, ""), c.node(1, ""))))
	}),
	"addcdiv": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return ops.Add(x, ops.Mul(c.float(2, "value", 1), ops.Div(c.node(0, ""), c.node(1, ""))))
	}),
	"where": one(func(c *torchCall, x *graph.Node) *graph.Node { return ops.Where(c.node(0, ""), x, c.node(1, "")) }),
	"masked_fill": one(func(c *torchCall, x *graph.Node) *graph.Node {
		return ops.Where(c.node(0, "mask"), c.node(1, "value"), x)
	}),
}

func scaledOther(c *torchCall) *graph.Node {
	y := c.node(0, "other")
	if alpha := c.float(-1, "alpha", 1); alpha != 1 {
		y = ops.Mul(alpha, y)
	}
	return y
}

func roundedTo(c *torchCall, x *graph.Node) *graph.Node {
	scale := math.Pow(10, math.Abs(c.float(0, "decimals", 0)))
	if c.float(0, "decimals", 0) < 0 {
		return ops.Mul(ops.Round(ops.Div(x, scale)), scale)
	}
	return ops.Div(ops.Round(ops.Mul(x, scale)), scale)
}

func polygamma(c *torchCall, x *graph.Node) *graph.Node { return ops.Polygamma(c.int(0, "n", 0), x) }

func multivariateLgamma(c *torchCall, x *graph.Node) *graph.Node {
	p := c.int(0, "p", 1)
	sum := ops.FullLike(x, float64(p*(p-1))/4*math.Log(math.Pi))
	for j := range p {
		sum = ops.Add(sum, ops.Lgamma(ops.Sub(x, float64(j)/2)))
	}
	return sum
}

// sinc is sin(πx)/(πx), by its series near 0, where derivatives of the quotient cancel.
func sinc(x *graph.Node) *graph.Node {
	z := ops.Mul(x, math.Pi)
	small := ops.Lt(ops.Abs(z), 1)
	square, series := ops.Square(z), ops.FullLike(x, 1)
	for k := 10; k >= 1; k-- {
		series = ops.Sub(1, ops.Mul(ops.Mul(square, 1/float64(2*k*(2*k+1))), series))
	}
	far := ops.Where(small, 1, z)
	return ops.Where(small, series, ops.Div(ops.Sin(far), far))
}

// erfcx is exp(x²)·erfc(x), by its asymptotic series where erfc is small.
func erfcx(x *graph.Node) *graph.Node {
	far := ops.Gt(x, 20)
	near := ops.Where(far, 0, x)
	big := ops.Where(far, x, 1)
	inverse, series := ops.Div(0.5, ops.Square(big)), ops.FullLike(x, 1)
	for k := 8; k >= 1; k-- {
		series = ops.Sub(1, ops.Mul(ops.Mul(inverse, float64(2*k-1)), series))
	}
	return ops.Where(far, ops.Div(series, ops.Mul(big, math.Sqrt(math.Pi))), ops.Mul(ops.Exp(ops.Square(near)), ops.Erfc(near)))
}

func divided(c *torchCall, x *graph.Node) *graph.Node {
	y := c.node(0, "other")
	switch c.text(-1, "rounding_mode", "") {
	case "floor": // by the remainder: the quotient's own rounding may step over a whole number
		return ops.Round(ops.Div(ops.Sub(x, ops.FloorMod(x, y)), y))
	case "trunc":
		return ops.Trunc(ops.Div(x, y))
	}
	return ops.Div(x, y)
}

func copysign(a, b *graph.Node) *graph.Node {
	negative := ops.Or(ops.Lt(b, 0), ops.Lt(ops.Reciprocal(b), 0))
	return ops.Mul(ops.Abs(a), ops.Where(negative, -1, ops.FullLike(b, 1)))
}
