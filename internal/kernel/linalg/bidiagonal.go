package linalg

import "chainrule/internal/kernel/gemm"

// bidiagonal reduces the square a to B = Qᵀ·A·P with the diagonal d and e above it, by reflections from both sides. Row i of
// left holds, from i on, the vector of the column that step i empties, and row i of right, from i + 1 on, that of the row. Within a
// panel the rest of the matrix is left as it was, A − VᵀY − XᵀU, until a product brings it up to date (LAPACK's
// Dgebrd). scratch holds bidiagonalScratch elements.
func bidiagonal(a, left, right Matrix[float64], d, e, tauLeft, tauRight, scratch []float64, workers int) {
	n := a.Rows
	add := &gemm.Epilogue[float64]{Accumulate: true, Stop: a.Stop}
	block := width(n)
	for from := 0; from < n; from += block {
		width := min(block, n-from)
		p := pair{n: n - from, a: a.block(from, from, n-from, n-from)}
		size := 2 * width * p.n
		p.left, p.right, p.dots = scratch[:size], scratch[size:2*size], scratch[2*size:]
		for j := range width {
			if a.stopped() {
				return
			}
			d[from+j], tauLeft[from+j] = p.column(j, left.row(from + j)[from+j:], workers)
			e[from+j], tauRight[from+j] = 0, 0
			if j+1 < p.n {
				e[from+j], tauRight[from+j] = p.across(j, right.row(from + j)[from+j+1:], workers)
			}
		}
		if rest := p.n - width; rest > 0 {
			c := p.a.block(width, width, rest, rest)
			gemm.Gemm(true, false, rest, rest, 2*width, p.left[width:], p.n, p.right[width:], p.n, c.Data, c.LD, add, workers)
		}
	}
}

func bidiagonalScratch(n int) int { return 4*blocked*n + 2*blocked }

// A pair is a panel of some columns and rows. Rows 2j and 2j+1 of left are v and x of step j, and those of right −y and −u: what
// is to be added to a is leftᵀ·right.
type pair struct {
	a                 Matrix[float64] // from the first element of the panel on
	n                 int
	left, right, dots []float64
}

// column empties column j, as it is by now, below the diagonal, and finds y.
func (p *pair) column(j int, v []float64, workers int) (beta, tau float64) {
	n, m, done := p.n, p.n-j, 2*j
	for i := range v {
		v[i] = p.a.Data[(j+i)*p.a.LD+j]
	}
	if done > 0 {
		for i := range done {
			p.dots[i] = p.right[i*n+j]
		}
		gemm.Gemm(false, false, 1, m, done, p.dots, done, p.left[j:], n, v, m, &gemm.Epilogue[float64]{Accumulate: true}, 1)
	}
	tau, beta = house(v)
	row, y := p.left[done*n:][:n], p.right[done*n:][:n]
	clear(row[:j])
	copy(row[j:], v)
	clear(y[:j+1])
	if m == 1 {
		return beta, tau
	}
	rest := p.a.block(j, j+1, m, m-1)
	stop := &gemm.Epilogue[float64]{Stop: p.a.Stop}
	gemm.Gemm(false, false, 1, m-1, m, v, m, rest.Data, rest.LD, y[j+1:], m-1, stop, workers)
	p.upToDate(p.left[j:], v, p.right[j+1:], y[j+1:], done)
	for i := range y {
		y[i] *= -tau
	}
	return beta, tau
}

// across empties row j, as it is by now, right of the diagonal and its neighbour, and finds x.
func (p *pair) across(j int, u []float64, workers int) (beta, tau float64) {
	n, m, done := p.n, p.n-j-1, 2*j+1
	copy(u, p.a.row(j)[j+1:])
	for i := range done {
		p.dots[i] = p.left[i*n+j]
	}
	gemm.Gemm(false, false, 1, m, done, p.dots, done, p.right[j+1:], n, u, m, &gemm.Epilogue[float64]{Accumulate: true}, 1)
	tau, beta = house(u)
	row, x := p.right[done*n:][:n], p.left[done*n:][:n]
	clear(row[:j+1])
	for i, v := range u {
		row[j+1+i] = -v
	}
	clear(x[:j+1])
	rest := p.a.block(j+1, j+1, m, m)
	stop := &gemm.Epilogue[float64]{Stop: p.a.Stop}
	gemm.Gemm(false, true, 1, m, m, u, m, rest.Data, rest.LD, x[j+1:], m, stop, workers)
	p.upToDate(p.right[j+1:], u, p.left[j+1:], x[j+1:], done)
	for i := range x {
		x[i] *= tau
	}
	return beta, tau
}

// upToDate adds to the product y of the matrix as it was and a vector what the first rows of left and right have to add: the
// dots of the vector with those of one, times those of the other.
func (p *pair) upToDate(one, vector, other, y []float64, rows int) {
	if rows == 0 {
		return
	}
	dots := p.dots[:rows]
	gemm.Gemm(false, true, 1, rows, len(vector), vector, len(vector), one, p.n, dots, rows, nil, 1)
	add := &gemm.Epilogue[float64]{Accumulate: true}
	gemm.Gemm(false, false, 1, len(y), rows, dots, rows, other, p.n, y, len(y), add, 1)
}
