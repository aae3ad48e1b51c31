package vec

import "math"

// Add sets dst[i] = x[i] + y[i].
func Add[T Num](dst, x, y []T) {
	if !binaryTwin(opAdd, dst, x, y) {
		addLoop(dst, x, y)
	}
}

func addLoop[T Num](dst, x, y []T) {
	n := len(dst)
	switch rx, ry := repeated(x, n), repeated(y, n); {
	case rx && ry:
		Fill(dst, x[0]+y[0])
	case ry:
		b := y[0]
		for i, a := range x[:n] {
			dst[i] = a + b
		}
	case rx:
		a := x[0]
		for i, b := range y[:n] {
			dst[i] = a + b
		}
	default:
		y = y[:n]
		for i, a := range x[:n] {
			dst[i] = a + y[i]
		}
	}
}

// Sub sets dst[i] = x[i] - y[i].
func Sub[T Num](dst, x, y []T) {
	if !binaryTwin(opSub, dst, x, y) {
		subLoop(dst, x, y)
	}
}

func subLoop[T Num](dst, x, y []T) {
	n := len(dst)
	switch rx, ry := repeated(x, n), repeated(y, n); {
	case rx && ry:
		Fill(dst, x[0]-y[0])
	case ry:
		b := y[0]
		for i, a := range x[:n] {
			dst[i] = a - b
		}
	case rx:
		a := x[0]
		for i, b := range y[:n] {
			dst[i] = a - b
		}
	default:
		y = y[:n]
		for i, a := range x[:n] {
			dst[i] = a - y[i]
		}
	}
}

// Mul sets dst[i] = x[i] * y[i].
func Mul[T Num](dst, x, y []T) {
	if !binaryTwin(opMul, dst, x, y) {
		mulLoop(dst, x, y)
	}
}

func mulLoop[T Num](dst, x, y []T) {
	n := len(dst)
	switch rx, ry := repeated(x, n), repeated(y, n); {
	case rx && ry:
		Fill(dst, x[0]*y[0])
	case ry:
		b := y[0]
		for i, a := range x[:n] {
			dst[i] = a * b
		}
	case rx:
		a := x[0]
		for i, b := range y[:n] {
			dst[i] = a * b
		}
	default:
		y = y[:n]
		for i, a := range x[:n] {
			dst[i] = a * y[i]
		}
	}
}

// Div sets dst[i] = x[i] / y[i]. Integers truncate toward zero; an integer divided by zero gives 0, so that a kernel
// cannot panic: the caller who cares must look first.
func Div[T Num](dst, x, y []T) {
	if !binaryTwin(opDiv, dst, x, y) {
		divLoop(dst, x, y)
	}
}

func divLoop[T Num](dst, x, y []T) {
	n := len(dst)
	if isInt[T]() {
		map2(dst, x, y, divInt[T])
		return
	}
	switch rx, ry := repeated(x, n), repeated(y, n); {
	case rx && ry:
		Fill(dst, x[0]/y[0])
	case ry:
		b := y[0]
		for i, a := range x[:n] {
			dst[i] = a / b
		}
	case rx:
		a := x[0]
		for i, b := range y[:n] {
			dst[i] = a / b
		}
	default:
		y = y[:n]
		for i, a := range x[:n] {
			dst[i] = a / y[i]
		}
	}
}

func divInt[T Num](a, b T) T {
	if b == 0 {
		return 0
	}
	return a / b
}

// Mod sets dst[i] to the remainder of x[i] / y[i], with the sign of x[i], as math.Mod and Go's % have it. The integer
// remainder by zero is 0.
func Mod[T Num](dst, x, y []T) {
	if isInt[T]() {
		map2(dst, x, y, func(a, b T) T {
			if b == 0 {
				return 0
			}
			return T(int64(a) % int64(b))
		})
		return
	}
	map2(dst, x, y, func(a, b T) T { return T(math.Mod(float64(a), float64(b))) })
}

// FloorMod sets dst[i] to the remainder of x[i] / y[i] with the sign of y[i], that of a zero too. The integer remainder by
// zero is 0.
func FloorMod[T Num](dst, x, y []T) {
	if isInt[T]() {
		map2(dst, x, y, func(a, b T) T {
			if b == 0 {
				return 0
			}
			m := T(int64(a) % int64(b))
			if m != 0 && (m < 0) != (b < 0) {
				m += b
			}
			return m
		})
		return
	}
	map2(dst, x, y, func(a, b T) T {
		m := T(math.Mod(float64(a), float64(b)))
		switch {
		case m == 0:
			return T(math.Copysign(0, float64(b)))
		case (m < 0) == (b < 0) || m != m:
			return m
		}
		return m + b
	})
}

// Minimum sets dst[i] to the lesser of x[i] and y[i], NaN if either is; -0 is less than +0.
func Minimum[T Num](dst, x, y []T) {
	if !binaryTwin(opMinimum, dst, x, y) {
		map2(dst, x, y, minOf[T])
	}
}

// Maximum sets dst[i] to the greater of x[i] and y[i], NaN if either is; +0 is greater than -0.
func Maximum[T Num](dst, x, y []T) {
	if !binaryTwin(opMaximum, dst, x, y) {
		map2(dst, x, y, maxOf[T])
	}
}

// The built-ins have exactly the semantics promised above.
func minOf[T Num](a, b T) T { return min(a, b) }
func maxOf[T Num](a, b T) T { return max(a, b) }

// Pow sets dst[i] to x[i] raised to y[i], with the special cases of math.Pow. The twin's error is at most
// 0.51 ulp (float32) and 0.9 ulp (float64), less for moderate results, so that small integer powers are exact; the
// portable float64 loop's is 2.1 ulp.
func Pow[T Float](dst, x, y []T) {
	if binaryTwin(opPow, dst, x, y) {
		return
	}
	map2(dst, x, y, func(a, b T) T { return T(pow(float64(a), float64(b))) })
}

// Atan2 sets dst[i] to the angle of the point (y[i], x[i]): note the order, the ordinate first, as in math.Atan2. The twin's
// error is at most 0.6 ulp (float32) and 3 ulp (float64).
func Atan2[T Float](dst, y, x []T) {
	if binaryTwin(opAtan2, dst, y, x) {
		return
	}
	map2(dst, y, x, func(a, b T) T { return T(atan2(float64(a), float64(b))) })
}

// atan2 repairs the sign of math.Atan2 where y/x underflows and x is negative.
func atan2(y, x float64) float64 { return math.Copysign(math.Atan2(y, x), y) }

// Clamp sets dst[i] to x[i] limited to [lo[i], hi[i]]: min(max(x, lo), hi), NaN if any of them is.
func Clamp[T Num](dst, x, lo, hi []T) {
	n := len(dst)
	if n > 0 && len(hi) > 0 && !(len(hi) == n && &hi[0] == &dst[0]) {
		Maximum(dst, x, lo)
		Minimum(dst, dst, hi)
		return
	}
	rx, rl, rh := repeated(x, n), repeated(lo, n), repeated(hi, n)
	if n == 0 {
		return
	}
	a, l, h := x[0], lo[0], hi[0]
	for i := range dst {
		if !rx {
			a = x[i]
		}
		if !rl {
			l = lo[i]
		}
		if !rh {
			h = hi[i]
		}
		dst[i] = min(max(a, l), h)
	}
}

// map2 applies f elementwise.
func map2[T any](dst, x, y []T, f func(a, b T) T) {
	n := len(dst)
	switch rx, ry := repeated(x, n), repeated(y, n); {
	case n == 0:
	case rx && ry:
		Fill(dst, f(x[0], y[0]))
	case ry:
		b := y[0]
		for i, a := range x[:n] {
			dst[i] = f(a, b)
		}
	case rx:
		a := x[0]
		for i, b := range y[:n] {
			dst[i] = f(a, b)
		}
	default:
		for i, a := range x[:n] {
			dst[i] = f(a, y[i])
		}
	}
}
