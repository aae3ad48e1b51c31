package random

import "math/bits"

// Float is the type of a drawn number.
type Float interface{ float32 | float64 }

// Bits sets dst[i] to word at + i of the key.
func Bits(dst []int64, key Key, at uint64) {
	fill(dst, key, at, bitsTwin, func(w uint64) int64 { return int64(w) })
}

// fill draws dst by a twin, and by the portable function what that does not take: the end of dst, and some elements before the low
// word of the counter overflows.
func fill[T any](dst []T, key Key, at uint64, twin func(dst []T, key Key, at uint64) int, one func(w uint64) T) {
	for len(dst) > 0 {
		if n := twin(dst, key, at); n > 0 {
			dst, at = dst[n:], at+uint64(n)
			continue
		}
		n := min(len(dst), 16)
		for i := range dst[:n] {
			dst[i] = one(word(key, at+uint64(i)))
		}
		dst, at = dst[n:], at+uint64(n)
	}
}

// Uniform sets dst to uniform numbers of [0, 1): a float64 is the upper 53 bits of a word, in units of 2⁻⁵³, a float32
// the upper 24 bits of the exclusive or of its halves, in units of 2⁻²⁴. None is 1.
func Uniform[T Float](dst []T, key Key, at uint64) {
	switch dst := any(dst).(type) {
	case []float32:
		fill(dst, key, at, uniformTwin[float32], unit32)
	case []float64:
		fill(dst, key, at, uniformTwin[float64], unit)
	}
}

// unit32 is a number of [0, 1) in units of 2⁻²⁴.
func unit32(w uint64) float32 { return float32((uint32(w>>32)^uint32(w))>>8) * 0x1p-24 }

// unit is a number of [0, 1) in units of 2⁻⁵³.
func unit(w uint64) float64 { return float64(w>>11) * 0x1p-53 }

// open is a number of (0, 1): an odd multiple of 2⁻⁵³.
func open(w uint64) float64 { return float64(w>>11|1) * 0x1p-53 }

// centred is a number of (−½, ½): an odd multiple of 2⁻⁵⁴, so that ½ less its size is exact, and not 0.
func centred(w uint64) float64 { return float64(int64(w)>>10|1) * 0x1p-54 }

// Integers sets dst to integers of [lo, hi), as the upper half of the product of a word and hi − lo: the probabilities of two
// of them differ by 2⁻⁶⁴ at most. The difference is taken modulo 2⁶⁴, where 0 stands for 2⁶⁴.
func Integers(dst []int64, key Key, at uint64, lo, hi int64) {
	Bits(dst, key, at)
	n := uint64(hi) - uint64(lo)
	if n == 0 {
		return
	}
	for i, w := range dst {
		k, _ := bits.Mul64(uint64(w), n)
		dst[i] = lo + int64(k)
	}
}
