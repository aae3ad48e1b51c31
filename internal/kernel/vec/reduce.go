package vec

import "math"

// Prod multiplies the middle axis of x [outer, r, inner] into dst [outer, inner], first to last; an empty product is 1.
func Prod[T Num](dst, x []T, outer, r, inner int) {
	fold(dst, x, outer, r, inner, 1, func(a, b T) T { return a * b })
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

// extreme is fold by way of the twins: over, the elementwise kernel of f, takes whole rows of columns at once.
func extreme[T Num](
	dst, x []T, outer, r, inner int, o op, start T, over func(dst, x, y []T), f func(a, b T) T,
) {
	checkReduce(len(dst), len(x), outer, r, inner)
	if inner == 1 {
		if !rowsTwin(o, dst, x, r) {
			fold(dst, x, outer, r, inner, start, f)
		}
		return
	}
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

// fold reduces the middle axis in order, beginning with start.
func fold[T Num](dst, x []T, outer, r, inner int, start T, f func(a, b T) T) {
	checkReduce(len(dst), len(x), outer, r, inner)
	if inner == 1 {
		for o := range dst {
			a := start
			for _, b := range x[o*r : (o+1)*r] {
				a = f(a, b)
			}
			dst[o] = a
		}
		return
	}
	for o := range outer {
		d := dst[o*inner : (o+1)*inner]
		Fill(d, start)
		for k := range r {
			row := x[(o*r+k)*inner:]
			for j := range d {
				d[j] = f(d[j], row[j])
			}
		}
	}
}

// ArgMax sets dst [outer, inner] to the index along the middle axis of x [outer, r, inner] of the greatest element: the
// first of equals, and the first NaN before anything else. Over nothing it is 0.
func ArgMax[T Num](dst []int64, x []T, outer, r, inner int) {
	argFold(dst, x, outer, r, inner, func(a, b T) bool { return a > b })
}

// ArgMin is ArgMax for the least element.
func ArgMin[T Num](dst []int64, x []T, outer, r, inner int) {
	argFold(dst, x, outer, r, inner, func(a, b T) bool { return a < b })
}

func argFold[T Num](dst []int64, x []T, outer, r, inner int, better func(a, b T) bool) {
	checkReduce(len(dst), len(x), outer, r, inner)
	for o := range outer {
		for j := range inner {
			best := 0
			for k := 0; k < r; k++ {
				a, b := x[(o*r+k)*inner+j], x[(o*r+best)*inner+j]
				if a != a {
					best = k
					break
				}
				if better(a, b) {
					best = k
				}
			}
			dst[o*inner+j] = int64(best)
		}
	}
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
