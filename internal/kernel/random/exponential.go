package random

import "math"

// Exponential sets dst to exponential numbers of mean 1, −log p for p an odd multiple of 2⁻⁵³: from 1.1e-16 to 36.7. A
// float32 is the float64, rounded.
func Exponential[T Float](dst []T, key Key, at uint64) {
	fill(dst, key, at, exponentialTwin[T], func(w uint64) T { return T(-ln(open(w))) })
}

// Gumbel sets dst to numbers of the standard Gumbel distribution, −log(−log p) for p an odd multiple of 2⁻⁵³: from −3.6 to
// 36.7. A float32 is the float64, rounded.
func Gumbel[T Float](dst []T, key Key, at uint64) {
	fill(dst, key, at, gumbelTwin[T], func(w uint64) T { return T(-ln(-ln(open(w)))) })
}

// Laplace sets dst to numbers of the Laplace distribution of mean 0 and scale 1, of the size −log(1 − 2|q|) and the sign of
// q, an odd multiple of 2⁻⁵⁴. A float32 is the float64, rounded.
func Laplace[T Float](dst []T, key Key, at uint64) {
	fill(dst, key, at, laplaceTwin[T], func(w uint64) T {
		q := centred(w)
		return T(math.Copysign(ln(1-2*math.Abs(q)), q))
	})
}
