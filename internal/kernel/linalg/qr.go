package linalg

import (
	"math"

	"chainrule/internal/kernel/gemm"
)

// fewColumns is the number of columns up to which reflections are applied one by one.
const fewColumns = 12

// QRScratch is the scratch that QR wants for matrices of m rows and n columns.
func QRScratch(m, n int) int {
	if n <= fewColumns {
		return 2 * n
	}
	return 2*n*m + 2*n + compactScratch(m, n)
}

// compactScratch is what panels of reflections of m components want, and their products with n vectors.
func compactScratch(m, n int) int { return blocked*m + 2*blocked*blocked + 2*blocked*n }

// QR overwrites a, which has at least as many rows as columns, with Q, whose columns are orthonormal, and sets r to the
// upper triangle with A = Q·R and no negative element on its diagonal: by Householder's reflections (Golub and Van Loan,
// Matrix Computations, algorithms 5.2.1, 5.1.4 and 5.2.2), on the transpose, where columns are in order in memory.
func QR[T Float](a, r Matrix[T], scratch []T, workers int) {
	m, n := a.Rows, a.Cols
	switch {
	case m <= small:
		reflectionsSmall(a, r)
		return
	case n <= fewColumns:
		reflections(a, r, scratch)
		return
	}
	columns, y := Dense(scratch, n, m).Until(a.Stop), Dense(scratch[n*m:], n, m).Until(a.Stop)
	tau, diagonal, scratch := scratch[2*n*m:][:n], scratch[2*n*m+n:][:n], scratch[2*n*m+2*n:]
	transposed(columns, a)
	reduce(columns, tau, diagonal, scratch, workers)
	for i := range n {
		row := r.row(i)
		clear(row[:i])
		row[i] = diagonal[i]
		for j := i + 1; j < n; j++ {
			row[j] = columns.Data[j*m+i]
		}
	}
	for i := range n {
		row := y.row(i)
		clear(row)
		row[i] = 1
	}
	turnRowsBy(y, reflectors[T]{c: columns, tau: tau, identity: true}, scratch, workers)
	for i := range n {
		if r.Data[i*r.LD+i] >= 0 {
			continue
		}
		negate(r.row(i)[i:])
		negate(y.row(i))
	}
	transposed(a, y)
}

func negate[T Float](x []T) {
	for i, v := range x {
		x[i] = -v
	}
}

// reduce makes the columns of a matrix, the rows of c, triangular by reflections, whose vectors take the place of what becomes
// 0, and of the diagonal. There are as many as tau has elements.
func reduce[T Float](c Matrix[T], tau, diagonal, scratch []T, workers int) {
	block := width(len(tau))
	for from := 0; from < len(tau) && !c.stopped(); from += block {
		b := min(block, len(tau)-from)
		p := c.block(from, from, c.Rows-from, c.Cols-from)
		for j := range b {
			v := p.row(j)[j:]
			tau[from+j], diagonal[from+j] = house(v)
			if rest := b - j - 1; rest > 0 {
				dots := scratch[:rest]
				below := p.block(j+1, j, rest, p.Cols-j)
				gemm.Gemm(false, true, rest, 1, len(v), below.Data, below.LD, v, len(v), dots, 1, nil, 1)
				for i, dot := range dots {
					minusMultiple(below.row(i), T(tau[from+j]*dot), v)
				}
			}
		}
		if rest := p.Rows - b; rest > 0 {
			v, t, scratch := panelOf(p, b, tau[from:], scratch)
			applyCompact(p.block(b, 0, rest, p.Cols), v, t, wing{right: true}, scratch, workers)
		}
	}
}

// panelOf copies b reflections, in rows that begin on the diagonal, and finds −T of their product.
func panelOf[T Float](p Matrix[T], b int, tau, scratch []T) (v Matrix[T], t, rest []T) {
	v, rest = Dense(scratch, b, p.Cols).Until(p.Stop), scratch[b*p.Cols:]
	for i := range b {
		row := v.row(i)
		clear(row[:i])
		copy(row[i:], p.row(i)[i:])
	}
	t = rest[:b*b]
	compact(v, tau[:b], t, rest[b*b:])
	negate(t)
	return v, t, rest[b*b:]
}

// reflectors are those of the rows of c: row i holds that of axes from i + shift on, from there.
type reflectors[T Float] struct {
	c        Matrix[T]
	tau      []T
	shift    int
	identity bool // what they turn is an identity, of which the first rows keep their zeros as long
}

// turnRowsBy multiplies the rows of y by reflectors, the last first.
func turnRowsBy[T Float](y Matrix[T], r reflectors[T], scratch []T, workers int) {
	if len(r.tau) == 0 {
		return
	}
	block := width(len(r.tau))
	for from := (len(r.tau) - 1) / block * block; from >= 0 && !y.stopped(); from -= block {
		b, top, first := min(block, len(r.tau)-from), 0, from+r.shift
		if r.identity {
			top = from
		}
		v, t, rest := panelOf(r.c.block(from, first, b, r.c.Cols-first), b, r.tau[from:], scratch)
		applyCompact(y.block(top, first, y.Rows-top, y.Cols-first), v, t, wing{right: true, trans: true}, rest, workers)
	}
}

// transposed sets dst to srcᵀ, by blocks.
func transposed[T Float](dst, src Matrix[T]) {
	const side = 8
	for i0 := 0; i0 < src.Rows; i0 += side {
		for j := range src.Cols {
			row := dst.row(j)[i0:min(i0+side, src.Rows)]
			at := i0*src.LD + j
			for i := range row {
				row[i] = src.Data[at]
				at += src.LD
			}
		}
	}
}

// reflections is QR for few columns, in place.
func reflections[T Float](a, r Matrix[T], scratch []T) {
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

// ComplementScratch is the scratch that Complement wants for matrices of m rows and n columns.
func ComplementScratch(m, n int) int { return n*m + 2*n + compactScratch(m, max(n, m-n)) }

// Complement sets the rows of y to an orthonormal basis of what is orthogonal to all columns of a, of which there are as many
// less as a has columns: the last columns of the product of the reflections that make a triangular.
func Complement[T Float](y, a Matrix[T], scratch []T, workers int) {
	m, n := a.Rows, a.Cols
	columns, scratch := Dense(scratch, n, m).Until(y.Stop), scratch[n*m:]
	tau, diagonal, scratch := scratch[:n], scratch[n:2*n], scratch[2*n:]
	transposed(columns, a)
	reduce(columns, tau, diagonal, scratch, workers)
	for i := range y.Rows {
		row := y.row(i)
		clear(row)
		row[n+i] = 1
	}
	turnRowsBy(y, reflectors[T]{c: columns, tau: tau}, scratch, workers)
}
