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
	argExtreme(dst, x, outer, r, inner, opMaxRows, least[T](), maxOf[T])
}

// ArgMin is ArgMax for the least element.
func ArgMin[T Num](dst []int64, x []T, outer, r, inner int) {
	argExtreme(dst, x, outer, r, inner, opMinRows, greatest[T](), minOf[T])
}

// argExtreme finds the extreme of a row first, which has a twin, then where it is. Columns are compared row by row.
func argExtreme[T Num](dst []int64, x []T, outer, r, inner int, o op, start T, f func(a, b T) T) {
	checkReduce(len(dst), len(x), outer, r, inner)
	if inner == 1 {
		for i := range dst {
			row := x[i*r : (i+1)*r]
			dst[i] = first(row, extremeOf(row, o, start, f))
		}
		return
	}
	for i := range outer {
		for at := 0; at < inner; at += argTile {
			end := min(at+argTile, inner)
			argColumns(dst[i*inner+at:i*inner+end], x[i*r*inner:(i+1)*r*inner], at, inner, o == opMaxRows)
		}
	}
}

// argTile is the number of columns that are compared at a time, so that the best so far stays in the first cache.
const argTile = 512

// argColumns finds the greatest or least of the columns of x [r, inner] from the given one on, as many as dst has, row
// by row.
func argColumns[T Num](dst []int64, x []T, from, inner int, greatest bool) {
	Fill(dst, 0)
	if len(x) == 0 {
		return
	}
	var bests [argTile]T
	var better [argTile]bool
	best, c := bests[:len(dst)], better[:len(dst)]
	copy(best, x[from:])
	row := []int64{0}
	for k := 1; k*inner < len(x); k++ {
		a := x[k*inner+from:][:len(dst)]
		row[0] = int64(k)
		if greatest {
			Gt(c, a, best)
			Maximum(best, best, a)
		} else {
			Lt(c, a, best)
			Minimum(best, best, a)
		}
		Where(dst, c, row, dst)
	}
	for j, b := range best {
		for k := 0; b != b; k++ { // a NaN is better than anything, and nothing than a NaN
			if a := x[k*inner+from+j]; a != a {
				dst[j], b = int64(k), 0
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
