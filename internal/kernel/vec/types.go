package vec

import "math"

// Float is the constraint of kernels that need a fraction.
type Float interface{ float32 | float64 }

// Num is the constraint of kernels that also make sense for indices.
type Num interface{ float32 | float64 | int64 }

// Value is every element type that can be cast.
type Value interface {
	float32 | float64 | int64 | bool
}

// shortFill is from how many elements on a call is faster than a plain loop.
const shortFill = 16

// Fill sets every element of dst to v.
func Fill[T any](dst []T, v T) {
	if len(dst) >= shortFill && fillTwin(dst, &v) {
		return
	}
	for i := range dst {
		dst[i] = v
	}
}

// repeated reports whether the operand x stands for its single element, repeated over n elements. An operand that is
// neither that nor n long panics.
func repeated[T any](x []T, n int) bool {
	if len(x) == n {
		return false
	}
	if len(x) != 1 {
		panic("vec: an operand is neither as long as dst nor a single element")
	}
	return true
}

// nan returns a quiet NaN; integers, which have none, get 0.
func nan[T Num]() T {
	var zero T
	if isInt[T]() {
		return zero
	}
	return T(math.NaN())
}

// isInt is decided by the compiler: in a float type, a half is not zero.
func isInt[T Num]() bool {
	half := T(1)
	half /= 2
	return half == 0
}
