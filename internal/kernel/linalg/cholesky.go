package linalg

import (
	"math"

	"chainrule/internal/kernel/vec"
)

// CholeskyScratch is the scratch that Cholesky wants for an n × n matrix.
func CholeskyScratch(n int) int { return SolveScratch(n, (n+1)/2+1) }

// Cholesky overwrites a with the lower triangular L, zeros above it, with L·Lᵀ = (A + Aᵀ)/2. If the symmetric part is
// not positive definite it returns the number of the leading minor, counted from 0, that is not, else −1.
func Cholesky[T Float](a Matrix[T], scratch []T, workers int) (failed int) {
	n := a.Rows
	if n <= small {
		return choleskySmall(a)
	}
	for i := range n {
		for j := i + 1; j < n; j++ {
			u, l := a.Data[i*a.LD+j], a.Data[j*a.LD+i]
			a.Data[i*a.LD+j] = T(u/2) + T(l/2)
		}
	}
	if failed = upper(a, scratch, workers); failed >= 0 {
		return failed
	}
	for i := 0; i < n; i += small { // the transpose, some columns at a time
		top := min(i+small, n)
		for j := i + 1; j < n; j++ {
			below, at := a.Data[j*a.LD+i:j*a.LD+min(top, j)], i*a.LD+j
			for k := range below {
				below[k] = a.Data[at]
				at += a.LD
			}
		}
		for k := i; k < top; k++ {
			clear(a.row(k)[k+1:])
		}
	}
	return -1
}

// upper finds the factor U of UᵀU = A, given A's upper triangle, in place: with rows in order in memory, it is easier
// to find than L = Uᵀ. What is left below the diagonal means nothing.
func upper[T Float](a Matrix[T], scratch []T, workers int) (failed int) {
	n, h := a.Rows, a.Rows/2
	if n <= leaf {
		return upperLeaf(a)
	}
	first, corner, second := a.block(0, 0, h, h), a.block(0, h, h, n-h), a.block(h, h, n-h, n-h)
	if failed = upper(first, scratch, workers); failed >= 0 || a.stopped() {
		return failed
	}
	SolveTriangular(first, Triangle{Trans: true}, corner, scratch, workers)
	minusProduct(second, corner, true, corner, scratch, workers)
	if failed = upper(second, scratch, workers); failed >= 0 {
		return h + failed
	}
	return -1
}

func upperLeaf[T Float](a Matrix[T]) (failed int) {
	n := a.Rows
	for j := range n {
		row := a.Data[j*a.LD:]
		for k := range j {
			minusMultiple(row[j:n], a.Data[k*a.LD+j], a.Data[k*a.LD+j:][:n-j])
		}
		pivot := row[j]
		if pivot <= 0 {
			return j
		}
		root := T(math.Sqrt(float64(pivot)))
		row[j] = root
		if rest := row[j+1 : n]; len(rest) >= 16 {
			vec.Div(rest, rest, row[j:j+1])
		} else {
			for i := range rest {
				rest[i] /= root
			}
		}
	}
	return -1
}
