package linalg

import (
	"math"

	"gonum.org/v1/gonum/blas"
	blasgonum "gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/gonum"
)

// LAPACK's way to the eigenvalues and vectors of a symmetric matrix (Dsyev), in steps between which it can be stopped:
// a tridiagonal form by reflections, panel by panel; their product; and implicit QL iterations, of which each turns columns of
// that (Golub and Van Loan, Matrix Computations, sections 8.3.1 and 8.3.3).

const (
	panel    = 16       // columns in a step
	patience = 10       // iterations after which what is small beside the whole matrix counts as 0 too: rounding may leave no less
	mostIter = 60       // iterations for an eigenvalue, of which two or three are usual
	nothing  = 0x1p-500 // beside the largest element, as toRange leaves it
)

// eigenQL overwrites the symmetric a with its eigenvectors, as columns, and sets w to the eigenvalues in ascending order. It
// reports whether the iterations ended, which those of a matrix that is stopped do not. scratch holds (panel+4)·n elements.
func eigenQL(a Matrix[float64], w, scratch []float64) (ok bool) {
	n := a.Rows
	scale := toRange(a)
	e, tau, cos, sin, work := scratch[:n], scratch[n:2*n-1], scratch[2*n:3*n], scratch[3*n:4*n], scratch[4*n:]
	tridiagonal(a, w, e, tau, work)
	product(a, tau, work)
	if a.stopped() || !iterate(a, w, e, cos, sin) {
		return false
	}
	for i := range w {
		least := i
		for j := i + 1; j < n; j++ {
			if w[j] < w[least] {
				least = j
			}
		}
		if least != i {
			w[i], w[least] = w[least], w[i]
			for k := range n {
				row := a.row(k)
				row[i], row[least] = row[least], row[i]
			}
		}
		w[i] /= scale
	}
	return true
}

// toRange multiplies a by a power of two where squares of its elements would leave the range, and returns that.
func toRange(a Matrix[float64]) (scale float64) {
	top := 0.0
	for i := range a.Rows {
		for _, v := range a.row(i) {
			top = max(top, math.Abs(v))
		}
	}
	if top == 0 || top > 0x1p-400 && top < 0x1p400 {
		return 1
	}
	_, exp := math.Frexp(top)
	scale = math.Ldexp(1, max(-1000, min(1000, -exp)))
	for i := range a.Rows {
		row := a.row(i)
		for j := range row {
			row[j] *= scale
		}
	}
	return scale
}

// tridiagonal is LAPACK's Dsytrd for the lower triangle: d and e become the diagonal and what is below it, and a holds the
// reflections.
func tridiagonal(a Matrix[float64], d, e, tau, work []float64) {
	var lapacks gonum.Implementation
	n, ld := a.Rows, a.LD
	i := 0
	for ; i < n-2*panel; i += panel {
		if a.stopped() {
			return
		}
		lapacks.Dlatrd(blas.Lower, n-i, panel, a.Data[i*ld+i:], ld, e[i:], tau[i:], work, panel)
		blasgonum.Implementation{}.Dsyr2k(blas.Lower, blas.NoTrans, n-i-panel, panel, -1, a.Data[(i+panel)*ld+i:], ld,
			work[panel*panel:], panel, 1, a.Data[(i+panel)*ld+i+panel:], ld)
		for j := i; j < i+panel; j++ {
			a.Data[(j+1)*ld+j] = e[j]
			d[j] = a.Data[j*ld+j]
		}
	}
	lapacks.Dsytd2(blas.Lower, n-i, a.Data[i*ld+i:], ld, d[i:], e[i:], tau[i:])
}

// product is LAPACK's Dorgtr, with Dorgqr: a becomes the product of the reflections that tridiagonal has left in it.
func product(a Matrix[float64], tau, work []float64) {
	var lapacks gonum.Implementation
	n, ld := a.Rows, a.LD
	for i := n - 1; i >= 0; i-- { // the reflections move one column to the right
		row := a.row(i)
		if i > 0 {
			copy(row[1:i], row[:i-1])
		}
		clear(row[max(i, 1):])
		row[0] = 0
	}
	a.Data[0] = 1
	q := a.block(1, 1, n-1, n-1)
	m := n - 1
	for i := (m - 1) / panel * panel; i >= 0; i -= panel {
		if a.stopped() {
			return
		}
		width := min(panel, m-i)
		from := q.Data[i*ld+i:]
		if rest := m - i - width; rest > 0 {
			blockFactor(q.block(i, i, m-i, width), tau[i:i+width], work)
			lapacks.Dlarfb(blas.Left, blas.NoTrans, lapack.Forward, lapack.ColumnWise, m-i, rest, width, from, ld, work, panel,
				q.Data[i*ld+i+width:], ld, work[width*panel:], panel)
		}
		lapacks.Dorg2r(m-i, width, width, from, ld, tau[i:i+width], work)
	}
}

// iterate makes the tridiagonal matrix of d and e diagonal by implicit QL iterations, and turns the columns of z with it.
func iterate(z Matrix[float64], d, e, cos, sin []float64) (ok bool) {
	n := len(d)
	e[n-1] = 0
	norm := 0.0
	for i, v := range d {
		norm = max(norm, math.Abs(v)+math.Abs(e[i]))
	}
	above := 0.0 // the size of what is above: what is small beside that counts as 0 (EISPACK's tql2)
	for l := range n {
		above = max(above, math.Abs(d[l])+math.Abs(e[l]))
		size := above
		for iter := 0; ; iter++ {
			m := l
			if iter == patience {
				size = norm
			}
			for m < n-1 && math.Abs(e[m]) > max(0x1p-52*size, nothing) {
				m++
			}
			if m == l {
				break
			}
			if iter == mostIter || z.stopped() {
				return false
			}
			g := (d[l+1] - d[l]) / (2 * e[l])
			g = d[m] - d[l] + e[l]/(g+math.Copysign(math.Hypot(g, 1), g))
			c, s, p := 1.0, 1.0, 0.0
			i := m - 1
			for ; i >= l; i-- {
				f, b := s*e[i], float64(c*e[i])
				r := math.Hypot(f, g)
				if r < 0x1p-900 { // where digits are lost
					f, g = f*0x1p600, g*0x1p600
					r = math.Hypot(f, g)
					e[i+1] = r * 0x1p-600
				} else {
					e[i+1] = r
				}
				if r == 0 { // it has come apart here
					d[i+1] -= p
					e[m] = 0
					break
				}
				s, c = f/r, g/r
				g = d[i+1] - p
				r = float64((d[i]-g)*s) + float64(2*c*b)
				p = float64(s * r)
				d[i+1] = g + p
				g = float64(c*r) - b
				cos[i], sin[i] = c, s
			}
			turnColumns(z, cos, sin, i+1, m)
			if i >= l {
				continue
			}
			d[l] -= p
			e[l], e[m] = g, 0
		}
	}
	return true
}

// turnColumns turns columns i and i+1 of z by the angles of i = to - 1 down to from, four rows at a time.
func turnColumns(z Matrix[float64], cos, sin []float64, from, to int) {
	if from >= to {
		return
	}
	cos, sin = cos[from:to], sin[from:to]
	sin = sin[:len(cos)]
	k := 0
	for ; k+4 <= z.Rows; k += 4 {
		r0, r1 := z.row(k)[from:to+1], z.row(k + 1)[from:to+1]
		r2, r3 := z.row(k + 2)[from:to+1], z.row(k + 3)[from:to+1]
		y0, y1, y2, y3 := r0[to-from], r1[to-from], r2[to-from], r3[to-from]
		for i := len(cos) - 1; i >= 0; i-- {
			c, s := cos[i], sin[i]
			x0, x1, x2, x3 := r0[i], r1[i], r2[i], r3[i]
			r0[i+1], y0 = float64(s*x0)+float64(c*y0), float64(c*x0)-float64(s*y0)
			r1[i+1], y1 = float64(s*x1)+float64(c*y1), float64(c*x1)-float64(s*y1)
			r2[i+1], y2 = float64(s*x2)+float64(c*y2), float64(c*x2)-float64(s*y2)
			r3[i+1], y3 = float64(s*x3)+float64(c*y3), float64(c*x3)-float64(s*y3)
		}
		r0[0], r1[0], r2[0], r3[0] = y0, y1, y2, y3
	}
	for ; k < z.Rows; k++ {
		row := z.row(k)[from : to+1]
		y := row[to-from]
		for i := len(cos) - 1; i >= 0; i-- {
			row[i+1], y = float64(sin[i]*row[i])+float64(cos[i]*y), float64(cos[i]*row[i])-float64(sin[i]*y)
		}
		row[0] = y
	}
}

// blockFactor sets t to the triangle T of a block reflector, I - V·T·Vᵀ for the reflections of the columns of V (LAPACK's
// Dlarft, which in gonum v0.17 and before makes another for some matrices of rank one).
func blockFactor(v Matrix[float64], tau, t []float64) {
	var dots [panel]float64
	for i, factor := range tau {
		clear(dots[:i])
		for k := i; k < v.Rows; k++ {
			row := v.row(k)
			x := row[i]
			if k == i {
				x = 1
			}
			for j := range i {
				dots[j] += float64(x * row[j])
			}
		}
		for j := range i {
			sum := 0.0
			for k := j; k < i; k++ {
				sum += float64(t[j*panel+k] * dots[k])
			}
			t[j*panel+i] = -factor * sum
		}
		t[i*panel+i] = factor
	}
}
