package linalg

import "math"

// LUScratch is the scratch that LU wants for an n × n matrix.
func LUScratch(n int) int { return SolveScratch(n, (n+1)/2+1) }

// LU overwrites a with the factors of P·A = L·U by partial pivoting: U on and above the diagonal, L, whose diagonal
// is 1, below. In step i rows i and pivots[i] were exchanged. sign is the determinant of P. A singular matrix leaves
// zeros on U's diagonal.
func LU[T Float](a Matrix[T], pivots []int64, scratch []T, workers int) (sign T) {
	factor(a, pivots, scratch, workers)
	sign = 1
	for i, p := range pivots {
		if p != int64(i) {
			sign = -sign
		}
	}
	return sign
}

// factor finds the factors of a matrix that has at least as many rows as columns; there is a pivot for each column.
func factor[T Float](a Matrix[T], pivots []int64, scratch []T, workers int) {
	m, n, h := a.Rows, a.Cols, a.Cols/2
	switch {
	case m <= small:
		factorSmall(a, pivots)
		return
	case n <= leaf:
		factorLeaf(a, pivots)
		return
	}
	left, right := a.block(0, 0, m, h), a.block(0, h, m, n-h)
	factor(left, pivots[:h], scratch, workers)
	if a.stopped() {
		return // pivots may be missing
	}
	exchange(right, pivots[:h])
	corner, rest := a.block(0, h, h, n-h), a.block(h, h, m-h, n-h)
	SolveTriangular(a.block(0, 0, h, h), Triangle{Lower: true, Unit: true}, corner, scratch, workers)
	minusProduct(rest, a.block(h, 0, m-h, h), false, corner, scratch, workers)
	factor(rest, pivots[h:], scratch, workers)
	if a.stopped() {
		return
	}
	exchange(a.block(h, 0, m-h, h), pivots[h:])
	for i := h; i < n; i++ {
		pivots[i] += int64(h)
	}
}

// exchange applies row exchanges in order.
func exchange[T Float](a Matrix[T], pivots []int64) {
	for i, p := range pivots {
		a.swapRows(i, int(p))
	}
}

func factorLeaf[T Float](a Matrix[T], pivots []int64) {
	for j := range a.Cols {
		best, at := T(-1), j
		for i := j; i < a.Rows; i++ {
			if v := max(a.Data[i*a.LD+j], -a.Data[i*a.LD+j]); v > best {
				best, at = v, i
			}
		}
		pivots[j] = int64(at)
		a.swapRows(j, at)
		row := a.row(j)
		if row[j] == 0 {
			continue
		}
		for i := j + 1; i < a.Rows; i++ {
			below := a.row(i)
			below[j] /= row[j]
			minusMultiple(below[j+1:], below[j], row[j+1:])
		}
	}
}

// SolveLU sets b to A⁻¹·b, or A⁻ᵀ·b if trans is set, given A's factors.
func SolveLU[T Float](lu Matrix[T], pivots []int64, trans bool, b Matrix[T], scratch []T, workers int) {
	if !trans && lu.Rows <= small {
		solveSmall(lu, pivots, b)
		return
	}
	if !trans {
		exchange(b, pivots)
		SolveTriangular(lu, Triangle{Lower: true, Unit: true}, b, scratch, workers)
		SolveTriangular(lu, Triangle{}, b, scratch, workers)
		return
	}
	SolveTriangular(lu, Triangle{Trans: true}, b, scratch, workers)
	SolveTriangular(lu, Triangle{Lower: true, Trans: true, Unit: true}, b, scratch, workers)
	for i := len(pivots) - 1; i >= 0; i-- {
		b.swapRows(i, int(pivots[i]))
	}
}

// Singular returns the first step in which U has a zero on the diagonal, −1 if there is none.
func Singular[T Float](lu Matrix[T]) int {
	for i := range lu.Rows {
		if lu.Data[i*lu.LD+i] == 0 {
			return i
		}
	}
	return -1
}

// IsRounding reports whether a pivot of a finite matrix, given its factors, is no larger than what the subtractions that led to
// it may have been rounded by: the matrix is singular as far as they can tell.
func IsRounding[T Float](lu Matrix[T]) bool {
	eps := 0x1p-52
	if least := T(0x1p-1074); least == 0 {
		eps = 0x1p-23
	}
	found := false
	for j := range lu.Rows {
		terms := 0.0
		for k, l := range lu.row(j)[:j] {
			terms += math.Abs(float64(float64(l) * float64(lu.Data[k*lu.LD+j])))
		}
		if terms-terms != 0 {
			return false
		}
		pivot := math.Abs(float64(lu.Data[j*lu.LD+j]))
		found = found || pivot <= float64(j)*eps*terms
	}
	return found
}
