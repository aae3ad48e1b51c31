package vec

// Kernels that do in one pass what arithmetic needs two for, bit for bit: every operation is rounded by itself. The
// conversions keep the compiler from fusing the product into the sum, as it may on some machines.

// MulAdd sets dst[i] = a[i]*b[i] + c[i], rounded twice.
func MulAdd[T Float](dst, a, b, c []T) {
	if !ternaryTwin(opMulAdd, dst, a, b, c) {
		mulAddLoop(dst, a, b, c)
	}
}

func mulAddLoop[T Float](dst, a, b, c []T) {
	n := len(dst)
	varies := func(x []T) int {
		if repeated(x, n) {
			return 0
		}
		return -1
	}
	// i&0 is 0, and i&-1 is i.
	switch i1, i2, i3 := varies(a), varies(b), varies(c); {
	case n == 0:
	case i2 == 0 && i3 == 0:
		b, c := b[0], c[0]
		for i := range dst {
			dst[i] = T(a[i&i1]*b) + c
		}
	default:
		for i := range dst {
			dst[i] = T(a[i&i1]*b[i&i2]) + c[i&i3]
		}
	}
}

// SlopeTanh sets dst[i] = 1 - y[i]², rounded twice: the derivative of the hyperbolic tangent where its value is y[i].
func SlopeTanh[T Float](dst, y []T) {
	if !unaryTwin(opSlopeTanh, dst, y) {
		map1(dst, y, func(a T) T { return 1 - T(a*a) })
	}
}

// SlopeSigmoid sets dst[i] = y[i]*(1 - y[i]), rounded twice: the derivative of the logistic function where its value
// is y[i].
func SlopeSigmoid[T Float](dst, y []T) {
	if !unaryTwin(opSlopeSigmoid, dst, y) {
		map1(dst, y, func(a T) T { return a * (1 - a) })
	}
}

// MulSlopeTanh sets dst[i] = a[i]*(1 - y[i]²), rounded three times.
func MulSlopeTanh[T Float](dst, a, y []T) {
	if !binaryTwin(opMulSlopeTanh, dst, a, y) {
		map2(dst, a, y, func(a, y T) T { return a * (1 - T(y*y)) })
	}
}

// MulSlopeSigmoid sets dst[i] = a[i]*(y[i]*(1 - y[i])), rounded three times.
func MulSlopeSigmoid[T Float](dst, a, y []T) {
	if !binaryTwin(opMulSlopeSigmoid, dst, a, y) {
		map2(dst, a, y, func(a, y T) T { return a * T(y*(1-y)) })
	}
}
