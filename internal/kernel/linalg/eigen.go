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
	finite, top := true, 0.0
	for i := range n {
		for j, v := range a.Data[i*a.LD:][:i+1] {
			v = float64(v/2) + float64(a.Data[j*a.LD+i]/2)
			a.Data[i*a.LD+j], a.Data[j*a.LD+i] = v, v
			finite = finite && v-v == 0
			top = max(top, v, -v)
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
		y, scale := Dense(scratch, n, n), 1.0
		if top > 0x1p100 || top < 0x1p-100 {
			scale = toRange(a)
		}
		jacobi(a, w, y)
		if scale != 1 {
			for i := range w {
				w[i] /= scale
			}
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
// Computations, section 8.5), in rounds until a sweep leaves it as it is, and sorts. The rows of v become the eigenvectors.
func jacobi(a Matrix[float64], w []float64, v Matrix[float64]) {
	n := a.Rows
	clear(v.Data)
	for i := range n {
		v.Data[i*n+i] = 1 // rows of v are eigenvectors
	}
	rounds := (n - 1) | 1
	for sweep, turned := 0, true; turned && sweep < 64; sweep++ {
		turned = false
		for round := range rounds {
			for k := range rounds/2 + 1 {
				if p, q := match(rounds, round, k); q < n {
					turned = rotate(a, v, p, q) || turned
				}
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

// match is pair k of a round in which every axis has one partner at most, so that a processor may turn several pairs at a time.
// After all rounds, of which there is an odd number, every two axes have met.
func match(rounds, round, k int) (p, q int) {
	if k == 0 {
		return round, rounds
	}
	p, q = round+k, round-k
	if p >= rounds {
		p -= rounds
	}
	if q < 0 {
		q += rounds
	}
	return min(p, q), max(p, q)
}

// rotate turns axes p and q so that a's element there vanishes, and reports whether it counted.
func rotate(a, v Matrix[float64], p, q int) bool {
	n := a.Rows
	rowP, rowQ := a.Data[p*a.LD:][:n], a.Data[q*a.LD:][:n]
	pp, qq, pq := rowP[p], rowQ[q], rowP[q]
	if float64(pq*pq) <= 0x1p-110*math.Abs(pp)*math.Abs(qq) {
		return false
	}
	half := (qq - pp) / 2
	r := math.Sqrt(float64(half*half) + float64(pq*pq))
	sine := pq
	if half < 0 {
		half, sine = -half, -pq
	}
	t := sine / (half + r) // the tangent of the angle; twice the angle has half and pq as its sides
	cos := math.Sqrt(0.5 + float64(0.5*(half/r)))
	sin := sine / (2 * r * cos)
	for k, x := range rowP {
		y := rowQ[k]
		x, y = float64(cos*x)-float64(sin*y), float64(sin*x)+float64(cos*y)
		rowP[k], rowQ[k] = x, y
		a.Data[k*a.LD+p], a.Data[k*a.LD+q] = x, y
	}
	rowP[p], rowQ[q], rowP[q], rowQ[p] = pp-float64(t*pq), qq+float64(t*pq), 0, 0
	vectorP, vectorQ := v.Data[p*v.LD:][:n], v.Data[q*v.LD:][:n]
	for k, x := range vectorP {
		y := vectorQ[k]
		vectorP[k], vectorQ[k] = float64(cos*x)-float64(sin*y), float64(sin*x)+float64(cos*y)
	}
	return true
}
