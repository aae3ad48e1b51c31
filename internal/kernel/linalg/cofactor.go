package linalg

// CofactorScratch is the scratch that Cofactor wants for an n × n matrix.
func CofactorScratch(n int) int { return n*n + n + max(SolveScratch(n, n), LUScratch(n)) }

// Cofactor sets c to the matrix of cofactors of a, det(A)·A⁻ᵀ where there is an inverse, and overwrites a. It is as
// accurate for a singular A: with P·A·Q = L·U by complete pivoting, cof A = det P·det Q · Pᵀ·L⁻ᵀ·cof U·Qᵀ, and if the
// rank is less by one, the last element of U, by which cof U does not divide, is 0. places holds 2n numbers.
func Cofactor[T Float](c, a Matrix[T], places []int64, scratch []T, workers int) {
	n := a.Rows
	if n == 0 {
		return
	}
	rows, cols := places[:n], places[n:2*n]
	sign, rank := completePivoting(a, rows, cols)
	m, z, scratch := Dense(scratch, n, n), scratch[n*n:][:n], scratch[n*n+n:]
	clear(m.Data)
	if rank >= n-1 {
		cofactorUpper(m, a, sign, z, scratch, workers)
		SolveTriangular(a, Triangle{Lower: true, Trans: true, Unit: true}, m, scratch, workers)
	}
	for i, r := range rows {
		for j, q := range cols {
			c.Data[int(r)*c.LD+int(q)] = m.Data[i*m.LD+j]
		}
	}
}

// cofactorUpper sets m, zeros at first, to sign·cof U. With U = [V u; 0 d] that is det V · [d·V⁻ᵀ 0; -(V⁻¹u)ᵀ 1].
func cofactorUpper[T Float](m, u Matrix[T], sign T, z, scratch []T, workers int) {
	last := u.Rows - 1
	det := sign
	for i := range last {
		det *= u.Data[i*u.LD+i]
		m.Data[i*m.LD+i] = 1
		z[i] = u.Data[i*u.LD+last]
	}
	v, inverse := u.block(0, 0, last, last), m.block(0, 0, last, last)
	SolveTriangular(v, Triangle{Trans: true}, inverse, scratch, workers)
	SolveTriangular(v, Triangle{}, Matrix[T]{z, last, 1, 1}, scratch, workers)
	d := det * u.Data[last*u.LD+last]
	for i := range last {
		row := inverse.row(i)
		for j := range row[:i+1] {
			row[j] *= d
		}
		m.Data[last*m.LD+i] = -det * z[i]
	}
	m.Data[last*m.LD+last] = det
}

// completePivoting overwrites a with the factors of P·A·Q = L·U. Row i of P·A·Q is row rows[i] of A, column j is
// column cols[j]. sign is det P·det Q, and rank the number of steps before nothing but zeros was left.
func completePivoting[T Float](a Matrix[T], rows, cols []int64) (sign T, rank int) {
	n := a.Rows
	for i := range n {
		rows[i], cols[i] = int64(i), int64(i)
	}
	sign = 1
	for k := range n {
		best, r, q := T(-1), k, k
		for i := k; i < n; i++ {
			for j, v := range a.row(i)[k:] {
				if v = max(v, -v); v > best {
					best, r, q = v, i, k+j
				}
			}
		}
		if best == 0 {
			return sign, k
		}
		if r != k {
			a.swapRows(k, r)
			rows[k], rows[r], sign = rows[r], rows[k], -sign
		}
		if q != k {
			for i := range n {
				a.Data[i*a.LD+k], a.Data[i*a.LD+q] = a.Data[i*a.LD+q], a.Data[i*a.LD+k]
			}
			cols[k], cols[q], sign = cols[q], cols[k], -sign
		}
		row := a.row(k)
		for i := k + 1; i < n; i++ {
			below := a.row(i)
			below[k] /= row[k]
			minusMultiple(below[k+1:], below[k], row[k+1:])
		}
	}
	return sign, n
}
