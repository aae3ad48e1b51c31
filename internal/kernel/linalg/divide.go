package linalg

import (
	"math"

	"chainrule/internal/kernel/gemm"
)

// Divide and conquer for symmetric tridiagonal matrices (Cuppen, Numer. Math. 36, 1981; Gu and Eisenstat, SIAM J. Matrix
// Anal. Appl. 16-1, 1995; LAPACK's Dlaed1 to 4). Cut in the middle, the matrix is two smaller ones and one of rank
// one. With the eigenvectors of the two as axes it is diag(d) + rho·z·zᵀ. Where z is next to nothing, or two d are next to
// equal, eigenvectors stay as they are: they are deflated. The rest are found by the secular equation, and
// products of matrices turn them back.

// quick is the size up to which the QL iteration finds the eigenvalues of a part.
const quick = 24

// A divider is the memory of all levels.
type divider struct {
	y             Matrix[float64] // rows are eigenvectors
	d, e, cos, z  []float64       // cos has room for 2n elements
	order         []int64         // of the rows of a part, by ascending eigenvalue
	places, kinds []int64
	to            []int64 // where rows go, by kind
	counts        [3]int  // of kinds up to each
	poles, weights,
	gaps, row []float64
	s, gathered []float64 // n² each
	workers     int
}

// A row of eigenvectors of a part has nonzero elements on the left, on both sides, or on the right.
const (
	onLeft = iota
	onBoth
	onRight
)

// dividerScratch is how many numbers of either kind a divider wants.
func dividerScratch(n int) (floats, ints int) { return 2*n*n + 8*n, 4 * n }

// newDivider cuts scratch up.
func newDivider(y Matrix[float64], d, e, scratch []float64, places []int64, workers int) divider {
	n := y.Rows
	take := func(k int) []float64 {
		part := scratch[:k]
		scratch = scratch[k:]
		return part
	}
	return divider{
		y: y, d: d, e: e, workers: workers, order: places[:n], places: places[n : 2*n], kinds: places[2*n : 3*n], to: places[3*n : 4*n],
		cos: take(2 * n), z: take(n), poles: take(n), weights: take(n), gaps: take(n), row: take(2 * n),
		s: take(n * n), gathered: take(n * n),
	}
}

// solve finds the eigenvalues, in d, and vectors of rows and columns from lo to before hi. It reports whether it came to an
// end.
func (v *divider) solve(lo, hi int) (ok bool) {
	n := hi - lo
	if n <= quick {
		return v.leaf(lo, hi)
	}
	m := n / 2
	rho := v.e[lo+m-1]
	v.d[lo+m-1] -= math.Abs(rho)
	v.d[lo+m] -= math.Abs(rho)
	if !v.solve(lo, lo+m) || !v.solve(lo+m, hi) || v.y.stopped() {
		return false
	}
	for i := range n - m {
		v.order[lo+m+i] += int64(m)
	}
	return v.merge(lo, m, n, rho)
}

// leaf finds eigenvectors by iteration.
func (v *divider) leaf(lo, hi int) (ok bool) {
	n := hi - lo
	y := v.y.block(lo, lo, n, n)
	for i := range n {
		row := y.row(i)
		clear(row)
		row[i] = 1
	}
	if n == 0 {
		return true
	}
	d, order := v.d[lo:hi], v.order[lo:hi]
	if !iterate(y, d, v.e[lo:hi], v.cos[:n], v.cos[n:2*n]) {
		return false
	}
	transpose(y)
	sorted(order, d)
	return true
}

// sorted sets order to the places of d by ascending size.
func sorted(order []int64, d []float64) {
	for i := range order {
		j := i
		for ; j > 0 && d[order[j-1]] > d[i]; j-- {
			order[j] = order[j-1]
		}
		order[j] = int64(i)
	}
}

// mergeOrders merges two runs of order, each ascending, the first of k, by way of scratch.
func mergeOrders(order, scratch []int64, k int, d []float64) {
	copy(scratch, order)
	a, b := scratch[:k], scratch[k:len(order)]
	for i := range order {
		if len(b) == 0 || len(a) > 0 && d[a[0]] <= d[b[0]] {
			order[i], a = a[0], a[1:]
		} else {
			order[i], b = b[0], b[1:]
		}
	}
}

// merge makes one part of two, of m and n − m rows.
func (v *divider) merge(lo, m, n int, rho float64) (ok bool) {
	y := v.y.block(lo, lo, n, n)
	d, z, order, places := v.d[lo:lo+n], v.z[:n], v.order[lo:lo+n], v.places[:n]
	sign := math.Copysign(1, rho)
	rho = 2 * math.Abs(rho)
	for i := range n {
		if i < m {
			z[i] = y.Data[i*y.LD+m-1] * math.Sqrt2 / 2
			clear(y.row(i)[m:])
		} else {
			z[i] = y.Data[i*y.LD+m] * sign * math.Sqrt2 / 2
			clear(y.row(i)[:m])
		}
	}
	mergeOrders(order, places, m, d)
	k := v.deflate(y, d, z, order, rho, m)
	v.group(k)
	if !v.roots(k) {
		return false
	}
	v.turn(y, d, k, m)
	for i := range n {
		order[i] = int64(i)
	}
	rest := order[k:]
	sorted(rest, d[k:])
	for i := range rest {
		rest[i] += int64(k)
	}
	mergeOrders(order, places, k, d)
	return !v.y.stopped()
}

// deflate sorts out what stays as it is: places become rows by ascending d, the k that are left first. poles and weights
// are theirs.
func (v *divider) deflate(y Matrix[float64], d, z []float64, order []int64, rho float64, m int) (k int) {
	n := len(d)
	top := 0.0
	for i := range n {
		v.kinds[i] = onLeft
		if i >= m {
			v.kinds[i] = onRight
		}
		top = max(top, math.Abs(d[i]), math.Abs(z[i]))
	}
	tol := 0x1p-50 * top
	last, pending := n, -1
	for _, at := range order {
		j := int(at)
		if float64(rho*math.Abs(z[j])) <= tol {
			last--
			v.places[last] = at
			continue
		}
		if pending < 0 {
			pending = j
			continue
		}
		s, c := z[pending], z[j]
		length, apart := math.Hypot(s, c), d[j]-d[pending]
		c, s = c/length, -s/length
		if math.Abs(apart*c*s) > tol {
			v.keep(pending, k, d, z, rho)
			k++
			pending = j
			continue
		}
		z[j], z[pending] = length, 0
		if v.kinds[j] != v.kinds[pending] {
			v.kinds[j] = onBoth
		}
		turnRows(y.row(pending), y.row(j), c, s)
		d[pending], d[j] = float64(float64(d[pending]*c)*c)+float64(float64(d[j]*s)*s),
			float64(float64(d[pending]*s)*s)+float64(float64(d[j]*c)*c)
		last--
		v.places[last] = int64(pending)
		pending = j
	}
	if pending >= 0 {
		v.keep(pending, k, d, z, rho)
		k++
	}
	return k
}

func (v *divider) keep(row, k int, d, z []float64, rho float64) {
	v.places[k] = int64(row)
	v.poles[k], v.weights[k] = d[row], rho*z[row]*z[row]
}

// turnRows sets x to c·x + s·y and y to c·y − s·x.
func turnRows(x, y []float64, c, s float64) {
	y = y[:len(x)]
	for i, a := range x {
		b := y[i]
		x[i], y[i] = float64(c*a)+float64(s*b), float64(c*b)-float64(s*a)
	}
}

// roots solves the secular equation, of k poles, for eigenvalues and vectors, the rows of s. For the roots as they were found,
// there are weights for which they are exact (Löwner): with these, the vectors are orthogonal.
func (v *divider) roots(k int) (ok bool) {
	eq := secular{d: v.poles[:k], w: v.weights[:k]}
	values, z := v.row[k:2*k], v.z
	for j := range k {
		if v.y.stopped() {
			return false
		}
		origin, x := eq.root(j, v.gaps[:k], v.s[j*k:][:k])
		values[j] = v.poles[origin] + x
	}
	exact := v.gaps[:k]
	for i := range exact {
		exact[i] = -v.s[i*k+i]
	}
	for j := range k {
		delta := v.s[j*k:][:k]
		for i := range j {
			exact[i] *= delta[i] / (v.poles[i] - v.poles[j])
		}
		for i := j + 1; i < k; i++ {
			exact[i] *= delta[i] / (v.poles[i] - v.poles[j])
		}
	}
	for i := range k {
		exact[i] = math.Copysign(math.Sqrt(math.Abs(exact[i])), z[v.places[i]])
	}
	for j := range k {
		delta, row := v.s[j*k:][:k], v.row[:k]
		sum := 0.0
		for i, zi := range exact {
			u := zi / delta[i]
			row[i] = u
			sum += float64(u * u)
		}
		norm := math.Sqrt(sum)
		for i, u := range row {
			delta[v.to[i]] = u / norm
		}
	}
	copy(v.cos, values)
	return true
}

// group sorts the k rows that are left by kind: to is where each goes.
func (v *divider) group(k int) {
	next := int64(0)
	for kind := int64(onLeft); kind <= onRight; kind++ {
		for i, at := range v.places[:k] {
			if v.kinds[at] == kind {
				v.to[i] = next
				next++
			}
		}
		v.counts[kind] = int(next)
	}
}

// turn makes the eigenvectors of the whole of those of its parts, which are gathered first.
func (v *divider) turn(y Matrix[float64], d []float64, k, m int) {
	n := y.Rows
	left, both := v.counts[onLeft], v.counts[onBoth]
	first := Dense(v.gathered, both, m)
	second := Dense(v.gathered[both*m:], k-left, n-m)
	third := v.gathered[both*m+(k-left)*(n-m):]
	for i, at := range v.places[:n] {
		row := y.row(int(at))
		if i >= k {
			copy(third[(i-k)*n:][:n], row)
			v.row[i] = d[at]
			continue
		}
		v.row[i] = v.cos[i]
		to := int(v.to[i])
		if to < both {
			copy(first.row(to), row[:m])
		}
		if to >= left {
			copy(second.row(to-left), row[m:])
		}
	}
	copy(d, v.row[:n])
	for i := k; i < n; i++ {
		copy(y.row(i), third[(i-k)*n:][:n])
	}
	if k == 0 {
		return
	}
	stop := &gemm.Epilogue[float64]{Stop: y.Stop}
	gemm.Gemm(false, false, k, m, both, v.s, k, first.Data, m, y.Data, y.LD, stop, v.workers)
	gemm.Gemm(false, false, k, n-m, k-left, v.s[left:], k, second.Data, n-m, y.Data[m:], y.LD, stop, v.workers)
}
