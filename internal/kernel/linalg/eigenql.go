package linalg

import "math"

const (
	patience = 10       // iterations after which what is small beside the whole matrix counts as 0 too: rounding may leave no less
	mostIter = 60       // iterations for an eigenvalue, of which two or three are usual
	nothing  = 0x1p-500 // beside the largest element, as toRange leaves it
)

// toRange multiplies a by a power of two, which it returns, that makes the largest element next to 1, so that squares stay in
// range.
func toRange(a Matrix[float64]) (scale float64) {
	top := 0.0
	for i := range a.Rows {
		for _, v := range a.row(i) {
			top = max(top, v, -v)
		}
	}
	if top >= 0.5 && top < 1 || top == 0 {
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

// iterate makes the tridiagonal matrix of d and e diagonal by implicit QL iterations, and turns the columns of z with it (Golub
// and Van Loan, Matrix Computations, section 8.3.3).
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
				r := math.Sqrt(float64(f*f) + float64(g*g))
				if r < 0x1p-450 { // where squares lose digits
					r = math.Hypot(f, g)
				}
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
