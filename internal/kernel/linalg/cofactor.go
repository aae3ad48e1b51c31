package linalg

import (
	"math"
	"slices"
)

// CofactorScratch is the scratch, of float64s, that Cofactor wants for n × n matrices and k directions.
func CofactorScratch(n, k int) int { return (k+2)*n*n + 2*n + SolveScratch(n, n) }

// Cofactor sets c to the matrix of cofactors of a, det(A)·A⁻ᵀ where there is an inverse, or, given k directions E, to
// its k-th derivative along all of them. It divides by nothing, so that it is as accurate for
// singular matrices, of whatever rank. By complete pivoting A = P·L·D·U·Q with unit triangles, none of whose elements is
// larger than 1, and det(A + E) = ±det(D + L⁻¹·P⁻¹·E·Q⁻¹·U⁻¹); of that, at a diagonal D, the derivatives are sums over
// sets of rows, of products of all other elements of D. It computes in float64. places holds 3n numbers.
func Cofactor[T Float](c, a Matrix[T], e []Matrix[T], places []int64, scratch []float64, workers int) {
	n, k := a.Rows, len(e)
	if n == 0 || k >= n { // cofactors are of degree n − 1
		for i := range n {
			clear(c.row(i))
		}
		return
	}
	rows, cols := places[:n], places[n:2*n]
	lu, g, scratch := Dense(scratch, n, n).Until(a.Stop), Dense(scratch[n*n:], n, n).Until(a.Stop), scratch[2*n*n:]
	f := minors{p: scratch[:k*n*n], n: n, k: k, set: places[2*n:][:k+1]}
	d, solving := scratch[k*n*n:][:2*n], scratch[k*n*n+2*n:]
	for i := range n {
		for j, v := range a.row(i) {
			lu.Data[i*n+j] = float64(v)
		}
	}
	sign := completePivoting(lu, rows, cols)
	unitRows(lu, d[:n])
	for i, along := range e {
		p := Dense(f.p[i*n*n:], n, n).Until(a.Stop) // L⁻¹·E·U⁻¹, the second by transposes
		for r, from := range rows {
			for q, at := range cols {
				p.Data[q*n+r] = float64(along.Data[int(from)*along.LD+int(at)])
			}
		}
		SolveTriangular(lu, Triangle{Trans: true, Unit: true}, p, solving, workers)
		transpose(p)
		SolveTriangular(lu, Triangle{Lower: true, Unit: true}, p, solving, workers)
		f.exponent += normalize(p.Data)
	}
	f.sum(g, d[:n], d[n:])
	SolveTriangular(lu, Triangle{Unit: true}, g, solving, workers) // g is transposed
	transpose(g)
	SolveTriangular(lu, Triangle{Lower: true, Trans: true, Unit: true}, g, solving, workers)
	for i, r := range rows {
		for j, q := range cols {
			c.Data[int(r)*c.LD+int(q)] = T(math.Ldexp(sign*g.Data[i*n+j], f.exponent))
		}
	}
}

// unitRows moves the diagonal of U to d.
func unitRows(lu Matrix[float64], d []float64) {
	for i := range d {
		d[i] = lu.Data[i*lu.LD+i]
		if d[i] != 0 {
			for j := i + 1; j < len(d); j++ {
				lu.Data[i*lu.LD+j] /= d[i]
			}
		}
	}
}

func transpose(m Matrix[float64]) {
	for i := range m.Rows {
		for j := range i {
			x, y := &m.Data[i*m.LD+j], &m.Data[j*m.LD+i]
			*x, *y = *y, *x
		}
	}
}

// normalize divides x by the power of two next to its largest element, and returns the exponent.
func normalize(x []float64) int {
	largest := 0.0
	for _, v := range x {
		largest = max(largest, v, -v)
	}
	_, exponent := math.Frexp(largest)
	if exponent != 0 {
		for i, v := range x {
			x[i] = math.Ldexp(v, -exponent)
		}
	}
	return exponent
}

// minors finds derivatives of the cofactors of a diagonal matrix along k directions p, each n × n.
type minors struct {
	p        []float64
	n, k     int
	exponent int     // what is found wants to be multiplied by 2 to this
	set      []int64 // of k + 1 rows
}

// sum sets the transpose of g to Σ, over sets S of k + 1 rows, of the product of the elements of d outside of S times the
// derivative, by an element of one more direction in rows and columns S, of the coefficient of t₁·…·tₖ₊₁ in
// det(t₁·p₁ + … + tₖ₊₁·pₖ₊₁)[S, S]. products is scratch of d's length.
func (f *minors) sum(g Matrix[float64], d, products []float64) {
	clear(g.Data)
	copy(products, d)
	slices.SortFunc(products, func(a, b float64) int { return exponentOf(b) - exponentOf(a) })
	total := 0
	for _, v := range products[:f.n-f.k-1] {
		total += exponentOf(v)
	}
	shift := 0
	if total > 900 || total < -900 { // products would overflow, or be too small
		shift = total
		f.exponent += total
	}
	f.choose(g, d, 0, 0, scaled{1, -shift})
}

func exponentOf(v float64) int {
	_, e := math.Frexp(v)
	return e
}

// choose goes through the sets that begin with the first elements of f.set, the others being from the given row on.
func (f *minors) choose(g Matrix[float64], d []float64, chosen, from int, product scaled) {
	if chosen == f.k+1 {
		for _, v := range d[from:] {
			product = product.times(v)
		}
		if weight := product.value(); weight != 0 {
			f.add(g, weight)
		}
		return
	}
	for i := from; i+f.k-chosen < f.n && (chosen == f.k || !g.stopped()); i++ {
		f.set[chosen] = int64(i)
		f.choose(g, d, chosen+1, i+1, product)
		product = product.times(d[i])
	}
}

// add adds the part of one set.
func (f *minors) add(g Matrix[float64], weight float64) {
	all := 1<<(f.k+1) - 1
	for i, r := range f.set {
		for j, q := range f.set {
			w := weight
			if (i+j)%2 == 1 {
				w = -w
			}
			g.Data[int(q)*f.n+int(r)] += float64(w * f.mixed(0, i, all&^(1<<j), 1<<f.k-1))
		}
	}
}

// mixed expands along rows of the set, from row r on but for row without: each row is of one of the given directions, and
// has an element in one of the given columns, both as bits.
func (f *minors) mixed(r, without, columns, directions int) float64 {
	if directions == 0 {
		return 1
	}
	if r == without {
		r++
	}
	sum, sign := 0.0, 1.0
	for j, q := range f.set {
		if columns>>j&1 == 0 {
			continue
		}
		for m := range f.k {
			if directions>>m&1 == 1 {
				v := f.p[(m*f.n+int(f.set[r]))*f.n+int(q)]
				sum += float64(sign * v * f.mixed(r+1, without, columns&^(1<<j), directions&^(1<<m)))
			}
		}
		sign = -sign
	}
	return sum
}

// scaled is the number m·2ᵉ, with m near 1, which neither overflows nor vanishes.
type scaled struct {
	m float64
	e int
}

func (s scaled) times(v float64) scaled {
	m, e := math.Frexp(v)
	m, f := math.Frexp(s.m * m)
	return scaled{m, s.e + e + f}
}

func (s scaled) value() float64 { return math.Ldexp(s.m, s.e) }

// DiagonalProduct is the product of the diagonal elements, which overflows only if the result does.
func DiagonalProduct[T Float](a Matrix[T]) T {
	plain := 1.0
	for i := range a.Rows {
		v := float64(a.Data[i*a.LD+i])
		if plain *= v; !(math.Abs(plain) > 0x1p-500 && math.Abs(plain) < 0x1p500 && math.Abs(v) < 0x1p500) {
			return scaledProduct(a)
		}
	}
	return T(plain)
}

// scaledProduct is DiagonalProduct where a part of it may be out of range.
func scaledProduct[T Float](a Matrix[T]) T {
	product := scaled{1, 0}
	for i := range a.Rows {
		product = product.times(float64(a.Data[i*a.LD+i]))
	}
	return T(product.value())
}

// completePivoting overwrites a with the factors of P·A·Q = L·U. Row i of P·A·Q is row rows[i] of A, column j is
// column cols[j]. sign is det P·det Q. From the step on from which nothing but zeros is left, the factors are zeros.
func completePivoting(a Matrix[float64], rows, cols []int64) (sign float64) {
	n := a.Rows
	for i := range n {
		rows[i], cols[i] = int64(i), int64(i)
	}
	sign = 1
	for k := 0; k < n && !a.stopped(); k++ {
		best, r, q := -1.0, k, k
		for i := k; i < n; i++ {
			for j, v := range a.row(i)[k:] {
				if v = max(v, -v); v > best {
					best, r, q = v, i, k+j
				}
			}
		}
		if best == 0 {
			return sign
		}
		if r != k {
			a.swapRows(k, r)
			rows[k], rows[r], sign = rows[r], rows[k], -sign
		}
		if q != k {
			for i := range n {
				a.Data[i*a.LD+k], a.Data[i*a.LD+q] = a.Data[i*a.LD+q], a.Data[i*a.LD+k]
			}
			cols[k], cols[q], sign = cols[q], cols[k], -sign
		}
		row := a.row(k)
		for i := k + 1; i < n; i++ {
			below := a.row(i)
			below[k] /= row[k]
			minusMultiple(below[k+1:], below[k], row[k+1:])
		}
	}
	return sign
}
