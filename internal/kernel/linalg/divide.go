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

// A divider finds eigenvalues, d at last, of the matrix with d on the diagonal and e beside it.
type divider struct {
	merger
	y         Matrix[float64] // rows are eigenvectors
	e, turned []float64       // turned has room for 2n elements
}

// A merger is the memory of all levels.
type merger struct {
	d, z          []float64
	order         []int64 // of the rows of a part, by ascending d
	places, kinds []int64
	to            []int64 // where rows go, by kind
	counts        [3]int  // of kinds up to each
	poles, weights,
	gaps, row, values []float64
	s, gathered []float64 // n² and n·(n + 1)
	workers     int
}

// A row of eigenvectors of a part has nonzero elements on the left, on both sides, or on the right.
const (
	onLeft = iota
	onBoth
	onRight
)

// mergerScratch is how many numbers of either kind a merger wants.
func mergerScratch(n int) (floats, ints int) { return 2*n*n + 7*n, 4 * n }

// newMerger cuts scratch up, and gives the rest of it.
func newMerger(d, scratch []float64, places []int64, workers int) (v merger, rest []float64) {
	n := len(d)
	take := func(k int) []float64 {
		part := scratch[:k]
		scratch = scratch[k:]
		return part
	}
	v = merger{
		d: d, workers: workers, order: places[:n], places: places[n : 2*n], kinds: places[2*n : 3*n], to: places[3*n : 4*n],
		z: take(n), poles: take(n), weights: take(n), gaps: take(n), row: take(n), values: take(n),
		s: take(n * n), gathered: take(n * (n + 1)),
	}
	return v, scratch
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
	if !iterate(y, d, v.e[lo:hi], v.turned[:n], v.turned[n:2*n]) {
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
	v.turn(y, v.s, places, k, m)
	v.reorder(d, order, k)
	return !v.y.stopped()
}

// reorder puts d, of which the first k values are new, in the order of rows, and finds the order by size.
func (v *merger) reorder(d []float64, order []int64, k int) {
	for i, at := range v.places[:len(d)] {
		v.row[i] = d[at]
	}
	copy(d[k:], v.row[k:])
	copy(d, v.values[:k])
	for i := range k {
		order[i] = int64(i)
	}
	rest := order[k:]
	sorted(rest, d[k:])
	for i := range rest {
		rest[i] += int64(k)
	}
	mergeOrders(order, v.places[:len(d)], k, d)
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
			v.keep(pending, k, d, z, rho*z[pending])
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
		v.keep(pending, k, d, z, rho*z[pending])
		k++
	}
	return k
}

// keep makes a row pole k, of weight factor·z.
func (v *merger) keep(row, k int, d, z []float64, factor float64) {
	v.places[k] = int64(row)
	v.poles[k], v.weights[k] = d[row], factor*z[row]
}

// turnRows sets x to c·x + s·y and y to c·y − s·x.
func turnRows(x, y []float64, c, s float64) {
	y = y[:len(x)]
	for i, a := range x {
		b := y[i]
		x[i], y[i] = float64(c*a)+float64(s*b), float64(c*b)-float64(s*a)
	}
}

// roots solves the secular equation, of k poles, for eigenvalues and vectors, the rows of s.
func (v *divider) roots(k int) (ok bool) {
	eq := secular{d: v.poles[:k], w: v.weights[:k]}
	for j := range k {
		if v.y.stopped() {
			return false
		}
		origin, x := eq.root(j, v.gaps[:k], v.s[j*k:][:k])
		v.values[j] = v.poles[origin] + x
	}
	exact := v.exact(&eq)
	for j := range k {
		v.vector(v.s[j*k:][:k], exact)
	}
	return true
}

// exact returns the z for which the roots are exact as they were found, given the distances of poles from them in the rows of
// s (Löwner): with these, vectors are orthogonal.
func (v *merger) exact(eq *secular) []float64 {
	k := len(eq.d)
	exact := v.gaps[:k]
	for i := range exact {
		exact[i] = -v.s[i*k+i]
	}
	for j := range k {
		delta := v.s[j*k:][:k]
		for i := range j {
			exact[i] *= delta[i] / eq.gap(i, j)
		}
		for i := j + 1; i < k; i++ {
			exact[i] *= delta[i] / eq.gap(i, j)
		}
	}
	for i := range k {
		exact[i] = math.Copysign(math.Sqrt(math.Abs(exact[i])), v.z[v.places[i]])
	}
	return exact
}

// vector overwrites the distances of poles from a root with the root's vector, z over them.
func (v *merger) vector(delta, z []float64) {
	row, sum := v.row[:len(z)], 0.0
	for i, zi := range z {
		u := zi / delta[i]
		row[i] = u
		sum += float64(u * u)
	}
	norm := math.Sqrt(sum)
	for i, u := range row {
		delta[v.to[i]] = u / norm
	}
}

// group sorts the k rows that are left by kind: to is where each goes.
func (v *merger) group(k int) {
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

// turn makes the vectors of the whole, the rows of y, of those of its parts, which are gathered first from the given places:
// the first k are multiplied by s, the others remain. m is where the right side begins.
func (v *merger) turn(y Matrix[float64], s []float64, places []int64, k, m int) {
	n := y.Cols
	left, both := v.counts[onLeft], v.counts[onBoth]
	first := Dense(v.gathered, both, m)
	second := Dense(v.gathered[both*m:], k-left, n-m)
	third := v.gathered[both*m+(k-left)*(n-m):]
	for i, at := range places {
		row := y.row(int(at))
		if i >= k {
			copy(third[(i-k)*n:][:n], row)
			continue
		}
		to := int(v.to[i])
		if to < both {
			copy(first.row(to), row[:m])
		}
		if to >= left {
			copy(second.row(to-left), row[m:])
		}
	}
	for i := k; i < len(places); i++ {
		copy(y.row(i), third[(i-k)*n:][:n])
	}
	if k == 0 {
		return
	}
	stop := &gemm.Epilogue[float64]{Stop: y.Stop}
	gemm.Gemm(false, false, k, m, both, s, k, first.Data, m, y.Data, y.LD, stop, v.workers)
	gemm.Gemm(false, false, k, n-m, k-left, s[left:], k, second.Data, n-m, y.Data[m:], y.LD, stop, v.workers)
}
