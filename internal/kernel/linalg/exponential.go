package linalg

import (
	"math"

	"chainrule/internal/kernel/gemm"
)

// ExponentialScratch is the scratch that Exponential wants for an n × n matrix, beside n pivots.
func ExponentialScratch(n int) int { return 6*n*n + max(LUScratch(n), SolveScratch(n, n)) }

// pade are the coefficients of the numerator of the approximation of e^x by two polynomials of degree 13.
var pade = [14]float64{64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
	10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1}

// withinPade is the 1-norm up to which it is exact to 2⁻⁵³.
const withinPade = 5.371920351148152

// Exponential overwrites a with e^a: the approximation at a/2ˢ, squared s times (Higham, SIAM J. Matrix Anal. Appl. 26-4,
// 2005, algorithm 2.3), for the s of squarings. For elements that are not finite everything is NaN. It ends early if a is stopped.
func Exponential(a Matrix[float64], pivots []int64, scratch []float64, workers int) {
	n := a.Rows
	if n == 0 {
		return
	}
	take := func() Matrix[float64] {
		part := Dense(scratch, n, n).Until(a.Stop)
		scratch = scratch[n*n:]
		return part
	}
	norm := columnNorm(a, scratch[:n])
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		for i := range n {
			fill(a.row(i), math.NaN())
		}
		return
	}
	a2, a4, a6, u, v, t := take(), take(), take(), take(), take(), take()
	_, before := math.Frexp(norm / 0x1p100)
	before = max(0, before) // so that powers are in range
	scaleBy(a, math.Ldexp(1, -before))
	product(a2, a, a, workers)
	product(a4, a2, a2, workers)
	product(a6, a4, a2, workers)
	if a.stopped() {
		return
	}
	more := squarings(a, a4, a6, u.Data, v.Data)
	scaleBy(a, math.Ldexp(1, -more))
	scaleBy(a2, math.Ldexp(1, -2*more))
	scaleBy(a4, math.Ldexp(1, -4*more))
	scaleBy(a6, math.Ldexp(1, -6*more))
	even := [3]Matrix[float64]{a2, a4, a6}
	t.scaledSum(even, [4]float64{0, pade[9], pade[11], pade[13]})
	product(v, a6, t, workers)
	t.scaledSum(even, [4]float64{pade[1], pade[3], pade[5], pade[7]})
	t.add(v)
	product(u, a, t, workers)
	t.scaledSum(even, [4]float64{0, pade[8], pade[10], pade[12]})
	product(v, a6, t, workers)
	t.scaledSum(even, [4]float64{pade[0], pade[2], pade[4], pade[6]})
	v.add(t)
	for i, x := range v.Data {
		t.Data[i] = x - u.Data[i]
		v.Data[i] = x + u.Data[i]
	}
	LU(t, pivots, scratch, workers)
	SolveLU(t, pivots, false, v, scratch, workers)
	for range before + more {
		product(u, v, v, workers)
		if a.stopped() {
			return
		}
		u, v = v, u
	}
	for i := range n {
		copy(a.row(i), v.row(i))
	}
}

// squarings is the number of halvings for which the approximation is exact to rounding: by roots of norms of powers, which for
// matrices that are far from normal are much less than the norm, and by a bound of the first term left out, for the sizes of
// elements (Al-Mohy and Higham, SIAM J. Matrix Anal. Appl. 31-3, 2009, equation 4.2 and algorithm 5.1).
func squarings(a, a4, a6 Matrix[float64], x, y []float64) int {
	n := a.Rows
	norm := columnNorm(a, x[:n])
	root := max(math.Pow(columnNorm(a4, x[:n]), 1./4), math.Pow(columnNorm(a6, x[:n]), 1./6))
	s := 0
	if least := min(norm, root); least > withinPade {
		_, s = math.Frexp(least / withinPade)
	}
	if norm == 0 {
		return 0
	}
	const first = 1 / 113250775606021113483283660800000000. // the coefficient of a²⁷ in the error
	x, y = x[:n], y[:n]
	for i := range x {
		x[i] = 1
	}
	scale := math.Ldexp(1, -s)
	for range 27 { // row sums of |a/2ˢ|²⁷ from the left: its column norm
		clear(y)
		for i := range n {
			for j, v := range a.row(i) {
				y[j] += float64(math.Abs(v*scale) * x[i])
			}
		}
		x, y = y, x
	}
	most := 0.0
	for _, v := range x {
		most = max(most, v)
	}
	ratio := first * most / (norm * scale) / 0x1p-53
	switch {
	case math.IsNaN(ratio), math.IsInf(ratio, 0): // |a|²⁷ is out of range
		_, s = math.Frexp(norm / withinPade)
		return max(0, s)
	case ratio > 1:
		s += int(math.Ceil(math.Log2(ratio) / 26))
	}
	return s
}

// columnNorm is the largest sum of sizes in a column.
func columnNorm(a Matrix[float64], sums []float64) float64 {
	clear(sums)
	for i := range a.Rows {
		for j, x := range a.row(i) {
			sums[j] += math.Abs(x)
		}
	}
	norm := 0.0
	for _, s := range sums {
		norm = max(norm, s)
	}
	return norm
}

func scaleBy(a Matrix[float64], factor float64) {
	for i := range a.Rows {
		row := a.row(i)
		for j := range row {
			row[j] *= factor
		}
	}
}

// product sets c to a·b.
func product(c, a, b Matrix[float64], workers int) {
	gemm.Gemm(false, false, c.Rows, c.Cols, a.Cols, a.Data, a.LD, b.Data, b.LD, c.Data, c.LD,
		&gemm.Epilogue[float64]{Stop: a.Stop}, workers)
}

// scaledSum sets m, dense, to c₀·I + Σ cᵢ·xᵢ.
func (m Matrix[T]) scaledSum(x [3]Matrix[T], c [4]T) {
	for i := range m.Data {
		m.Data[i] = T(c[1]*x[0].Data[i]) + T(c[2]*x[1].Data[i]) + T(c[3]*x[2].Data[i])
	}
	for i := range m.Rows {
		m.Data[i*m.LD+i] += c[0]
	}
}

// add adds x, both dense.
func (m Matrix[T]) add(x Matrix[T]) {
	for i, v := range x.Data {
		m.Data[i] += v
	}
}
