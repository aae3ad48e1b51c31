package linalg

import "math"

// QRScratch is the scratch that QR wants for n columns.
func QRScratch(n int) int { return 2 * n }

// QR overwrites a, which has at least as many rows as columns, with Q, whose columns are orthonormal, and sets r to the
// upper triangle with A = Q·R and no negative element on its diagonal: by Householder's reflections (Golub and Van Loan,
// Matrix Computations, algorithms 5.2.1 and 5.1.4).
func QR[T Float](a, r Matrix[T], scratch []T) {
	m, n := a.Rows, a.Cols
	w, tau := scratch[:n], scratch[n:2*n]
	for k := range n {
		if a.stopped() {
			return
		}
		tau[k] = reflector(a, k)
		reflect(a, k, tau[k], w)
	}
	for i := range n {
		row := r.row(i)
		clear(row[:i])
		copy(row[i:], a.row(i)[i:])
	}
	for k := n - 1; k >= 0 && !a.stopped(); k-- { // Q is H₀·…·Hₙ₋₁ times the first columns of the identity
		row := a.row(k)
		clear(row[k+1:])
		reflect(a, k, tau[k], w)
		for i := k + 1; i < m; i++ {
			a.Data[i*a.LD+k] *= -tau[k]
		}
		row[k] = 1 - tau[k]
		for i := range k {
			a.Data[i*a.LD+k] = 0
		}
	}
	for i := range n {
		if row := r.row(i); row[i] < 0 {
			for j := i; j < n; j++ {
				row[j] = -row[j]
			}
			for j := range m {
				a.Data[j*a.LD+i] = -a.Data[j*a.LD+i]
			}
		}
	}
}

// Dependent returns the first column of A = Q·R, of so many rows, that depends on those before it, given R, −1 if there
// is none: whose part that is orthogonal to them, on R's diagonal, is no larger than the errors of the reflections,
// which are relative to the column (Higham, Accuracy and Stability of Numerical Algorithms, theorem 19.4).
func Dependent[T Float](r Matrix[T], rows int) int {
	eps := 0x1p-52
	if T(1)+T(0x1p-30) == 1 {
		eps = 0x1p-23
	}
	for k := range r.Cols {
		norm := 0.0
		for i := range k + 1 {
			norm = math.Hypot(norm, float64(r.Data[i*r.LD+k]))
		}
		if math.Abs(float64(r.Data[k*r.LD+k])) < float64(rows)*eps*norm {
			return k
		}
	}
	return -1
}

// reflector finds H = I − τ·v·vᵀ that takes column k, from row k on, to a multiple of the first axis, which it writes on
// the diagonal. v begins with 1, and the rest of it takes the place of the column below.
func reflector[T Float](a Matrix[T], k int) (tau T) {
	largest := T(0)
	for i := k; i < a.Rows; i++ {
		v := a.Data[i*a.LD+k]
		largest = max(largest, v, -v)
	}
	if largest == 0 {
		return 0
	}
	sum := 0.0
	for i := k; i < a.Rows; i++ {
		a.Data[i*a.LD+k] /= largest // so that squares neither overflow nor vanish
		v := float64(a.Data[i*a.LD+k])
		sum += float64(v * v)
	}
	norm, head := T(math.Sqrt(sum)), a.Data[k*a.LD+k]
	if head > 0 {
		norm = -norm // so that nothing cancels
	}
	for i := k + 1; i < a.Rows; i++ {
		a.Data[i*a.LD+k] /= head - norm
	}
	a.Data[k*a.LD+k] = norm * largest
	return (norm - head) / norm
}

// reflect applies H to the columns behind column k, which holds v.
func reflect[T Float](a Matrix[T], k int, tau T, w []T) {
	w = w[:a.Cols-k-1]
	first := a.row(k)[k+1:]
	copy(w, first)
	for i := k + 1; i < a.Rows; i++ {
		row := a.row(i)
		minusMultiple(w, -row[k], row[k+1:])
	}
	minusMultiple(first, tau, w)
	for i := k + 1; i < a.Rows; i++ {
		row := a.row(i)
		minusMultiple(row[k+1:], T(tau*row[k]), w)
	}
}
