package vec

import "math"

// Neg sets dst[i] = -x[i].
func Neg[T Num](dst, x []T) {
	if !unaryTwin(opNeg, dst, x) {
		map1(dst, x, func(a T) T { return -a })
	}
}

// Abs sets dst[i] = |x[i]|.
func Abs[T Num](dst, x []T) {
	if unaryTwin(opAbs, dst, x) {
		return
	}
	if isInt[T]() {
		map1(dst, x, func(a T) T { return max(a, -a) })
		return
	}
	map1(dst, x, func(a T) T { return T(math.Abs(float64(a))) })
}

// Sign sets dst[i] to -1, 0 or 1 as x[i] is negative, zero (of either sign) or positive; NaN stays NaN.
func Sign[T Num](dst, x []T) {
	if unaryTwin(opSign, dst, x) {
		return
	}
	map1(dst, x, func(a T) T {
		switch {
		case a > 0:
			return 1
		case a < 0:
			return -1
		case a == 0:
			return 0
		}
		return a
	})
}

// Step sets dst[i] to 1 where x[i] > 0 and to 0 elsewhere, 0 included; NaN stays NaN.
func Step[T Float](dst, x []T) {
	if unaryTwin(opStep, dst, x) {
		return
	}
	map1(dst, x, func(a T) T {
		switch {
		case a > 0:
			return 1
		case a <= 0:
			return 0
		}
		return a
	})
}

// Square sets dst[i] = x[i]².
func Square[T Num](dst, x []T) {
	if !unaryTwin(opSquare, dst, x) {
		Mul(dst, x, x)
	}
}

// Sqrt sets dst[i] = √x[i], correctly rounded.
func Sqrt[T Float](dst, x []T) {
	if !unaryTwin(opSqrt, dst, x) {
		mapFloat(dst, x, math.Sqrt)
	}
}

// Reciprocal sets dst[i] = 1/x[i], correctly rounded.
func Reciprocal[T Float](dst, x []T) {
	if !unaryTwin(opReciprocal, dst, x) {
		map1(dst, x, func(a T) T { return 1 / a })
	}
}

// Relu sets dst[i] = max(x[i], 0); -0 becomes +0, NaN stays NaN.
func Relu[T Float](dst, x []T) {
	if !unaryTwin(opRelu, dst, x) {
		map1(dst, x, func(a T) T { return max(a, 0) })
	}
}

// LeakyRelu sets dst[i] to x[i] where it is positive and to alpha·x[i] elsewhere.
func LeakyRelu[T Float](dst, x []T, alpha T) {
	slope := [1]T{alpha}
	if binaryTwin(opLeakyRelu, dst, x, slope[:]) {
		return
	}
	map1(dst, x, func(a T) T {
		if a > 0 {
			return a
		}
		return alpha * a
	})
}

// Floor sets dst[i] to the greatest integer not above x[i].
func Floor[T Float](dst, x []T) {
	if !unaryTwin(opFloor, dst, x) {
		mapFloat(dst, x, math.Floor)
	}
}

// Ceil sets dst[i] to the least integer not below x[i].
func Ceil[T Float](dst, x []T) {
	if !unaryTwin(opCeil, dst, x) {
		mapFloat(dst, x, math.Ceil)
	}
}

// Round sets dst[i] to the nearest integer, halves to the even one.
func Round[T Float](dst, x []T) {
	if !unaryTwin(opRound, dst, x) {
		mapFloat(dst, x, math.RoundToEven)
	}
}

// Trunc sets dst[i] to x[i] without its fraction.
func Trunc[T Float](dst, x []T) {
	if !unaryTwin(opTrunc, dst, x) {
		mapFloat(dst, x, math.Trunc)
	}
}

// map1 applies f elementwise.
func map1[T any](dst, x []T, f func(T) T) {
	n := len(dst)
	if repeated(x, n) {
		Fill(dst, f(x[0]))
		return
	}
	for i, a := range x[:n] {
		dst[i] = f(a)
	}
}

// mapFloat applies the float64 function f elementwise and rounds once.
func mapFloat[T Float](dst, x []T, f func(float64) float64) {
	n := len(dst)
	if repeated(x, n) {
		Fill(dst, T(f(float64(x[0]))))
		return
	}
	for i, a := range x[:n] {
		dst[i] = T(f(float64(a)))
	}
}
