package vec

import "math"

// LogCumSumExpUntil sets dst [outer, r, inner] to log Σ exp x over the elements so far along the middle axis, from the one
// called first on by steps of step, 1 or −1. With the greatest so far, m, it adds up t = Σ exp(x − m) but for m's own 1, as a
// pair of numbers, so that the result is m + log1p(t). dst may be x. It gives up, anywhere, when stop is closed.
func LogCumSumExpUntil[T Float](stop <-chan struct{}, dst, x []T, outer, r, inner, first, step int) {
	checkSame(len(dst), len(x), outer, r, inner)
	if r == 0 || inner == 0 {
		return
	}
	for o := range outer {
		for c := 0; c < inner; c += tileColumns {
			at := (o*r+first)*inner + c
			logColumns(stop, dst, x, at, step*inner, r, min(tileColumns, inner-c))
		}
	}
}

// logSum is log Σ exp of some numbers: m is the greatest, t + low the sum of the others' exp(x − m).
type logSum struct{ m, t, low float64 }

func logColumns[T Float](stop <-chan struct{}, dst, x []T, at, stride, r, w int) {
	var columns [tileColumns]logSum
	sums := columns[:w]
	for j := range sums {
		sums[j].m = float64(x[at+j])
		dst[at+j] = x[at+j]
	}
	for k := 1; k < r; k++ {
		if k*w%(unstopped/64) < w && closed(stop) {
			return
		}
		at += stride
		for j := range sums {
			dst[at+j] = T(sums[j].next(float64(x[at+j])))
		}
	}
}

// next adds a number, and returns the logarithm.
func (s *logSum) next(x float64) float64 {
	switch {
	case x != x || s.m != s.m:
		s.m += x
	case math.IsInf(s.m, 1):
	case math.IsInf(x, -1):
	case x <= s.m:
		s.add(math.Exp(x - s.m))
	case math.IsInf(x, 1) || math.IsInf(s.m, -1):
		*s = logSum{m: x}
	default:
		scale := math.Exp(s.m - x)
		s.m, s.t, s.low = x, float64(s.t*scale), float64(s.low*scale)
		s.add(scale)
	}
	return s.m + math.Log1p(s.t+s.low)
}

func (s *logSum) add(x float64) {
	sum, lost := addPair(s.t, x)
	s.t, s.low = sum, s.low+lost
}
