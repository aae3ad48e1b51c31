package vec

import "math"

// Exp sets dst[i] = e^x[i]. The twin's error is at most
// 1.1 ulp (float32), 1.0 ulp (float64).
func Exp[T Float](dst, x []T) {
	if !unaryTwin(opExp, dst, x) {
		mapFloat(dst, x, exp)
	}
}

// exp repairs math.Exp, which on amd64 overflows from 709.44 on where results are finite up to 709.78.
func exp(x float64) float64 {
	if x > 709 && x < 710 {
		return math.Exp(x-8) * math.Exp(8)
	}
	return math.Exp(x)
}

// Expm1 sets dst[i] = e^x[i] - 1, accurate near 0. The twin's error is at most
// 1.7 and 1.5 ulp.
func Expm1[T Float](dst, x []T) {
	if !unaryTwin(opExpm1, dst, x) {
		mapFloat(dst, x, math.Expm1)
	}
}

// Log sets dst[i] to the natural logarithm of x[i]. The twin's error is at most
// 0.9 and 0.8 ulp.
func Log[T Float](dst, x []T) {
	if !unaryTwin(opLog, dst, x) {
		mapFloat(dst, x, Ln)
	}
}

// Ln is the natural logarithm of x. It repairs math.Log, which on amd64 is wrong for denormals.
func Ln(x float64) float64 {
	if x > 0 && x < 0x1p-1022 {
		return math.Log(x*0x1p60) - 60*math.Ln2
	}
	return math.Log(x)
}

// Log1p sets dst[i] = log(1 + x[i]), accurate near 0. The twin's error is at most
// 0.9 and 0.8 ulp.
func Log1p[T Float](dst, x []T) {
	if !unaryTwin(opLog1p, dst, x) {
		mapFloat(dst, x, math.Log1p)
	}
}

// Sigmoid sets dst[i] = 1/(1 + e^-x[i]). The twin's error is at most
// 2.4 and 1.9 ulp.
func Sigmoid[T Float](dst, x []T) {
	if !unaryTwin(opSigmoid, dst, x) {
		mapFloat(dst, x, sigmoid)
	}
}

// sigmoid never exponentiates a positive number, so it neither overflows nor loses the small side.
func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// Softplus sets dst[i] = log(1 + e^x[i]), as max(x, 0) + log1p(e^-|x|). The twin's error is at most
// 2.7 and 2.1 ulp.
func Softplus[T Float](dst, x []T) {
	if !unaryTwin(opSoftplus, dst, x) {
		mapFloat(dst, x, softplus)
	}
}

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// Tanh sets dst[i] to the hyperbolic tangent of x[i]. The twin's error is at most
// 2.5 and 2 ulp.
func Tanh[T Float](dst, x []T) {
	if !unaryTwin(opTanh, dst, x) {
		mapFloat(dst, x, math.Tanh)
	}
}

// Sinh sets dst[i] to the hyperbolic sine of x[i]. The twin's error is at most 1.6 and 1.6 ulp.
func Sinh[T Float](dst, x []T) {
	if !unaryTwin(opSinh, dst, x) {
		mapFloat(dst, x, sinh)
	}
}

// Cosh sets dst[i] to the hyperbolic cosine of x[i]. The twin's error is at most 1.5 and 1.2 ulp.
func Cosh[T Float](dst, x []T) {
	if !unaryTwin(opCosh, dst, x) {
		mapFloat(dst, x, cosh)
	}
}

// sinh and cosh repair math.Sinh and math.Cosh, which overflow with math.Exp.
func sinh(x float64) float64 {
	if math.Abs(x) > 700 {
		return math.Copysign(cosh(x), x)
	}
	return math.Sinh(x)
}

func cosh(x float64) float64 {
	if math.Abs(x) > 700 {
		return math.Exp(math.Abs(x)-8) * (math.Exp(8) / 2)
	}
	return math.Cosh(x)
}

// Asinh sets dst[i] to the inverse hyperbolic sine of x[i]. The twin's error is at
// most 0.6 and 1.6 ulp.
func Asinh[T Float](dst, x []T) {
	if !unaryTwin(opAsinh, dst, x) {
		mapFloat(dst, x, math.Asinh)
	}
}

// Acosh sets dst[i] to the inverse hyperbolic cosine of x[i], NaN below 1. The twin's error is at
// most 0.6 and 1.5 ulp.
func Acosh[T Float](dst, x []T) {
	if !unaryTwin(opAcosh, dst, x) {
		mapFloat(dst, x, math.Acosh)
	}
}

// Atanh sets dst[i] to the inverse hyperbolic tangent of x[i], NaN outside [-1, 1]. The twin's error is at
// most 0.6 and 1.6 ulp.
func Atanh[T Float](dst, x []T) {
	if !unaryTwin(opAtanh, dst, x) {
		mapFloat(dst, x, math.Atanh)
	}
}

// Erf sets dst[i] to the error function of x[i]. The twin's error is at most
// 0.6 and 2 ulp.
func Erf[T Float](dst, x []T) {
	if !unaryTwin(opErf, dst, x) {
		mapFloat(dst, x, math.Erf)
	}
}

// Erfc sets dst[i] to the complementary error function of x[i], accurate where it is small. The twin's error is at most
// 0.6 and 3.3 ulp.
func Erfc[T Float](dst, x []T) {
	if !unaryTwin(opErfc, dst, x) {
		mapFloat(dst, x, math.Erfc)
	}
}

// Sin sets dst[i] to the sine of x[i] radians, for arguments of any size. The twin's error is at most
// 0.6 and 1.2 ulp.
func Sin[T Float](dst, x []T) {
	if !guardedTwin(opSin, dst, x, math.Sin) {
		mapFloat(dst, x, math.Sin)
	}
}

// Cos sets dst[i] to the cosine of x[i] radians, for arguments of any size. The twin's error is at most
// 0.6 and 1.2 ulp.
func Cos[T Float](dst, x []T) {
	if !guardedTwin(opCos, dst, x, math.Cos) {
		mapFloat(dst, x, math.Cos)
	}
}

// Tan sets dst[i] to the tangent of x[i] radians, for arguments of any size. The twin's error is at most
// 0.6 and 2.5 ulp.
func Tan[T Float](dst, x []T) {
	if !guardedTwin(opTan, dst, x, math.Tan) {
		mapFloat(dst, x, math.Tan)
	}
}

// Asin sets dst[i] to the arcsine of x[i], NaN outside [-1, 1]. The twin's error is at
// most 0.6 and 2.2 ulp.
func Asin[T Float](dst, x []T) {
	if !unaryTwin(opAsin, dst, x) {
		mapFloat(dst, x, math.Asin)
	}
}

// Acos sets dst[i] to the arccosine of x[i], NaN outside [-1, 1]. The twin's error is at
// most 0.6 and 2.2 ulp.
func Acos[T Float](dst, x []T) {
	if !unaryTwin(opAcos, dst, x) {
		mapFloat(dst, x, math.Acos)
	}
}

// Atan sets dst[i] to the arctangent of x[i]. The twin's error is at most 0.6 and 1.3 ulp.
func Atan[T Float](dst, x []T) {
	if !unaryTwin(opAtan, dst, x) {
		mapFloat(dst, x, math.Atan)
	}
}
