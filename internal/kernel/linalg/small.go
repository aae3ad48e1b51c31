package linalg

import "math"

// Small matrices, of which there may be thousands, are done in loops without calls: of so few elements, calls and looks at
// Stop take longer than the arithmetic, which is that of larger ones, but that the rows of a solution are
// multiplied by inverse pivots.

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
		inverse := 1 / factors[i]
		for c := range row {
			row[c] *= inverse
		}
	}
}

// choleskySmall is Cholesky, column by column, so that divisions do not wait for each other.
func choleskySmall[T Float](a Matrix[T]) (failed int) {
	n, ld, data := a.Rows, a.LD, a.Data
	if n == 4 {
		return choleskyFour(data[:4], data[ld:][:4], data[2*ld:][:4], data[3*ld:][:4])
	}
	for i := range n {
		row := data[i*ld:][:n]
		for j := range i {
			above := &data[j*ld+i]
			row[j] = T(*above/2) + T(row[j]/2)
			*above = 0
		}
		row[i] = T(row[i]/2) + T(row[i]/2)
	}
	for j := range n {
		pivot := data[j*ld+j]
		if pivot <= 0 {
			return j
		}
		root := T(math.Sqrt(float64(pivot)))
		data[j*ld+j] = root
		for i := j + 1; i < n; i++ {
			data[i*ld+j] /= root
		}
		for i := j + 1; i < n; i++ {
			row := data[i*ld:][:i+1]
			l := row[j]
			for k := j + 1; k < len(row); k++ {
				row[k] -= T(l * data[k*ld+j])
			}
		}
	}
	return -1
}

// choleskyFour is choleskySmall for four rows, without a loop whose end a processor has to guess.
func choleskyFour[T Float](a, b, c, d []T) (failed int) {
	p0, p1, p2, p3 := T(a[0]/2)+T(a[0]/2), T(b[1]/2)+T(b[1]/2), T(c[2]/2)+T(c[2]/2), T(d[3]/2)+T(d[3]/2)
	b0, c0, d0 := T(a[1]/2)+T(b[0]/2), T(a[2]/2)+T(c[0]/2), T(a[3]/2)+T(d[0]/2)
	c1, d1, d2 := T(b[2]/2)+T(c[1]/2), T(b[3]/2)+T(d[1]/2), T(c[3]/2)+T(d[2]/2)
	if p0 <= 0 {
		return 0
	}
	p0 = T(math.Sqrt(float64(p0)))
	b0, c0, d0 = b0/p0, c0/p0, d0/p0
	if p1 -= T(b0 * b0); p1 <= 0 {
		return 1
	}
	p1 = T(math.Sqrt(float64(p1)))
	c1, d1 = (c1-T(c0*b0))/p1, (d1-T(d0*b0))/p1
	if p2 = p2 - T(c0*c0) - T(c1*c1); p2 <= 0 {
		return 2
	}
	p2 = T(math.Sqrt(float64(p2)))
	d2 = (d2 - T(d0*c0) - T(d1*c1)) / p2
	if p3 = p3 - T(d0*d0) - T(d1*d1) - T(d2*d2); p3 <= 0 {
		return 3
	}
	a[0], a[1], a[2], a[3] = p0, 0, 0, 0
	b[0], b[1], b[2], b[3] = b0, p1, 0, 0
	c[0], c[1], c[2], c[3] = c0, c1, p2, 0
	d[0], d[1], d[2], d[3] = d0, d1, d2, T(math.Sqrt(float64(p3)))
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
