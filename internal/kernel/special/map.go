package special

// Float is the element type of a slice; functions are computed in float64 and rounded once.
type Float interface{ float32 | float64 }

// Map1 sets dst[i] = f(x[i]). An operand of length 1 is repeated.
func Map1[T Float](dst, x []T, f func(float64) float64) {
	if len(x) == 1 && len(dst) > 0 {
		y := T(f(float64(x[0])))
		for i := range dst {
			dst[i] = y
		}
		return
	}
	for i, v := range x[:len(dst)] {
		dst[i] = T(f(float64(v)))
	}
}

// Map2 sets dst[i] = f(x[i], y[i]).
func Map2[T Float](dst, x, y []T, f func(a, b float64) float64) {
	sx, sy := step(x, dst), step(y, dst)
	for i := range dst {
		dst[i] = T(f(float64(x[i*sx]), float64(y[i*sy])))
	}
}

// Map3 sets dst[i] = f(x[i], y[i], z[i]).
func Map3[T Float](dst, x, y, z []T, f func(a, b, c float64) float64) {
	sx, sy, sz := step(x, dst), step(y, dst), step(z, dst)
	for i := range dst {
		dst[i] = T(f(float64(x[i*sx]), float64(y[i*sy]), float64(z[i*sz])))
	}
}

// step is 0 for an operand of length 1, which is repeated.
func step[T any](x, dst []T) int {
	if len(x) == 1 && len(dst) != 1 {
		return 0
	}
	return 1
}
