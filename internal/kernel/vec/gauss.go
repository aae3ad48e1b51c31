package vec

import "math"

// gaussBlock is the number of exponentials that Gauss takes at a time.
const gaussBlock = 128

// Gauss sets dst[i] = e^-x[i]². The square of float64 is split, h being x to 26 bits: e^-h² · e^-(x-h)(x+h), of which the
// second factor is 1 less 4e-5 at most where the first is not 0. That of float32 is taken in float64. The error is at most
// 2.5 ulp.
func Gauss[T Float](dst, x []T) {
	if n := len(dst); n > 1 && repeated(x, n) {
		var y [1]T
		Gauss(y[:], x)
		Fill(dst, y[0])
		return
	}
	var buf [gaussBlock]float64
	for len(dst) > 0 {
		n := min(len(dst), gaussBlock)
		block := buf[:n]
		for i, v := range x[:n] {
			h := upper(float64(v))
			block[i] = -h * h
		}
		Exp(block, block)
		for i, e := range block {
			v := float64(x[i])
			if h := upper(v); e != 0 && h != v {
				d := (v - h) * (v + h)
				e -= float64(e * d * (1 - float64(d*(0.5-d/6))))
			}
			dst[i] = T(e)
		}
		dst, x = dst[n:], x[n:]
	}
}

// upper is x with the upper 26 of its 53 bits, whose square is exact.
func upper(x float64) float64 { return math.Float64frombits(math.Float64bits(x) &^ (1<<27 - 1)) }

// SlopeGauss sets dst[i] to the derivative of order n of e^-x² at x[i], (-1)ⁿ Hₙ(x) e^-x² with the Hermite polynomial of
// DLMF 18.9.1. The error is at most 3 ulp for n = 1, and beyond it 2n ulp of the largest term.
func SlopeGauss[T Float](dst, x []T, n int) {
	mapFloat(dst, x, func(x float64) float64 {
		y := [1]float64{x}
		Gauss(y[:], y[:])
		if y[0] == 0 {
			return 0
		}
		last, h := 0.0, 1.0
		for k := range n {
			last, h = h, -2*(float64(x*h)+float64(float64(k)*last))
		}
		return h * y[0]
	})
}
