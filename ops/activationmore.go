package ops

import (
	"math"

	"chainrule/graph"
)

// Activations that are made of others. They have the shape and the element type of x unless said otherwise.

// GELU returns x·Φ(x), Φ the distribution function of normal numbers (Hendrycks and Gimpel, 2016).
func GELU(x *graph.Node) *graph.Node { return Mul(x, Ndtr(x)) }

// GELUTanh returns the approximation ½x(1 + tanh(√(2/π)(x + 0.044715x³))) of GELU.
func GELUTanh(x *graph.Node) *graph.Node {
	inner := Mul(math.Sqrt(2/math.Pi), Add(x, Mul(0.044715, Mul(x, Square(x)))))
	return Mul(Mul(0.5, x), Add(1, Tanh(inner)))
}

// SiLU returns x/(1 + e⁻ˣ), also called swish.
func SiLU(x *graph.Node) *graph.Node { return Mul(x, Sigmoid(x)) }

// Mish returns x·tanh(log(1 + eˣ)) (Misra, 2019).
func Mish(x *graph.Node) *graph.Node { return Mul(x, Tanh(Softplus(x))) }

// ELU returns x where x > 0 and alpha·(eˣ − 1) elsewhere (Clevert, Unterthiner and Hochreiter, 2015).
func ELU(x *graph.Node, alpha float64) *graph.Node { return elu(x, 1, alpha, 1) }

// CELU returns x where x > 0 and alpha·(exp(x/alpha) − 1) elsewhere, which has a continuous derivative (Barron, 2017).
func CELU(x *graph.Node, alpha float64) *graph.Node { return elu(x, 1, alpha, 1/alpha) }

// SELU returns ELU with the factors that keep mean 0 and variance 1 (Klambauer, Unterthiner, Mayr and Hochreiter, 2017).
func SELU(x *graph.Node) *graph.Node {
	const alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
	return elu(x, scale, scale*alpha, 1)
}

// elu is above·x where x is positive and below·(exp(inner·x) − 1) elsewhere.
func elu(x *graph.Node, above, below, inner float64) *graph.Node {
	return Where(Gt(x, 0), Mul(above, x), Mul(below, Expm1(Mul(inner, x))))
}

// PReLU returns x where x > 0 and slope·x elsewhere, for slopes that broadcast against x (He, Zhang, Ren and Sun, 2015).
func PReLU(x, slope *graph.Node) *graph.Node { return Where(Gt(x, 0), x, Mul(slope, x)) }

// ReLU6 returns x between 0 and 6.
func ReLU6(x *graph.Node) *graph.Node { return Clamp(x, 0, 6) }

// HardTanh returns x between lo and hi. Its derivative at both is 0.
func HardTanh(x *graph.Node, lo, hi float64) *graph.Node {
	return Where(Or(Le(x, lo), Ge(x, hi)), StopGradient(Clamp(x, lo, hi)), x)
}

// HardSigmoid returns x/6 + ½ between 0 and 1.
func HardSigmoid(x *graph.Node) *graph.Node { return Clamp(Add(Div(x, 6), 0.5), 0, 1) }

// HardSwish returns x·HardSigmoid(x) (Howard and others, 2019).
func HardSwish(x *graph.Node) *graph.Node { return Mul(x, Div(Clamp(Add(x, 3), 0, 6), 6)) }

// LogSigmoid returns log(1/(1 + e⁻ˣ)), accurate in both tails.
func LogSigmoid(x *graph.Node) *graph.Node { return Neg(Softplus(Neg(x))) }

// Softsign returns x/(1 + |x|).
func Softsign(x *graph.Node) *graph.Node { return Div(x, Add(1, Abs(x))) }

// Softshrink returns x moved towards 0 by lambda, 0 where that would pass it.
func Softshrink(x *graph.Node, lambda float64) *graph.Node {
	return Where(Gt(x, lambda), Sub(x, lambda), Where(Lt(x, -lambda), Add(x, lambda), Mul(x, 0)))
}

// Hardshrink returns x where |x| > lambda and 0 elsewhere.
func Hardshrink(x *graph.Node, lambda float64) *graph.Node {
	return Where(And(Ge(x, -lambda), Le(x, lambda)), 0, x)
}

// Threshold returns x where x > threshold and value elsewhere. NaN stays NaN.
func Threshold(x *graph.Node, threshold, value float64) *graph.Node {
	return Where(Le(x, threshold), value, x)
}

// GLU returns a·Sigmoid(b) for the first and the second half a and b of x along an axis, whose length is even (Dauphin, Fan,
// Auli and Grangier, 2016).
func GLU(x *graph.Node, axis int) *graph.Node {
	mustExist("glu", x)
	axis = mustBeAxis("glu", axis, x)
	half := x.Shape()[axis] / 2
	if x.Shape()[axis] != 2*half {
		graph.Fail("glu", []*graph.Node{x}, "the length of axis %d is odd", axis)
	}
	ab := Split(x, []int{half, half}, axis)
	return Mul(ab[0], Sigmoid(ab[1]))
}

// Ndtr returns the distribution function of normal numbers, accurate where it is small: the error there is that of x²
// roundings.
func Ndtr(x *graph.Node) *graph.Node { return Mul(0.5, Erfc(Mul(x, -math.Sqrt2/2))) }

// Logit returns log(x/(1 − x)), the inverse of Sigmoid: ±Inf at 0 and 1, NaN beyond, with its digits near ½ too.
func Logit(x *graph.Node) *graph.Node {
	small := Lt(x, 0.25)
	low := Where(small, x, 0.25)
	return Where(small, Sub(Log(low), Log1p(Neg(low))), Mul(2, Atanh(Sub(Mul(2, Where(small, 0.5, x)), 1))))
}

// Entr returns −x·log x, 0 at 0 and −Inf below: the term of an entropy.
func Entr(x *graph.Node) *graph.Node { return Where(Lt(x, 0), math.Inf(-1), Neg(XLogY(x, x))) }
