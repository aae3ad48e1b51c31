package linalg

import "chainrule/internal/kernel/gemm"

// tridiagonal reduces the symmetric a to T = Qᵀ·A·Q with the diagonal d and e beside it, by reflections, of which row i of a
// holds that of step i, right of the diagonal, and tau the factors. Within a panel of rows the rest of the matrix is
// left as it was, A − VᵀW − WᵀV for the vectors V of the panel, until a product brings it up to date (Dongarra, Sorensen and
// Hammarling, J. Comput. Appl. Math. 27, 1989; LAPACK's Dsytrd). scratch holds tridiagonalScratch elements.
func tridiagonal(a Matrix[float64], d, e, tau, scratch []float64, workers int) {
	n := a.Rows
	add := &gemm.Epilogue[float64]{Accumulate: true, Stop: a.Stop}
	block := width(n)
	for from := 0; from < n; from += block {
		width := min(block, n-from)
		p := panel{n: n - from, width: width, a: a.block(from, from, n-from, n-from)}
		size := 2 * width * p.n
		p.left, p.right, p.dots = scratch[:size], scratch[size:2*size], scratch[2*size:]
		for j := range width {
			if a.stopped() {
				return
			}
			p.step(j, d[from:], e[from:], tau[from:], workers)
		}
		if rest := p.n - width; rest > 0 {
			c := p.a.block(width, width, rest, rest)
			gemm.Gemm(true, false, rest, rest, 2*width, p.left[width:], p.n, p.right[width:], p.n, c.Data, c.LD, add, workers)
		}
	}
}

func tridiagonalScratch(n int) int { return 4*blocked*n + 2*blocked }

// A panel is some rows of a reduction. Rows 2j and 2j+1 of left are v and w of step j, and those of right −w and −v: what is
// to be added to a is leftᵀ·right.
type panel struct {
	a                 Matrix[float64] // from the first row of the panel on
	n, width          int
	left, right, dots []float64
}

// step does row j.
func (p *panel) step(j int, d, e, tau []float64, workers int) {
	n := p.n
	row := p.a.row(j)[j:]
	for i := range 2 * j { // row j, up to date
		minusMultiple(row, -p.left[i*n+j], p.right[i*n+j:][:n-j])
	}
	d[j] = row[0]
	v, w := p.left[2*j*n:][:n], p.left[(2*j+1)*n:][:n]
	clear(v[:j+1])
	clear(w[:j+1])
	if j+1 < n {
		m := n - j - 1
		x := row[1:]
		tau[j], e[j] = house(x)
		copy(v[j+1:], x)
		rest, z := p.a.block(j+1, j+1, m, m), w[j+1:]
		gemm.Gemm(false, true, 1, m, m, x, m, rest.Data, rest.LD, z, m, &gemm.Epilogue[float64]{Stop: p.a.Stop}, workers)
		if j > 0 { // rightᵀ·(left·v)
			dots := p.dots[:2*j]
			gemm.Gemm(false, true, 1, 2*j, m, x, m, p.left[j+1:], n, dots, 2*j, nil, 1)
			gemm.Gemm(false, false, 1, m, 2*j, dots, 2*j, p.right[j+1:], n, z, m, &gemm.Epilogue[float64]{Accumulate: true}, 1)
		}
		factor := tau[j]
		gemm.Gemm(false, true, 1, 1, m, x, m, z, m, p.dots, 1, nil, 1)
		half := factor * factor * p.dots[0] / 2
		for i, y := range z {
			z[i] = float64(factor*y) - float64(half*x[i])
		}
	}
	minus, minusToo := p.right[2*j*n:][:n], p.right[(2*j+1)*n:][:n]
	for i := range v {
		minus[i], minusToo[i] = -w[i], -v[i]
	}
}
