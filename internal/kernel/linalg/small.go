package linalg

import "math"

// Small matrices, of which there may be thousands, are done in loops without calls: of so few elements, calls and looks at
// Stop take longer than the arithmetic, which is the same, operation by operation, as that of larger ones.

// small is the number of rows up to which a matrix is small.
const small = 8

// factorSmall is factorLeaf.
func factorSmall[T Float](a Matrix[T], pivots []int64) {
	m, n, ld, data := a.Rows, a.Cols, a.LD, a.Data
	for j := range n {
		best, at := T(-1), j
		for i := j; i < m; i++ {
			v := data[i*ld+j]
			if v < 0 {
				v = -v
			}
			if v > best {
				best, at = v, i
			}
		}
		pivots[j] = int64(at)
		row := data[j*ld:][:n]
		if at != j {
			other := data[at*ld:][:n]
			for k, v := range row {
				row[k], other[k] = other[k], v
			}
		}
		pivot := row[j]
		if pivot == 0 {
			continue
		}
		rest := row[j+1:]
		for i := j + 1; i < m; i++ {
			below := data[i*ld+j:][:n-j]
			l := below[0] / pivot
			below[0] = l
			below = below[1:][:len(rest)]
			for k, v := range rest {
				below[k] -= T(l * v)
			}
		}
	}
}

// solveSmall is SolveLU, without transposition.
func solveSmall[T Float](lu Matrix[T], pivots []int64, b Matrix[T]) {
	n, k := lu.Rows, b.Cols
	if k == 0 {
		return
	}
	for i, p := range pivots {
		b.swapRows(i, int(p))
	}
	for i := 1; i < n; i++ {
		row := b.Data[i*b.LD:][:k]
		for j, l := range lu.Data[i*lu.LD:][:i] {
			for c, v := range b.Data[j*b.LD:][:k] {
				row[c] -= T(l * v)
			}
		}
	}
	for i := n - 1; i >= 0; i-- {
		row, factors := b.Data[i*b.LD:][:k], lu.Data[i*lu.LD:][:n]
		for j := i + 1; j < n; j++ {
			f := factors[j]
			for c, v := range b.Data[j*b.LD:][:k] {
				row[c] -= T(f * v)
			}
		}
		pivot := factors[i]
		for c := range row {
			row[c] /= pivot
		}
	}
}

// choleskySmall is Cholesky, by rows.
func choleskySmall[T Float](a Matrix[T]) (failed int) {
	n, ld, data := a.Rows, a.LD, a.Data
	for i := range n {
		row := data[i*ld:][:n]
		for j := range i {
			other := data[j*ld:][:n]
			v := T(other[i]/2) + T(row[j]/2)
			other[i] = 0
			for k, x := range row[:j] {
				v -= T(x * other[k])
			}
			row[j] = v / other[j]
		}
		v := row[i]/2 + row[i]/2
		for _, x := range row[:i] {
			v -= T(x * x)
		}
		if v <= 0 {
			return i
		}
		row[i] = T(math.Sqrt(float64(v)))
	}
	return -1
}

// reflectionsSmall is QR for matrices of few elements: columns are rows of c while they are reflected.
func reflectionsSmall[T Float](a, r Matrix[T]) {
	var columns, y [small * small]T
	var tau [small]T
	m, n := a.Rows, a.Cols
	for i := range m {
		for j, v := range a.Data[i*a.LD:][:n] {
			columns[j*m+i] = v
		}
	}
	for k := range n {
		x := columns[k*m:][k:m]
		var beta T
		tau[k], beta = house(x)
		for j := k + 1; j < n; j++ {
			reflectRow(columns[j*m:][k:m], x, tau[k])
		}
		r.Data[k*r.LD+k] = beta
	}
	for k := n - 1; k >= 0; k-- {
		x, row := columns[k*m:][k:m], y[k*m:][k:m]
		for i, v := range x {
			row[i] = -T(tau[k] * v)
		}
		row[0]++
		for j := k + 1; j < n; j++ {
			reflectRow(y[j*m:][k:m], x, tau[k])
		}
	}
	for k := range n {
		upper, sign := r.Data[k*r.LD:][:n], T(1)
		if upper[k] < 0 {
			sign = -1
		}
		upper[k] *= sign
		for j := range k {
			upper[j] = 0
		}
		for j := k + 1; j < n; j++ {
			upper[j] = sign * columns[j*m+k]
		}
		for i := range m {
			a.Data[i*a.LD+k] = sign * y[k*m+i]
		}
	}
}

// reflectRow subtracts τ·(y·x)·x from y.
func reflectRow[T Float](y, x []T, tau T) {
	y = y[:len(x)]
	dot := T(0)
	for i, v := range x {
		dot += T(v * y[i])
	}
	dot *= tau
	for i, v := range x {
		y[i] -= T(dot * v)
	}
}
