package linalg

import "math"

// rotated is the size up to which eigenvectors are found by rotations; beyond, a tridiagonal form is faster.
const rotated = 8

// EigenScratch is the scratch that Eigen wants for an n × n matrix, in numbers of either kind.
func EigenScratch(n int) (floats, ints int) {
	if n <= rotated {
		return n * n, 0
	}
	floats, ints = mergerScratch(n)
	floats += 2 * n
	return n*n + 2*n + max(floats, tridiagonalScratch(n), compactScratch(n, n)), ints
}

// Eigen overwrites a with orthonormal eigenvectors, as columns, of its symmetric part, and sets w to the eigenvalues,
// in ascending order. The component of an eigenvector that is largest in size, the first of equals, is positive. It
// reports whether the iterations ended, which they do not if a is stopped; for elements that are not finite everything is NaN.
func Eigen(a Matrix[float64], w, scratch []float64, places []int64, workers int) (ok bool) {
	n := a.Rows
	finite := true
	for i := range n {
		for j := 0; j <= i; j++ {
			v := float64(a.Data[i*a.LD+j]/2) + float64(a.Data[j*a.LD+i]/2)
			a.Data[i*a.LD+j], a.Data[j*a.LD+i] = v, v
			finite = finite && v-v == 0
		}
	}
	switch {
	case !finite:
		for i := range n {
			w[i] = math.NaN()
			for j := range n {
				a.Data[i*a.LD+j] = math.NaN()
			}
		}
		return true
	case n <= rotated:
		y, scale := Dense(scratch, n, n), toRange(a)
		jacobi(a, w, y)
		for i := range w {
			w[i] /= scale
		}
		columnsOf(a, y, nil)
		return true
	}
	return byDivision(a, w, scratch, places, workers)
}

// byDivision finds eigenvectors by way of a tridiagonal form.
func byDivision(a Matrix[float64], w, scratch []float64, places []int64, workers int) (ok bool) {
	n := a.Rows
	scale := toRange(a)
	y, tau, e, scratch := Dense(scratch, n, n).Until(a.Stop), scratch[n*n:][:n], scratch[n*n+n:][:n], scratch[n*n+2*n:]
	tridiagonal(a, w, e, tau, scratch, workers)
	m, rest := newMerger(w, scratch, places, workers)
	v := divider{merger: m, y: y, e: e, turned: rest[:2*n]}
	if a.stopped() || !v.solve(0, n) {
		return false
	}
	turnRowsBy(y, reflectors[float64]{c: a, tau: tau[:n-1], shift: 1}, scratch, workers)
	for i, at := range v.order {
		e[i] = w[at] / scale
	}
	copy(w, e)
	columnsOf(a, y, v.order)
	return !a.stopped()
}

// columnsOf sets the columns of a to the rows of y, in the given order if there is one, with the largest element of each
// positive.
func columnsOf(a, y Matrix[float64], order []int64) {
	n := a.Rows
	var rows [8][]float64
	var signs [8]float64
	for from := 0; from < n; from += len(rows) {
		some := rows[:min(len(rows), n-from)]
		for i := range some {
			at := from + i
			if order != nil {
				at = int(order[at])
			}
			some[i], signs[i] = y.row(at), 1
			best := 0.0
			for _, v := range some[i] {
				if math.Abs(v) > math.Abs(best) {
					best = v
				}
			}
			if best < 0 {
				signs[i] = -1
			}
		}
		for k := range n {
			to := a.row(k)[from:][:len(some)]
			for i, row := range some {
				to[i] = signs[i] * row[k]
			}
		}
	}
}

// jacobi makes a symmetric matrix diagonal by rotations of two axes at a time (Golub and Van Loan, Matrix
// Computations, section 8.5), row by row until a sweep leaves it as it is, and sorts. The rows of v become the eigenvectors.
func jacobi(a Matrix[float64], w []float64, v Matrix[float64]) {
	n := a.Rows
	clear(v.Data)
	for i := range n {
		v.Data[i*n+i] = 1 // rows of v are eigenvectors
	}
	for sweep, turned := 0, true; turned && sweep < 64; sweep++ {
		turned = false
		for p := range n {
			for q := p + 1; q < n; q++ {
				turned = rotate(a, v, p, q) || turned
			}
		}
	}
	for i := range n {
		w[i] = a.Data[i*a.LD+i]
	}
	for i := range n { // the least first
		least := i
		for j := i + 1; j < n; j++ {
			if w[j] < w[least] {
				least = j
			}
		}
		w[i], w[least] = w[least], w[i]
		v.swapRows(i, least)
	}
}

// rotate turns axes p and q so that a's element there vanishes, and reports whether it counted.
func rotate(a, v Matrix[float64], p, q int) bool {
	pp, qq, pq := a.Data[p*a.LD+p], a.Data[q*a.LD+q], a.Data[p*a.LD+q]
	if pq == 0 || math.Abs(pq) <= 0x1p-55*math.Sqrt(math.Abs(pp))*math.Sqrt(math.Abs(qq)) || math.Abs(pq) < 0x1p-1000 {
		return false
	}
	tau := (qq - pp) / 2 / pq
	t := 1 / (math.Abs(tau) + math.Hypot(1, tau))
	if tau < 0 {
		t = -t
	}
	cos := 1 / math.Sqrt(1+float64(t*t))
	sin := t * cos
	a.Data[p*a.LD+p], a.Data[q*a.LD+q] = pp-float64(t*pq), qq+float64(t*pq)
	a.Data[p*a.LD+q], a.Data[q*a.LD+p] = 0, 0
	for k := range a.Rows {
		if k != p && k != q {
			x, y := a.Data[p*a.LD+k], a.Data[q*a.LD+k]
			x, y = turn(x, y, cos, sin)
			a.Data[p*a.LD+k], a.Data[k*a.LD+p] = x, x
			a.Data[q*a.LD+k], a.Data[k*a.LD+q] = y, y
		}
		x, y := v.Data[p*v.LD+k], v.Data[q*v.LD+k]
		v.Data[p*v.LD+k], v.Data[q*v.LD+k] = turn(x, y, cos, sin)
	}
	return true
}

// turn turns (x, y) by an angle, each product rounded by itself.
func turn(x, y, cos, sin float64) (float64, float64) {
	return float64(cos*x) - float64(sin*y), float64(sin*x) + float64(cos*y)
}
