package vec

import "math"

// unaryCase is a kernel of one operand with its reference and the bounds its documentation states.
type unaryCase[T Float] struct {
	name     string
	f        func(dst, x []T)
	exact    bool // the twin is bit for bit the portable loop
	ulp32    float64
	ulp64    float64
	loose64  float64 // bound of the portable float64 loop, where package math is less accurate than the twin
	positive bool    // only meaningful for positive arguments
	ref      func(float64) float64
}

func unaryCases[T Float]() []unaryCase[T] {
	return []unaryCase[T]{
		{name: "neg", f: Neg[T], exact: true},
		{name: "abs", f: Abs[T], exact: true},
		{name: "sign", f: Sign[T], exact: true},
		{name: "step", f: Step[T], exact: true},
		{name: "square", f: Square[T], exact: true},
		{name: "slope_tanh", f: SlopeTanh[T], exact: true},
		{name: "slope_sigmoid", f: SlopeSigmoid[T], exact: true},
		{name: "sqrt", f: Sqrt[T], exact: true, positive: true},
		{name: "reciprocal", f: Reciprocal[T], exact: true},
		{name: "relu", f: Relu[T], exact: true},
		{name: "leaky_relu", f: func(dst, x []T) { LeakyRelu(dst, x, 0.01) }, exact: true},
		{name: "floor", f: Floor[T], exact: true},
		{name: "ceil", f: Ceil[T], exact: true},
		{name: "round", f: Round[T], exact: true},
		{name: "trunc", f: Trunc[T], exact: true},
		{name: "exp", f: Exp[T], ref: exp, ulp32: 1.5, ulp64: 1.5},
		{name: "expm1", f: Expm1[T], ref: math.Expm1, ulp32: 2, ulp64: 2},
		{name: "log", f: Log[T], ref: Ln, ulp32: 1, ulp64: 1, positive: true},
		{name: "log1p", f: Log1p[T], ref: math.Log1p, ulp32: 1, ulp64: 1, positive: true},
		{name: "sigmoid", f: Sigmoid[T], ref: sigmoid, ulp32: 2.5, ulp64: 2.5},
		{name: "tanh", f: Tanh[T], ref: math.Tanh, ulp32: 2.5, ulp64: 2.5},
		{name: "softplus", f: Softplus[T], ref: softplus, ulp32: 2.7, ulp64: 2.5},
		{name: "erf", f: Erf[T], ref: math.Erf, ulp32: 1, ulp64: 2.5},
		{name: "erfc", f: Erfc[T], ref: math.Erfc, ulp32: 1, ulp64: 4},
		{name: "sin", f: Sin[T], ref: math.Sin, ulp32: 1, ulp64: 1.5, loose64: 16},
		{name: "cos", f: Cos[T], ref: math.Cos, ulp32: 1, ulp64: 1.5, loose64: 16},
		{name: "tan", f: Tan[T], ref: math.Tan, ulp32: 1, ulp64: 3, loose64: 32},
		{name: "asin", f: Asin[T], ref: math.Asin, ulp32: 0.6, ulp64: 2.5},
		{name: "acos", f: Acos[T], ref: math.Acos, ulp32: 0.6, ulp64: 2.5, loose64: 32},
		{name: "atan", f: Atan[T], ref: math.Atan, ulp32: 1, ulp64: 1.5},
		{name: "sinh", f: Sinh[T], ref: sinh, ulp32: 2, ulp64: 2, loose64: 3},
		{name: "cosh", f: Cosh[T], ref: cosh, ulp32: 2, ulp64: 2},
		{name: "asinh", f: Asinh[T], ref: math.Asinh, ulp32: 0.6, ulp64: 2.5},
		{name: "acosh", f: Acosh[T], ref: math.Acosh, ulp32: 0.6, ulp64: 2},
		{name: "atanh", f: Atanh[T], ref: math.Atanh, ulp32: 0.6, ulp64: 2},
	}
}

// binaryCase is a kernel of two operands.
type binaryCase[T Float] struct {
	name     string
	f        func(dst, x, y []T)
	exact    bool
	positive bool // only meaningful for positive x
}

func binaryCases[T Float]() []binaryCase[T] {
	return []binaryCase[T]{
		{name: "add", f: Add[T], exact: true},
		{name: "sub", f: Sub[T], exact: true},
		{name: "mul", f: Mul[T], exact: true},
		{name: "div", f: Div[T], exact: true},
		{name: "minimum", f: Minimum[T], exact: true},
		{name: "maximum", f: Maximum[T], exact: true},
		{name: "mod", f: Mod[T], exact: true},
		{name: "mul_slope_tanh", f: MulSlopeTanh[T], exact: true},
		{name: "mul_slope_sigmoid", f: MulSlopeSigmoid[T], exact: true},
		{name: "atan2", f: Atan2[T]},
		{name: "pow", f: Pow[T], positive: true},
	}
}

// tolerance is relative, four units of the last place; TestPrecisePow is the sharp one.
func (binaryCase[T]) tolerance() float64 {
	if T(1)+T(0x1p-30) != 1 {
		return 4 * 0x1p-52
	}
	return 4 * 0x1p-23
}
