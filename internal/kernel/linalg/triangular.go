package linalg

import "chainrule/internal/kernel/vec"

// Triangle says how a triangular system uses its matrix: of which only the triangle that is named is read.
type Triangle struct {
	Lower bool // the lower triangle, or else the upper
	Trans bool // the matrix is transposed
	Unit  bool // the diagonal is taken to be 1
}

// leaf is the size up to which plain loops solve.
const leaf = 24

// SolveScratch is the scratch that SolveTriangular wants for n equations with k right sides.
func SolveScratch(n, k int) int {
	if n <= leaf {
		return 0
	}
	return (n + 1) / 2 * k
}

// SolveTriangular sets b to op(t)⁻¹·b, t being square. A zero on the diagonal makes infinities or NaN.
func SolveTriangular[T Float](t Matrix[T], f Triangle, b Matrix[T], scratch []T, workers int) {
	n, h := t.Rows, t.Rows/2
	switch {
	case b.stopped():
		return
	case n <= leaf:
		substitute(t, f, b)
		return
	}
	first, second := t.block(0, 0, h, h), t.block(h, h, n-h, n-h)
	top, bottom := b.block(0, 0, h, b.Cols), b.block(h, 0, n-h, b.Cols)
	corner := t.block(0, h, h, n-h)
	if f.Lower {
		corner = t.block(h, 0, n-h, h)
	}
	if f.Lower != f.Trans { // forward
		SolveTriangular(first, f, top, scratch, workers)
		minusProduct(bottom, corner, f.Trans, top, scratch, workers)
		SolveTriangular(second, f, bottom, scratch, workers)
		return
	}
	SolveTriangular(second, f, bottom, scratch, workers)
	minusProduct(top, corner, f.Trans, bottom, scratch, workers)
	SolveTriangular(first, f, top, scratch, workers)
}

// substitute solves a small system, row by row: forward if op(t) is lower.
func substitute[T Float](t Matrix[T], f Triangle, b Matrix[T]) {
	n := t.Rows
	down, across := t.LD, 1 // steps from an element of op(t) to the next of its column and its row
	if f.Trans {
		down, across = 1, t.LD
	}
	for step := range n {
		i, from, to := step, 0, step
		if f.Lower == f.Trans {
			i, from, to = n-1-step, n-step, n
		}
		if b.Cols == 1 {
			sum := b.Data[i*b.LD]
			for j := from; j < to; j++ {
				sum -= T(t.Data[i*down+j*across] * b.Data[j*b.LD])
			}
			if !f.Unit {
				sum /= t.Data[i*t.LD+i]
			}
			b.Data[i*b.LD] = sum
			continue
		}
		if b.Cols == 0 {
			return
		}
		row := b.row(i)
		for j := from; j < to; j++ {
			minusMultiple(row, t.Data[i*down+j*across], b.row(j))
		}
		if !f.Unit {
			pivot := t.Data[i*t.LD+i : i*t.LD+i+1]
			if len(row) >= 16 {
				vec.Div(row, row, pivot)
				continue
			}
			for k := range row {
				row[k] /= pivot[0]
			}
		}
	}
}
