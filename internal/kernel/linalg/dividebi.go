package linalg

import "math"

// Divide and conquer for the singular values of bidiagonal matrices (Gu and Eisenstat, SIAM J. Matrix Anal. Appl. 16-1,
// 1995; LAPACK's Dlasd1 to 4). A part is of n rows and n + 1 columns. Without its middle row it is two smaller parts;
// with the singular vectors of these as axes it has that row, z, above diag(d). Its singular values are the roots of the secular
// equation for poles d².

// negligible is what counts as 0 where the largest element of the matrix is next to 1.
const negligible = 0x1p-300

// A halver finds singular values of the matrix with d on the diagonal and e beside it.
type halver struct {
	merger
	u, v Matrix[float64] // rows are left singular vectors, and right ones; the last of a part of v is what it takes to 0
	e    []float64
	s    []float64 // of left vectors
}

// solve finds the singular values and vectors of n rows from lo on. It reports whether it came to an end.
func (h *halver) solve(lo, n int) (ok bool) {
	switch n {
	case 0:
		h.v.row(lo)[lo] = 1
		return true
	case 1:
		h.one(lo)
		return true
	}
	n1 := n / 2
	alpha, beta := h.d[lo+n1], h.e[lo+n1]
	if !h.solve(lo, n1) || !h.solve(lo+n1+1, n-n1-1) || h.u.stopped() {
		return false
	}
	return h.merge(lo, n, n1, alpha, beta)
}

// one is a part of one row.
func (h *halver) one(lo int) {
	alpha, beta := h.d[lo], h.e[lo]
	size := math.Hypot(alpha, beta)
	c, s := 1.0, 0.0
	if size < negligible { // where digits are lost
		size = 0
	} else {
		c, s = alpha/size, beta/size
	}
	first, last := h.v.row(lo)[lo:], h.v.row(lo + 1)[lo:]
	first[0], first[1], last[0], last[1] = c, s, -s, c
	h.u.row(lo)[lo] = 1
	h.d[lo], h.order[lo] = size, 0
}

// merge makes one part of n rows of two, of n1 rows and what is left but for the middle row, which has alpha and beta.
func (h *halver) merge(lo, n, n1 int, alpha, beta float64) (ok bool) {
	u, v := h.u.block(lo, lo, n, n), h.v.block(lo, lo, n+1, n+1)
	d, z, order, places := h.d[lo:lo+n], h.z[:n], h.order[lo:lo+n], h.places[:n]
	for i := range n1 {
		z[i] = alpha * v.Data[i*v.LD+n1]
	}
	for i := n1 + 1; i < n; i++ {
		z[i] = beta * v.Data[i*v.LD+n1+1]
		order[i] += int64(n1 + 1)
	}
	u.row(n1)[n1], d[n1] = 1, 0
	last1, last2 := alpha*v.Data[n1*v.LD+n1], beta*v.Data[n*v.LD+n1+1]
	z[n1] = math.Hypot(last1, last2)
	top := max(math.Abs(alpha), math.Abs(beta))
	for _, value := range d {
		top = max(top, value)
	}
	if top < negligible { // beside the whole matrix it is nothing
		for i := range n {
			d[i], order[i] = 0, int64(i)
		}
		return true
	}
	tol := 0x1p-50 * top
	if z[n1] > tol {
		turnRows(v.row(n1), v.row(n), last1/z[n1], last2/z[n1])
	} else {
		z[n1] = tol
	}
	copy(order[1:], order[:n1])
	order[0] = int64(n1)
	mergeOrders(order[1:], places, n1, d)
	k := h.deflate(u, v, d, order, n1, tol)
	h.group(k)
	if !h.roots(k) {
		return false
	}
	h.turn(u, h.s, places, k, n1)
	h.turn(v, h.merger.s, places, k, n1+1)
	h.reorder(d, order, k)
	return !h.u.stopped()
}

// deflate is divider's, for singular values. The first pole, 0, always remains.
func (h *halver) deflate(u, v Matrix[float64], d []float64, order []int64, n1 int, tol float64) (k int) {
	n, z := len(d), h.z[:len(d)]
	for i := range n {
		h.kinds[i] = onLeft
		if i > n1 {
			h.kinds[i] = onRight
		}
	}
	h.kinds[n1] = onBoth
	h.keep(n1, 0, d, z, z[n1])
	k = 1
	last, pending := n, -1
	for _, at := range order[1:] {
		j := int(at)
		if math.Abs(z[j]) <= tol {
			last--
			h.places[last] = at
			continue
		}
		if pending >= 0 && d[j]-d[pending] <= tol {
			s, c := z[pending], z[j]
			length := math.Hypot(s, c)
			c, s = c/length, -s/length
			z[j], z[pending] = length, 0
			if h.kinds[j] != h.kinds[pending] {
				h.kinds[j] = onBoth
			}
			turnRows(u.row(pending), u.row(j), c, s)
			turnRows(v.row(pending), v.row(j), c, s)
			last--
			h.places[last] = int64(pending)
		} else if pending >= 0 {
			h.keep(pending, k, d, z, z[pending])
			k++
		}
		pending = j
	}
	if pending >= 0 {
		h.keep(pending, k, d, z, z[pending])
		k++
	}
	if k > 1 {
		h.poles[1] = max(h.poles[1], tol/2)
	}
	return k
}

// roots solves the secular equation, of k poles, for singular values and vectors: of right ones the coefficients are z over the
// distances, of left ones d·z over them, and −1 first.
func (h *halver) roots(k int) (ok bool) {
	eq := secular{d: h.poles[:k], w: h.weights[:k], squares: true}
	for j := range k {
		if h.u.stopped() {
			return false
		}
		origin, x := eq.root(j, h.gaps[:k], h.merger.s[j*k:][:k])
		pole := h.poles[origin]
		h.values[j] = pole + x/(pole+math.Sqrt(float64(pole*pole)+x))
	}
	exact := h.exact(&eq)
	for j := range k {
		delta, left := h.merger.s[j*k:][:k], h.s[j*k:][:k]
		sum := 1.0
		for i := 1; i < k; i++ {
			u := h.poles[i] * exact[i] / delta[i]
			left[h.to[i]] = u
			sum += float64(u * u)
		}
		left[h.to[0]] = -1
		norm := math.Sqrt(sum)
		for i := range left {
			left[i] /= norm
		}
		h.vector(delta, exact)
	}
	return true
}
