package vec

import "math"

// Prod multiplies the middle axis of x [outer, r, inner] into dst [outer, inner], first to last; an empty product is 1.
func Prod[T Num](dst, x []T, outer, r, inner int) {
	checkReduce(len(dst), len(x), outer, r, inner)
	if inner != 1 {
		foldColumns(dst, x, outer, r, inner, 1, Mul[T])
		return
	}
	for o := range dst {
		product := T(1)
		for _, a := range x[o*r : (o+1)*r] {
			product *= a
		}
		dst[o] = product
	}
}

// Max sets dst [outer, inner] to the greatest along the middle axis of x [outer, r, inner], NaN if there is one. Over
// nothing it is the least value of the type.
func Max[T Num](dst, x []T, outer, r, inner int) {
	extreme(dst, x, outer, r, inner, opMaxRows, least[T](), Maximum[T], maxOf[T])
}

// Min sets dst [outer, inner] to the least along the middle axis of x [outer, r, inner], NaN if there is one. Over
// nothing it is the greatest value of the type.
func Min[T Num](dst, x []T, outer, r, inner int) {
	extreme(dst, x, outer, r, inner, opMinRows, greatest[T](), Minimum[T], minOf[T])
}

// extreme reduces rows by the twin or by f, one after the other, and columns by whole rows at once.
func extreme[T Num](
	dst, x []T, outer, r, inner int, o op, start T, over func(dst, x, y []T), f func(a, b T) T,
) {
	checkReduce(len(dst), len(x), outer, r, inner)
	switch {
	case inner != 1:
		foldColumns(dst, x, outer, r, inner, start, over)
	case !rowsTwin(o, dst, x, r):
		for i := range dst {
			dst[i] = extremeOf(x[i*r:(i+1)*r], o, start, f)
		}
	}
}

// extremeOf reduces one row.
func extremeOf[T Num](x []T, o op, start T, f func(a, b T) T) T {
	a := [1]T{start}
	if !rowsTwin(o, a[:], x, len(x)) {
		for _, b := range x {
			a[0] = f(a[0], b)
		}
	}
	return a[0]
}

// foldColumns reduces the middle axis in order, beginning with start; over takes a whole row at once.
func foldColumns[T Num](dst, x []T, outer, r, inner int, start T, over func(dst, x, y []T)) {
	for o := range outer {
		d := dst[o*inner : (o+1)*inner]
		Fill(d, start)
		for k := o * r; k < (o+1)*r; k++ {
			over(d, d, x[k*inner:(k+1)*inner])
		}
	}
}

func least[T Num]() T {
	if isInt[T]() {
		lowest := int64(math.MinInt64)
		return T(lowest)
	}
	return T(math.Inf(-1))
}

func greatest[T Num]() T {
	if isInt[T]() {
		highest := int64(math.MaxInt64)
		return T(highest)
	}
	return T(math.Inf(1))
}

// ArgMax sets dst [outer, inner] to the index along the middle axis of x [outer, r, inner] of the greatest element: the
// first of equals, and the first NaN before anything else. Over nothing it is 0.
func ArgMax[T Num](dst []int64, x []T, outer, r, inner int) {
	argExtreme(dst, x, outer, r, inner, opMaxRows, least[T](), maxOf[T], func(a, b T) bool { return a > b })
}

// ArgMin is ArgMax for the least element.
func ArgMin[T Num](dst []int64, x []T, outer, r, inner int) {
	argExtreme(dst, x, outer, r, inner, opMinRows, greatest[T](), minOf[T], func(a, b T) bool { return a < b })
}

// argExtreme finds the extreme of a row first, which has a twin, then where it is. Columns are compared row by row.
func argExtreme[T Num](
	dst []int64, x []T, outer, r, inner int, o op, start T, f func(a, b T) T, better func(a, b T) bool,
) {
	checkReduce(len(dst), len(x), outer, r, inner)
	if inner == 1 {
		for i := range dst {
			row := x[i*r : (i+1)*r]
			dst[i] = first(row, extremeOf(row, o, start, f))
		}
		return
	}
	for i := range outer {
		d := dst[i*inner : (i+1)*inner]
		Fill(d, 0)
		for k := 1; k < r; k++ {
			row := x[(i*r+k)*inner:][:inner]
			for j, a := range row {
				b := x[(i*r+int(d[j]))*inner+j]
				if better(a, b) || a != a && b == b {
					d[j] = int64(k)
				}
			}
		}
	}
}

// first is the index of the first element equal to v, both NaN counting as equal; 0 if there is none.
func first[T Num](x []T, v T) int64 {
	for i, a := range x {
		if a == v || a != a && v != v {
			return int64(i)
		}
	}
	return 0
}

// CumSum sets dst [outer, r, inner] to the running sums along the middle axis of x, added first to last.
func CumSum[T Num](dst, x []T, outer, r, inner int) {
	checkSame(len(dst), len(x), outer, r, inner)
	for o := range outer {
		d, s := dst[o*r*inner:(o+1)*r*inner], x[o*r*inner:(o+1)*r*inner]
		copy(d[:min(inner, len(d))], s)
		for k := inner; k < len(s); k++ {
			d[k] = d[k-inner] + s[k]
		}
	}
}
