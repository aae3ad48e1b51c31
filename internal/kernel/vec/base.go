package vec

import "math"

// Logarithms and powers to the bases 2 and 10, roots and hypotenuses: portable loops without twins. The errors stated
// are those of float64; float32 results are float64's, rounded once.

// Log2 sets dst[i] to the binary logarithm of x[i], NaN below 0: exact for powers of two, and off by at most 0.51
// ulp.
func Log2[T Float](dst, x []T) { mapFloat(dst, x, log2) }

// Log10 sets dst[i] to the decimal logarithm of x[i], NaN below 0: exact for powers of ten, and off by at most 0.51
// ulp.
func Log10[T Float](dst, x []T) { mapFloat(dst, x, log10) }

// log2 and log10 scale a natural logarithm of some 65 bits by a factor of 106.
func log2(x float64) float64 { return logTo(x, 0x1.71547652b82fep+00, 0x1.777d0ffda0d24p-56) }

func log10(x float64) float64 { return logTo(x, 0x1.bcb7b1526e50ep-02, 0x1.95355baaafad3p-57) }

func logTo(x, factor, tail float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return math.Log(x)
	}
	head, low := logPair(x)
	p := float64(head * factor)
	return p + (math.FMA(head, factor, -p) + math.FMA(low, factor, head*tail))
}

// Exp2 sets dst[i] = 2^x[i], exact for integers; the error is at most 0.9 ulp.
func Exp2[T Float](dst, x []T) { mapFloat(dst, x, math.Exp2) }

// Cbrt sets dst[i] to the cube root of x[i], of either sign; the error is at most 0.7 ulp.
func Cbrt[T Float](dst, x []T) { mapFloat(dst, x, math.Cbrt) }

// Hypot sets dst[i] = √(x[i]² + y[i]²) without overflow or underflow on the way; the error is at most 1.6 ulp. It is
// +Inf if either is infinite, even beside a NaN.
func Hypot[T Float](dst, x, y []T) {
	map2(dst, x, y, func(a, b T) T { return T(math.Hypot(float64(a), float64(b))) })
}

// LogAddExp sets dst[i] = log(e^x[i] + e^y[i]), as max + log1p(e^-|x-y|). The error is at most 2 ulp of the larger of
// the result and the operands.
func LogAddExp[T Float](dst, x, y []T) {
	map2(dst, x, y, func(a, b T) T { return T(logAddExp(float64(a), float64(b))) })
}

func logAddExp(a, b float64) float64 {
	if a == b { // equal infinities have no difference
		return a + math.Ln2
	}
	return max(a, b) + math.Log1p(math.Exp(-math.Abs(a-b)))
}

// XLogY sets dst[i] = x[i]·log y[i], 0 where x[i] is 0 and y[i] is not NaN. The error is at most 2 ulp.
func XLogY[T Float](dst, x, y []T) {
	map2(dst, x, y, func(a, b T) T {
		if a == 0 && b == b {
			return 0
		}
		return T(float64(a) * Ln(float64(b)))
	})
}

// Erfinv sets dst[i] to the inverse of the error function at x[i], ±Inf at ±1 and NaN outside [-1, 1]; the error is
// at most 16 ulp, as much as the inverse of a rounded argument is worth near ±1.
func Erfinv[T Float](dst, x []T) { mapFloat(dst, x, math.Erfinv) }
