package vec

// And sets dst[i] = x[i] && y[i].
func And(dst, x, y []bool) { map2(dst, x, y, func(a, b bool) bool { return a && b }) }

// Or sets dst[i] = x[i] || y[i].
func Or(dst, x, y []bool) { map2(dst, x, y, func(a, b bool) bool { return a || b }) }

// Xor sets dst[i] = x[i] != y[i].
func Xor(dst, x, y []bool) { map2(dst, x, y, func(a, b bool) bool { return a != b }) }

// Not sets dst[i] = !x[i].
func Not(dst, x []bool) { map1(dst, x, func(a bool) bool { return !a }) }

// Where sets dst[i] to x[i] where c[i] is true and to y[i] elsewhere. The side not chosen has no influence.
func Where[T any](dst []T, c []bool, x, y []T) {
	if whereTwin(dst, c, x, y) {
		return
	}
	n := len(dst)
	rc, rx, ry := repeated(c, n), repeated(x, n), repeated(y, n)
	if n == 0 {
		return
	}
	q, a, b := c[0], x[0], y[0]
	for i := range dst {
		if !rc {
			q = c[i]
		}
		if !rx {
			a = x[i]
		}
		if !ry {
			b = y[i]
		}
		if q {
			dst[i] = a
		} else {
			dst[i] = b
		}
	}
}
