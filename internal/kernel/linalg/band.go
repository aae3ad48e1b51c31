package linalg

// SolveTridiagonal sets b, of n rows, to T⁻¹·b for the matrix T with the diagonal d, below beneath it and above over it,
// below[i] and above[i] being of columns i and i + 1, by elimination with exchanges of neighbouring rows (LAPACK's Dgtsv). With
// trans, it is Tᵀ. scratch holds 4n elements. It returns the first step without a pivot, −1 if there is none.
func SolveTridiagonal[T Float](below, d, above []T, trans bool, b Matrix[T], scratch []T) (failed int) {
	n := len(d)
	if trans {
		below, above = above, below
	}
	l, diagonal, u, second := scratch[:n], scratch[n:2*n], scratch[2*n:3*n], scratch[3*n:4*n]
	copy(diagonal, d)
	clear(second)
	if n > 0 {
		u[n-1], l[n-1] = 0, 0
		copy(u, above[:n-1])
		copy(l, below[:n-1])
	}
	for i := range n - 1 {
		if max(l[i], -l[i]) > max(diagonal[i], -diagonal[i]) {
			b.swapRows(i, i+1)
			diagonal[i], l[i] = l[i], diagonal[i]
			u[i], diagonal[i+1] = diagonal[i+1], u[i]
			second[i], u[i+1] = u[i+1], 0
		}
		if diagonal[i] == 0 {
			return i
		}
		factor := l[i] / diagonal[i]
		diagonal[i+1] -= T(factor * u[i])
		u[i+1] -= T(factor * second[i])
		minusMultiple(b.row(i+1), factor, b.row(i))
	}
	for i := n - 1; i >= 0; i-- {
		if diagonal[i] == 0 {
			return i
		}
		row := b.row(i)
		if i+1 < n {
			minusMultiple(row, u[i], b.row(i+1))
		}
		if i+2 < n {
			minusMultiple(row, second[i], b.row(i+2))
		}
		for k := range row {
			row[k] /= diagonal[i]
		}
	}
	return -1
}
