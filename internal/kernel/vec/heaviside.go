package vec

// Heaviside sets dst[i] to 1 where x[i] ≥ 0 and to 0 elsewhere; NaN stays NaN. Step differs from it at 0 alone.
func Heaviside[T Float](dst, x []T) {
	map1(dst, x, func(a T) T {
		switch {
		case a >= 0:
			return 1
		case a < 0:
			return 0
		}
		return a
	})
}
