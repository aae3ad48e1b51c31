package linalg

import "math"

// few is the number of columns up to which singular vectors are found by rotations.
const few = 8

// SVDScratch is the scratch that SVD wants for matrices of m rows and n ≤ m columns, in numbers of either kind.
func SVDScratch(m, n int) (floats, ints int) {
	if n <= few {
		return 0, 0
	}
	floats, ints = mergerScratch(n)
	return 4*n*n + (n+1)*(n+1) + 5*n + max(floats, bidiagonalScratch(n), compactScratch(m, n)), ints
}

// SVD finds A = U·diag(w)·Vᵀ with w in descending order and sets the rows of u and v, n × m and n × n, to the columns of U and
// V. It overwrites a, whose rows are A's n ≤ m columns. It reports whether it came to an end, which it does not if a is stopped; for elements that are not
// finite everything is NaN.
//
// More rows than columns are reduced to a triangle first (Chan, ACM Trans. Math. Softw. 8-1, 1982).
func SVD(a, u, v Matrix[float64], w, scratch []float64, places []int64, workers int) (ok bool) {
	n := a.Rows
	if !isFinite(a) {
		nan := math.NaN()
		for i := range n {
			w[i] = nan
			fill(u.row(i), nan)
			fill(v.row(i), nan)
		}
		return true
	}
	scale := toRange(a)
	switch {
	case n <= few:
		oneSided(a, v)
		inOrder(a, u, v, w)
	case !bySVDivision(a, u, v, w, scratch, places, workers):
		return false
	}
	for i := range n {
		w[i] /= scale
	}
	return !a.stopped()
}

func isFinite(a Matrix[float64]) bool {
	for i := range a.Rows {
		for _, v := range a.row(i) {
			if v-v != 0 {
				return false
			}
		}
	}
	return true
}

func fill(x []float64, v float64) {
	for i := range x {
		x[i] = v
	}
}

// bySVDivision goes by way of a bidiagonal form of Aᵀ, or, of more rows than columns, of the triangle of A.
func bySVDivision(a, u, v Matrix[float64], w, scratch []float64, places []int64, workers int) (ok bool) {
	m, n := a.Cols, a.Rows
	take := func(rows, cols int) Matrix[float64] {
		part := Dense(scratch, rows, cols).Until(a.Stop)
		scratch = scratch[rows*cols:]
		return part
	}
	b, left, right, us, vs := take(n, n), take(n, n), take(n, n), take(n, n), take(n+1, n+1)
	numbers := take(5, n)
	e, tauLeft, tauRight, tau, diagonal := numbers.row(0), numbers.row(1), numbers.row(2), numbers.row(3), numbers.row(4)
	if m > n {
		reduce(a, tau, diagonal, scratch, workers)
	}
	for i := range n {
		row := b.row(i)
		copy(row, a.row(i))
		if m > n {
			row[i] = diagonal[i]
			clear(row[i+1:])
		}
	}
	bidiagonal(b, left, right, w, e, tauLeft, tauRight, scratch, workers)
	clear(us.Data)
	clear(vs.Data)
	merger, _ := newMerger(w, scratch, places, workers)
	h := halver{merger: merger, u: us, v: vs, e: e, s: b.Data}
	if a.stopped() || !h.solve(0, n) {
		return false
	}
	for i := range n {
		at := int(h.order[n-1-i])
		e[i] = w[at]
		copy(v.row(i), us.row(at))
		row := u.row(i)
		copy(row, vs.row(at)[:n])
		clear(row[n:])
	}
	copy(w, e)
	turnRowsBy(v, reflectors[float64]{c: left, tau: tauLeft}, scratch, workers)
	turnRowsBy(u.block(0, 0, n, n), reflectors[float64]{c: right, tau: tauRight[:n-1], shift: 1}, scratch, workers)
	if m > n {
		turnRowsBy(u, reflectors[float64]{c: a, tau: tau}, scratch, workers)
	}
	return true
}

// oneSided turns rows of a until they are orthogonal, and sets v to the same turns of an identity (Hestenes, J. SIAM 6, 1958).
func oneSided(a, v Matrix[float64]) {
	n := a.Rows
	for i := range n {
		row := v.row(i)
		clear(row)
		row[i] = 1
	}
	tol := 0x1p-106 * float64(a.Cols+12)
	rounds := (n - 1) | 1
	for sweep, turned := 0, true; turned && sweep < 64 && !a.stopped(); sweep++ {
		turned = false
		for round := range rounds {
			for k := range rounds/2 + 1 {
				if p, q := match(rounds, round, k); q < n {
					turned = turnPair(a.row(p), a.row(q), v.row(p), v.row(q), tol) || turned
				}
			}
		}
	}
}

// turnPair makes x and y orthogonal, turns v and w as well, and reports whether it counted.
func turnPair(x, y, v, w []float64, tol float64) bool {
	y = y[:len(x)]
	xx, yy, xy := 0.0, 0.0, 0.0
	for i, s := range x {
		t := y[i]
		xx += float64(s * s)
		yy += float64(t * t)
		xy += float64(s * t)
	}
	if min(xx, yy) < 0x1p-250 { // beside the largest element it is nothing, and squares vanish
		if xx < yy {
			clear(x)
		} else {
			clear(y)
		}
		return false
	}
	if float64(xy*xy) <= tol*xx*yy {
		return false
	}
	half := (yy - xx) / 2
	r := math.Sqrt(float64(half*half) + float64(xy*xy))
	sine := xy
	if half < 0 {
		half, sine = -half, -xy
	}
	cos := math.Sqrt(0.5 + float64(0.5*(half/r)))
	sin := sine / (2 * r * cos)
	turnRows(x, y, cos, -sin)
	turnRows(v, w, cos, -sin)
	return true
}

// inOrder sets the rows of u to those of a, which are orthogonal, over their lengths, w, in descending order.
func inOrder(a, u, v Matrix[float64], w []float64) {
	n := a.Rows
	for i := range n {
		sum := 0.0
		for _, x := range a.row(i) {
			sum += float64(x * x)
		}
		w[i] = math.Sqrt(sum)
	}
	for i := range n { // the largest first
		most := i
		for j := i + 1; j < n; j++ {
			if w[j] > w[most] {
				most = j
			}
		}
		w[i], w[most] = w[most], w[i]
		a.swapRows(i, most)
		v.swapRows(i, most)
		row := u.row(i)
		if w[i] < 0x1p-125 {
			complete(u, i)
			continue
		}
		for k, x := range a.row(i) {
			row[k] = x / w[i]
		}
	}
}

// complete sets row i of u to a vector orthogonal to those before it.
func complete(u Matrix[float64], i int) {
	row := u.row(i)
	for axis := range row {
		clear(row)
		row[axis] = 1
		for range 2 { // twice is enough (Kahan; Parlett, The Symmetric Eigenvalue Problem, section 6.9)
			for j := range i {
				other := u.row(j)
				dot := 0.0
				for k, x := range other {
					dot += float64(x * row[k])
				}
				minusMultiple(row, dot, other)
			}
		}
		sum := 0.0
		for _, x := range row {
			sum += float64(x * x)
		}
		if float64(sum*float64(len(row))) < 0.5 {
			continue
		}
		norm := math.Sqrt(sum)
		for k := range row {
			row[k] /= norm
		}
		return
	}
}
