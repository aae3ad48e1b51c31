package vec

import "math"

// Softmax sets dst to e^x / Σ e^x along the middle axis of x [outer, r, inner], computed after subtracting the greatest
// element, so that it neither overflows nor divides by zero. A NaN, a +Inf or nothing but -Inf makes a row NaN.
func Softmax[T Float](dst, x []T, outer, r, inner int) {
	checkSame(len(dst), len(x), outer, r, inner)
	if r > 0 {
		softmax(dst, x, outer, r, inner, T(math.NaN()))
	}
}

// SlopeLogSumExp is Softmax, but 0 where everything is -Inf: the derivative of LogSumExp.
func SlopeLogSumExp[T Float](dst, x []T, outer, r, inner int) {
	checkSame(len(dst), len(x), outer, r, inner)
	if r == 0 {
		return
	}
	if inner != 1 {
		softmax(dst, x, outer, r, inner, 0)
		return
	}
	done := 0
	for o := range outer {
		if row := x[o*r : (o+1)*r]; math.IsInf(float64(row[0]), -1) && math.IsInf(float64(maxRow(row)), -1) {
			softmax(dst[done*r:o*r], x[done*r:o*r], o-done, r, 1, 0)
			Fill(dst[o*r:(o+1)*r], 0)
			done = o + 1
		}
	}
	softmax(dst[done*r:], x[done*r:], outer-done, r, 1, 0)
}

// softmax is Softmax, with columns of nothing but -Inf set to the given value; rows of that are NaN.
func softmax[T Float](dst, x []T, outer, r, inner int, ofNothing T) {
	if inner == 1 {
		if softTwin(opSoftmaxRows, dst, x, outer, r) {
			return
		}
		for o := range outer {
			softmaxRow(dst[o*r:(o+1)*r], x[o*r:(o+1)*r])
		}
		return
	}
	var top, sum [tileColumns]T
	for o := range outer {
		for c := 0; c < inner; c += tileColumns {
			w := min(tileColumns, inner-c)
			m, s, start := top[:w], sum[:w], o*r*inner+c
			maxTile(m, x[start:], r, inner)
			for k := start; k < start+r*inner; k += inner {
				expSub(dst[k:k+w], x[k:k+w], m)
			}
			sumTile(s, dst[start:], r, inner)
			for k := start; k < start+r*inner; k += inner {
				Div(dst[k:k+w], dst[k:k+w], s)
			}
			for j, a := range m {
				if math.IsInf(float64(a), -1) {
					for k := start + j; k < start+r*inner; k += inner {
						dst[k] = ofNothing
					}
				}
			}
		}
	}
}

func softmaxRow[T Float](dst, x []T) {
	m := [1]T{maxRow(x)}
	expSub(dst, x, m[:])
	s := [1]T{sumRow(dst)}
	Div(dst, dst, s[:])
}

// LogSumExp sets dst [outer, inner] to log Σ e^x along the middle axis of x [outer, r, inner], the greatest element
// taken out first. Over nothing, or nothing but -Inf, it is -Inf; with a +Inf (and no NaN) it is +Inf.
func LogSumExp[T Float](dst, x []T, outer, r, inner int) {
	checkReduce(len(dst), len(x), outer, r, inner)
	if inner == 1 && softTwin(opLogSumExpRows, dst, x, outer, r) {
		return
	}
	var buf [blockLanes * laneBytes / 4]T
	if inner == 1 {
		for o := range outer {
			row := x[o*r : (o+1)*r]
			m := maxRow(row)
			dst[o] = joinLog(m, expSumRow(row, m, buf[:SumBlock[T]()]))
		}
		return
	}
	var top [tileColumns]T
	for o := range outer {
		for c := 0; c < inner; c += tileColumns {
			w := min(tileColumns, inner-c)
			d, m, tile := dst[o*inner+c:][:w], top[:w], x[min(o*r*inner+c, len(x)):]
			maxTile(m, tile, r, inner)
			sumOfTile(d, tile, m, buf[:], r, inner)
			for j := range d {
				d[j] = joinLog(m[j], d[j])
			}
		}
	}
}

// LogSoftmax sets dst to x - log Σ e^x along the middle axis of x [outer, r, inner]. A NaN, a +Inf or nothing but -Inf
// makes a row NaN.
func LogSoftmax[T Float](dst, x []T, outer, r, inner int) {
	checkSame(len(dst), len(x), outer, r, inner)
	if r == 0 || inner == 0 {
		return
	}
	if inner == 1 && softTwin(opLogSoftmaxRows, dst, x, outer, r) {
		return
	}
	var buf [blockLanes * laneBytes / 4]T
	if inner == 1 {
		for o := range outer {
			d, row := dst[o*r:(o+1)*r], x[o*r:(o+1)*r]
			m := [1]T{maxRow(row)}
			s := [1]T{T(math.Log(float64(expSumRow(row, m[0], buf[:SumBlock[T]()]))))}
			Sub(d, row, m[:])
			Sub(d, d, s[:])
		}
		return
	}
	var top, sum [tileColumns]T
	for o := range outer {
		for c := 0; c < inner; c += tileColumns {
			w := min(tileColumns, inner-c)
			m, s, start := top[:w], sum[:w], o*r*inner+c
			maxTile(m, x[start:], r, inner)
			sumOfTile(s, x[start:], m, buf[:], r, inner)
			Log(s, s)
			for k := start; k < start+r*inner; k += inner {
				Sub(dst[k:k+w], x[k:k+w], m)
				Sub(dst[k:k+w], dst[k:k+w], s)
			}
		}
	}
}

// expSub sets dst[i] = e^(x[i]-y[i]): Sub, then Exp.
func expSub[T Float](dst, x, y []T) {
	if !binaryTwin(opExpSub, dst, x, y) {
		Sub(dst, x, y)
		Exp(dst, dst)
	}
}

// joinLog is m + log s, where s = Σ e^(x-m) means nothing if m is not finite.
func joinLog[T Float](m, s T) T {
	if m-m != 0 {
		return m
	}
	return m + T(math.Log(float64(s)))
}

// expSumRow is Σ e^(x-m) over a row, in the tree of sumRow; buf holds a block.
func expSumRow[T Float](x []T, m T, buf []T) T {
	top := [1]T{m}
	return sumOfRow(x, top[:], buf)
}

// terms sets dst to e^(x-m), or to x² if there is no m.
func terms[T Float](dst, x, m []T) {
	if m == nil {
		Square(dst, x)
		return
	}
	expSub(dst, x, m)
}

// sumOfRow is the sum of the terms of a row, in the tree of sumRow; buf holds a block.
func sumOfRow[T Float](x, m, buf []T) T {
	if len(x) <= len(buf) {
		b := buf[:len(x)]
		terms(b, x, m)
		return sumBlock(b)
	}
	left := len(buf)
	for 2*left < len(x) {
		left *= 2
	}
	return sumOfRow(x[:left], m, buf) + sumOfRow(x[left:], m, buf)
}

// sumOfTile is the sum of the terms down a tile of columns, in the tree of sumTile; buf holds a block.
func sumOfTile[T Float](dst, x, m, buf []T, r, stride int) {
	w := len(dst)
	if r <= blockLanes {
		for k := range r {
			b := buf[k*w : (k+1)*w]
			terms(b, x[k*stride:][:w], m)
		}
		sumTile(dst, buf, r, w)
		return
	}
	left := blockLanes
	for 2*left < r {
		left *= 2
	}
	var right [tileColumns]T
	sumOfTile(dst, x, m, buf, left, stride)
	sumOfTile(right[:w], x[left*stride:], m, buf, r-left, stride)
	Add(dst, dst, right[:w])
}

// maxRow is the greatest element of a row.
func maxRow[T Num](x []T) T { return extremeOf(nil, x, opMaxRows) }

// maxTile is the greatest element down each column of a tile.
func maxTile[T Num](dst, x []T, r, stride int) {
	Fill(dst, least[T]())
	for k := range r {
		Maximum(dst, dst, x[k*stride:][:len(dst)])
	}
}
