package vec

import "math"

// Folds of the middle axis. Those called Until give up, anywhere, when stop is closed.

// Prod multiplies the middle axis of x [outer, r, inner] into dst [outer, inner], first to last; an empty product is 1.
func Prod[T Num](dst, x []T, outer, r, inner int) { ProdUntil(nil, dst, x, outer, r, inner) }

// ProdUntil is Prod that may give up.
func ProdUntil[T Num](stop <-chan struct{}, dst, x []T, outer, r, inner int) {
	checkReduce(len(dst), len(x), outer, r, inner)
	if inner != 1 {
		foldColumns(stop, dst, x, outer, r, inner, 1, Mul[T])
		return
	}
	for o := range dst {
		dst[o] = foldRow(stop, x[o*r:(o+1)*r], 1, func(product T, x []T) T {
			for _, a := range x {
				product *= a
			}
			return product
		})
	}
}

// foldRow folds a row in pieces.
func foldRow[T Num](stop <-chan struct{}, x []T, a T, f func(a T, x []T) T) T {
	for ; len(x) > unstopped; x = x[unstopped:] {
		if closed(stop) {
			return a
		}
		a = f(a, x[:unstopped])
	}
	return f(a, x)
}

// Max sets dst [outer, inner] to the greatest along the middle axis of x [outer, r, inner], NaN if there is one. Over
// nothing it is the least value of the type.
func Max[T Num](dst, x []T, outer, r, inner int) { MaxUntil(nil, dst, x, outer, r, inner) }

// MaxUntil is Max that may give up.
func MaxUntil[T Num](stop <-chan struct{}, dst, x []T, outer, r, inner int) {
	extreme(stop, dst, x, [3]int{outer, r, inner}, opMaxRows, Maximum[T])
}

// Min sets dst [outer, inner] to the least along the middle axis of x [outer, r, inner], NaN if there is one. Over
// nothing it is the greatest value of the type.
func Min[T Num](dst, x []T, outer, r, inner int) { MinUntil(nil, dst, x, outer, r, inner) }

// MinUntil is Min that may give up.
func MinUntil[T Num](stop <-chan struct{}, dst, x []T, outer, r, inner int) {
	extreme(stop, dst, x, [3]int{outer, r, inner}, opMinRows, Minimum[T])
}

// extreme reduces short rows by the twin, all at once, longer ones one after the other, and columns by whole rows at once.
func extreme[T Num](stop <-chan struct{}, dst, x []T, shape [3]int, o op, over func(dst, x, y []T)) {
	outer, r, inner := shape[0], shape[1], shape[2]
	checkReduce(len(dst), len(x), outer, r, inner)
	switch {
	case inner != 1:
		foldColumns(stop, dst, x, outer, r, inner, worst[T](o), over)
	case r > unstopped || !rowsTwin(o, dst, x, r):
		for i := range dst {
			dst[i] = extremeOf(stop, x[i*r:(i+1)*r], o)
		}
	}
}

// worst is what every element takes the place of.
func worst[T Num](o op) T {
	if o == opMaxRows {
		return least[T]()
	}
	return greatest[T]()
}

// extremeOf reduces one row.
func extremeOf[T Num](stop <-chan struct{}, x []T, o op) T {
	f := minOf[T]
	if o == opMaxRows {
		f = maxOf[T]
	}
	return foldRow(stop, x, worst[T](o), func(a T, x []T) T {
		var piece [1]T
		if rowsTwin(o, piece[:], x, len(x)) {
			return f(a, piece[0])
		}
		for _, b := range x {
			a = f(a, b)
		}
		return a
	})
}

// foldColumns reduces the middle axis in order, beginning with start; over takes a whole row at once.
func foldColumns[T Num](
	stop <-chan struct{}, dst, x []T, outer, r, inner int, start T, over func(dst, x, y []T),
) {
	for o := range outer {
		d := dst[o*inner : (o+1)*inner]
		Fill(d, start)
		for k := o * r; k < (o+1)*r; k++ {
			if k*inner%unstopped < inner && closed(stop) {
				return
			}
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
	ArgMaxUntil(nil, dst, x, outer, r, inner)
}

// ArgMaxUntil is ArgMax that may give up.
func ArgMaxUntil[T Num](stop <-chan struct{}, dst []int64, x []T, outer, r, inner int) {
	argExtreme(stop, dst, x, [3]int{outer, r, inner}, opMaxRows)
}

// ArgMin is ArgMax for the least element.
func ArgMin[T Num](dst []int64, x []T, outer, r, inner int) {
	ArgMinUntil(nil, dst, x, outer, r, inner)
}

// ArgMinUntil is ArgMin that may give up.
func ArgMinUntil[T Num](stop <-chan struct{}, dst []int64, x []T, outer, r, inner int) {
	argExtreme(stop, dst, x, [3]int{outer, r, inner}, opMinRows)
}

// argExtreme finds the extreme of a row first, which has a twin, then where it is. Columns are compared row by row.
func argExtreme[T Num](stop <-chan struct{}, dst []int64, x []T, shape [3]int, o op) {
	outer, r, inner := shape[0], shape[1], shape[2]
	checkReduce(len(dst), len(x), outer, r, inner)
	if inner == 1 {
		for i := range dst {
			row := x[i*r : (i+1)*r]
			if dst[i] = 0; !closed(stop) {
				dst[i] = first(stop, row, extremeOf(stop, row, o))
			}
		}
		return
	}
	for i := range outer {
		for at := 0; at < inner; at += argTile {
			end := min(at+argTile, inner)
			argColumns(stop, dst[i*inner+at:i*inner+end], x[i*r*inner:(i+1)*r*inner], at, inner, o == opMaxRows)
		}
	}
}

// argTile is the number of columns that are compared at a time, so that the best so far stays in the first cache.
const argTile = 512

// argColumns finds the greatest or least of the columns of x [r, inner] from the given one on, as many as dst has, row
// by row.
func argColumns[T Num](stop <-chan struct{}, dst []int64, x []T, from, inner int, greatest bool) {
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
		if k%(unstopped/argTile) == 0 && closed(stop) {
			return
		}
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
func first[T Num](stop <-chan struct{}, x []T, v T) int64 {
	for i, a := range x {
		if a == v || a != a && v != v {
			return int64(i)
		}
		if i%unstopped == unstopped-1 && closed(stop) {
			break
		}
	}
	return 0
}
